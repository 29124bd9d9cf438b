# shellcheck shell=bash
# lib.sh - what every tests/integration/*.sh sources first. Prints TAP: "ok - NAME", "not ok - NAME", "ok - NAME # SKIP WHY",
# and the plan when the script ends.
#
#     . "$(dirname "$0")/lib.sh"
#     need_postgres                                  # PG_HOST PG_PORT PG_SOCKET PG_USER PG_PASSWORD_FILE PG_BIN
#     make_job <<END                                 # -> $job, with a store at $store
#     targets: [...]
#     END
#     expect 0 "the run succeeds" run "$job"         # ok when `pabengine run $job` exits 0; output in $out and $err
#     has "says where the backup is" "$out" "$store/backup-"
#
# $T is a folder for this script alone, removed at the end. What must be undone goes through `at_end COMMAND...`.
set -u
export LC_ALL=C.UTF-8
top_srcdir=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
top_builddir=${top_builddir:-$top_srcdir}
: "${PABENGINE_TEST_DIR:=/tmp/pabengine-test-$UID}"
export top_srcdir top_builddir PABENGINE_TEST_DIR
mkdir -p "$PABENGINE_TEST_DIR" && chmod 711 "$PABENGINE_TEST_DIR"
T=$(mktemp -d "$PABENGINE_TEST_DIR/$(basename "$0" .sh).XXXXXX") || exit 1
chmod 711 "$T"
out=$T/out err=$T/err store=$T/store job=$T/job.yaml status=0
tests=0 failures=0 end_commands=() secrets=()
# nothing of the user's settings, and a journal of our own; what services download stays in the user's cache
service_home=$HOME
export PABENGINE_TEST_CACHE=${PABENGINE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pabengine}
export HOME=$T/home XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/home/.config PABENGINE_STATE_DIR=$T/state
unset PABENGINE_CONFIG PABENGINE_LOG PGHOST PGPORT PGUSER PGPASSWORD PGPASSFILE PGDATABASE PGSERVICE
mkdir -p "$HOME" "$XDG_STATE_HOME"

# ---- results
ok() { tests=$((tests + 1)); echo "ok - $1"; }
not_ok() { # NAME [lines of explanation on stdin with -]
    tests=$((tests + 1)) failures=$((failures + 1))
    echo "not ok - $1"
    if [ "${2:-}" = - ]; then sed 's/^/#   /'; elif [ -n "${2:-}" ]; then printf '%s\n' "$2" | sed 's/^/#   /'; fi
}
skip() { tests=$((tests + 1)); echo "ok - $1 # SKIP $2"; }
skip_all() { skip "$(basename "$0" .sh)" "$*"; exit 0; }
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

