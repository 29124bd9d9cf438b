#!/usr/bin/env bash
# Restore of a PostgreSQL database of about 2 GB into a new database, beside pg_restore -j2 from a folder and zcat | psql.
# ROUNDS=5 is the default: about 12 minutes on 2 cores. KEEP_CLUSTER, SCALE: see pgdata.sh.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-5}
bench_begin
here=$top/tests/bench
. "$here/pgdata.sh"

cat >job.yaml <<END
version: 1
name: bench
store: {path: $bench_dir/store, compression: gzip}
targets:
  - {name: db, plugin: postgres, options: {host: "$PG_SOCKET", port: $PG_PORT, user: $PG_USER, databases: [bench], globals: false}}
END
"$build/pabengine" run job.yaml >/dev/null || exit 1
"$PG_BIN/pg_dump" -Fd -j2 -f a.dir bench && "$PG_BIN/pg_dump" bench | gzip -1 >a.sql.gz || exit 1
fresh() { echo "psql -X -q -h $PG_SOCKET -d postgres -c 'DROP DATABASE IF EXISTS b' -c CHECKPOINT ${1:-}"; }
contestant ours "$build/pabengine restore job.yaml latest --object bench --as b --yes"
setup_of ours "$(fresh)"
contestant pg_restore-j2 "$PG_BIN/pg_restore -j2 -d b a.dir"
setup_of pg_restore-j2 "$(fresh "-c 'CREATE DATABASE b'")"
contestant zcat-psql "zcat a.sql.gz | $PG_BIN/psql -X -q -d b >/dev/null"
setup_of zcat-psql "$(fresh "-c 'CREATE DATABASE b'")"
run_bench "$rounds"
ratio pg_restore-j2 ours 1.15
ratio zcat-psql ours 1.4
echo "(ours ends with ANALYZE, which the others leave to be done)"
