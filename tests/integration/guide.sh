#!/usr/bin/env bash
# The guide of the shell scripts that these replace, command by command in its order and as it spells them, each for real and with
# a look at what it did. (What the guide shows of other programs - docker, psql, crontab -l, tail - is not ours to test.)
# time limit: 300
. "$(dirname "$0")/lib.sh"
need_postgres
need script
project=$T/project backups=$T/project/deployment/backups
mkdir -p "$project/deployment" "$project/docs" "$T/volumes/letta_data" "$T/volumes/openwebui_data"
cd "$project" || exit 1
printf 'services: {}\n' >docker-compose.yml
printf '# Guide\n' >docs/guide.md
printf 'page\n' >"$T/volumes/openwebui_data/page"
db=guide$$
for one in letta n8n; do
    pg postgres "CREATE DATABASE ${db}_$one"
    at_end pg_tool dropdb --if-exists --force "${db}_$one"
    at_end pg_tool dropdb --if-exists --force "${db}_${one}__pab_old"
    pg "${db}_$one" "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 500) g"
done
cat >deployment/pabengine.yaml <<END
version: 1
name: guide
rpo: 26h
store: {path: backups}
targets:
  - {name: db, plugin: postgres, options: {host: $PG_SOCKET, port: $PG_PORT, user: $PG_USER, databases: [${db}_letta, ${db}_n8n]}}
  - {name: data, plugin: volume, options: {driver: path, root: $T/volumes, volumes: [letta_data, openwebui_data]}}
  - {name: config, plugin: files, options: {root: .., sets: {env: [.env], docker-compose: ["docker-compose*.yml"], docs: [docs/]}}}
END
PATH=$top_builddir:$T/bin:$PATH
export NO_COLOR=1 PABENGINE_PLUGIN_PATH=$top_builddir/.libs PABENGINE_SCRIPTS_PATH=$top_srcdir/conf/scripts PATH
# a crontab of its own; what cron does with it, schedule.sh shows
mkdir "$T/bin"
printf '#!/bin/sh\ncase $1 in\n-l) cat "%s" 2>/dev/null || { echo "no crontab for x" >&2; exit 1; } ;;\n-r) rm -f "%s" ;;\n*) cat "$1" >"%s" ;;\nesac\n' "$T/crontab" "$T/crontab" "$T/crontab" >"$T/bin/crontab"
chmod +x "$T/bin/crontab"
expect 0 "the scripts are installed" scripts install deployment/scripts

# ---- the data, as it is and as it was
good() {
    printf 'KEY=value\n' >"$project/.env"
    printf 'memory\n' >"$T/volumes/letta_data/block"
    pg "${db}_letta" "UPDATE t SET v = 'row ' || id"
}
bad() { # lost and altered since the backup; what a restore kept of before that is cleared away
    printf 'KEY=changed\n' >"$project/.env"
    rm -f "$T/volumes/letta_data/block"
    pg "${db}_letta" "UPDATE t SET v = 'gone'"
    pab restore deployment/pabengine.yaml latest --cleanup --yes
}
# Sections of the guide stand alone: the emergency backups of some data that one makes are not what the next restores.
whole_one_first() {
    local name
    name=$(readlink "$backups/latest")
    [ "$(categories "$backups/$name")" = "config databases volumes" ] && case $name in backup-*) return ;; esac
    good
    ./deployment/scripts/backup.sh --quiet
}
config_is() { [ "$(cat "$project/.env")" = "KEY=$1" ] || { echo ".env holds $(cat "$project/.env")"; return 1; }; }
data_is_back() {
    [ "$(cat "$T/volumes/letta_data/block" 2>&1)" = memory ] || { echo "the volume is not back"; return 1; }
    [ "$(pg "${db}_letta" "SELECT count(*) FROM t WHERE v = 'row ' || id")" = 500 ] || { echo "the database is not back"; return 1; }
}
data_is_lost() { ! data_is_back >/dev/null; }
count() { find "$1" -mindepth 1 -maxdepth 1 -type d ! -name logs ! -name '.*' 2>/dev/null | wc -l; }
categories() { (cd "$1" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | paste -sd' '); }

