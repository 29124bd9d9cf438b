#!/usr/bin/env bash
# SIGKILL at every named point of a run and of a restore, and at random moments: nothing half-published, the next run is clean,
# a file is whole, old or new.
# time limit: 600
. "$(dirname "$0")/lib.sh"

pa=$T/pa
make_data() {
    rm -rf "$pa"
    mkdir -p "$pa/docs" "$pa/volumes/v1/sub" "$pa/volumes/v2"
    echo A=1 >"$pa/.env"
    for i in 1 2 3 4 5 6; do echo "old text $i" >"$pa/docs/$i.md"; done
    for i in 1 2 3; do head -c 200000 /dev/urandom >"$pa/volumes/v1/sub/$i.bin"; done
    ln "$pa/volumes/v1/sub/1.bin" "$pa/volumes/v2/none" 2>/dev/null; rm -f "$pa/volumes/v2/none"
    echo x >"$pa/volumes/v2/x"
}
make_data
make_job <<END
targets:
  - {name: config, plugin: files, options: {root: $pa, sets: {env: [.env], docs: [docs/]}}}
  - {name: data, plugin: volume, options: {driver: path, root: $pa/volumes, volumes: [v1, v2]}}
END

# killed POINT:N ARGUMENTS...: runs and says by $status whether the kill happened (137)
killed() {
    local at=$1
    shift
    PABENGINE_TEST_KILL=$at pab "$@"
}
# All that the store shows is whole.
sound() {
    local n=0 b
    for b in "$store"/backup-*; do
        [ -d "$b" ] || continue
        n=$((n + 1))
        "$top_builddir/run" pabengine verify "$job" "$(basename "$b")" --check-integrity >"$T/sound" 2>&1 || { echo "$b does not verify"; cat "$T/sound"; return 1; }
    done
    if [ -L "$store/latest" ] && [ ! -d "$store/latest/" ]; then echo "latest leads nowhere"; return 1; fi
    if [ "$(find "$store" -maxdepth 1 -name '.partial*' 2>/dev/null | wc -l)" -gt 1 ]; then echo "more than one staged folder"; leftovers; return 1; fi
    return 0
}

# ---- a run
points=0 bad=''
for n in $(seq 1 200); do
    killed "*:$n" run "$job" --name "backup-kill-$n"
    if [ $status -ne 137 ]; then break; fi
    points=$((points + 1))
    text=$(sound) || { bad="after a kill at point $n: $text"; break; }
    rm -rf "$store"/backup-* # keeps the loop short; what lies staged stays
done
if [ -z "$bad" ] && [ $status -eq 0 ]; then ok "killed at each of $points points of a run, nothing half-published is seen"; else not_ok "killed at a point of a run" "$bad
$(explain)"; fi
if [ "$points" -ge 20 ]; then ok "these are at least 20 points"; else not_ok "these are at least 20 points" "only $points"; fi
rm -rf "$store"
killed "publish-rename:1" run "$job"
same "killed just before the publishing rename, nothing is published" 0 "$(published)"
same "and the staged folder is there" 1 "$(leftovers | wc -l)"
expect 0 "the next run succeeds" run "$job"
same "and has removed it" "1 0" "$(published) $(leftovers | wc -l)"
killed "published:1" run "$job"
expect 0 "what was published before the kill verifies" verify "$job" --all --check-integrity

# ---- at any moment
moments=0 bad=''
for n in $(seq 1 15); do
    "$top_builddir/run" pabengine run "$job" >/dev/null 2>&1 &
    pid=$!
    sleep "0.0$((n * 6 % 90 + 4))"
    kill -KILL $pid 2>/dev/null && moments=$((moments + 1))
    wait $pid 2>/dev/null
    text=$(sound) || { bad="kill $n: $text"; break; }
done
if [ -z "$bad" ]; then ok "killed at $moments random moments, nothing half-published is seen"; else not_ok "killed at random moments" "$bad"; fi
expect 0 "and the next run succeeds" run "$job"
same "with nothing left behind" "" "$(leftovers)"
good=$(latest)

# ---- a restore
cp -a "$pa" "$T/want"
points=0 bad=''
for n in $(seq 1 300); do
    rm -rf "$pa" && cp -a "$T/want" "$pa"
    for i in 1 2 3; do echo "new text $i" >"$pa/docs/$i.md"; done
    rm "$pa/docs/4.md"
    echo changed >"$pa/volumes/v2/x"
    killed "*:$n" restore "$job" "$good" --yes
    if [ $status -ne 137 ]; then break; fi
    points=$((points + 1))
    for i in 1 2 3 5 6; do
        # a replaced file may for a moment be there only under its other name
        text=$(cat "$pa/docs/$i.md" 2>/dev/null || cat "$pa/docs/$i.md.pab-old")
        case $text in "old text $i"|"new text $i") ;; *) bad="after a kill at point $n: docs/$i.md is '$text'"; break 2 ;; esac
    done
    text=$(cat "$pa/volumes/v2/x" 2>/dev/null)
    case $text in x|changed) ;; *) bad="after a kill at point $n: the volume's file is '$text': $(find "$pa/volumes" | head -20)"; break ;; esac
    pab restore "$job" "$good" --yes --drop-old || { bad="the restore after a kill at point $n: $(explain)"; break; }
    text=$(diff -r --exclude='*.pab-old' "$T/want" "$pa" 2>&1 | grep -v '^Only in .*pab.old') && { bad="after a kill at point $n and another restore: $text"; break; }
