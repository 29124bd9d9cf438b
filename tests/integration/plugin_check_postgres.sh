#!/usr/bin/env bash
# pabengine plugin check over the postgres plugin and a real server.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
[ -e "$top_builddir/.libs/postgres.so" ] || skip_all "built without the postgres plugin"
need_postgres
pg postgres "DROP DATABASE IF EXISTS plugin_check" 2>/dev/null
pg postgres "CREATE DATABASE plugin_check"
at_end pg postgres "DROP DATABASE plugin_check WITH (FORCE)"
pg plugin_check "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 500) g"
options=(--option "host=$PG_HOST" --option "port=$PG_PORT" --option "user=$PG_USER" --option "password=file:$PG_PASSWORD_FILE"
         --option 'databases=[plugin_check]' --option 'copy_threshold=0')
so=$top_builddir/.libs/postgres.so
pab plugin check "$so" "${options[@]}"
if grep -q 'this build of the plugin cannot restore' "$out"; then
    skip "the postgres plugin passes plugin check" "this build of the plugin cannot restore"
    same "all but its restore passes" "FAILED plans its restore" "$(grep -v '^ok' "$out" | sed 's/:.*//')"
else
    expect 0 "the postgres plugin passes plugin check" plugin check "$so" "${options[@]}"
fi
has "... with failures injected" "$out" "ok passes on a failure of the host's call 12"
has_not "... and nothing was left out" "$out" "not tried"
same "no session of it is left" 0 "$(pg postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'plugin_check'")"
same "its rows are as they were" 500 "$(pg plugin_check "SELECT count(*) FROM t")"
expect 1 "a wrong password is told as the reason" plugin check "$so" "${options[@]/file:*/wrong}"
has "... for what failed" "$out" "FAILED discovers: cannot log in to PostgreSQL"