# ---- what a command must have done. $line; $out and $err; the state from before it in $n
is_sound() { [ -f "$1/manifest.json" ] && (cd "$1" && sha256sum --quiet -c SHA256SUMS); }
did_backup() {
    local to=$backups name wanted="config databases volumes" n
    case $line in *--output*) to=$T/custom ;; esac
    case $line in *--dry-run*) [ "$(count "$to")" = "$count" ]; return ;; esac
    name=$(sed -n 's/.*--name \([^ ]*\).*/\1/p' <<<"$line")
    [ -n "$name" ] || name=$(readlink "$to/latest")
    case $line in *--config-only*) wanted=config ;; *--data-only*) wanted="databases volumes" ;; esac
    is_sound "$to/$name" && [ "$(categories "$to/$name")" = "$wanted" ] || { echo "$to/$name holds $(categories "$to/$name")"; return 1; }
    case $line in *--incremental*) [ "$(jq -r .kind "$to/$name/manifest.json")" = incremental ] || return 1 ;; esac
    n=$(count "$to")
    case $line in *--output*) [ "$n" = 1 ] ;; *) [ "$n" = $((count + 1)) ] && ls "$project/deployment/logs/backup-$name.log" ;; esac
}
did_restore() {
    case $line in
    *--dry-run*) config_is changed && data_is_lost ;;
    *--config-only*) config_is value && data_is_lost ;;
    *--data-only*) config_is changed && data_is_back ;;
    *) config_is value && data_is_back ;;
    esac
}
did_verify() { grep -q "sound: .* 0 findings" "$out"; }
did_schedule() {
    set -- $line
    case $2 in
    install) [ "$(grep -c '^[0-9*@]' "$T/crontab")" = 2 ] && grep -q -- "--retention=${6}\b" "$T/crontab" ;;
    status) grep -q "next run" "$out" ;;
    run) [ "$(count "$backups")" = $((count + 1)) ] && tail -n 1 "$project/deployment/logs/scheduled-backup.log" | grep -q "exit code 0" ;;
    list) grep -q "$(readlink "$backups/latest")" "$out" ;;
    cleanup) [ "$(count "$backups")" = "$count" ] ;; # all are younger than that
    test) grep -q "verified and removed" "$out" && [ "$(count "$backups")" = "$count" ] ;;
    *) return 1 ;;
    esac
}
did_health() { grep -q "ok db" "$out" && grep -q "ok data" "$out" && grep -q "ok store" "$out"; }

# ---- the commands, with the guide's example paths made real
good
while IFS= read -r line; do
    case $line in '## '*) note "${line#'## '}"; continue ;; '') continue ;; esac
    count=$(count "$backups")
    case $line in
    *backup.sh*--name*) rm -rf "${backups:?}/$(sed 's/.*--name \([^ ]*\).*/\1/' <<<"$line")"; count=$(count "$backups"); good ;;
    */restore.sh*) whole_one_first && bad ;;
    *) good ;;
    esac
    newest=$backups/$(readlink "$backups/latest")
    command=$(sed -e "s|/backups/[a-zA-Z]*-[A-Za-z0-9_]*|$newest|" -e "s|/custom/backup/dir|$T/custom|" <<<"$line")
    case $line in *schedule-backup.sh\ install*) [ ! -d /run/systemd/system ] || command+=" --method cron" ;; esac
    case $line in
    */restore.sh*--yes*) bash -c "$command" >"$out" 2>"$err" </dev/null ;;
    */restore.sh*) SHELL=/bin/bash script -qec "$command" /dev/null >"$out" 2>"$err" <<<yes ;; # a person at a terminal, who is asked
    *) bash -c "$command" >"$out" 2>"$err" </dev/null ;;
    esac
    status=$?
    cat "$out" "$err" >>"$T/everything"
    case $line in
    *schedule-backup.sh*) effect=did_schedule ;;
    *verify-backup.sh*) effect=did_verify ;;
    *health-check.sh*) effect=did_health ;;
    */restore.sh*) effect=did_restore ;;
    */backup.sh*) effect=did_backup ;;
    *) effect=false ;;
    esac
    if [ $status -eq 0 ] && why=$($effect 2>&1); then ok "$line"; else not_ok "$line" "$(echo "$command: ${why:-}"; explain)"; fi
done <"$top_srcdir/tests/integration/guide-commands.txt"
