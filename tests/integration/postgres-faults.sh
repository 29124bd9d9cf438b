#!/usr/bin/env bash
# SIGKILL at every point of a backup and of a restore of a database; disks that are full in each artifact and below TMPDIR; databases
# that are empty or of 5,000 tables on their way back.
# time limit: 600
. "$(dirname "$0")/lib.sh"
own_cluster
secrets+=("$(cat "$PG_PASSWORD_FILE")")
pg_programs
target() { # DATABASES
    make_job <<END_OF_JOB
defaults: {retries: 0}
targets:
  - {name: db, plugin: postgres, options: {host: 127.0.0.1, port: $PG_PORT, user: postgres, password: "file:$PG_PASSWORD_FILE", copy_threshold: 16k, block_size: 64k, bindir: "$T/bin", databases: [$1]}}
END_OF_JOB
}
# No session of ours lives on the server, a moment later at most.
no_sessions() {
    for _ in $(seq 50); do
        [ "$(pg postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^pabengine' OR application_name ~ '^(pg_|vacuumdb)'")" = 0 ] && return
        sleep 0.1
    done
    return 1
}
pg postgres "CREATE DATABASE shop"
pg shop "CREATE TABLE big AS SELECT i AS id, md5(i::text) AS body FROM generate_series(1, 6000) i; ALTER TABLE big ADD PRIMARY KEY (id);
         CREATE TABLE state (what text); INSERT INTO state VALUES ('backed up')"
state() { pg shop "SELECT what || ' ' || (SELECT count(*) FROM big) FROM state"; }
later() { pg shop "UPDATE state SET what = 'later'; DELETE FROM big WHERE id > 100"; }

point() { case $1 in *[!0-9]*) echo "$1:1" ;; *) echo "*:$1" ;; esac; }

# ---- killed in a backup
target shop
points=0 bad=''
for n in postgres-snapshot postgres-copied $(seq 1 200); do # those of the plugin are counted apart
    PABENGINE_TEST_KILL="$(point "$n")" pab run "$job" --name "kill-$n"
    [ $status -eq 137 ] || break
    points=$((points + 1))
    no_sessions || { bad="a session is left after a kill at point $n"; break; }
    for b in "$store"/backup-* "$store/kill-"*; do
        [ ! -d "$b" ] || pab verify "$job" "$(basename "$b")" --check-integrity || bad="a backup is not sound after a kill at point $n: $(explain)"
    done
    rm -rf "$store"/backup-* "$store"/kill-*
    [ -z "$bad" ] || break
done 2>/dev/null
if [ -z "$bad" ] && [ $status -eq 0 ] && [ $points -ge 15 ]; then ok "killed at each of many points of a backup: nothing half-published, no session is left"
else not_ok "killed at each of many points of a backup" "$points points; $bad
$(explain)"; fi
note "$points points"
rm -rf "$store"
expect 0 "the next run succeeds" run "$job"
same "and has left nothing" "" "$(leftovers)"
expect 0 "its backup is sound" verify "$job" latest --check-integrity

# ---- killed in a restore
points=0 bad=''
for n in postgres-created postgres-defined postgres-early postgres-filled postgres-indexed postgres-loaded postgres-swapped restore-target; do
    later
    PABENGINE_TEST_KILL="$(point "$n")" pab restore "$job" latest --object shop --yes --drop-old --force
    [ $status -eq 137 ] || break
    points=$((points + 1))
    no_sessions || { bad="a session is left after a kill at point $n"; break; }
    case $(state) in 'later 100'|'backed up 6000') ;; *) bad="after a kill at point $n the database is neither: $(state 2>&1)"; break ;; esac
done 2>/dev/null
if [ -z "$bad" ] && [ $points -eq 8 ]; then ok "killed at each point of a restore: the database is the old or the new one, no session is left"
else not_ok "killed at each point of a restore" "$points points; $bad
$(explain)"; fi
note "$points points"
later
expect 0 "the next restore needs no help" restore "$job" latest --object shop --yes --drop-old
same "and is complete" "backed up 6000" "$(state)"
expect 0 "cleanup" restore "$job" latest --cleanup --yes
same "leaves nothing of them" "postgres shop" "$(pg postgres "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate")"