at_end() { end_commands+=("$(printf '%q ' "$@")"); }
finish() {
    local rc=$? i secret
    trap - EXIT INT TERM
    for secret in ${secrets[@]+"${secrets[@]}"}; do
        if grep -qF -- "$secret" "$T/everything" 2>/dev/null; then not_ok "no secret is ever printed" "$(grep -nF -- "$secret" "$T/everything" | head -3)"; fi
    done
    if [ -s "$T/escaped" ]; then not_ok "no line break is told as \x0a" "$(head -n 20 "$T/escaped")"; fi
    for ((i = ${#end_commands[@]} - 1; i >= 0; i--)); do eval "${end_commands[i]}" >/dev/null 2>&1; done
    echo "1..$tests"
    [ -n "${PABENGINE_TEST_KEEP:-}" ] || rm -rf "$T"
    [ "$failures" -eq 0 ] || exit 1
    exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---- the program
# Runs pabengine: exit status in $status, stdout in $out, stderr in $err; everything is kept for the search for secrets.
# A line break that is told as \x0a is a fault of whoever printed it, except in a name that has one: newline_in_name=1 pab ...
pab() {
    "$top_builddir/run" pabengine "$@" >"$out" 2>"$err" </dev/null
    status=$?
    cat "$out" "$err" >>"$T/everything"
    if [ -z "${newline_in_name:-}" ] && grep -qF '\x0a' "$out" "$err"; then
        { echo "pabengine $*:"; grep -hF '\x0a' "$out" "$err"; } >>"$T/escaped"
    fi
    return $status
}
explain() { echo "exit status $status"; sed 's/^/out: /' "$out" | tail -n 25; sed 's/^/err: /' "$err" | tail -n 25; }

# expect CODE NAME ARGUMENTS...: ok when pabengine ends with CODE
expect() {
    local code=$1 name=$2
    shift 2
    pab "$@"
    if [ $status -eq "$code" ]; then ok "$name"; else not_ok "$name" "$(echo "pabengine $*: expected exit status $code"; explain)"; fi
}
check() { # NAME COMMAND...: ok when the command succeeds
    local name=$1 text
    shift
    if text=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$(printf '%s\n%s' "failed: $*" "$text" | head -n 40)"; fi
}
has() { # NAME FILE TEXT
    if grep -qF -- "$3" "$2"; then ok "$1"; else not_ok "$1" "$(echo "no '$3' in $2:"; head -n 40 "$2")"; fi
}
has_not() { # NAME FILE TEXT
    if grep -qF -- "$3" "$2"; then not_ok "$1" "$(echo "'$3' is in $2:"; grep -nF -- "$3" "$2" | head -n 5)"; else ok "$1"; fi
}
same() { # NAME WANTED GOT
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 40)"; fi
}

# make_job: writes $job: version and store, then what comes on stdin
make_job() {
    job=${1:-$job}
    { printf 'version: 1\nstore: {type: directory, path: "%s"}\n' "$store"; cat; } >"$job"
}
latest() { readlink -f "$store/latest"; }
# A PostgreSQL server of this script alone, in $T/pg: for those that stop it, fill it, or count its sessions.
own_cluster() {
    cluster="$top_srcdir/tests/services/postgres"
    settings=$("$cluster" start "$T/pg" 2>"$T/service.err") || skip_all "postgres: $(tail -n 1 "$T/service.err")"
    eval "$settings"
    at_end "$cluster" stop "$T/pg"
}
# Its programs below $T/bin, each of which runs $T/bin/PROGRAM-first first, when that is there.
pg_programs() {
    local tool
    mkdir "$T/bin"
    for tool in pg_dump pg_restore pg_dumpall vacuumdb; do
        cat >"$T/bin/$tool" <<END_OF_TOOL
#!/usr/bin/env bash
case "\$*" in --version|--help) exec "$PG_BIN/$tool" "\$@" ;; esac
[ ! -f "$T/bin/$tool-first" ] || . "$T/bin/$tool-first"
exec "$PG_BIN/$tool" "\$@"
END_OF_TOOL
        chmod 755 "$T/bin/$tool"
    done
}
# How many backups are published, and what else lies in the store that a finished run would not leave
published() { find "$store" -maxdepth 1 -type d -name 'backup-*' 2>/dev/null | wc -l; }
leftovers() { find "$store" -maxdepth 1 -name '.partial*' 2>/dev/null; }

# ---- trees
# A text that is the same for two folders when names, types, modes, owners, times, links, contents and xattrs are the same.
snapshot() {
    (
        cd "$1" || exit 1
        find . \( -type d -printf '%P\t%y %m %U:%G %T@\0' \) -o -printf '%P\t%y %m %U:%G %T@ %s %n %l\0' | sort -z | tr '\0' '\n'
        find . -type f -print0 | sort -z | xargs -0r sha256sum
        find . -print0 | sort -z | xargs -0r getfattr -h -d -e hex -m '^(user\.|trusted\.|system\.posix_acl|security\.capability)' 2>/dev/null
    )
}
compare_trees() { # NAME A B
    if diff <(snapshot "$2") <(snapshot "$3") >"$T/diff"; then ok "$1"; else not_ok "$1" "$(head -n 40 "$T/diff")"; fi
}

# ---- services
service() { # NAME: starts it; stops it at the end when it did not run before
    local text running=1
    [ ! -f "$PABENGINE_TEST_DIR/$1.failed" ] || skip_all "$1: $(cat "$PABENGINE_TEST_DIR/$1.failed")"
    "$top_srcdir/tests/services/$1" env >/dev/null 2>&1 || running=
    text=$(HOME=$service_home "$top_srcdir/tests/services/$1" start 2>"$T/service.err") || skip_all "$1: $(tail -n 1 "$T/service.err")"
    eval "$text"
    [ -n "$running" ] || at_end "$top_srcdir/tests/services/$1" stop
}
need_postgres() {
    service postgres
    PG_PASSWORD=$(cat "$PG_PASSWORD_FILE")
    secrets+=("$PG_PASSWORD")
}
# N8N_URL N8N_API_KEY_FILE N8N_CLI ..., and n8n_seed, n8n_show, n8n_wipe; other tests may have left their data in it
need_n8n() {
    service n8n
    secrets+=("$(cat "$N8N_API_KEY_FILE")" "$(cat "$N8N_ENCRYPTION_KEY_FILE")")
    . "$top_srcdir/tests/services/n8n_data.sh"
}
# NEO4J_URL NEO4J_PASSWORD_FILE NEO4J_ADMIN ..., and neo4j_seed, neo4j_show, neo4j_wipe; other tests may have left their data in it
need_neo4j() {
    service neo4j
    secrets+=("$(cat "$NEO4J_PASSWORD_FILE")")
    . "$top_srcdir/tests/services/neo4j_data.sh"
}
# LETTA_URL LETTA_PASSWORD_FILE ..., and letta_seed, letta_show, letta_wipe; other tests may have left their data in it
need_letta() {
    service letta
    secrets+=("$(cat "$LETTA_PASSWORD_FILE")")
    . "$top_srcdir/tests/services/letta_data.sh"
}
# PG_BIN_16 PG_BIN_17 PG_BIN_18
need_pgmajors() { service pgmajors; }
need_docker() { service docker; export DOCKER_HOST; }
need() { command -v "$1" >/dev/null || skip_all "$1 is not installed"; }
need_root() { [ "$(id -u)" = 0 ] || skip_all "needs root"; }
pg() { # DATABASE SQL, or SQL on stdin: rows without decoration, through the socket
    local db=$1
    shift
    "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p "$PG_PORT" -U "$PG_USER" -d "$db" -At ${1+-c "$1"}
}
pg_tool() { # pg_dump, pg_restore, createdb ... against the same server
    local tool=$1
    shift
    "$PG_BIN/$tool" -h "$PG_SOCKET" -p "$PG_PORT" -U "$PG_USER" "$@"
}
# Until somebody keeps everybody else from a table.
until_locked() { # DATABASE TABLE
    for _ in $(seq 300); do
        [ "$(pg "$1" "SELECT count(*) FROM pg_locks WHERE relation = '$2'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 0 ] || return 0
        sleep 0.1
    done
}

# ---- the zoo: a database with one of everything (zoo.sql)
# pg_dump of a database with the rows of each table sorted and put to the end: pg_dump loads the partitions of some tables
# through the root, each in a COPY of its own, and which row is in which partition differs by design.
dumped() { # DATABASE [OPTION]
    pg_tool pg_dump ${2+"$2"} "$1" | perl -ne '
        if (defined $copy) { if ($_ eq "\\.\n") { undef $copy } else { push @{$rows{$copy}}, $_ } next }
        next if /^\\(un)?restrict / || /^-- Dumped (from|by) /;
        s/\b'"$1"'\b/zoo/g;
        if (/^COPY /) { $_ .= <> while tr/"// % 2 && !eof }
        if (/^COPY .* FROM stdin;$/s) { $copy = $_; $rows{$copy} //= []; next }
        print;
        END { for (sort keys %rows) { print $_, sort @{$rows{$_}} } }'
}
# A server like that of the folder of binaries $1, which has the extension pab_zoo, too: one with rows of its own in a table whose
# other rows are dumped (as spatial_ref_sys of PostGIS). Prints the folder of its binaries. What is installed stays as it is: a
# server looks for its files beside where its program lies.
zoo_bin() {
    local bin share major=tree tree
    bin=$(readlink -f "$1") share=$(readlink -f "$("$1/pg_config" --sharedir)")
    case $share in
        "$(readlink -f "$PABENGINE_TEST_DIR")"/*) ;;
        /usr/share/postgresql/*)
            major=$(basename "$share") tree=$T/tree-$(basename "$share")
            if [ ! -d "$tree" ]; then
                mkdir -p "$tree/lib/postgresql/$major" "$tree/share/postgresql/$major/extension"
                cp -r "$bin" "$tree/lib/postgresql/$major/bin" && ln -s "$(readlink -f "$bin/../lib")" "$tree/lib/postgresql/$major/lib"
                ln -s "$share"/extension/* "$tree/share/postgresql/$major/extension/"
                ln -s "$share"/* "$tree/share/postgresql/$major/" 2>/dev/null
            fi
            bin=$tree/lib/postgresql/$major/bin share=$tree/share/postgresql/$major
            ;;
        *) printf '%s\n' "$1"; return ;;
    esac
    printf "comment = 'tables with rows of its own'\ndefault_version = '1.0'\nrelocatable = true\n" >"$share/extension/pab_zoo.control"
    cat >"$share/extension/pab_zoo--1.0.sql" <<'END_OF_SQL'
CREATE TABLE srs (id int PRIMARY KEY, name text);
INSERT INTO srs SELECT i, 'of the extension' FROM generate_series(1, 100) i;
SELECT pg_catalog.pg_extension_config_dump('srs', 'WHERE id > 1000');
CREATE TABLE notes (t text);
SELECT pg_catalog.pg_extension_config_dump('notes', '');
END_OF_SQL
    printf '%s\n' "$bin"
}
# The zoo (standard input: as far as it fits other servers) for the server that pg means: without what it was not built with.
zoo_sql() {
    local without=()
    pg postgres "SELECT '<a/>'::xml" >/dev/null 2>&1 || without+=(-e 's/\bx xml\b/x text/' -e 's/::xml\b/::text/')
    [ "$(pg postgres "SELECT count(*) FROM pg_available_extensions WHERE name IN ('citext', 'pg_trgm')")" = 2 ] \
        || without+=(-e '/^CREATE EXTENSION/d' -e 's/\bci citext\b/ci text/' -e '/gin_trgm_ops/d')
    [ "$(pg postgres "SELECT count(*) FROM pg_available_extensions WHERE name = 'pab_zoo'")" = 1 ] || without+=(-e '/pab_zoo/d')
    sed -e '' ${without[@]+"${without[@]}"}
}
