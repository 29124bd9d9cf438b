#!/usr/bin/env bash
# The files plugin through the program: sets, warnings, diff before a restore, kept old files.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"

pa=$T/pa
fresh() {
    rm -rf "$pa"
    mkdir -p "$pa/deployment/scripts" "$pa/docs/deep/er" "$pa/other"
    printf 'A=1\nB=2\n' >"$pa/.env"
    chmod 600 "$pa/.env"
    printf 'services: {}\n' >"$pa/docker-compose.yml"
    printf 'services: {}\n' >"$pa/docker-compose.override.yml"
    printf '#!/bin/sh\n' >"$pa/deployment/scripts/a.sh"
    chmod 755 "$pa/deployment/scripts/a.sh"
    ln -s a.sh "$pa/deployment/scripts/link.sh"
    ln "$pa/deployment/scripts/a.sh" "$pa/deployment/scripts/hard.sh"
    for i in 1 2 3 4 5; do echo "text $i" >"$pa/docs/deep/er/$i.md"; done
    echo 'not of a set' >"$pa/other/x"
    echo 'scratch' >"$pa/docs/x.tmp"
    touch -d '2024-01-21 12:00:00.123456789 UTC' "$pa/docs/deep/er/1.md"
}
fresh
job_text() {
    cat <<END
targets:
  - name: config
    plugin: files
    options:
      root: $pa
      sets: {env: [.env], docker-compose: ["docker-compose*.yml"], deployment: [deployment/], docs: [docs/, README.md]}
      exclude: ["*.tmp"]
END
}
job_text | make_job

expect 0 "check finds every set" check "$job"
expect 0 "discover runs" discover "$job"
has "discover names a set with its files" "$out" "docker-compose"
expect 0 "a run succeeds" run "$job"
backup=$(latest)
same "the last line of stdout is the path of the backup" "$backup" "$(tail -n 1 "$out")"
same "one archive and one index a set, and nothing else" \
    "deployment.mtree.gz deployment.tar.gz docker-compose.mtree.gz docker-compose.tar.gz docs.mtree.gz docs.tar.gz env.mtree.gz env.tar.gz" \
    "$(find "$backup/config" -type f -printf '%f\n' | sed 's/_[0-9]*_[0-9]*\./\./' | sort | tr '\n' ' ' | sed 's/ $//')"
same "folders are 0700 and files 0600" "" "$(find "$backup" \( -type d ! -perm 700 \) -o \( -type f ! -perm 600 \))"

