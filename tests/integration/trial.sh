#!/usr/bin/env bash
# schedule test JOB: what check does, and one object of each target for real, into a folder that is gone afterwards.
# time limit: 300
. "$(dirname "$0")/lib.sh"
need_postgres
[ "$(id -u)" = 0 ] && service docker && export DOCKER_HOST

pa=$T/pa
mkdir -p "$pa/docs" "$pa/volumes/big" "$pa/volumes/small"
echo A=1 >"$pa/.env"
head -c 300000 /dev/urandom >"$pa/docs/manual.md"
head -c 500000 /dev/urandom >"$pa/volumes/big/data"
echo small >"$pa/volumes/small/data"
db=trial$$
pg postgres "CREATE DATABASE ${db}_small" && pg postgres "CREATE DATABASE ${db}_big"
at_end pg_tool dropdb --if-exists "${db}_small"
at_end pg_tool dropdb --if-exists "${db}_big"
pg "${db}_small" "CREATE TABLE t AS SELECT 1 AS a"
pg "${db}_big" "CREATE TABLE t AS SELECT g AS a, repeat('x', 500) AS b FROM generate_series(1, 20000) g"
targets() {
    cat <<END
targets:
  - {name: config, plugin: files, options: {root: $pa, sets: {env: [.env], docs: [docs/]}}}
  - {name: data, plugin: volume, options: {driver: path, root: $pa/volumes, volumes: [big, small]}}
  - {name: db, plugin: postgres, options: {host: $PG_SOCKET, port: $PG_PORT, user: $PG_USER, databases: [${db}_big, ${db}_small]}}
END
}
make_job < <(targets)

# ---- it works
expect 0 "a job that would work passes" schedule test "$job"
has "the smallest set is tried" "$out" "ok config  trial of env,"
has "... and the smallest volume" "$out" "ok data  trial of small,"
has "... and the smallest database" "$out" "ok db  trial of ${db}_small,"
has "the end is told" "$out" "was backed up, verified and removed"
check "a store that was not there is not made" test ! -e "$store"
expect 0 "it says so to programs, too" schedule test --json "$job"
check "... as one document" python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
details = {t["name"]: t["detail"] for t in d["targets"]}
assert d["exit_code"] == 0 and details["config"] == "trial of env" and details["data"] == "trial of small", d
assert {t["status"] for t in d["targets"]} == {"ok"}, d' "$out"

# ---- beside real backups
expect 0 "a run" run "$job"
before=$(snapshot "$store" | tail -n +2) # the folder itself was written to
expect 0 "a trial beside a backup" schedule test "$job"
same "... leaves the store as it was, to the byte" "$before" "$(snapshot "$store" | tail -n +2)"
expect 0 "... and list shows one backup" list "$job"
same "..." 1 "$(published)"

# ---- a hook and a notification are for real runs
touch "$T/hooked"
{ targets; printf 'hooks:\n  before: ["echo ran >> %s/hooked"]\n' "$T"; } | make_job
expect 0 "with hooks in the job" schedule test "$job"
check "... they do not run" test ! -s "$T/hooked"
make_job < <(targets)

# ---- faults
PABENGINE_TEST_KILL=target-end:2 pab schedule test "$job"
same "a trial that is killed" 137 "$status"
check "... leaves its folder" sh -c 'ls -d "$1"/.trial-*' - "$store"
expect 0 "... which no run minds" run "$job"
expect 0 "... and the next trial takes away" schedule test "$job"
same "..." "" "$(find "$store" -maxdepth 1 -name '.trial-*')"
{ targets; printf '  - {name: gone, plugin: files, options: {root: %s/nowhere, sets: {x: [x]}}}\n' "$T"; } | make_job
expect 1 "what check finds ends it" schedule test "$job"
has_not "... before anything is tried" "$out" "trial of"
make_job < <(targets)
pg "${db}_small" "CREATE TABLE locked (a int)"
"$PG_BIN/psql" -X -q -h "$PG_SOCKET" -p "$PG_PORT" -U "$PG_USER" -d "${db}_small" >/dev/null 2>&1 <<<"BEGIN; LOCK TABLE locked; SELECT pg_sleep(60);" &
locker=$!
until_locked "${db}_small" locked
{ targets | sed 's/user: \([^,]*\),/user: \1, lock_timeout: 1s,/'; } | make_job
expect 1 "a target that answers but cannot be backed up fails it" schedule test "$job"
has "... is named" "$out" "FAILED db"
has "... the others are tried all the same" "$out" "ok data  trial of small"
same "... and nothing stays" "" "$(find "$store" -maxdepth 1 -name '.trial-*')"
pg postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${db}_small'" >/dev/null
wait "$locker"

# ---- a plugin that cannot be asked for one object
mkdir -p "$T/plugins" "$T/include/old"
cp "$top_srcdir/tests/abi/v1.0/pab_plugin.h" "$T/include/old/pab_plugin.h"
"${CC:-cc}" -std=c11 -shared -fPIC -I"$T/include/old" -o "$T/plugins/hello.so" "$top_srcdir/docs/tutorial/hello.c" 2>"$T/cc" || not_ok "the tutorial's plugin compiles" - <"$T/cc"
echo hello >"$T/text"
make_job <<END
targets:
  - {name: greeting, plugin: hello, options: {path: "$T/text"}}
  - {name: config, plugin: files, options: {root: $pa, sets: {env: [.env]}}}
END
PABENGINE_PLUGIN_PATH=$T/plugins expect 0 "a plugin of ABI 1.0 is only checked" schedule test "$job"
has "... and the line says so" "$out" "skipped greeting  only checked: plugin 'hello' was built for plugin ABI 1.0"

# ---- services are left alone
if [ -z "${DOCKER_HOST:-}" ]; then
    skip "no container rests for a trial" "needs root and a Docker Engine"
else
    volume=pabtrial$$
    docker volume create --label "$DOCKER_LABEL" $volume >/dev/null
    at_end docker volume rm -f $volume
    docker run -d --network none --label "$DOCKER_LABEL" --name $volume -v $volume:/data "$DOCKER_IMAGE" sh -c 'trap "exit 0" TERM; echo x >/data/x; while :; do sleep 60 & wait $!; done' >/dev/null
    at_end docker rm -f $volume
    make_job <<<"targets: [{name: data, plugin: volume, options: {volumes: [{name: $volume, quiesce: stop}]}}]"
    since=$(docker inspect -f '{{.State.StartedAt}} {{.RestartCount}}' $volume)
    expect 0 "a volume whose container would be stopped" schedule test "$job"
    has "... is tried" "$out" "ok data  trial of $volume"
    same "... while its container goes on" "$since running" "$(docker inspect -f '{{.State.StartedAt}} {{.RestartCount}} {{.State.Status}}' $volume)"
fi
