#!/usr/bin/env bash
# Backup and verification of a PostgreSQL database of about 2 GB (pgbench -s 60, jsonb, text and large values) beside pg_dump in
# its usual pipes, everything in the page cache. ROUNDS=5 is the default: about 8 minutes on 2 cores.
# KEEP_CLUSTER=FOLDER uses and keeps a cluster (`tests/services/postgres stop FOLDER` removes it); ONLY="a b" runs
# some contestants; SCALE=60.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2154
rounds=${ROUNDS:-5} scale=${SCALE:-60} only=${ONLY:-}
for tool in gzip zstd; do command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }; done

bench_begin
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

wanted() { [ -z "$only" ] || case " $only " in *" $1 "*) ;; *) return 1 ;; esac; }
ours() { # NAME CODEC
    wanted "$1" || return 0
    cat >"$1.yaml" <<END
version: 1
name: bench
store:
  path: $bench_dir/$1
  compression: $2
targets:
  - name: db
    plugin: postgres
    options: {host: "$PG_SOCKET", port: $PG_PORT, user: $PG_USER, databases: [bench], globals: false}
END
    contestant "$1" "$build/pabengine run $1.yaml"
    setup_of "$1" "rm -rf $1"
    size_of "$1" "$1/latest/databases"
}
theirs() { # NAME COMMAND FILE
    wanted "$1" || return 0
    contestant "$1" "$2"
    setup_of "$1" "rm -rf $3"
    size_of "$1" "$3"
}
compare() { # THEIRS OURS FASTER [SMALLER]
    wanted "$1" && wanted "$2" || return 0
    ratio "$1" "$2" "$3"
    [ -z "${4:-}" ] || size_ratio "$2" "$1" "$4"
}
theirs pg_dump-gzip "$PG_BIN/pg_dump bench | gzip > a.sql.gz" a.sql.gz
ours ours-gzip gzip
theirs pg_dump-zstd "$PG_BIN/pg_dump bench | zstd -q -3 -T2 > a.sql.zst" a.sql.zst
ours ours-zstd zstd
theirs pg_dump-Fd "$PG_BIN/pg_dump -Fd -j2 -f a.dir bench" a.dir
if wanted gzip-t && wanted ours-verify && wanted ours-gzip; then
    contestant gzip-t "gzip -t ours-gzip/latest/databases/*.gz"
    contestant ours-verify "$build/pabengine verify --check-integrity ours-gzip.yaml"
fi
run_bench "$rounds"
compare pg_dump-gzip ours-gzip 4 1.10
compare pg_dump-zstd ours-zstd 1.2 1.00
compare pg_dump-Fd ours-zstd 2.5 1.00
! wanted ours-gzip || compare gzip-t ours-verify 2
