#!/usr/bin/env bash
# Restores into a server that lacks roles or tablespaces; databases with special names and marks; --include, which is for files; and
# the commands of RESTORE.md.
# time limit: 300
. "$(dirname "$0")/lib.sh"
own_cluster
secrets+=("$(cat "$PG_PASSWORD_FILE")")
mkdir -p "$T/files/docs" "$T/space" && echo one >"$T/files/docs/x"
[ "$(id -u)" != 0 ] || chown postgres "$T/space"
db_target() { # DATABASES
    echo "  - {name: db, plugin: postgres, options: {host: 127.0.0.1, port: $PG_PORT, user: postgres, password: \"file:$PG_PASSWORD_FILE\", copy_threshold: 64k, databases: [$1]}}"
}
odd="od'd =x"
make_job <<END_OF_JOB
defaults: {retries: 0}
targets:
$(db_target "shop, spaced, globals, \"$odd\"")
  - {name: config, plugin: files, options: {root: "$T/files", sets: {docs: [docs/]}}}
END_OF_JOB
pg postgres "CREATE ROLE app; CREATE ROLE tuner; CREATE ROLE \"odd, role\""
pg postgres "CREATE TABLESPACE fast LOCATION '$T/space'"
pg postgres "CREATE DATABASE shop OWNER app"
pg postgres "CREATE DATABASE spaced TABLESPACE fast"
pg postgres "CREATE DATABASE globals"
pg postgres "CREATE DATABASE \"$odd\" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
pg shop >/dev/null <<'END'
CREATE TABLE t AS SELECT i, md5(i::text) AS body FROM generate_series(1, 20000) i; ALTER TABLE t OWNER TO app; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE TABLE "of"".all" (a int); ALTER TABLE "of"".all" ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON t AS RESTRICTIVE FOR SELECT TO tuner, app USING (i < 10); COMMENT ON POLICY mine ON t IS 'for the app';
CREATE POLICY everybodys ON t USING (i > 0); COMMENT ON POLICY everybodys ON t IS 'for all';
CREATE POLICY "the ""odd"" TO app" ON "of"".all" TO "odd, role" WITH CHECK (a > 1); COMMENT ON POLICY "the ""odd"" TO app" ON "of"".all" IS 'odd';
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR app SERVER far; CREATE USER MAPPING FOR PUBLIC SERVER far;
GRANT SELECT ON t TO tuner;
ALTER ROLE tuner IN DATABASE shop SET work_mem = '5MB'; ALTER ROLE app IN DATABASE shop SET search_path = 'x'; ALTER ROLE postgres IN DATABASE shop SET work_mem = '6MB';
END
pg spaced "CREATE TABLE s AS SELECT generate_series(1, 20000) AS i; CREATE INDEX ON s (i); CREATE TABLE elsewhere (a int) TABLESPACE pg_default; CREATE TABLE r AS SELECT 1 AS a"
pg shop "CREATE TABLE moved TABLESPACE fast AS SELECT generate_series(1, 5) AS i; ALTER DATABASE shop IS_TEMPLATE true"
pg globals "CREATE TABLE g AS SELECT 42 AS a"
pg "dbname='od\\'d =x'" "CREATE TABLE o AS SELECT generate_series(1, 7) AS i"
expect 0 "a server with all of this is backed up, a database called globals, too" run "$job"
expect 0 "and the backup is sound" verify "$job" latest --check-integrity
same "that database and the roles have files of their own" 2 "$(find "$store/latest/databases/" -name '*globals_*.sql.gz' | wc -l)"
count() { pg "$1" "SELECT count(*) FROM $2"; }

# ---- --include
echo two >"$T/files/docs/x"
pg shop "INSERT INTO moved VALUES (99)"
expect 0 "--include restores the files that it chooses" restore "$job" latest --include docs/x --yes
same "the file is back" one "$(cat "$T/files/docs/x")"
same "no database was touched" "6 0" "$(count shop moved) $(pg postgres "SELECT count(*) FROM pg_database WHERE datname LIKE '%pab_old'")"
has "which is said" "$err" "--include chooses files"
expect 2 "where it can choose nothing, nothing is done" restore "$job" latest --target db --include docs/x --yes
same "indeed" "6 0" "$(count shop moved) $(pg postgres "SELECT count(*) FROM pg_database WHERE datname LIKE '%pab_old'")"

