#!/usr/bin/env bash
# A backup that is not what was written: verify says which file (exit status 4), restore refuses it.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"

pa=$T/pa
mkdir -p "$pa/docs"
echo A=1 >"$pa/.env"
for i in $(seq 1 40); do head -c 20000 /dev/urandom >"$pa/docs/$i.bin"; done
make_job <<END
targets: [{name: config, plugin: files, options: {root: $pa, sets: {env: [.env], docs: [docs/]}}}]
END
expect 0 "a backup to damage" run "$job"
backup=$(latest)
cp -a "$store" "$T/good"
again() { rm -rf "$store"; cp -a "$T/good" "$store"; }
docs=$(cd "$backup" && ls config/docs_*.tar.gz)
index=$(cd "$backup" && ls config/docs_*.mtree.gz)

# damaged WHAT FILE-TO-NAME VERIFY-FLAGS: verify finds it, restore refuses
damaged() {
    local what=$1 file=$2
    shift 2
    pab verify "$job" "$@"
    if [ $status -ne 4 ]; then not_ok "verify finds $what" "$(echo "expected exit status 4"; explain)"
    elif ! cat "$out" "$err" | grep -qF -- "$file"; then not_ok "verify finds $what" "$(echo "'$file' is not named"; explain)"
    else ok "verify finds $what"; fi
}
refused() {
    local what=$1
    rm -rf "$T/to"
    pab restore "$job" latest --yes --to "$T/to"
    if [ $status -eq 0 ]; then not_ok "restore refuses $what" "$(explain)"; return; fi
    if [ -n "$(find "$T/to" -type f 2>/dev/null)" ]; then not_ok "restore refuses $what" "$(find "$T/to" -type f)"; return; fi
    ok "restore refuses $what"
}

truncate -s -100 "$backup/$docs"
damaged "a truncated archive by its size alone" "$docs"
damaged "a truncated archive" "$docs" --check-integrity
refused "a truncated archive"
again
size=$(stat -c %s "$backup/$docs")
for at in 3 20 $((size / 2)) $((size - 5)); do
    byte=$(od -An -tu1 -j "$at" -N 1 "$backup/$docs")
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$backup/$docs" bs=1 seek="$at" conv=notrunc status=none
    damaged "a flipped bit at byte $at" "$docs" --check-integrity
    refused "a flipped bit at byte $at"
    again
done
rm "$backup/$docs"
damaged "a missing archive" "$docs"
damaged "a missing archive by --check-manifest" "$docs" --check-manifest
refused "a missing archive"
again
rm "$backup/$index"
damaged "a missing index" "$index"
again
echo 'mtree' | gzip >"$backup/$index"
damaged "an exchanged index" "$index" --check-integrity
again
echo x >"$backup/config/extra.txt"
damaged "an extra file" "config/extra.txt"
refused "an extra file"
has "... and names it" "$err" "'config/extra.txt' is not in the manifest"
pab restore "$job" latest --yes --force --to "$T/to"
same "--force restores beside an extra file, and says so" "0 1" "$status $(grep -c "'config/extra.txt' is not in the manifest" "$err")"
again
rm "$backup/RESTORE.md"
damaged "a missing RESTORE.md" "RESTORE.md"
refused "a missing RESTORE.md"
has "... and names it" "$err" "'RESTORE.md' is missing"
again
rm "$backup/$docs"
rm -rf "$T/to"
pab restore "$job" latest --yes --to "$T/to" --object env
same "a missing archive is told though another was asked for" "1 no" "$status $(ls "$T/to/.env" 2>/dev/null || echo no)"
again
chmod 644 "$backup/$docs"
damaged "a wrong mode" "$docs" --check-manifest
again
sed -i -e '1s/^[1-9a-f]/0/;t' -e '1s/^0/1/' "$backup/SHA256SUMS" # the first digit becomes another one
damaged "checksums that disagree with the manifest" "SHA256SUMS"
again
rm "$backup/manifest.json"
damaged "a missing manifest" "manifest.json" "$(basename "$backup")"
again
head -c 300 "$T/good/$(basename "$backup")/manifest.json" >"$backup/manifest.json"
damaged "a cut manifest" "manifest" "$(basename "$backup")"
refused "a cut manifest"
again
: >"$backup/$docs"
damaged "an empty archive" "$docs"
again

