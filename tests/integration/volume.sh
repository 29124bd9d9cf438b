#!/usr/bin/env bash
# The volume plugin against a real Docker Engine: what is backed up comes back the same, containers come back as they were.
# time limit: 600
. "$(dirname "$0")/lib.sh"
need_root
need_docker

p=pabtest$$
volume() { docker volume create --label "$DOCKER_LABEL" "${@:2}" "$p-$1" >/dev/null; }
dir() { docker volume inspect -f '{{.Mountpoint}}' "$p-$1"; }
# container NAME [docker run options -- ] : runs a program that stops when it is told to
container() {
    local name=$1
    shift
    docker run -d --network none --label "$DOCKER_LABEL" --name "$p-$name" "$@" "$DOCKER_IMAGE" sh -c 'trap "exit 0" TERM; while :; do sleep 60 & wait $!; done' >/dev/null
}
state() { docker inspect -f '{{.State.Status}}' "$p-$1"; }
started() { docker inspect -f '{{.State.StartedAt}}' "$p-$1"; }
finished() { docker inspect -f '{{.State.FinishedAt}}' "$p-$1"; }
clean_up() {
    docker ps -aq --filter "name=^/$p-" | xargs -r docker rm -f
    docker volume ls -q | grep "^$p-" | xargs -r docker volume rm -f
}
at_end clean_up
# volumes OPTIONS...: a job with these options
volumes_job() { make_job <<<"targets: [{name: data, plugin: volume, options: {$1}}]"; }

# ---- there and back
volume data --label app=letta --label com.docker.compose.project=proj$$
data=$(dir data)
mkdir -p "$data/sub/deep" "$data/empty"
echo one >"$data/sub/one"
echo plain >"$data/sub/plain"
ln -s ../sub/one "$data/link"
ln "$data/sub/one" "$data/hard"
mkfifo "$data/fifo"
setfattr -n user.supabase.etag -v '"abc"' "$data/sub/one" || note "no user xattrs here"
setfacl -m u:65534:r "$data/sub/one" 2>/dev/null || note "no ACLs here"
truncate -s 30M "$data/sparse" && printf data | dd of="$data/sparse" bs=1 seek=20000000 conv=notrunc status=none
printf newline >"$data/"$'a\nb'
printf latin >"$data/"$'caf\xe9'
printf long >"$data/$(printf 'x%.0s' {1..255})"
chown -R 1000:1000 "$data/sub" && chmod 2750 "$data/sub" && touch -d '2020-02-02 02:02:02.123456789' "$data/sub/one"
chmod 751 "$data" && chown 33:33 "$data"
cp -a "$data" "$T/data"
volumes_job "volumes: [{name: $p-data, as: letta_data}]"
expect 0 "a volume with xattrs, links, holes and names of every kind is backed up" run "$job"
expect 0 "and verifies" verify "$job" latest --check-integrity
docker volume rm "$p-data" >/dev/null
expect 0 "a volume that is gone is restored" restore "$job" latest --yes
compare_trees "with everything that was in it" "$T/data" "$data"
same "its holes" "$(stat -c %b "$T/data/sparse")" "$(stat -c %b "$data/sparse")"
same "and its labels" "letta proj$$" "$(docker volume inspect -f '{{index .Labels "app"}} {{index .Labels "com.docker.compose.project"}}' "$p-data")"