# ---- full disks
if [ "$(id -u)" = 0 ] && mkdir -p "$T/small/store" && mount -t tmpfs -o size=64m,mode=711 pabtest "$T/small" 2>/dev/null; then
    at_end umount -l "$T/small"
    whole=$store store=$T/small/store
    mkdir -p "$store"
    pg postgres "CREATE DATABASE objects"
    pg objects "SELECT lo_from_bytea(1, (SELECT decode(string_agg(md5(i::text || random()), ''), 'hex') FROM generate_series(1, 200000) i))" >/dev/null
    pg postgres "CREATE DATABASE rows"
    pg rows "CREATE TABLE r AS SELECT i, md5(i::text || random()) || md5(random()::text) AS body FROM generate_series(1, 60000) i"
    fill="head -c 100m /dev/zero >'$T/small/filler' 2>/dev/null"
    full() { # NAME DATABASE PROGRAM [MORE]
        target "$2"
        echo "$fill; ${4:-}" >"$T/bin/$3-first"
        expect 1 "a disk that is full in $1 fails the run" run "$job"
        rm -f "$T/bin/$3-first" "$T/small/filler"
        check "$1: the message says that it is full" grep -qiE 'no space|full' "$err"
        same "$1: nothing is published, nothing is left" "0 " "$(published) $(leftovers)"
        check "$1: no session is left" no_sessions
    }
    full "the globals" shop pg_dumpall
    full "the archive" objects pg_dump
    full "the SQL" rows pg_dump "sleep 2" # while only our own connections write
    target "rows, objects"
    expect 0 "with room for it, the run succeeds" run "$job"
    expect 0 "and is sound" verify "$job" latest --check-integrity
    mkdir "$T/small/tmp"
    eval "$fill"
    pg rows "DELETE FROM r WHERE i > 10"
    TMPDIR=$T/small/tmp expect 1 "a full disk below TMPDIR fails a restore" restore "$job" latest --object objects --object rows --yes
    check "with that reason" grep -qiE 'no space|full' "$err"
    same "the old databases are as they were" "10 1" "$(pg rows "SELECT count(*) FROM r") $(pg objects "SELECT count(*) FROM pg_largeobject_metadata")"
    same "nothing half restored is left" 0 "$(pg postgres "SELECT count(*) FROM pg_database WHERE datname ~ '__pab_'")"
    same "nor a file in it" "" "$(ls "$T/small/tmp")"
    rm -f "$T/small/filler"
    expect 0 "with room it succeeds" restore "$job" latest --yes --drop-old
    same "and is complete" "60000 3200000" "$(pg rows "SELECT count(*) FROM r") $(pg objects "SELECT length(lo_get(1))")"
    store=$whole
else
    skip "full disks" "cannot mount a tmpfs"
fi

# ---- nothing in it, or 5,000 tables
pg postgres "CREATE DATABASE hollow"
pg postgres "CREATE DATABASE many"
for from in 1 2501; do
    pg many "DO \$\$ BEGIN FOR i IN $from..$((from + 2499)) LOOP EXECUTE format('CREATE TABLE t%s (a int, b text)', i); EXECUTE format('INSERT INTO t%s VALUES (%s)', i, i); END LOOP; END \$\$" >/dev/null
done
target "hollow, many"
expect 0 "an empty database and one of 5,000 tables are backed up" run "$job"
pg postgres "DROP DATABASE hollow"
pg postgres "DROP DATABASE many"
expect 0 "and restored" restore "$job" latest --yes
same "the empty one is empty" 0 "$(pg hollow "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'")"
same "the other has all its tables and rows" "5000 2501" "$(pg many "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relkind = 'r'") $(pg many "SELECT a FROM t2501")"
