#!/usr/bin/env bash
# Backup and verification of a PostgreSQL database of about 2 GB (pgbench -s 60, jsonb, text and large values) beside pg_dump in
# its usual pipes, everything in the page cache. ROUNDS=5 is the default: about 8 minutes on 2 cores.
# KEEP_CLUSTER=FOLDER uses and keeps a cluster (`tests/services/postgres stop FOLDER` removes it); ONLY="a b" runs
# some contestants; SCALE=60.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2154
rounds=${ROUNDS:-5} only=${ONLY:-}
for tool in gzip zstd; do command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }; done

bench_begin
. "$top/tests/bench/pgdata.sh"

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
