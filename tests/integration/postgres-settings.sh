#!/usr/bin/env bash
# What roles have set for themselves, and what the environment says to libpq: neither ends a backup or a restore, and both mean the
# same to our connections and to the programs.  What pg_dump warns of is a warning of the backup.
# time limit: 300
. "$(dirname "$0")/lib.sh"
own_cluster
PG_PASSWORD=$(cat "$PG_PASSWORD_FILE")
secrets+=("$PG_PASSWORD")
pg_programs
target() { # OPTION LINES
    make_job <<END_OF_JOB
defaults: {retries: 0}
targets:
  - name: db
    plugin: postgres
    options:
      bindir: "$T/bin"
      copy_threshold: 64k
      databases: [shop]
$(printf '      %s\n' "$@")
END_OF_JOB
}
here=("host: 127.0.0.1" "port: $PG_PORT")
pg postgres "CREATE DATABASE shop"
pg shop "CREATE TABLE t AS SELECT i, md5(i::text) AS body FROM generate_series(1, 20000) i"
count() { pg shop "SELECT count(*) FROM t"; }

# ---- settings of the role: each would end something
pg postgres "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'keeper-secret-5'"
secrets+=(keeper-secret-5)
umask 077
echo keeper-secret-5 >"$T/keeper"
pg postgres "ALTER ROLE keeper SET idle_session_timeout = '700ms'; ALTER ROLE keeper SET idle_in_transaction_session_timeout = '700ms';
             ALTER ROLE keeper SET statement_timeout = '30ms'; ALTER ROLE keeper SET lock_timeout = '1ms'; ALTER ROLE keeper SET default_transaction_read_only = on"
target "${here[@]}" "user: keeper" "password: \"file:$T/keeper\""
echo 'sleep 1.5' | tee "$T/bin/pg_dump-first" "$T/bin/pg_restore-first" >/dev/null
expect 0 "timeouts of the role do not end a check" check "$job"
expect 0 "nor a backup that takes longer" run "$job"
pg shop "DELETE FROM t"
expect 0 "nor a restore, read-only as the role is" restore "$job" latest --yes
same "which is complete" 20000 "$(count)"
expect 0 "and can be cleaned up after" restore "$job" latest --cleanup --yes
rm "$T"/bin/*-first

# ---- the environment
target "${here[@]}" "user: postgres"
run_with() { # VARIABLE=VALUE...: a check and a run with them
    local rc
    env "$@" "$top_builddir/run" pabengine check "$job" >"$out" 2>"$err" </dev/null && env "$@" "$top_builddir/run" pabengine run "$job" >"$out" 2>"$err" </dev/null
    rc=$?
    cat "$out" "$err" >>"$T/everything"
    return $rc
}
check "PGPASSWORD is the password of all" run_with PGPASSWORD="$PG_PASSWORD"
check "PGHOSTADDR does not lead elsewhere when the job names the host" run_with PGPASSWORD="$PG_PASSWORD" PGHOSTADDR=127.0.0.99
echo "127.0.0.1:$PG_PORT:*:postgres:$PG_PASSWORD" >"$T/pass"
check "nor does PGPORT" run_with PGPASSFILE="$T/pass" PGPORT=1 PGDATABASE=nowhere PGOPTIONS=--nonsense
printf '[shop]\nhost=127.0.0.1\nport=%s\nuser=postgres\npassword=%s\n' "$PG_PORT" "$PG_PASSWORD" >"$T/services"
target
check "a service of PGSERVICE is that of all" run_with PGSERVICE=shop PGSERVICEFILE="$T/services"
check "PGHOSTADDR is followed where the job says nothing" run_with PGHOSTADDR=127.0.0.1 PGPORT="$PG_PORT" PGUSER=postgres PGPASSWORD="$PG_PASSWORD"
expect 0 "all of them are sound" verify "$job" --all --check-integrity

# ---- warnings
target "${here[@]}" "user: postgres" "password: \"file:$PG_PASSWORD_FILE\""
cat >"$T/bin/pg_dump-first" <<'END'
echo "pg_dump: warning: subscriptions not dumped because current user is not a superuser" >&2
echo "WARNING:  a notice of the server" >&2
END
echo 'for i in $(seq 30); do echo "pg_dumpall: warning: number $i" >&2; done' >"$T/bin/pg_dumpall-first"
expect 3 "what pg_dump warns of makes the backup incomplete" run "$job"
has "in its words" "$err" "subscriptions not dumped"
has_not "notices of the server are none" "$err" "a notice of the server"
has "what pg_dumpall warns of, too" "$err" "number 10"
has_not "but not without end" "$err" "number 11"
has "which is said" "$err" "20 more"