# ---- a template, and the one called globals
expect 0 "a template is replaced" restore "$job" latest --object shop --yes
same "by what was stored" 5 "$(count shop moved)"
expect 0 "and the old one, a template as well, can be dropped" restore "$job" latest --cleanup --yes
expect 0 "or be dropped at once" restore "$job" latest --object shop --yes --drop-old
same "nothing of it is left" 0 "$(pg postgres "SELECT count(*) FROM pg_database WHERE datname ~ '__pab_'")"
pg globals "DROP TABLE g"
expect 0 "the database called globals comes back" restore "$job" latest --object globals --yes --drop-old
same "with its table" 42 "$(pg globals "SELECT a FROM g")"

# ---- by hand
commands() { # what RESTORE.md says of the file that matches
    awk -v wanted="$1" '/^### / { on = $0 ~ wanted } on && /^    / { print substr($0, 5) }' "$store/latest/RESTORE.md"
}
pg postgres "DROP DATABASE globals"
pg postgres "DROP DATABASE \"$odd\""
by_hand() { (cd "$store/latest" && commands "$1" | PATH="$PG_BIN:$PATH" PGHOST="$PG_SOCKET" PGPORT="$PG_PORT" PGUSER=postgres sh -e) >"$T/hand" 2>&1; }
check "RESTORE.md brings a database back by hand" by_hand 'database-globals_.*sql'
same "with its table" 42 "$(pg globals "SELECT a FROM g")"
check "of any name" by_hand 'od%27d.*sql'
same "in its encoding" "LATIN1 C 7" "$(pg "dbname='od\\'d =x'" "SELECT getdatabaseencoding(), datcollate, (SELECT count(*) FROM o) FROM pg_database WHERE datname = current_database()" | tr '|' ' ')"
commands 'spaced_.*dump' >"$T/dump-commands"
has "and says what the archive is for" "$T/dump-commands" "pg_restore --list"
check "with commands that work" by_hand 'spaced_.*dump'
has "and show how the database was made" "$T/hand" "CREATE DATABASE spaced"

# ---- a server that lacks it all
pg postgres "ALTER DATABASE shop IS_TEMPLATE false"
for db in shop spaced; do pg postgres "DROP DATABASE $db WITH (FORCE)"; done
pg postgres "DROP TABLESPACE fast"
rm -rf "$T/space"
pg postgres 'DROP ROLE app, tuner, "odd, role"'
expect 1 "without its roles a database is refused" restore "$job" latest --object shop --yes
has "one that only has settings in it is named, too" "$err" tuner
expect 3 "--force does without them" restore "$job" latest --object shop --yes --force
same "the rows are there" 20000 "$(count shop t)"
for what in 'CREATE POLICY mine' 'CREATE POLICY \x22the' 'CREATE USER MAPPING FOR app' 'settings of role tuner' 'settings of role app'; do has "left out with a warning: $what" "$err" "$what"; done
same "policies for everybody are kept" "everybodys for all" "$(pg shop "SELECT polname, obj_description(oid, 'pg_policy') FROM pg_policy" | tr '|' ' ')"
same "so are mappings for all, and settings of roles that are there" "public postgres" "$(pg shop "SELECT (SELECT string_agg(usename, ',') FROM pg_user_mappings), (SELECT string_agg(rolname, ',') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'shop')" | tr '|' ' ')"
expect 3 "a tablespace that cannot be made does not stop a restore" restore "$job" latest --target db --yes --force --drop-old
has "which is said" "$err" "tablespaces are missing (fast)"
same "the rows are there" "20000 5" "$(count spaced s) $(count shop moved)"
same "in the default tablespace" pg_default "$(pg postgres "SELECT spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = 'spaced'")"
same "the roles came with the globals, and all that is for them" "3 2" "$(pg shop "SELECT (SELECT count(*) FROM pg_policy), (SELECT count(*) FROM pg_user_mappings)" | tr '|' ' ')"
