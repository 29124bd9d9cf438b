#!/usr/bin/env bash
# Backups of a real PostgreSQL server: what psql makes of them, faults in the middle, changes in the middle, sizes, rights, secrets.
. "$(dirname "$0")/lib.sh"

# A cluster of its own: it is stopped in the middle of a dump.
own_cluster
PG_PASSWORD=$(cat "$PG_PASSWORD_FILE")
secrets+=("$PG_PASSWORD")

# target [OPTION LINES...]: the job, over TCP with the password
target() {
    make_job <<END_OF_JOB
defaults: {retries: ${retries:-0}}
targets:
  - name: db
    plugin: postgres
    options:
      host: 127.0.0.1
      port: $PG_PORT
      user: ${user:-postgres}
      password: "file:${password_file:-$PG_PASSWORD_FILE}"
      copy_threshold: 64k
      block_size: 256k
      lock_timeout: 20s
$(printf '      %s\n' "$@")
END_OF_JOB
}
# What pg_dump says of a database, rows in any order
dumped() { pg_tool pg_dump "$1" | grep -v '^\\\(un\)\?restrict ' | sort; }
sql_of() { latest_file "$1.sql.gz"; }
latest_file() { local f; for f in "$store"/latest/databases/"${1%%.*}"_*."${1#*.}"; do echo "$f"; return; done; }
no_trace() { # NAME: a failed run published nothing, left nothing, and no session of it lives
    same "$1: nothing is published" "$before" "$(published)"
    pab list "$job" # sees to what a killed run left
    same "$1: no half backup is left" "" "$(leftovers)"
    local i sessions=-
    for i in 1 2 3 4 5 6 7 8 9 10; do
        sessions=$(pg postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pabengine' OR application_name LIKE 'pg_%'" 2>/dev/null) && [ "$sessions" = 0 ] && break
        sleep 0.3
    done
    same "$1: no session is left on the server" 0 "$sessions"
}

# ---- programs in between: a folder with pg_dump that does something first, or in the middle
mkdir -p "$T/bin"
for tool in pg_dump pg_restore pg_dumpall; do
    cat >"$T/bin/$tool" <<'END_OF_TOOL'
#!/usr/bin/env bash
here=$(dirname "$0"); tool=$(basename "$0")
. "$here/settings"
case "$*" in --version|--help) exec "$PG_BIN/$tool" "$@" ;; esac
printf '%s %s\n' "$tool" "$*" >>"$here/argv"
cat /proc/*/cmdline 2>/dev/null | tr '\0' ' ' >>"$here/argv"
if [ "$tool" = pg_dump ] && [ -f "$here/meanwhile" ]; then . "$here/meanwhile"; fi
exec "$PG_BIN/$tool" "$@"
END_OF_TOOL
    chmod 755 "$T/bin/$tool"
done
printf '%s\n' "$settings" >"$T/bin/settings"
meanwhile() { cat >"$T/bin/meanwhile"; }
other_psql='"$PG_BIN/psql" -X -q -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d shop -c'

# ---- data: big tables (ours), small ones (pg_dump's), what is special about each
pg postgres "CREATE DATABASE shop"
pg shop >/dev/null <<'END_OF_SQL'
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE big (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text, doc jsonb, tags text[], sum int GENERATED ALWAYS AS (length(body)) STORED, gone int);
INSERT INTO big (body, doc, tags) SELECT repeat(md5(i::text), 1 + i % 5), jsonb_build_object('n', i, 'd', md5(i::text)), ARRAY['a,b', NULL, i::text] FROM generate_series(1, 30000) i;
ALTER TABLE big DROP COLUMN gone;
INSERT INTO big (body) VALUES (NULL), (''), (E'\\.'), (E'\\N'), (E'tab\there\nline\r\\back'), (E'\\.\n\\.');
CREATE TABLE "odd ""name" (m mood, "col""umn;" text);
INSERT INTO "odd ""name" SELECT 'ok', E'\\.' || i FROM generate_series(1, 20000) i;
CREATE TABLE small (a int PRIMARY KEY, t timestamptz DEFAULT '2024-01-01 00:00Z');
INSERT INTO small VALUES (1), (2);
CREATE TABLE child (id int REFERENCES small(a), x float8);
INSERT INTO child VALUES (1, 0.1 + 0.2), (2, 'NaN');
CREATE TABLE nothing ();
CREATE TABLE empty_one (a int);
CREATE VIEW v AS SELECT count(*) FROM big;
CREATE MATERIALIZED VIEW mv AS SELECT id % 7 AS k, count(*) AS n FROM big GROUP BY 1;
CREATE FUNCTION trap() RETURNS text LANGUAGE plpgsql AS $_$ BEGIN
COPY small (a) FROM stdin;
RETURN '\.'; END $_$;
SELECT lo_from_bytea(4711, decode(repeat('00ff5c2e0a', 9000), 'hex'));
CREATE INDEX ON big USING gin (doc);
END_OF_SQL

# ---- the whole way
target "databases: [shop]"
expect 0 "check finds nothing missing" check "$job"
expect 0 "discover lists the database" discover "$job"
has "with its name" "$out" shop
expect 0 "a run succeeds" run "$job"
expect 0 "what it wrote is sound" verify --check-integrity "$job"
pg postgres "CREATE DATABASE again"
check "zcat FILE | psql restores it" sh -c "zcat '$(sql_of shop)' | '$PG_BIN/psql' -X -q -v ON_ERROR_STOP=1 -h '$PG_SOCKET' -p $PG_PORT -U postgres -d again"
same "and everything is the same" "$(dumped shop | sha256sum)" "$(dumped again | sha256sum)"
check "the archive is one for pg_restore" pg_restore -l "$(latest_file shop.dump)"
has "rows are in the manifest" "$store/latest/manifest.json" '"rows:public.big": 30006'
has "of tables with odd names, too" "$store/latest/manifest.json" '"rows:public.\"odd \"\"name\"": 20000'
same "big tables lie in blocks" yes "$(grep -c '"name": "public.big"' "$store/latest/manifest.json" | awk '{ print ($1 > 3 ? "yes" : $1) }')"
has "roles are in the file of globals" <(zcat "$(sql_of globals)") 'CREATE ROLE postgres;'
check "psql takes the globals" sh -c "zcat '$(sql_of globals)' | grep -v 'CREATE ROLE postgres;' | '$PG_BIN/psql' -X -q -v ON_ERROR_STOP=1 -h '$PG_SOCKET' -p $PG_PORT -U postgres -d postgres"
target "databases: [shop]" "jobs: 1"
expect 0 "one connection does, too" run "$job"
expect 0 "and its file is sound" verify --check-integrity "$job"
pg postgres "DROP DATABASE again"

# ---- other encodings, odd names, empty ones
pg postgres "CREATE DATABASE \"odd \"\"n'ame\" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
PGCLIENTENCODING=UTF8 pg "odd \"n'ame" "CREATE TABLE \"größe\" (\"ß\" text); INSERT INTO \"größe\" SELECT 'Ärger ' || i FROM generate_series(1, 20000) i; CREATE TABLE \"é\" (a text); INSERT INTO \"é\" VALUES ('ñ')"
pg postgres "CREATE DATABASE hollow"
target "exclude: ['sho*']"
expect 0 "every database but the excluded" run "$job"
same "an excluded one is left out" "" "$(find "$store/latest/" -name 'shop*')"
expect 0 "empty and odd ones are sound" verify --check-integrity "$job"
check "an empty database restores" sh -c "zcat '$(sql_of hollow)' | '$PG_BIN/psql' -X -q -v ON_ERROR_STOP=1 -h '$PG_SOCKET' -p $PG_PORT -U postgres -d hollow"
odd_file=$(find "$store/latest/" -name 'odd*.sql.gz')
pg postgres "CREATE DATABASE again ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
check "a database in LATIN1 restores" sh -c "zcat '$odd_file' | '$PG_BIN/psql' -X -q -v ON_ERROR_STOP=1 -h '$PG_SOCKET' -p $PG_PORT -U postgres -d again"
same "with all its letters" "$(dumped "odd \"n'ame" | sha256sum)" "$(dumped again | sha256sum)"
has "names that are no UTF-8 are written so in the manifest" "$store/latest/manifest.json" '"rows:public.\"gr\\xf6\\xdfe\"": 20000'
pg postgres "DROP DATABASE again"

# ---- between a fake host and this server: every failure of the host, cancellation, damage
check_pg_backup() { PG_SOCKET=$PG_SOCKET PG_PORT=$PG_PORT PG_DATABASE=shop "$top_builddir/tests/unit/check_pg_backup"; }
if [ -x "$top_builddir/tests/unit/check_pg_backup" ]; then check "failures, cancellation and damage (check_pg_backup)" check_pg_backup
else skip "failures, cancellation and damage" "tests/unit/check_pg_backup is not built"; fi

# ---- wrong from the beginning
before=$(published)
umask 077
echo wrong-password-1234 >"$T/wrong"
secrets+=(wrong-password-1234)
password_file=$T/wrong target "databases: [shop]"
expect 1 "a wrong password fails the run" run "$job"
has "and is called by its name" "$err" "password authentication failed"
target "databases: [shop, no_such_db]"
expect 1 "a database that does not exist fails the run" run "$job"
has "by its name" "$err" "no_such_db"
target "databases: [shop]" "bindir: $T/empty-folder"
expect 1 "a folder without pg_dump fails the run" run "$job"
has "and says which" "$err" "$T/empty-folder"
no_trace "what was wrong from the beginning"

# ---- rights
pg shop "CREATE ROLE reader LOGIN PASSWORD 'reader-secret-77'; CREATE ROLE outsider LOGIN PASSWORD 'reader-secret-77'; GRANT pg_read_all_data TO reader"
echo reader-secret-77 >"$T/reader"
secrets+=(reader-secret-77)
user=outsider password_file=$T/reader target "databases: [shop]"
expect 1 "check fails for a role that may read nothing" check "$job"
has "says what it may not read" "$err" "no right to read"
has "and what to do" "$err" "log in as a superuser"
pg shop "SELECT lo_unlink(4711)" >/dev/null
expect 1 "without large objects" check "$job"
has "a grant will do" "$err" "GRANT pg_read_all_data TO \"outsider\""
expect 1 "its run fails before anything is read" run "$job"
pg shop "CREATE ROLE supabase_admin"
expect 1 "on Supabase" check "$job"
has "it names supabase_admin" "$err" "supabase_admin"
pg shop "DROP ROLE supabase_admin; ALTER TABLE small ENABLE ROW LEVEL SECURITY"
user=reader password_file=$T/reader target "databases: [shop]"
expect 1 "row security that hides rows is an error" check "$job"
has "that says BYPASSRLS" "$err" "ALTER ROLE \"reader\" BYPASSRLS"
pg shop "ALTER ROLE reader BYPASSRLS"
expect 0 "pg_read_all_data suffices" run "$job"
expect 0 "and the backup is sound" verify --check-integrity "$job"
pg shop "ALTER TABLE small DISABLE ROW LEVEL SECURITY"
pg shop "GRANT SELECT ON ALL TABLES IN SCHEMA public TO outsider; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO outsider"
user=outsider password_file=$T/reader target "databases: [shop]"
expect 3 "rights on all tables suffice, less the passwords of roles" run "$job"
has "which is said" "$err" "passwords of roles"
has_not "none is in the file" <(zcat "$(sql_of globals)") "SCRAM-SHA-256"

# ---- faults in the middle
before=$(published)
target "databases: [shop]" "bindir: $T/bin"
meanwhile <<'END_OF_CODE'
"$PG_BIN/pg_dump" "$@" | head -c 2000
kill -KILL $$
END_OF_CODE
expect 1 "pg_dump killed in the middle fails the run" run "$job"
has "with the signal" "$err" "signal"
no_trace "pg_dump killed"
pg postgres "CREATE DATABASE other" && pg other "CREATE TABLE t AS SELECT generate_series(1, 10) i"
target "databases: [shop, other]" "bindir: $T/bin"
meanwhile <<'END_OF_CODE'
case "${PGDATABASE-} $*" in *other*) exec "$PG_BIN/pg_dump" "$@" ;; esac
"$PG_BIN/pg_dump" "$@" | head -c 2000
kill -KILL $$
END_OF_CODE
newest=$(readlink "$store/latest")
expect 3 "a database that fails does not lose the others" run "$job" --name some
has "the line of the target says what is kept" "$out" "kept: 1 database"
same "it is the other one, and the roles" "globals other" "$(jq -r '[.targets[0].artifacts[].object] | unique | join(" ")' "$store/some/manifest.json")"
same "the backup is partial, the target failed" "partial failed" "$(jq -r '.status + " " + .targets[0].status' "$store/some/manifest.json")"
same "and latest stays" "$newest" "$(readlink "$store/latest")"
expect 0 "what was kept is sound" verify --check-integrity "$job" some
rm -rf "$store/some"
target "databases: [shop]" "bindir: $T/bin"
meanwhile <<'END_OF_CODE'
"$PG_BIN/pg_dump" "$@" | head -c 2000
exit 0
END_OF_CODE
expect 1 "an archive that is cut short fails the run although pg_dump said yes" run "$job"
no_trace "archive cut short"
meanwhile <<END_OF_CODE
$other_psql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pabengine'" >/dev/null
sleep 1
END_OF_CODE
expect 1 "sessions ended by the administrator fail the run" run "$job"
no_trace "sessions ended"
meanwhile <<'END_OF_CODE'
as=; [ "$(id -u)" != 0 ] || as="runuser -u postgres --"
(cd / && $as "$PG_BIN/pg_ctl" -D "$PG_DATA" -m immediate -s stop) >/dev/null 2>&1
END_OF_CODE
expect 1 "a server that stops in the middle fails the run" run "$job"
has_not "without calling it an internal error" "$err" "internal"
"$cluster" start "$T/pg" >/dev/null
no_trace "server stopped"
meanwhile <<'END_OF_CODE'
kill -INT "$(cat "$(dirname "$0")/pid")"
sleep 20
END_OF_CODE
"$top_builddir/run" sh -c "echo \$\$ >'$T/bin/pid'; exec pabengine run '$job'" >"$out" 2>"$err" </dev/null
status=$?
same "an interrupted run ends with 130" 130 $status
no_trace "interrupted"

# ---- changes in the middle
meanwhile <<END_OF_CODE
"\$PG_BIN/pg_dump" "\$@" | {
head -c 1000
setsid $other_psql "DROP TABLE \"odd \"\"name\"" >/dev/null 2>&1 </dev/null &
setsid $other_psql "ALTER TABLE big ADD COLUMN later int DEFAULT 7" >/dev/null 2>&1 </dev/null &
$other_psql "INSERT INTO small VALUES (99)"
sleep 1
cat
}
exit "\${PIPESTATUS[0]}"
END_OF_CODE
expect 0 "a big table dropped, one altered, rows added in the middle: the run succeeds" run "$job"
expect 0 "the backup is sound" verify --check-integrity "$job"
has "it is of the moment it began: the dropped table is in it" "$store/latest/manifest.json" '"rows:public.\"odd \"\"name\"": 20000'
has "and the added row is not" "$store/latest/manifest.json" '"rows:public.small": 2'
has_not "nor the new column" <(zcat "$(sql_of shop)") "later"
for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(pg shop "SELECT count(*) FROM pg_class WHERE relname = 'odd \"name'")" = 0 ] && break; sleep 0.3; done
same "and the drop went through afterwards" 0 "$(pg shop "SELECT count(*) FROM pg_class WHERE relname = 'odd \"name'")"
pg shop "CREATE TABLE victim (a int)"
meanwhile <<END_OF_CODE
[ -f "$T/dropped" ] || { touch "$T/dropped"; $other_psql "DROP TABLE victim"; }
END_OF_CODE
retries=1 target "databases: [shop]" "bindir: $T/bin"
expect 0 "a small table dropped before pg_dump locks it: tried again" run "$job"
has "which is said" "$err" "trying again"
meanwhile <<END_OF_CODE
[ -f "$T/altered" ] || { touch "$T/altered"; setsid $other_psql "ALTER TABLE big ADD COLUMN last int" >/dev/null 2>&1 </dev/null & sleep 1; }
END_OF_CODE
retries=1 target "databases: [shop]" "bindir: $T/bin"
sed -i 's/lock_timeout: 20s/lock_timeout: 2s/' "$job"
expect 0 "a change that waits between our lock and pg_dump's: tried again" run "$job"
has "and that is said, too" "$err" "trying again"
rm "$T/bin/meanwhile"

# ---- a table that stays locked
coproc locker { "$PG_BIN/psql" -X -q -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d shop; }
printf 'BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n' >&"${locker[1]}"
# shellcheck disable=SC2154 # coproc sets it, and takes it away when the program has ended
locker_pid=$locker_PID
read -r _ <&"${locker[0]}"
target "databases: [shop]"
sed -i 's/lock_timeout: 20s/lock_timeout: 1s/' "$job"
before=$(published)
expect 1 "a table that stays locked fails the run" run "$job"
has "which says where to look" "$err" "pg_stat_activity"
printf '\\q\n' >&"${locker[1]}"
wait "$locker_pid" 2>/dev/null
no_trace "table locked"

# ---- many tables
pg postgres "CREATE DATABASE many"
pg many "DO \$\$ BEGIN FOR i IN 1..2500 LOOP EXECUTE format('CREATE TABLE t%s (a int, b text)', i); END LOOP; END \$\$" >/dev/null
pg many "DO \$\$ BEGIN FOR i IN 2501..5000 LOOP EXECUTE format('CREATE TABLE t%s (a int, b text)', i); END LOOP; END \$\$; INSERT INTO t5000 SELECT i, repeat('x', 100) FROM generate_series(1, 30000) i" >/dev/null
target "databases: [many]"
expect 0 "5,000 tables" run "$job"
has "are all counted" "$store/latest/manifest.json" '"tables": 5000'
expect 0 "and sound" verify --check-integrity "$job"

# ---- secrets
same "no password in any command line" "" "$(grep -aF -e "$PG_PASSWORD" -e reader-secret-77 "$T/bin/argv" | head -n 3)"
same "programs were watched" yes "$([ -s "$T/bin/argv" ] && echo yes)"
same "none in manifests and logs" "" "$(grep -rlaF -e "$PG_PASSWORD" -e reader-secret-77 "$store" "$T/state" 2>/dev/null)"
