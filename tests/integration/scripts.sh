#!/usr/bin/env bash
# The scripts of a project: every command that their guide shows, with the effect that it promises.
. "$(dirname "$0")/lib.sh"
project=$T/project
mkdir -p "$project/deployment" "$project/docs" "$T/volumes/letta_data"
cd "$project" || exit 1
printf 'KEY=value\n' >.env
printf 'services: {}\n' >docker-compose.yml
printf '# Guide\n' >docs/guide.md
printf 'memory\n' >"$T/volumes/letta_data/block"
cat >deployment/pabengine.yaml <<END
version: 1
name: project
rpo: 26h
store: {path: backups}
targets:
  - {name: data, plugin: volume, options: {driver: path, root: $T/volumes, volumes: [letta_data]}}
  - name: config
    plugin: files
    options: {root: .., sets: {env: [.env], docker-compose: ["docker-compose*.yml"], docs: [docs/]}}
END
PATH=$top_builddir:$PATH
# the environment that ./run gives
export PABENGINE_PLUGIN_PATH=$top_builddir/.libs PABENGINE_SCRIPTS_PATH=$top_srcdir/conf/scripts PATH
script() { # CODE NAME SCRIPT ARGUMENTS...
    local code=$1 name=$2 file=$3 got
    shift 3
    "./deployment/scripts/$file" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    cat "$out" "$err" >>"$T/everything"
    status=$got
    if [ $got -eq "$code" ]; then ok "$name"; else not_ok "$name" "$(echo "$file $*: expected exit status $code"; explain)"; fi
}
expect 0 "the scripts are installed" scripts install deployment/scripts
same "all of them" "backup.sh health-check.sh restore.sh schedule-backup.sh verify-backup.sh" "$(cd deployment/scripts && printf '%s\n' * | paste -sd' ')"
expect 0 "a second time" scripts install deployment/scripts
has "changes nothing" "$out" "unchanged"
echo '#!/bin/sh' >deployment/scripts/restore.sh
rm deployment/scripts/backup.sh
expect 1 "a script of somebody else's is not replaced" scripts install deployment/scripts
check "and nothing is put beside it then" test ! -e deployment/scripts/backup.sh
expect 0 "unless it must be" scripts install deployment/scripts --force
check "each is a script that a shell takes" sh -c 'for one in deployment/scripts/*.sh; do sh -n "$one" && test -x "$one" || exit 1; done'

# ---- backup.sh
backups=deployment/backups
script 0 "backup.sh --dry-run" backup.sh --dry-run
check "backs nothing up" test ! -e $backups
script 0 "backup.sh" backup.sh
first=$(readlink $backups/latest)
check "makes deployment/backups/latest" test -f $backups/latest/manifest.json
check "with what the guide lists" sh -c "cd $backups/latest && ls volumes/letta_data_*.tar.gz config/env_*.tar.gz config/docker-compose_*.tar.gz config/docs_*.tar.gz"
check "and a log in deployment/logs" sh -c 'ls deployment/logs/backup-*.log'
script 0 "backup.sh --incremental" backup.sh --incremental
same "builds on the one before" "incremental $first" "$(jq -r '"\(.kind) \(.parent)"' $backups/latest/manifest.json)"
script 0 "backup.sh --full" backup.sh --full
same "builds on none" "full null" "$(jq -r '"\(.kind) \(.parent)"' $backups/latest/manifest.json)"
script 0 "backup.sh --config-only --name emergency-config" backup.sh --config-only --name emergency-config
same "holds the configuration alone" "config" "$(cd $backups/emergency-config && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | paste -sd' ')"
script 0 "backup.sh --data-only --name emergency-data" backup.sh --data-only --name emergency-data
same "holds the data alone" "volumes" "$(cd $backups/emergency-data && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | paste -sd' ')"
script 0 "backup.sh --output DIR" backup.sh --output "$T/elsewhere"
check "goes there" test -f "$T/elsewhere/latest/manifest.json"
script 0 "backup.sh --verbose --name my-backup" backup.sh --verbose --name my-backup
check "has that name" test -f $backups/my-backup/manifest.json
script 0 "backup.sh --quiet" backup.sh --quiet
same "says nothing" "" "$(cat "$out" "$err")"

# ---- services, with the plugin of the unit tests, whose target is one
if command -v cc >/dev/null; then
    mkdir "$T/plugins" "$T/agents"
    cc -shared -fPIC -D_GNU_SOURCE -I"$top_srcdir" -o "$T/plugins/scripted.so" "$top_srcdir/tests/plugins/scripted.c" 2>"$T/cc.err"
    cat >"$T/services.yaml" <<END
version: 1
store: {path: services}
targets:
  - {name: config, plugin: files, options: {root: $project, sets: {env: [.env]}}}
  - {name: agents, plugin: scripted, options: {dir: $T/agents}}