mkdir "$T/by-hand"
for f in "$backup"/config/*.tar.gz; do tar -C "$T/by-hand" -xzf "$f" || break; done
rm -rf "$T/want" && cp -a "$pa" "$T/want" && rm -rf "$T/want/other" "$T/want/docs/x.tmp"
touch -r "$pa/docs" "$T/want/docs"; touch -r "$T/want" "$T/by-hand"
compare_trees "tar alone restores all sets, metadata included" "$T/want" "$T/by-hand"
check "sha256sum -c agrees" sh -c "cd '$backup' && sha256sum --quiet -c SHA256SUMS"

expect 0 "verify reads everything" verify "$job" --check-integrity
expect 0 "verify --check-manifest" verify "$job" --check-manifest

# ---- a restore shows what differs and writes only that
before=$(stat -c %i "$pa/docs/deep/er/2.md")
echo 'A=3' >"$pa/.env"
rm "$pa/docs/deep/er/3.md"
echo new >"$pa/docs/new.md"
chmod 644 "$pa/deployment/scripts/a.sh"
expect 0 "a dry run of the restore" restore "$job" latest --dry-run
has "the plan says what changed" "$out" "1 changed, 0 missing"
has "the plan says what is missing and what is extra" "$out" "0 changed, 1 missing"
has "the plan says that an extra file stays" "$out" "1 extra that stays"
same "a dry run changes nothing" "A=3" "$(cat "$pa/.env")"
expect 2 "a restore without a terminal wants --yes" restore "$job" latest
same "and has changed nothing" "A=3" "$(cat "$pa/.env")"
expect 0 "a restore" restore "$job" latest --yes
same "the changed file is back" "A=1 B=2" "$(tr '\n' ' ' <"$pa/.env" | sed 's/ $//')"
same "with its mode" 600 "$(stat -c %a "$pa/.env")"
same "the replaced file is kept" "A=3" "$(cat "$pa/.env.pab-old" 2>&1)"
same "the missing file is back" "text 3" "$(cat "$pa/docs/deep/er/3.md" 2>&1)"
same "the extra file stays" "new" "$(cat "$pa/docs/new.md" 2>&1)"
same "an unchanged file is not touched" "$before" "$(stat -c %i "$pa/docs/deep/er/2.md")"
same "a mode alone is put right without keeping a copy" "755 no" "$(stat -c %a "$pa/deployment/scripts/a.sh") $(ls "$pa"/deployment/scripts/*.pab-old 2>/dev/null || echo no)"
same "hard links stay hard links" 1 "$(stat -c %i "$pa/deployment/scripts/a.sh" "$pa/deployment/scripts/hard.sh" | sort -u | wc -l)"
expect 0 "the next run leaves kept files out" run "$job"
has_not "no .pab-old in it" <(zcat "$(latest)"/config/*.mtree.gz) "pab-old"
expect 0 "cleanup removes what was kept" restore "$job" latest --cleanup --yes
same "and only that" "no A=1" "$(ls "$pa/.env.pab-old" 2>/dev/null || echo no) $(head -n 1 "$pa/.env")"

long=$(printf 'n%.0s' {1..250})
echo one >"$pa/docs/$long" && echo user >"$pa/docs/1.pab-old.md" && echo one >"$pa/docs/kept"
expect 0 "a name of 250 bytes is backed up" run "$job"
for text in two three; do
    echo $text >"$pa/docs/$long" && echo $text >"$pa/docs/kept"
    expect 0 "and restored over '$text'" restore "$job" latest --yes
done
same "what two restores replaced is all kept" 4 "$(find "$pa" -name '*.pab-old' -o -name '*.pab-old.2' | wc -l)"
expect 0 "the next run leaves those out, too" run "$job"
same "but not a file that only has the letters in its name" "docs/1.pab-old.md" "$(zcat "$(latest)"/config/docs_*.mtree.gz | grep -o 'docs/[^ ]*pab-old[^ ]*')"
expect 0 "cleanup removes them all" restore "$job" latest --cleanup --yes
same "and nothing else" "./docs/1.pab-old.md" "$(cd "$pa" && find . -name '*pab-old*')"
rm "$pa/docs/$long" "$pa/docs/1.pab-old.md" "$pa/docs/kept"

# ---- everything gone, elsewhere, only some
rm -rf "$pa"
expect 0 "a restore into nothing" restore "$job" "$backup" --yes
rm -f "$pa/docs/new.md"
compare_trees "brings every set back as it was" "$T/want" "$(touch -r "$T/want" "$pa"; echo "$pa")"
expect 0 "--to puts it elsewhere" restore "$job" "$backup" --yes --to "$T/elsewhere"
compare_trees "and the same" "$T/want" "$(touch -r "$T/want" "$T/elsewhere"; echo "$T/elsewhere")"
expect 0 "--object and --include narrow it" restore "$job" "$backup" --yes --to "$T/some" --object docs --include '**/2.md' --include '**/4.md'
same "to those files" "docs/deep/er/2.md docs/deep/er/4.md" "$(cd "$T/some" && find . -type f -printf '%P\n' | sort | tr '\n' ' ' | sed 's/ $//')"
echo x >>"$pa/.env"
expect 0 "--drop-old" restore "$job" "$backup" --yes --drop-old
same "keeps nothing" "" "$(find "$pa" -name '*.pab-old')"

