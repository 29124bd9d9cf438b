#!/usr/bin/env bash
# A server that is reached through its Docker container: its address by inspect, its pg_dump by exec when this machine has none.
# The container shares the host's network and the programs of the test cluster: there is no network to pull an image from.
. "$(dirname "$0")/lib.sh"
need_postgres
need_root
need docker
need_docker

pg postgres "DROP DATABASE IF EXISTS boxed"
pg postgres "CREATE DATABASE boxed"
at_end pg postgres "DROP DATABASE boxed"
pg boxed "CREATE TABLE t (id int PRIMARY KEY, body text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 40000) i"

name=pabengine-test-pg-$$
mounts=()
for folder in /usr/lib /lib /lib64 /etc/ssl; do [ ! -d "$folder" ] || mounts+=(-v "$folder:$folder:ro"); done
container() { # ARGUMENTS of docker run
    docker run -d --name "$name" --label "$DOCKER_LABEL" "${mounts[@]}" -v "$PG_BIN:/usr/local/bin:ro" -v "$PG_SOCKET:/var/run/postgresql" -e PGPORT="$PG_PORT" "$@" \
        "$DOCKER_IMAGE" sleep 600 >/dev/null 2>"$T/docker.err"
}
at_end docker rm -f "$name"
container --network host || skip_all "cannot run a container: $(tail -n 1 "$T/docker.err")"

job_of() {
    make_job <<END
defaults: {retries: 0}
targets:
  - name: db
    plugin: postgres
    options: {container: $1, docker_host: "$DOCKER_HOST", port: $PG_PORT, user: postgres, password: "file:$PG_PASSWORD_FILE", databases: [boxed], copy_threshold: 64k}
END
}
job_of "$name"
expect 0 "a server in a container is found by the name of the container" check "$job"
expect 0 "and backed up" run "$job"
expect 0 "what it gave is sound" verify --check-integrity "$job"
has "all rows are there" "$store/latest/manifest.json" '"rows:public.t": 40000'

# this machine without pg_dump of any version
mkdir "$T/nothing"
without_tools() { unshare -m sh -c 'mount --bind "$1" /usr/lib/postgresql && shift && exec "$@"' sh "$T/nothing" "$@"; }
if without_tools true 2>/dev/null; then
    without_tools "$top_builddir/run" pabengine run "$job" >"$out" 2>"$err" </dev/null
    status=$?
    cat "$out" "$err" >>"$T/everything"
    if [ $status -eq 0 ]; then ok "without pg_dump on this machine, the container's own runs"; else explain | not_ok "without pg_dump on this machine, the container's own runs" -; fi
    expect 0 "and what it gave is sound" verify --check-integrity "$job"
    has "with all rows" "$store/latest/manifest.json" '"rows:public.t": 40000'
    same "nothing keeps running in the container" 1 "$(docker top "$name" | grep -c -e sleep -e pg_)"

    # A pg_dump in the container that waits for a lock, while the run that started it ends.
    strays() { pg postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pabengine %' ${1:-}"; }
    gone() { for _ in $(seq 50); do [ "$(strays)" = 0 ] && return; sleep 0.1; done; return 1; }
    pg boxed "CREATE TABLE small (a int) PARTITION BY LIST (a)" # of which only pg_dump wants the lock
    "$PG_BIN/psql" -X -q -h "$PG_SOCKET" -p "$PG_PORT" -U "$PG_USER" -d boxed -c "BEGIN; LOCK TABLE small IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(120)" >/dev/null 2>&1 &
    locker=$!
    at_end kill "$locker"
    until_locked boxed small
    until_waiting() { for _ in $(seq 300); do [ "$(strays "AND wait_event_type = 'Lock'")" = 1 ] && break; sleep 0.1; done; }
    ended_by() { # SIGNAL
        rm -f "$T/pid"
        without_tools "$top_builddir/run" sh -c "echo \$\$ >'$T/pid'; exec pabengine run '$job'" >"$out" 2>"$err" </dev/null &
        until_waiting
        same "its pg_dump in the container has a name of its own" 1 "$(strays)"
        kill "-$1" "$(cat "$T/pid")"
        wait $! 2>/dev/null
    }
    ended_by INT
    check "a cancelled run ends it" gone
    ended_by KILL
    same "after SIGKILL it goes on" 1 "$(strays)"
    pab check "$job"
    check "until the next command ends it" gone
    kill "$locker" 2>/dev/null
    pg boxed "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid()" >/dev/null
    expect 0 "and the next run succeeds" run "$job"
else
    skip "without pg_dump on this machine, the container's own runs" "cannot make a mount namespace"
fi

# removed in mid-dump: while its pg_dump, which waits for the lock, runs
if without_tools true 2>/dev/null; then
    pg boxed "BEGIN; LOCK TABLE small IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)" >/dev/null 2>&1 &
    locker=$!
    until_locked boxed small
    before=$(published)
    without_tools "$top_builddir/run" pabengine run "$job" >"$out" 2>"$err" </dev/null &
    run=$!
    until_waiting
    docker rm -f "$name" >/dev/null
    pg postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'boxed' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()" >/dev/null
    wait $run
    status=$?
    wait $locker 2>/dev/null
    same "a container that is removed in mid-dump fails the run, and nothing is published" "1 $before" "$status $(published)"
    container --network host
fi

docker stop -t 0 "$name" >/dev/null
expect 1 "a container that does not run fails the run" run "$job"
has "which says so" "$err" "not running"
job_of no-such-container
expect 1 "one that does not exist, too" run "$job"
has "by its name" "$err" "no-such-container"
