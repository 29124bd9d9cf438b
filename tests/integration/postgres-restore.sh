#!/usr/bin/env bash
# time limit: 300
# Restores into a real PostgreSQL server: what is in use, what was kept, faults in the middle, kills, and that the old database is
# untouched by all of them.
. "$(dirname "$0")/lib.sh"
own_cluster
secrets+=("$(cat "$PG_PASSWORD_FILE")")
make_job <<END_OF_JOB
defaults: {retries: 0}
targets:
  - {name: db, plugin: postgres, options: {host: 127.0.0.1, port: $PG_PORT, user: postgres, password: "file:$PG_PASSWORD_FILE", copy_threshold: 64k, block_size: 128k, databases: [shop]}}
END_OF_JOB
pg postgres "CREATE DATABASE shop"
pg shop "CREATE TABLE big AS SELECT i AS id, repeat(md5(i::text), 4) AS body FROM generate_series(1, 40000) i; ALTER TABLE big ADD PRIMARY KEY (id);
         CREATE INDEX ON big (body); CREATE TABLE words (n int, word text); INSERT INTO words VALUES (0, 'zero'), (1, 'one'), (2, 'two');
         CREATE FUNCTION word(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT word FROM public.words WHERE n = \$1'; CREATE INDEX ON big (word(id % 3));
         CREATE TABLE visits AS SELECT i AS id, md5(i::text) AS who FROM generate_series(1, 20000) i; CREATE INDEX ON visits (who);
         CREATE TABLE hits (id int PRIMARY KEY, who text) PARTITION BY RANGE (id); CREATE INDEX ON hits (who);
         CREATE TABLE hits_1 PARTITION OF hits FOR VALUES FROM (0) TO (20000); CREATE TABLE hits_2 PARTITION OF hits DEFAULT;
         INSERT INTO hits SELECT i * 2, repeat(md5(i::text), 3) FROM generate_series(1, 10100) i;
         CREATE TABLE small (a int REFERENCES big); INSERT INTO small SELECT generate_series(1, 50); CREATE TABLE state (what text); INSERT INTO state VALUES ('backed up')"
expect 0 "a backup" run "$job"
state() { pg "${1:-shop}" "SELECT what || ' ' || (SELECT count(*) FROM big) || ' ' || (SELECT count(*) FROM small) FROM state"; }
databases() { pg postgres "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate"; }
later() { pg shop "UPDATE state SET what = 'later'; DELETE FROM small"; }
untouched() { # NAME
    same "$1: the old database is as it was" "later 40000 0" "$(state)"
    same "$1: nothing half restored is left" "postgres shop" "$(databases)"
}

# ---- replacing
later
expect 0 "a restore" restore "$job" latest --yes
same "the rows are those of the backup" "backed up 40000 50" "$(state)"
same "an index over what another table says is right" 13333 "$(pg shop "SET enable_seqscan = off; SELECT count(*) FROM big WHERE word(id % 3) = 'two'")"
same "every table was analyzed, and none twice" "big 1 hits_1 1 hits_2 1 small 1 state 1 visits 1 words 1" "$(pg shop "SELECT string_agg(relname || ' ' || analyze_count, ' ' ORDER BY relname) FROM pg_stat_user_tables WHERE relname <> 'hits'")"
same "indexes of a partitioned table have those of its parts" "2 t" "$(pg shop "SELECT count(*) || ' ' || left(bool_and(indisvalid)::text, 1) FROM pg_index WHERE indrelid = 'hits'::regclass")"
same "the old database is kept" "later 40000 0" "$(state shop__pab_old)"
expect 1 "a second restore does not throw it away" restore "$job" latest --yes
grep -q -e '--cleanup' "$out" "$err" && ok "and names --cleanup" || { explain | not_ok "and names --cleanup" -; }
expect 0 "--drop-old replaces it" restore "$job" latest --yes --drop-old
same "and keeps none" "postgres shop" "$(databases)"
expect 0 "--as puts it beside" restore "$job" latest --object shop --as "od'd \"name=x" --yes
same "under any name" "backed up" "$(PGDATABASE="od'd \"name=x" "$PG_BIN/psql" -X -At -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -c 'SELECT what FROM state')"
expect 1 "--as never replaces" restore "$job" latest --object shop --as "od'd \"name=x" --yes
pg postgres "DROP DATABASE \"od'd \"\"name=x\""
later
expect 0 "restore" restore "$job" latest --yes
expect 0 "--cleanup" restore "$job" latest --cleanup --yes
same "removes what was kept, and nothing else" "postgres shop" "$(databases)"
expect 0 "--dry-run" restore "$job" latest --dry-run
has "says what would be done" "$out" "database shop is replaced; the old one stays as shop__pab_old"
same "and does nothing" "postgres shop" "$(databases)"

# ---- in use
later
PGAPPNAME="the app's pool" "$PG_BIN/psql" -X -q -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d shop -c 'SELECT pg_sleep(120)' >/dev/null 2>&1 &
at_end kill $!
for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(pg postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'")" = 1 ] && break; sleep 0.2; done
expect 1 "a database in use is refused" restore "$job" latest --yes
grep -q "the app's pool" "$out" "$err" && ok "with the names of the applications" || { explain | not_ok "with the names of the applications" -; }
untouched "in use"
expect 0 "--force ends their sessions" restore "$job" latest --yes --force --drop-old
same "and restores" "backed up 40000 50" "$(state)"

# ---- faults in the middle, by a pg_restore that does something first
mkdir -p "$T/bin"
for tool in pg_dump pg_restore pg_dumpall vacuumdb; do
    cat >"$T/bin/$tool" <<END_OF_TOOL
#!/usr/bin/env bash
case "\$*" in --version) exec "$PG_BIN/$tool" "\$@" ;; esac
if [ $tool = pg_restore ] && [ -f "$T/bin/meanwhile" ]; then . "$T/bin/meanwhile"; fi
exec "$PG_BIN/$tool" "\$@"
END_OF_TOOL
    chmod 755 "$T/bin/$tool"
done
sed "s|databases: \[shop\]|databases: [shop], bindir: \"$T/bin\"|" "$job" >"$T/bin.yaml"
psql="'$PG_BIN/psql' -X -q -h '$PG_SOCKET' -p '$PG_PORT' -U postgres"
later
echo "echo \"\$*\" >>'$T/calls'" >"$T/bin/meanwhile"
expect 0 "a restore that says what it calls" restore "$T/bin.yaml" latest --yes --drop-old
rm -f "$T/bin/meanwhile"
same "big tables get their key and indexes before the end, but no index of a function" "5 1" "$(grep -c 'L .*/index-[0-9]*[.]list' "$T/calls") $(grep -c 'L .*/rest[.]list' "$T/calls")"
later
fault() { # NAME SECTION COMMAND
    printf 'case "$*" in *--section=%s*) %s ;; esac\n' "$2" "$3" >"$T/bin/meanwhile"
    expect 1 "$1: fails" restore "$T/bin.yaml" latest --yes
    rm -f "$T/bin/meanwhile"
    for _ in 1 2 3 4 5 6 7 8 9 10; do case "$(databases)" in *pab_new*) sleep 0.3 ;; *) break ;; esac; done
    untouched "$1"
}
fault "pg_restore is killed" data 'kill -KILL $$'
fault "pg_restore fails with the indexes" post-data 'echo "out of order" >&2; exit 1'
has "its words are in the message" "$err" "out of order"
fault "sessions of ours are ended" data "$psql -d postgres -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop__pab_new'\" >/dev/null"
fault "a row gets lost" data "( for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do $psql -d shop__pab_new -c 'DELETE FROM state WHERE what IS NOT NULL RETURNING what' 2>/dev/null | grep -q up && break; sleep 0.1; done ) & '$PG_BIN/pg_restore' \"\$@\" || exit; wait; exit 0"
has "and is named" "$err" "public.state"