echo changed >"$data/sub/one" && echo extra >"$data/extra"
expect 0 "a volume that is there is replaced" restore "$job" latest --yes
compare_trees "by what the backup holds" "$T/data" "$data"
same "what was replaced is kept as a volume" extra "$(cat "$(dir data__pab_old)/extra")"
expect 1 "a second restore does not remove what the first one kept" restore "$job" latest --yes
expect 0 "--cleanup does" restore "$job" latest --cleanup --yes
check "and it is gone" test ! -e "$(dirname "$(dirname "$data")")/$p-data__pab_old"
expect 0 "--drop-old keeps nothing" restore "$job" latest --drop-old --yes
same "so there is one volume" "$p-data" "$(docker volume ls -q | grep "^$p-")"
expect 0 "--as restores beside it" restore "$job" latest --as "$p-other" --yes
compare_trees "the same files" "$T/data" "$(dir other)"
same "without the label of the compose project" "" "$(docker volume inspect -f '{{index .Labels "com.docker.compose.project"}}' "$p-other")"
expect 0 "--to writes to a folder" restore "$job" latest --to "$T/to" --yes
compare_trees "the same files, too" "$T/data" "$T/to/letta_data"
echo changed >"$data/sub/plain" && echo extra >"$data/extra"
expect 0 "--include restores one file" restore "$job" latest --include sub/plain --yes
same "that one, and nothing else" "plain changed extra" "$(cat "$data/sub/plain" "$data/sub/plain.pab-old" "$data/extra" | xargs)"
echo mine >"$data/mine.pab-old.txt"
expect 0 "the next run" run "$job"
has_not "leaves what was kept out" <(zcat "$(latest)"/volumes/*.mtree.gz) "plain.pab-old"
expect 0 "--cleanup removes it inside the volume, too" restore "$job" latest --cleanup --yes
same "and nothing else" "$data/mine.pab-old.txt" "$(find "$data" -name '*pab-old*')"
rm "$data/mine.pab-old.txt" "$data/extra"

# ---- what is not there
volumes_job "volumes: [$p-typo]"
expect 1 "a volume that does not exist is an error" run "$job"
has "which names it" "$err" "there is no volume '$p-typo'"
check "and it is not made by mistake" bash -c "! docker volume inspect $p-typo"
volumes_job "volumes: [$p-typo], access: archive"
expect 1 "nor through the Docker Engine" run "$job"
check "which would make it" bash -c "! docker volume inspect $p-typo"
volume empty
volumes_job "volumes: [$p-empty]"
expect 0 "an empty volume is backed up" run "$job"
docker volume rm "$p-empty" >/dev/null
expect 0 "and restored" restore "$job" latest --yes
same "empty" "" "$(ls -A "$(dir empty)")"
volumes_job "project: proj$$"
expect 0 "the volumes of a compose project are found" discover "$job"
has "by its label" "$out" "$p-data"

# ---- through the Docker Engine
volumes_job "volumes: [{name: $p-data, as: letta_data}], access: archive"
rm -f "$data/fifo" "$data/sparse"
expect 3 "read through the Docker Engine there is a warning" run "$job"
has "of what that loses" "$err" "extended attributes, ACLs, holes"
same "no helper container stays" "" "$(docker ps -aq --filter label=pabengine.helper="$p-data")"
rm -rf "$T/data" && cp -a "$data" "$T/data"
docker volume rm "$p-data" "$p-data__pab_old" >/dev/null 2>&1
expect 3 "a volume that is gone is restored through the Docker Engine" restore "$job" latest --yes
plain() { (cd "$1" && find . -printf '%P %y %m %U:%G %s %l\0' | grep -azv '^ \| d ' | sort -z | tr '\0' '\n'; find . -type f -print0 | sort -z | xargs -0 sha256sum); }
same "its files, modes and owners" "$(plain "$T/data")" "$(plain "$data")"
echo extra >"$data/extra"
expect 3 "one that is not empty is made anew" restore "$job" latest --yes
same "without what was in it" "$(plain "$T/data")" "$(plain "$data")"
same "which is kept" extra "$(cat "$(dir data__pab_old)/extra")"
docker create --network none --label "$DOCKER_LABEL" --name "$p-holder" -v "$p-data:/d" "$DOCKER_IMAGE" true >/dev/null
expect 1 "unless a container refers to it" restore "$job" latest --yes --force
has "which is named" "$err" "$p-holder"
same "then it stays as it is" "$(plain "$T/data")" "$(plain "$data")"
docker rm -f "$p-holder" >/dev/null

volumes_job "volumes: [{name: $p-data, as: letta_data, exclude: [sub/, 'x*']}], access: archive"
rm -rf "$T/to"
pab run "$job"
expect 0 "what is excluded is left out through the Docker Engine, too" restore "$job" latest --to "$T/to" --yes
same "with all below a folder" "$(cd "$data" && find . | LC_ALL=C sort | grep -av -e '^./sub' -e '^./x')" "$(cd "$T/to/letta_data" && find . | LC_ALL=C sort)"

# ---- containers
volume app
echo content >"$(dir app)/file"
compose() { echo --label com.docker.compose.project=c$$ --label "com.docker.compose.service=$1" --label "com.docker.compose.depends_on=${2:-}"; }
# shellcheck disable=SC2046  # options
container web $(compose web db:service_started:false) -v "$p-app:/d"
# shellcheck disable=SC2046
container db $(compose db) -v "$p-app:/d"
container frozen -v "$p-app:/d" && docker pause "$p-frozen" >/dev/null
container asleep -v "$p-app:/d" && docker stop "$p-asleep" >/dev/null
container stranger
all_states() { for c in web db frozen asleep stranger; do printf '%s ' "$(state $c)"; done; }
before=$(all_states) stranger=$(started stranger)
volumes_job "volumes: [{name: $p-app, quiesce: stop}]"
expect 0 "containers are stopped while their volume is read" run "$job"
same "and put back as they were: running, paused, stopped" "$before" "$(all_states)"
same "others are left alone" "$stranger" "$(started stranger)"
check "what depends on another is stopped before it" test "$(finished web)" \< "$(finished db)"
check "and started after it" test "$(started db)" \< "$(started web)"
same "nothing stays in the journal" "" "$(ls "$PABENGINE_STATE_DIR/journal" 2>/dev/null)"
web=$(started web)
volumes_job "volumes: [{name: $p-app, quiesce: pause}]"
expect 0 "containers are paused while their volume is read" run "$job"
same "and resumed, those that were paused before are not" "$before$web" "$(all_states)$(started web)"
expect 1 "a restore refuses while containers run" restore "$job" latest --yes
has "and names them" "$out" "running containers use volume '$p-app'"
echo other >"$(dir app)/file"
expect 0 "--force stops them for it" restore "$job" latest --yes --force
same "puts them back" "$before" "$(all_states)"
same "and they see what was restored" content "$(docker exec "$p-web" cat /d/file)"
expect 0 "the old volume is removed" restore "$job" latest --cleanup --yes

# ---- health
expect 1 "containers that do not run are down" health "$job"
has "by name and state: exited" "$out" "container '$p-asleep' is exited"
has "paused" "$out" "container '$p-frozen' is paused"
has_not "those that run are not named" "$out" "$p-web"
has_not "nor those that use no volume of the target" "$out" "$p-stranger"
expect 0 "a backup can do without them" check "$job"
docker unpause "$p-frozen" >/dev/null && docker start "$p-asleep" >/dev/null
expect 0 "when all run, all is up" health "$job"
docker pause "$p-frozen" >/dev/null && docker stop "$p-asleep" >/dev/null

docker run -d --network none --label "$DOCKER_LABEL" --name "$p-deaf" -v "$p-app:/d" "$DOCKER_IMAGE" sleep 1000 >/dev/null
volumes_job "volumes: [{name: $p-app, quiesce: stop}], containers: [{name: $p-deaf, stop_timeout: 1s}]"
expect 1 "a container that does not stop in its time fails the run" run "$job"
has "by name" "$err" "container '$p-deaf' did not stop within 1 s"
same "all run again" "running $before" "$(state deaf) $(all_states)"
docker rm -f "$p-deaf" >/dev/null
docker run -d --rm --network none --label "$DOCKER_LABEL" --name "$p-once" -v "$p-app:/d" "$DOCKER_IMAGE" sh -c 'trap "exit 0" TERM; while :; do sleep 60 & wait $!; done' >/dev/null
expect 1 "a container that stopping would remove is refused" run "$job"
same "it runs on, with the others" "running $before" "$(state once) $(all_states)"
docker rm -f "$p-once" >/dev/null

# ---- removed in mid-read
volume big && head -c 300000000 /dev/urandom >"$(dir big)/random"
container doomed -v "$p-big:/d"
# while_run COMMAND...: tries the command until it succeeds or the run that is going on has ended
while_run() {
    "$top_builddir/run" pabengine run "$job" >"$out" 2>"$err" </dev/null &
    local pid=$!
    while kill -0 $pid 2>/dev/null && ! "$@" >/dev/null 2>&1; do sleep 0.02; done
    wait $pid
    status=$?
}
remove_stopped() { [ "$(state doomed)" = exited ] && docker rm -f "$p-doomed"; }
remove_helper() { docker ps -aq --filter "label=pabengine.helper=$p-big" | grep -q . && docker rm -f "$(docker ps -aq --filter "label=pabengine.helper=$p-big")"; }
volumes_job "volumes: [{name: $p-big, quiesce: stop}, $p-app]"
while_run remove_stopped
same "a container that is removed while its volume is read is a warning" 3 $status
has "which names it" "$err" "container '$p-doomed' was removed while it was stopped"
expect 0 "and the volume is whole" verify "$job" "$(find "$store" -maxdepth 1 -name 'backup-*' -printf '%f\n' | sort | tail -n 1)" --check-integrity
volumes_job "volumes: [{name: $p-big, as: big}, {name: $p-app, as: app}], access: archive"
while_run remove_helper
if [ $status -eq 1 ]; then has "a helper that is removed in mid-read fails its volume, by name" "$err" "big"
elif [ $status -eq 3 ]; then expect 0 "a helper that is removed in mid-read: the volume is whole all the same" verify "$job" --check-integrity
else not_ok "a helper that is removed in mid-read" "$(explain)"; fi
same "no helper stays" "" "$(docker ps -a --filter label=pabengine.helper --format '{{.Label "pabengine.helper"}}' | grep "^$p-")"
volumes_job "volumes: [{name: $p-typo, as: typo}, {name: $p-app, as: app}]"
pab run "$job"
has "a volume that is missing is an error" "$err" "there is no volume '$p-typo'"
docker volume rm "$p-big" >/dev/null

# ---- full disks
mkdir "$T/small" && if mount -t tmpfs -o size=3m pabtest "$T/small" 2>/dev/null; then
    at_end umount -l "$T/small"
    mkdir -p "$T/src/full" && head -c 2000000 /dev/urandom >"$T/src/full/one" && head -c 2000000 /dev/urandom >"$T/src/full/two"
    make_job <<<"targets: [{name: data, plugin: volume, options: {driver: path, root: $T/src, volumes: [full]}}]"
    expect 0 "a folder of 4 MB is backed up" run "$job"
    mkdir "$T/small/full" && echo old >"$T/small/full/one"
    make_job <<<"targets: [{name: data, plugin: volume, options: {driver: path, root: $T/small, volumes: [full]}}]"
    expect 1 "a disk that gets full during the extraction fails the restore" restore "$job" latest --yes
    check "which says so" grep -qiE 'no space|full' "$err"
    same "what was there is left as it was, and nothing else" "old full" "$(cat "$T/small/full/one") $(ls "$T/small")"
    same "nothing stays in the journal" "" "$(ls "$PABENGINE_STATE_DIR/journal" 2>/dev/null)"
    if command -v sqlite3 >/dev/null; then
        rm -rf "${T:?}/small/full"
        mkdir "$T/src/live" && echo x >"$T/src/live/x"
        sqlite3 "$T/src/live/app.db" "CREATE TABLE t(x); INSERT INTO t SELECT randomblob(1000) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<5000) SELECT n FROM c)"
        make_job <<<"targets: [{name: data, plugin: volume, options: {driver: path, root: $T/src, volumes: [live]}}]"
        before=$(published)
        export TMPDIR=$T/small
        expect 1 "a disk that gets full while a database is copied fails the run" run "$job"
        check "which says so" grep -qiE 'no space|full' "$err"
        unset TMPDIR
        same "nothing is published, and no copy stays" "$before" "$(published)$(ls "$T/small")"
        expect 0 "with room it is backed up" run "$job"
    fi
else
    skip "full disks" "cannot mount a tmpfs here"
fi

# ---- the calling conventions, with a container that is stopped each time
docker rm -f "$p-frozen" "$p-asleep" "$p-db" >/dev/null
for quiesce in none pause stop; do
    expect 0 "the plugin passes plugin check (quiesce: $quiesce)" plugin check "$top_builddir/.libs/volume.so" --option "volumes=[$p-app]" --option "quiesce=$quiesce"
done
expect 0 "the plugin passes plugin check (access: archive)" plugin check "$top_builddir/.libs/volume.so" --option "volumes=[$p-app]" --option access=archive
same "its container runs" running "$(state web)"
same "no helper container stays of it" "" "$(docker ps -aq --filter label=pabengine.helper="$p-app")"

# ---- live databases
if command -v sqlite3 >/dev/null; then
    volume live
    live=$(dir live)
    for mode in wal delete; do
        mkdir "$live/$mode"
        sqlite3 "$live/$mode/app.db" "PRAGMA journal_mode=$mode; CREATE TABLE a(n INTEGER PRIMARY KEY, t TEXT); CREATE TABLE b(n INTEGER PRIMARY KEY, t TEXT)" >/dev/null
        # one transaction writes to both tables: any state of the database has as many rows in the one as in the other
        (while [ ! -e "$T/stop" ]; do echo "BEGIN IMMEDIATE; INSERT INTO a(t) VALUES(hex(randomblob(500))); INSERT INTO b(t) VALUES(hex(randomblob(500))); COMMIT;"; sleep 0.001; done |
            sqlite3 -cmd '.timeout 20000' "$live/$mode/app.db") >"$T/writer.$mode" 2>&1 &
    done
    sleep 1
    volumes_job "volumes: [{name: $p-live, as: live}]"
    expect 0 "a volume with databases being written is backed up" run "$job"
    rm -rf "$T/to"
    expect 0 "its files are extracted" restore "$job" latest --to "$T/to" --yes
    touch "$T/stop"
    wait
    for mode in wal delete; do
        copy=$T/to/live/$mode
        same "no log lies beside the copy ($mode)" app.db "$(ls "$copy")"
        same "the copy is sound ($mode)" ok "$(sqlite3 "$copy/app.db" 'PRAGMA integrity_check')"
        check "it has rows ($mode)" test "$(sqlite3 "$copy/app.db" 'SELECT count(*) FROM a')" -gt 0
        same "and is of one moment ($mode)" "$(sqlite3 "$copy/app.db" 'SELECT count(*) FROM a')" "$(sqlite3 "$copy/app.db" 'SELECT count(*) FROM b')"
        same "the writer was not disturbed ($mode)" "" "$(cat "$T/writer.$mode")"
    done
else
    skip "live databases" "sqlite3 is not installed"
fi