# what a verify without --check-integrity sees of an archive: its beginning and its end
zeroed() { # FILE FROM BYTES: FROM below zero counts from the end
    local from=$2
    [ "$from" -ge 0 ] || from=$(($(stat -c %s "$1") + from))
    dd if=/dev/zero of="$1" bs=1 seek="$from" count="$3" conv=notrunc status=none
}
says_structure() { has "$1: the line says what was looked at" <(grep -F "$docs" "$out") "structure"; }
expect 0 "a sound backup" verify "$job"
says_structure "gzip"
dd if=/dev/zero of="$backup/$docs" bs="$(stat -c %s "$backup/$docs")" count=1 conv=notrunc status=none
damaged "an archive of zeros, its size unchanged" "$docs"
has_not "... which is in no line that says ok" <(grep '^ok' "$out") "$docs"
again
for file in "$docs" "$index"; do
    zeroed "$backup/$file" 0 512
    damaged "zeros at the beginning of $(basename "$file" | cut -d. -f2-)" "$file"
    again
    zeroed "$backup/$file" -512 512
    damaged "zeros at the end of $(basename "$file" | cut -d. -f2-)" "$file"
    again
done
for codec in zstd none; do
    sed -i "s|^store: .*|store: {path: \"$store\", compression: $codec}|" "$job"
    rm -rf "$store"
    expect 0 "a backup with compression $codec" run "$job"
    expect 0 "... is sound" verify "$job"
    cp -a "$store" "$T/$codec"
    backup=$(latest) docs=$(cd "$(latest)" && echo config/docs_*.tar*)
    says_structure "... $codec"
    zeroed "$backup/$docs" 0 512
    damaged "zeros at the beginning with compression $codec" "$docs"
    rm -rf "$store" && cp -a "$T/$codec" "$store"
    if [ $codec = zstd ]; then zeroed "$backup/$docs" -512 512; else printf x | dd of="$backup/$docs" bs=1 seek="$(($(stat -c %s "$backup/$docs") - 1))" conv=notrunc status=none; fi
    damaged "a wrong end with compression $codec" "$docs"
done
rm -rf "$store"
sed -i "s|^store: .*|store: {path: \"$store\"}|" "$job"
expect 0 "a full backup" run "$job"
full=$(latest) docs=$(cd "$(latest)" && echo config/docs_*.tar.gz)
echo new >"$pa/docs/new.txt"
expect 0 "one that builds on it" run "$job" --incremental
newest=$(latest)
expect 0 "... is sound" verify "$job"
cp -a "$store" "$T/chain"
file=$(cd "$newest" && echo config/docs_*.tar.gz)
zeroed "$newest/$file" 0 100
damaged "zeros in an incremental archive" "$file"
rm -rf "$store" && cp -a "$T/chain" "$store"
zeroed "$full/$docs" -100 100
damaged "zeros in what an incremental archive builds on" "it builds on backup '$(basename "$full")', which is damaged: '$docs'"
rm "$pa/docs/new.txt"
again
docs=$(cd "$T/good/$(basename "$(readlink "$store/latest")")" && echo config/docs_*.tar.gz)
backup=$(latest)

# --force tries all the same
truncate -s -100 "$backup/$docs"
rm -rf "$T/to"
pab restore "$job" latest --yes --force --to "$T/to" --object env
same "what is whole can be restored from a damaged backup" "0 A=1" "$status $(cat "$T/to/.env" 2>&1)"
rm -rf "$T/to"
pab restore "$job" latest --yes --force --to "$T/to"
if [ $status -ne 0 ] && [ -s "$T/to/docs/1.bin" ]; then ok "--force restores what can be read and still fails"; else not_ok "--force restores what can be read and still fails" "$(explain)"; fi
again
expect 0 "the good one verifies" verify "$job" --check-integrity
expect 10 "a backup that is not there" verify "$job" backup-20000101_000000
expect 10 "a restore of one that is not there" restore "$job" backup-20000101_000000 --yes
mv "$store" "$T/away"
expect 10 "a store that is not there" verify "$job"
expect 10 "a list of a store that is not there" list "$job"
mv "$T/away" "$store"

# hostile manifests: nothing outside is read or written
evil() { # NAME SED-SCRIPT
    again
    sed -i "$2" "$backup/manifest.json"
    rm -rf "$T/to"
    pab verify "$job" "$(basename "$backup")" --check-integrity
    local v=$status
    pab restore "$job" "$(basename "$backup")" --yes --to "$T/to"
    if [ $v -ne 0 ] && [ $status -ne 0 ] && [ $status -lt 128 ] && [ $v -lt 128 ]; then ok "$1"; else not_ok "$1" "$(echo "verify $v"; explain)"; fi
}
evil "a path that leads out" "s|\"path\": \"config/|\"path\": \"../../config/|"
evil "an absolute path" "s|\"path\": \"config/|\"path\": \"/etc/|"
evil "a huge number" 's|"size": [0-9]*|"size": 99999999999999999999999|'
evil "a negative size" 's|"size": [0-9]*|"size": -5|'
evil "another format" 's|pabengine-backup|other-backup|'
evil "a later version" 's|"version": 1|"version": 99|'
again
{ printf '{"format": '; head -c 200000 /dev/zero | tr '\0' '['; } >"$backup/manifest.json"
expect 4 "deep nesting" verify "$job" "$(basename "$backup")"