# ---- patterns that match nothing
expect 2 "an --include that matches nothing is refused" restore "$job" "$backup" --yes --to "$T/none" --include '*.nothing'
has "by its name" "$err" "--include '*.nothing' matches nothing"
same "before anything is written" "" "$(ls "$T/none" 2>/dev/null)"
expect 2 "so it is in a plan" restore "$job" "$backup" --dry-run --include '*.nothing'
expect 3 "one of several is a warning" restore "$job" "$backup" --yes --to "$T/none" --include '*.nothing' --include '**/2.md'
has "that names it" "$err" "--include '*.nothing' matches nothing"
same "and the others are restored" "docs/deep/er/2.md" "$(cd "$T/none" && find . -type f -printf '%P\n')"

# ---- a backup of a narrowed run
{ job_text; echo "  - {name: other, plugin: files, options: {root: $pa, sets: {other: [other/]}}}"; echo "  - {name: off, enabled: false, plugin: files, options: {root: $pa, sets: {other: [other/]}}}"; } | make_job
mkdir -p "$pa/other" && echo x >"$pa/other/x"
expect 0 "a run of one target" run "$job" --target config --name narrowed
same "moves latest" "narrowed" "$(readlink "$store/latest")"
expect 0 "whose plan" restore "$job" latest --dry-run
same "names what it left out, and only that" "  keep      other  is not in this backup, whose run left it out: stays as it is" "$(grep -F 'not in this backup' "$out")"
expect 0 "a plan of the target that was run" restore "$job" latest --dry-run --target config
has_not "names nothing else" "$out" "not in this backup"
expect 0 "as JSON" restore "$job" latest --dry-run --json
check "it is an entry without object" jq -es 'last.plan | map(select(.target == "other" and .action == "keep" and (has("object") | not))) | length == 1' "$out"
job_text | make_job

# ---- more warnings than anybody reads
fresh
python3 - "$pa/docs" <<'END'
import os, socket, sys
os.chdir(sys.argv[1])
for i in range(3000):
    s = socket.socket(socket.AF_UNIX)
    s.bind("s%04d" % i)
    s.close()
END
expect 3 "three thousand sockets are warnings" run "$job"
same "of which a thousand are told" "1000 1" "$(grep -c 'is a socket, left out' "$err") $(grep -c 'and 2,000 more warnings about files, not listed' "$err")"
same "and as many are in the manifest" "1000 1" "$(grep -c 'is a socket, left out' "$(latest)/manifest.json") $(grep -c 'and 2,000 more warnings about files, not listed' "$(latest)/manifest.json")"

# ---- sets that match nothing
fresh
rm "$pa/.env"
expect 3 "a set that matches nothing is a warning" run "$job"
has "that names it" "$err" "set 'env' matches nothing"
same "the backup is complete and the others are in it" 3 "$(find "$(latest)/config" -name '*.tar.gz' | wc -l)"
{ job_text; echo '      required: [env]'; } | make_job
expect 3 "a required set that matches nothing fails its target" run "$job"
has "and says so" "$err" "set 'env' is required"
has "the other sets are kept" "$out" "; kept: 3 sets"
expect 1 "check says it beforehand" check "$job"
has_not "and keeps nothing" "$out" "kept"
job_text | sed 's/deployment\//..\/outside/' | make_job
expect 2 "a pattern that leads out of the root is a mistake in the job" run "$job"
has "with its place" "$err" "job.yaml:"
rm -rf "$pa"
job_text | make_job
expect 1 "a missing root fails the run" run "$job"
has "and is named" "$err" "$pa"

# ---- one set that fails does not lose the others
fresh
make_job <<END
targets: [{name: config, plugin: files, options: {root: $pa, sets: {first: [nothing], env: [.env], last: [nowhere]}, required: [first, last]}}]
END
expect 3 "sets that fail make the backup partial" run "$job"
same "the others are in it" "partial env" "$(jq -r '.status + " " + (.targets[0].artifacts | map(.object) | join(" "))' "$(tail -n 1 "$out")/manifest.json")"
has "the first set that fails is the target's failure" "$err" "set 'first' is required and matches nothing"
has "a later one is told, too" "$err" "set 'last' is required and matches nothing"
