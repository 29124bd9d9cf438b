#!/usr/bin/env bash
# time limit: 1200
# PostgreSQL 16, 17 and 18: the differential test of each (15 has it by itself), and what was backed up from one version restored
# into a server of the next one.
. "$(dirname "$0")/lib.sh"
need_pgmajors
PG_BIN_15=/usr/lib/postgresql/15/bin
[ -x $PG_BIN_15/initdb ] || skip_all "PostgreSQL 15 is not installed"

# The tests of another script under a name that says the version.
under() { # PREFIX SCRIPT
    local line
    while IFS= read -r line; do
        case $line in
            'ok - '*) ok "$1${line#ok - }" ;;
            'not ok - '*) not_ok "$1${line#not ok - }" ;;
            1..*) ;;
            *) echo "$line" ;;
        esac
    done < <(HOME=$service_home bash "$2" 2>&1)
}
for major in 16 17 18; do
    bin=PG_BIN_$major
    ZOO_BIN=${!bin} under "PostgreSQL $major: " "$(dirname "$0")/postgres-zoo.sh"
done

cluster="$top_srcdir/tests/services/postgres"
server() { # MAJOR: starts one, and makes it the one that pg and pg_tool mean
    local bin=PG_BIN_$1 text
    text=$(PABENGINE_TEST_PG_BIN=$(zoo_bin "${!bin}") "$cluster" start "$T/pg$1") || return 1
    eval "$text"
}
target() { # BINARIES
    cat <<END
version: 1
store: {type: directory, path: "$store"}
targets:
  - {name: db, plugin: postgres, options: {host: 127.0.0.1, port: $PG_PORT, user: postgres, password: "file:$PG_PASSWORD_FILE", copy_threshold: 64k, block_size: 128k, databases: [zoo], bindir: "$1"}}
END
}
# Only a pg_dump of a later version: it writes a setting that servers before 17 do not know.
for old in 15 16; do
    store=$T/store-newer-$old
    server $old || { not_ok "PostgreSQL $old starts"; continue; }
    pg postgres "CREATE DATABASE zoo"
    zoo_sql <"$top_srcdir/tests/integration/zoo.sql" | pg zoo >/dev/null 2>"$T/zoo.err" || not_ok "the zoo can be built on $old" "$(tail -n 3 "$T/zoo.err")"
    want=$(dumped zoo --create)
    target "$PG_BIN_17" >"$T/newer.yaml"
    expect 0 "$old is backed up by programs of 17" run "$T/newer.yaml"
    expect 0 "and the backup is sound" verify "$T/newer.yaml" latest --check-integrity
    for file in "$store"/latest/databases/zoo_*.sql.gz; do has_not "its SQL is for a server of $old" <(zcat "$file") transaction_timeout; done
    pg postgres "CREATE DATABASE by_psql TEMPLATE template0"
    check "psql loads it into a server of $old" sh -c "zcat '$file' | PGOPTIONS='-c default_transaction_read_only=off' '$PG_BIN/psql' -X -q -v ON_ERROR_STOP=1 -h '$PG_SOCKET' -p $PG_PORT -U postgres -d by_psql"
    expect 0 "and so does a restore" restore "$T/newer.yaml" latest --yes --drop-old
    same "after which pg_dump says the same" "$want" "$(dumped zoo --create)"
    "$cluster" stop "$T/pg$old"
done

for old in 15 16 17; do
    new=$((old + 1)) bin_old=PG_BIN_$old bin_new=PG_BIN_$new store=$T/store-$old
    server $old || { not_ok "PostgreSQL $old starts"; continue; }
    pg postgres "CREATE DATABASE zoo"
    zoo_sql <"$top_srcdir/tests/integration/zoo.sql" >"$T/zoo-$old.sql"
    # nor what the next server lacks
    server $new || { not_ok "PostgreSQL $new starts"; continue; }
    zoo_sql <"$T/zoo-$old.sql" >"$T/zoo.sql"
    server $old
    pg zoo <"$T/zoo.sql" >/dev/null 2>"$T/zoo.err" || not_ok "the zoo can be built on $old" "$(tail -n 3 "$T/zoo.err")"
    target "${!bin_old}" >"$T/old.yaml"
    expect 0 "$old is backed up" run "$T/old.yaml"
    pg_tool pg_dump -Fc --create -f "$T/stock.dump" zoo
    server $new
    target "${!bin_new}" >"$T/new.yaml"
    expect 0 "the backup of $old is restored into $new" restore "$T/new.yaml" latest --yes
    got=$(dumped zoo --create)
    pg postgres "DROP DATABASE zoo"
    PGOPTIONS="-c default_transaction_read_only=off" pg_tool pg_restore --create -d postgres "$T/stock.dump" 2>"$T/stock.err" || not_ok "pg_restore of $new makes the zoo of $old" "$(tail -n 3 "$T/stock.err")"
    same "and holds what pg_dump and pg_restore make of it" "$(dumped zoo --create)" "$got"
    "$cluster" stop "$T/pg$old"
    "$cluster" stop "$T/pg$new"
done