# ---- kills
for point in postgres-created postgres-loaded; do
    PABENGINE_TEST_KILL=$point:1 pab restore "$job" latest --yes
    same "killed at $point: SIGKILL" 137 "$status"
    same "killed at $point: the old database is as it was" "later 40000 0" "$(state)"
done
expect 0 "the next restore needs no help" restore "$job" latest --yes
same "and is complete" "backed up 40000 50" "$(state)"
same "what the killed ones left is gone" "postgres shop shop__pab_old" "$(databases)"
PABENGINE_TEST_KILL=postgres-swapped:1 pab restore "$job" latest --yes --drop-old
same "killed after the swap: the restored one is in place" "backed up 40000 50" "$(state)"
expect 0 "cleanup" restore "$job" latest --cleanup --yes

# ---- the wrong server
later
archive=$(latest)
sed -i 's/"server_version_num": "[0-9]*"/"server_version_num": "990001"/; s/"server_version": "[^"]*"/"server_version": "99.1"/' "$archive/manifest.json"
(cd "$archive" && sha256sum manifest.json >"$T/sum" && sed -i "s|^[0-9a-f]*  manifest.json\$|$(cat "$T/sum")|" SHA256SUMS)
expect 1 "a backup of a newer server is refused" restore "$job" latest --yes
has "with both versions" "$err" "99.1"
untouched "newer server"
sed -i 's/"server_version_num": "990001"/"server_version_num": "150001"/; s/"extensions": "[^\n]*",$/"extensions": "[{\\"name\\": \\"vector\\", \\"version\\": \\"0.8.0\\"}]",/' "$archive/manifest.json"
(cd "$archive" && sha256sum manifest.json >"$T/sum" && sed -i "s|^[0-9a-f]*  manifest.json\$|$(cat "$T/sum")|" SHA256SUMS)
expect 1 "an extension that the server lacks is refused" restore "$job" latest --yes
has "by name and version" "$err" "vector 0.8.0"
untouched "missing extension"
