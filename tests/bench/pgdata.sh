# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# pgdata.sh - a cluster with the database "bench" of about 2 GB, for the benchmarks of the postgres plugin; after lib.sh and
# bench_begin. KEEP_CLUSTER=FOLDER uses and keeps one (`tests/services/postgres stop FOLDER` removes it); SCALE=60.
scale=${SCALE:-60}
cluster=${KEEP_CLUSTER:-$bench_dir/pg}
[ -n "${KEEP_CLUSTER:-}" ] || chmod 711 "$bench_dir"
# shellcheck disable=SC2329
bench_cleanup() { [ -n "${KEEP_CLUSTER:-}" ] || "$top/tests/services/postgres" stop "$cluster"; }
settings=$("$top/tests/services/postgres" start "$cluster") || { echo "SKIP: no PostgreSQL server"; exit 77; }
eval "$settings"
export PGHOST=$PG_SOCKET PGPORT=$PG_PORT PGUSER=$PG_USER
sql() { "$PG_BIN/psql" -X -q -At -v ON_ERROR_STOP=1 -d "$1" ${2+-c "$2"}; }

make_database() {
    sql postgres "DROP DATABASE IF EXISTS bench" && sql postgres "CREATE DATABASE bench" || return
    "$PG_BIN/pgbench" -q -i -s "$scale" bench >/dev/null 2>&1 || return
    sql bench <<END
SELECT setseed(0.5);
CREATE FUNCTION word(n int) RETURNS text LANGUAGE sql IMMUTABLE AS \$\$ SELECT translate(substr(md5(n::text), 1, 2 + n % 8), '0123456789', 'ghilmnorst') \$\$;
CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz, kind text, doc jsonb);
INSERT INTO events SELECT i, '2024-01-01Z'::timestamptz + i * interval '1 second' * random(), (ARRAY['view', 'click', 'order', 'refund'])[1 + i % 4],
    jsonb_build_object('user', (random() * 99999)::int, 'session', md5((i / 3)::text), 'price', round((random() * 1000)::numeric, 2),
                       'tags', jsonb_build_array('a' || (random() * 50)::int, 'b' || (random() * 500)::int), 'agent', 'Mozilla/5.0 (X11; Linux x86_64) build ' || (random() * 997)::int)
    FROM generate_series(1, 25000 * $scale) i;
CREATE TABLE messages (id int PRIMARY KEY, author int, body text);
-- frequent words are frequent, as in a language
INSERT INTO messages SELECT i, (random() * 5003)::int, (SELECT string_agg(word((random() * random() * random() * 6000 + 0 * (i + k))::int), ' ') FROM generate_series(1, 50) k)
    FROM generate_series(1, 13000 * $scale) i;
CREATE TABLE pages (id int PRIMARY KEY, content text);
INSERT INTO pages SELECT i, (SELECT string_agg('<p class="c' || k % 7 || '">' || md5((i * 1000 + k)::text) || ' ' || word((random() * 6000 + 0 * i)::int) || '</p>', '')
    FROM generate_series(1, 150) k) FROM generate_series(1, 500 * $scale) i;
CREATE INDEX ON events (at);
VACUUM ANALYZE;
END
}
[ "$(sql bench "SELECT count(*) FROM pages" 2>/dev/null)" = $((500 * scale)) ] || make_database || exit 1
sql bench "SELECT 'database of ' || pg_size_pretty(pg_database_size('bench')) || ', tables ' || pg_size_pretty(sum(pg_table_size(oid))) FROM pg_class WHERE relkind = 'r'"