done
if [ -z "$bad" ] && [ $status -eq 0 ]; then ok "killed at each of $points points of a restore, every file is whole and the next restore brings all back"
else not_ok "killed at a point of a restore" "$bad
$(explain)"; fi
if [ "$points" -ge 20 ]; then ok "these are at least 20 points, too"; else not_ok "these are at least 20 points, too" "only $points"; fi

# ---- an incremental run
inc=$T/inc
mkdir -p "$inc/tree/gone" "$inc/volumes/v"
for i in 1 2 3 4 5 6 7 8; do head -c 30000 /dev/urandom >"$inc/tree/$i"; done
echo x >"$inc/tree/gone/x" && head -c 50000 /dev/urandom >"$inc/volumes/v/data" && head -c 50000 /dev/urandom >"$inc/volumes/v/same"
store=$T/store-inc
make_job "$T/inc.yaml" <<END
targets:
  - {name: tree, plugin: files, options: {root: $inc/tree, sets: {all: ["**"]}}}
  - {name: data, plugin: volume, options: {driver: path, root: $inc/volumes, volumes: [v]}}
END
sleep 3.2 # old enough to be trusted, see incremental.sh
expect 0 "a full run" run "$job" --name backup-full
fingerprint() { (cd "$store/backup-full" && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . -printf '%p %m %y %l\n' | sort) | sha256sum; }
full=$(fingerprint)
printf y >>"$inc/tree/3" && rm -r "$inc/tree/gone" && head -c 20000 /dev/urandom >"$inc/tree/new" && chmod 600 "$inc/tree/5" && printf y >>"$inc/volumes/v/data"
# Of an incremental backup: it continues the full one and brings everything back.
brings_back() { # NAME
    [ "$(jq -r '"\(.kind) \(.parent)"' "$store/$1/manifest.json")" = "incremental backup-full" ] || { echo "$1 is no child of the full one"; return 1; }
    rm -rf "$T/back" && mkdir "$T/back" "$T/back/tree" "$T/back/v"
    "$top_builddir/run" pabengine restore "$job" "$1" --target tree --to "$T/back/tree" --yes >"$T/sound" 2>&1 || { echo "$1 cannot be restored"; cat "$T/sound"; return 1; }
    touch -r "$inc/tree" "$T/back/tree"
    diff <(snapshot "$inc/tree") <(snapshot "$T/back/tree")
}
points=0 bad='' children=0
for n in $(seq 1 200); do
    killed "*:$n" run "$job" --incremental --name backup-killed
    if [ $status -ne 137 ]; then break; fi
    points=$((points + 1))
    [ "$(fingerprint)" = "$full" ] || { bad="after a kill at point $n the parent is another one"; break; }
    text=$(sound) || { bad="after a kill at point $n: $text"; break; }
    if [ -d "$store/backup-killed" ]; then
        children=$((children + 1))
        text=$(brings_back backup-killed) || { bad="after a kill at point $n: $text"; break; }
        rm -rf "$store/backup-killed" && ln -sfn backup-full "$store/latest"
    fi
    pab run "$job" --incremental --name backup-next || { bad="the run after a kill at point $n: $(explain)"; break; }
    [ -z "$(leftovers)" ] || { bad="the run after a kill at point $n leaves $(leftovers)"; break; }
    text=$(brings_back backup-next) || { bad="the run after a kill at point $n: $text"; break; }
    [ "$(fingerprint)" = "$full" ] || { bad="the run after a kill at point $n changed the parent"; break; }
    rm -rf "$store/backup-next" && ln -sfn backup-full "$store/latest"
done
if [ -z "$bad" ] && [ $status -eq 0 ]; then ok "killed at each of $points points of an incremental run, the parent is whole and so is the next run"
else not_ok "killed at a point of an incremental run" "$bad
$(explain)"; fi
if [ "$points" -ge 20 ] && [ "$children" -ge 1 ]; then ok "these are at least 20 points, some after the rename"; else not_ok "these are at least 20 points, some after the rename" "$points, $children"; fi
rm -rf "$store/backup-killed" && ln -sfn backup-full "$store/latest"
killed "target-end:1" run "$job" --incremental --name backup-parent
same "killed in the middle of what was to be the next parent" "137 1" "$status $(leftovers | wc -l)"
printf z >>"$inc/tree/4"
expect 0 "the next incremental run succeeds" run "$job" --incremental --name backup-after
text=$(brings_back backup-after)
same "builds on the one before, and brings back all changes since" "" "$text"
expect 0 "and all verify" verify "$job" --all --check-integrity

# ---- copies of databases lie in clear below TMPDIR while they are stored
if command -v sqlite3 >/dev/null; then
    mkdir "$T/tmp" && export TMPDIR=$T/tmp
    make_data
    make_job "$T/copies.yaml" <<<"targets: [{name: data, plugin: volume, options: {driver: path, root: $pa/volumes, volumes: [v1]}}]"
    sqlite3 "$pa/volumes/v1/app.db" "CREATE TABLE t(x); INSERT INTO t VALUES('in clear')"
    killed volume-database-copied:1 run "$job"
    same "killed while it holds the copy of a database" "137 1" "$status $(find "$T/tmp" -type f | wc -l)"
    expect 0 "the next command" discover "$job"
    same "removes the copy" "" "$(ls -A "$T/tmp")"
    unset TMPDIR
else
    skip "copies of databases" "sqlite3 is not installed"
fi
