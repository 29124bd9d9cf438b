#!/usr/bin/env bash
# Behind a real PgBouncer: one that shares its sessions is refused before anything is set that its next client would find; one in
# session mode serves for backups when the job says so.
. "$(dirname "$0")/lib.sh"
need pgbouncer
own_cluster
. "$top_srcdir/tests/services/common.sh"
pool_port=$(free_port) || skip_all "no free port"

as=()
[ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
mkdir "$T/pool" && chmod 755 "$T/pool"
[ "$(id -u)" != 0 ] || chown postgres "$T/pool"
pool_pid=
stop_pool() {
    [ -z "$pool_pid" ] || kill "$pool_pid" 2>/dev/null
    [ -z "$pool_pid" ] || wait "$pool_pid" 2>/dev/null
    pool_pid=
}
at_end stop_pool
pool() { # MODE
    stop_pool
    cat >"$T/pool/pgbouncer.ini" <<END
[databases]
* = host=$PG_SOCKET port=$PG_PORT user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pool_port
unix_socket_dir =
auth_type = any
pool_mode = $1
logfile = $T/pool/log
pidfile = $T/pool/pid
END
    (cd / && exec "${as[@]}" pgbouncer "$T/pool/pgbouncer.ini") >/dev/null 2>"$T/pool.err" &
    pool_pid=$!
    for _ in $(seq 50); do pooled "SELECT 1" >/dev/null 2>&1 && return; sleep 0.1; done
    skip_all "pgbouncer does not start: $(tail -n 2 "$T/pool.err")"
}
# Somebody else's query through the pool.
pooled() { "$PG_BIN/psql" -X -q -At -h 127.0.0.1 -p "$pool_port" -U postgres -d "${2:-shop}" -c "$1"; }
target() { # PORT [OPTION LINES]
    local port=$1
    shift
    make_job <<END
defaults: {retries: 0}
targets:
  - name: db
    plugin: postgres
    options:
      host: 127.0.0.1
      port: $port
      user: postgres
      password: "file:$PG_PASSWORD_FILE"
      databases: [shop]
      copy_threshold: 64k
$(printf '      %s\n' "$@")
END
}
unharmed() { # NAME
    local i sql="SELECT current_setting('search_path') || ' ' || current_setting('statement_timeout')"
    for i in 1 2 3 4 5 6; do pooled "$sql" postgres; pooled "$sql"; done >"$T/said" 2>&1
    same "$1" '"$user", public 0' "$(sort -u "$T/said")"
}
pg postgres "CREATE DATABASE shop"
pg shop "CREATE TABLE t AS SELECT i, md5(i::text) AS body FROM generate_series(1, 20000) i"

pool transaction
target "$pool_port"
for verb in check discover run; do
    expect 1 "$verb: a pool that shares its sessions is refused" "$verb" "$job"
    has "$verb: as what it is" "$err" "connection pooler"
done
unharmed "its other clients find their settings as they were"
target "$pool_port" "pooler: session"
expect 1 "also when the job takes it for one in session mode" check "$job"
has "which it says" "$err" "shares its sessions"
unharmed "and again nobody was harmed"

pool session
target "$pool_port"
expect 1 "a pool in session mode is refused, too" run "$job"
has "but there is an option for it" "$err" "set the option pooler"
target "$pool_port" "pooler: session"
expect 0 "with it, check finds nothing missing" check "$job"
expect 0 "a backup goes through it" run "$job"
expect 0 "and is sound" verify "$job" latest --check-integrity
has "with all rows" "$store/latest/manifest.json" '"rows:public.t": 20000'
expect 1 "a restore does not" restore "$job" latest --object shop --as other --yes
has "and says why" "$err" "cannot go through a connection pooler"
unharmed "the next clients find their settings as they were"
target "$PG_PORT"
expect 0 "the server itself takes it" restore "$job" latest --object shop --as other --yes
same "with all rows" 20000 "$(pg other "SELECT count(*) FROM t")"