END
    with_services() { PABENGINE_JOB=$T/services.yaml PABENGINE_PLUGIN_PATH=$T/plugins:$PABENGINE_PLUGIN_PATH script "$@"; }
    with_services 0 "backup.sh --services-only" backup.sh --services-only
    same "holds the services alone" "services" "$(cd "$T/services/latest" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | paste -sd' ')"
    with_services 0 "a whole backup" backup.sh
    rm -f "$T/agents/"*
    printf 'KEY=changed\n' >.env
    with_services 0 "restore.sh --services-only --yes latest" restore.sh --services-only --yes latest
    check "brings the services back" sh -c 'ls "$1"/*object0*' - "$T/agents"
    same "and nothing else" "KEY=changed" "$(cat .env)"
    printf 'KEY=value\n' >.env
else
    skip "backup.sh --services-only" "there is no compiler for the tests' plugin"
fi

# ---- verify-backup.sh
script 0 "verify-backup.sh --latest" verify-backup.sh --latest
script 0 "verify-backup.sh PATH" verify-backup.sh "$PWD/$backups/my-backup"
script 0 "verify-backup.sh --all --check-integrity --check-size" verify-backup.sh --all --check-integrity --check-size
script 0 "verify-backup.sh --latest --check-manifest" verify-backup.sh --latest --check-manifest
printf x >>"$(echo $backups/my-backup/config/env_*.tar.gz)"
script 4 "verify-backup.sh finds damage" verify-backup.sh my-backup

# ---- restore.sh
printf 'KEY=changed\n' >.env
rm -r "$T/volumes/letta_data"
script 0 "restore.sh --dry-run latest" restore.sh --dry-run latest
same "changes nothing" "KEY=changed" "$(cat .env)"
script 2 "restore.sh asks before it overwrites" restore.sh latest
script 0 "restore.sh --config-only --yes latest" restore.sh --config-only --yes latest
same "brings the configuration back" "KEY=value" "$(cat .env)"
check "and nothing else" test ! -e "$T/volumes/letta_data"
script 0 "restore.sh --data-only --yes latest" restore.sh --data-only --yes latest
same "brings the data back" "memory" "$(cat "$T/volumes/letta_data/block")"
script 0 "restore.sh --force --yes PATH" restore.sh --force --yes "$PWD/$backups/$first"

# ---- schedule-backup.sh, with a crontab of its own
mkdir "$T/bin"
cat >"$T/bin/crontab" <<END
#!/bin/sh
case \$1 in
-l) [ -e "$T/crontab" ] || { echo "no crontab for \$USER" >&2; exit 1; }; cat "$T/crontab" ;;
-r) rm -f "$T/crontab" ;;
*) cat "\$1" >"$T/crontab" ;;
esac
END
chmod +x "$T/bin/crontab"
PATH=$T/bin:$PATH
method=() && [ ! -d /run/systemd/system ] || method=(--method cron)
jobs_of_cron() { grep -v '^#' "$T/crontab" | grep -v '^@reboot' | cut -d' ' -f1-5; }
for line in "daily 30" "weekly 90" "hourly 7" "monthly 365"; do
    set -- $line
    script 0 "schedule-backup.sh install --frequency $1 --retention $2" schedule-backup.sh install --frequency "$1" --retention "$2" "${method[@]}"
    same "one job of cron, $1" 1 "$(jobs_of_cron | wc -l)"
    check "that keeps $2 days" grep -q -- "--retention=$2\b" "$T/crontab"
done
script 0 "schedule-backup.sh install --frequency daily --retention 30 once more" schedule-backup.sh install --frequency daily --retention 30 "${method[@]}"
script 0 "schedule-backup.sh status" schedule-backup.sh status
has "says when it runs next" "$out" "next run"
script 0 "schedule-backup.sh run" schedule-backup.sh run
check "makes one more backup" test "$(find $backups/ -maxdepth 1 -name 'backup-*' | wc -l)" -gt 1
check "and writes deployment/logs/scheduled-backup.log" grep -q "ended with exit code 0" deployment/logs/scheduled-backup.log
script 0 "schedule-backup.sh list" schedule-backup.sh list
has "lists backups" "$out" "$first"
script 0 "schedule-backup.sh cleanup --retention 30" schedule-backup.sh cleanup --retention 30
check "keeps what is younger" test -d "$backups/$first"
script 0 "schedule-backup.sh test" schedule-backup.sh test
has "tries each target" "$out" "ok data  trial of letta_data"
script 0 "schedule-backup.sh uninstall" schedule-backup.sh uninstall "${method[@]}"
check "leaves no job of cron" sh -c '! grep -q pabengine "$1" 2>/dev/null' - "$T/crontab"
script 2 "schedule-backup.sh with a word that it does not know" schedule-backup.sh isntall
has "... gets the nearest one" "$err" "install"

# ---- health-check.sh
script 0 "health-check.sh" health-check.sh
has "names each target" "$out" "data"
mv "$T/volumes" "$T/away"
script 1 "health-check.sh with something down" health-check.sh
mv "$T/away" "$T/volumes"
cd "$T" || exit 1
script_elsewhere() { PABENGINE_JOB=$project/deployment/pabengine.yaml "$project/deployment/scripts/verify-backup.sh" --latest; }
check "from any folder" script_elsewhere
