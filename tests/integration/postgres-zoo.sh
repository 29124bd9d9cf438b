#!/usr/bin/env bash
# time limit: 400
# The differential test: a database with one of everything, restored by us, by `zcat | psql`, and by the stock pg_dump and
# pg_restore. pg_dump of the three must say the same, with the rows of each table sorted.
# ZOO_BIN: the binaries of another version (postgres-majors.sh).
. "$(dirname "$0")/lib.sh"
PABENGINE_TEST_PG_BIN=$(zoo_bin "${ZOO_BIN:-/usr/lib/postgresql/15/bin}") || skip_all "no server to copy"
export PABENGINE_TEST_PG_BIN
own_cluster
secrets+=("$(cat "$PG_PASSWORD_FILE")")

target() { # NAMES
    make_job <<END_OF_JOB
targets:
  - {name: db, plugin: postgres, options: {host: 127.0.0.1, port: $PG_PORT, user: postgres, password: "file:$PG_PASSWORD_FILE", copy_threshold: 64k, block_size: 128k, databases: [$1]${ZOO_BIN:+, bindir: "$ZOO_BIN"}}}
END_OF_JOB
}
pg postgres "CREATE DATABASE zoo"
zoo_sql <"$top_srcdir/tests/integration/zoo.sql" | pg zoo >/dev/null 2>"$T/zoo.err" || { not_ok "the zoo can be built" "$(tail -n 5 "$T/zoo.err")"; exit; }
has "with an extension that fills a table of its own" <(pg zoo "SELECT count(*) FROM app.srs") 102
want=$(dumped zoo) want_all=$(dumped zoo --create)
target zoo
has "names of tables hold newlines" <(pg zoo "SELECT relname FROM pg_class WHERE relname LIKE 'new%'") 'line; FROM stdin;'
expect 0 "the zoo is backed up" run "$job"
expect 0 "and verified to the last row" verify "$job" latest --check-integrity
cp "$store"/latest/databases/zoo_*.sql.gz "$T/zoo.sql.gz"

expect 0 "restored beside itself" restore "$job" latest --object zoo --as zoo_ours --yes
same "by us: pg_dump says the same, of the database itself, too" "$want_all" "$(dumped zoo_ours --create)"
same "large objects are the same" "$(pg zoo "SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1")" "$(pg zoo_ours "SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1")"
same "settings of the database came along" "$(pg zoo "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = 'zoo'")" \
    "$(pg zoo "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = 'zoo_ours'")"

pg postgres "CREATE DATABASE zoo_psql TEMPLATE template0"
zcat "$T/zoo.sql.gz" | PGOPTIONS='-c default_transaction_read_only=off' pg zoo_psql >/dev/null 2>"$T/psql.err" && ok "zcat | psql loads it without an error" || not_ok "zcat | psql loads it without an error" "$(head -n 5 "$T/psql.err")"
same "by zcat | psql: pg_dump says the same" "$want" "$(dumped zoo_psql)"

pg postgres "CREATE DATABASE zoo_stock TEMPLATE template0"
pg_tool pg_dump -Fc zoo >"$T/stock.dump" && pg_tool pg_restore -d zoo_stock "$T/stock.dump" 2>"$T/stock.err" || note "$(head -n 3 "$T/stock.err")"
same "by pg_dump and pg_restore: pg_dump says the same" "$want" "$(dumped zoo_stock)"

# into an emptied server: roles are gone, too
for db in zoo zoo_ours zoo_psql zoo_stock; do pg postgres "DROP DATABASE $db WITH (FORCE)"; done
pg postgres 'DROP ROLE zoo_reader, "zoo keeper'"'"'s"'
expect 1 "without its roles it is refused" restore "$job" latest --object zoo --yes
has "and the roles are named" "$err" "zoo_reader"
expect 0 "with the globals everything comes back" restore "$job" latest --yes
same "after a loss: pg_dump says the same" "$want_all" "$(dumped zoo --create)"
