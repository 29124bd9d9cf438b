#!/usr/bin/env bash
# Jobs that run by themselves: a real cron daemon fires one; crontabs keep what is not ours; units please systemd.
# time limit: 240
if [ -z "${PAB_TEST_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
    # mounts of its own: neither the crontabs of this machine nor its jobs are touched
    PAB_TEST_NAMESPACE=1 exec unshare -m --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_root
need crontab
[ -n "${PAB_TEST_NAMESPACE:-}" ] || skip_all "this kernel gives no mount namespace"
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/spool/cron && mount -t tmpfs tmpfs /etc/cron.d && mount --bind /dev/null /etc/crontab || skip_all "mounts are refused here"
mkdir -p /run/lock && mkdir /var/spool/cron/crontabs && chgrp crontab /var/spool/cron/crontabs && chmod 1730 /var/spool/cron/crontabs

mkdir -p "$T/pa"
echo A=1 >"$T/pa/.env"
odd="$T/odd 100% \"name\".yaml"
one_target() { echo "targets: [{name: config, plugin: files, options: {root: $T/pa, sets: {env: [.env]}}}]"; }
make_job "$odd" < <(echo "rpo: 26h"; one_target)
mine() { crontab -l 2>/dev/null; }

# ---- the crontab
printf '# a line\n\tMAILTO=x@y\n5 4 * * *\techo "50%% off" # pabengine\n@daily true\r\n# BEGIN of something else\n0 0 1 1 * echo last \n' >"$T/theirs"
crontab "$T/theirs"
mine >"$T/before"
expect 0 "a schedule is installed" schedule install --frequency daily --at 03:15 --retention 30 "$odd"
check "at its time" grep -q '^15 3 \* \* \* ' <(mine)
mine >"$T/installed"
expect 0 "installing it twice" schedule install --frequency daily --at 03:15 --retention 30 "$odd"
check "changes nothing" diff "$T/installed" <(mine)
expect 0 "another job" schedule install --frequency weekly "$(make_job "$T/second.yaml" < <(one_target) && echo "$T/second.yaml")"
expect 0 "is listed" schedule list
has "beside the first" "$out" "$odd"
has "with its file" "$out" "$T/second.yaml"
same "three lines each" 6 "$(wc -l <"$out")"
expect 0 "it is uninstalled" schedule uninstall "$T/second.yaml"
check "and the first is as it was" diff "$T/installed" <(mine)
expect 0 "so is the first" schedule uninstall "$odd"
check "and all that was there is there, to the byte" cmp "$T/before" <(mine)
expect 0 "a schedule that is not installed can be uninstalled" schedule uninstall "$odd"
mkdir "$T/bin"
printf '#!/bin/sh\necho "cannot read the spool" >&2\nexit 1\n' >"$T/bin/crontab"
chmod +x "$T/bin/crontab"
PATH=$T/bin:$PATH expect 1 "a crontab that cannot be read is an error" schedule install "$odd"
has "that says why" "$err" "cannot read the spool"
check "and is left alone" cmp "$T/before" <(mine)
expect 2 "a frequency that is none" schedule install --frequency fortnightly "$odd"
expect 2 "a retention of nothing" schedule install --frequency daily --retention 0 "$odd"

# ---- cron fires
expect 0 "a schedule of every minute" schedule install --frequency '*:0/1' "$odd"
expect 3 "is late before the first run" schedule status "$odd"
check "says when the next is" grep -q '^next run   20' "$out"
cron -f &
at_end kill $!
for ((i = 0; i < 75; i++)); do [ -L "$store/latest" ] && break; sleep 1; done
for ((i = 0; i < 10; i++)); do grep -q "ended with exit code" "$store/logs/scheduled-backup.log" 2>/dev/null && break; sleep 1; done
check "cron runs it" test -f "$store/latest/manifest.json"
check "the log tells" grep -q "ended with exit code 0" "$store/logs/scheduled-backup.log"
kill %1
wait %1 2>/dev/null
expect 0 "status knows of the run" schedule status --json "$odd"
same "and how it came out" "true 0 $(readlink "$store/latest") false" "$(jq -r '"\(.installed) \(.last_exit_code) \(.last_backup) \(.late)"' "$out")"
expect 0 "uninstalled" schedule uninstall "$odd"

# ---- missed runs
expect 0 "a daily schedule" schedule install --frequency daily --at 00:00 "$odd"
expect 0 "after a run of today" schedule run --missed "$odd"
same "nothing was missed" 1 "$(published)"
rm -r "${store:?}"
state=$(ls "$PABENGINE_STATE_DIR"/schedule/*.json)
jq '.started -= 259200 | .ended -= 259200' "$state" >"$T/state.json" && cp "$T/state.json" "$state"
pab schedule status --json "$odd"
same "three days without a run are a missed one" "true" "$(jq .missed "$out")"
expect 0 "it is caught up" schedule run --missed "$odd"
same "by one backup" 1 "$(published)"
expect 0 "and asked again" schedule run --missed "$odd"
same "not twice" 1 "$(published)"
expect 0 "uninstalled again" schedule uninstall "$odd"

# ---- two at once
slow=$T/slow.yaml
make_job "$slow" <<END
hooks:
  before: [sh, -c, "echo before >>$T/hooks; while [ ! -e $T/go ]; do sleep 0.05; done"]
  after: [sh, -c, "echo after >>$T/hooks"]
  on_failure: [sh, -c, "echo on_failure >>$T/hooks"]
$(one_target)
END
rm -r "${store:?}"
touch "$T/go"
expect 0 "a daily schedule of a job with hooks" schedule install --method cron --frequency daily --at 00:00 "$slow"
PABENGINE_TEST_NOW=$(($(date +%s) - 3 * 86400)) expect 0 "whose last run was three days ago" schedule run "$slow"
expect 3 "has missed one" schedule status "$slow"
has "and says so" "$out" "MISSED"
begin() { # a run that waits in its hook
    rm -f "$T/hooks" "$T/go"
    "$top_builddir/run" pabengine schedule run "$slow" >"$T/first" 2>&1 &
    pid=$!
    at_end kill -KILL $pid
    for ((i = 0; i < 200; i++)); do [ -s "$T/hooks" ] && break; sleep 0.05; done
}
begin
expect 0 "while one runs" schedule status "$slow"
has "that is shown" "$out" "running    since "
has_not "and none is missed" "$out" "MISSED"
pab schedule status --json "$slow"
same "also in JSON" "true false null" "$(jq -r '"\(.running) \(.missed) \(.last.ended)"' "$out")"
expect 11 "a second one beside it is refused" schedule run "$slow"
has "with the holder's name" "$err" "held by pid $pid"
expect 11 "so is a run by hand" run "$slow"
touch "$T/go"
wait $pid
same "the first ends well" 0 $?
same "and its hooks alone have run" "before after" "$(paste -sd' ' "$T/hooks")"
expect 0 "then status says how it came out" schedule status --json "$slow"
same "when, for how long and where it is installed" "true true 0 false crontab" \
    "$(jq -r '"\(.last.started | test("^20..-")) \(.last.seconds >= 0) \(.last.exit_code) \(.last.did_not_end) \(.method)"' "$out")"
begin
kill -KILL $pid
wait $pid 2>/dev/null
expect 3 "a run that was killed" schedule status "$slow"
has "did not end" "$out" "did not end"
touch "$T/go"
count=$(published)
expect 0 "and is caught up" schedule run --missed "$slow"
expect 0 "once" schedule run --missed "$slow"
same "by one backup" $((count + 1)) "$(published)"
expect 0 "uninstalled" schedule uninstall "$slow"
exec 9>"$store/.lock"
flock 9
rm "$T/hooks"
expect 11 "a store that somebody else holds" run "$slow"
check "runs no hook" test ! -e "$T/hooks"
exec 9>&-

# ---- the log
log=$store/logs/scheduled-backup.log
{ printf '%s info    [x] begins\n' "$(date -u -d '-40 days' +%Y-%m-%dT%H:%M:%SZ)"; cat "$log"; } >"$T/log" && cat "$T/log" >"$log"
expect 0 "a run with a log that begins 40 days ago" schedule run "$odd"
check "puts it aside" grep -q ' begins' "$log.1"
same "and begins another" 1 "$(grep -c ' begins,' "$log")"
touch -d '-31 days' "$log.1"
expect 0 "a run a month later" schedule run "$odd"
check "drops it" test ! -e "$log.1"

touch "$log.1"
for i in 2 3 4 5; do echo "$i" >"$log.$i"; done
truncate -s 4M "$log"
expect 0 "a run with a log of 4 MiB" schedule run "$odd"
same "puts it aside" "$((4 << 20))" "$(stat -c %s "$log.1")"
same "drops the fifth" "4 no" "$(cat "$log.5") $([ -e "$log.6" ] && echo yes || echo no)"
same "and begins another" 1 "$(grep -c ' begins,' "$log")"

# a disk that is full when the log is to be rotated
rm -r "${store:?}"
mkdir "$store"
mount -t tmpfs -o size=40m,mode=700 tmpfs "$store"
at_end umount -l "$store"
expect 0 "a run on a disk of its own" schedule run "$odd"
truncate -s 0 "$log" && head -c $((4 << 20)) /dev/zero >"$log"
head -c 60000000 /dev/zero >"$store/filler" 2>/dev/null
expect 1 "a run on a full disk with a full log" schedule run "$odd"
check "says that it is full" grep -qiE 'no space|full|free' "$err"
same "the log is put aside, whole" "$((4 << 20))" "$(stat -c %s "$log.1")"
expect 3 "and status knows of the failure without it" schedule status "$odd"
has "with its reason" "$out" "exit code 1"
rm "$store/filler"
expect 0 "with room the next run succeeds" schedule run "$odd"
check "and has its lines in the log" grep -q "ended with exit code 0" "$log"
umount "$store"

# ---- a store that hooks mount
mkdir "$T/disk"
make_job "$T/mounts.yaml" <<END
hooks: {before: [mount, --bind, $T/disk, $store], after: [umount, $store], on_failure: [umount, $store]}
$(one_target)
END
expect 0 "a store that is mounted before and unmounted after a run" schedule run "$T/mounts.yaml"
check "has backup and log" sh -c 'test -d "$1/latest" && grep -q "begins" "$1/logs/scheduled-backup.log" && grep -q "is complete" "$1/logs/scheduled-backup.log"' - "$T/disk"
same "and nothing is left in its place" "" "$(ls -A "$store")"
expect 3 "without rpo and store, status tells of the run all the same" schedule status "$T/mounts.yaml"
has "as it was" "$out" "exit code 0"

# ---- full and incremental
make_job "$T/kinds.yaml" < <(echo "schedule: {kind: incremental, full_every: 7d}"; one_target)
for day in 20 19 18 12 11; do PABENGINE_TEST_NOW=$(($(date +%s) - day * 86400)) pab schedule run "$T/kinds.yaml"; done
same "a job of kind incremental is full at first, and again when that one is too old (full_every)" "full incremental incremental full incremental" \
    "$(jq -rs 'sort_by(.started) | map(.kind) | join(" ")' "$store"/backup-*/manifest.json)"

# ---- retention
rm -r "${store:?}"
make_job "$T/monthly.yaml" < <(echo "retention: {keep_monthly: 12}"; one_target)
PABENGINE_TEST_NOW=$(($(date +%s) - 90 * 86400)) expect 0 "a backup of three months ago" schedule run "$T/monthly.yaml"
PABENGINE_TEST_NOW=$(($(date +%s) - 10 * 86400)) expect 0 "and one of ten days ago" schedule run "$T/monthly.yaml"
expect 0 "a run with --retention 7" schedule run --retention 7 "$T/monthly.yaml"
check "keeps what the job's keep_monthly keeps" test "$(published)" -ge 2
check "the one of three months ago" test -d "$(find "$store" -maxdepth 1 -name "backup-$(date -d '-90 days' +%Y%m)*")"

# ---- units, with a systemctl that keeps what it was told
mkdir -p "$T/sbin" "$T/loaded"
cat >"$T/sbin/systemctl" <<END
#!/bin/sh
echo "\$*" >>"$T/calls"
case \$1 in --user) from=$XDG_CONFIG_HOME/systemd/user ;; --system) from=/etc/systemd/system ;; *) exit 9 ;; esac
scope=\$1 verb=\$2 unit=\$3
[ "\$verb \$unit" != "disable --now" ] || unit=\$4
if [ "\$verb" = restart ] && [ -e "$T/refuse" ]; then echo "Failed to restart \$unit: it is refused" >&2; exit 1; fi
case \$verb in
daemon-reload) ;;
enable) [ -e "\$from/\$unit" ] && : >"$T/loaded/\$scope.\$unit.enabled" ;;
restart) cp "\$from/\$unit" "$T/loaded/\$scope.\$unit" ;;
disable) rm -f "$T/loaded/\$scope.\$unit" "$T/loaded/\$scope.\$unit.enabled" ;;
*) exit 8 ;;
esac
END
chmod +x "$T/sbin/systemctl"
mount -t tmpfs tmpfs /etc/systemd/system 2>/dev/null && scopes="user system" || { scopes=user; skip "units of the system" "there is no /etc/systemd/system to mount over"; }
make_job "$T/two places.yaml" < <(one_target)
here=$T/two\ places.yaml
with_units() { PATH=$T/sbin:$PATH expect "$@"; }
loaded() { sed -n 's/^OnCalendar=//p' "$T/loaded/--$scope."*.timer 2>/dev/null; }
left() { find "$folder" "$T/loaded" -name '*pabengine*'; }
for scope in $scopes; do
    folder=/etc/systemd/system place=systemd
    [ $scope = system ] || folder=$XDG_CONFIG_HOME/systemd/user place="systemd --user"
    touch "$T/refuse"
    with_units 1 "a first schedule of the $scope that systemctl refuses" schedule install --method systemd --$scope --at 04:00 "$here"
    same "leaves nothing" "" "$(left)"
    rm "$T/refuse"
    with_units 0 "a timer of the $scope is installed" schedule install --method systemd --$scope --frequency daily --at 04:00 "$here"
    same "enabled and started" "*-*-* 04:00:00 1" "$(loaded) $(find "$T/loaded" -name "--$scope.*.enabled" | wc -l)"
    check "with its service" sh -c 'grep -q "^ExecStart=.*schedule.*run" "$1"/pabengine-*.service' - "$folder"
    : >"$T/calls"
    with_units 0 "a second time" schedule install --method systemd --$scope --frequency daily --at 04:00 "$here"
    has "nothing changes" "$out" "nothing changed"
    same "and systemctl is not asked" "" "$(cat "$T/calls")"
    with_units 0 "another time" schedule install --method systemd --$scope --frequency daily --at 05:00 "$here"
    same "is started" "*-*-* 05:00:00" "$(loaded)"
    cp -r "$folder" "$T/good-$scope"
    touch "$T/refuse"
    with_units 1 "a change that systemctl refuses" schedule install --method systemd --$scope --frequency daily --at 06:00 "$here"
    has "is told with its reason" "$err" "it is refused"
    check "and leaves the files as they were" diff -r "$T/good-$scope" "$folder"
    rm "$T/refuse"
    same "and the timer" "*-*-* 05:00:00 1" "$(loaded) $(find "$T/loaded" -name "--$scope.*.enabled" | wc -l)"
    if command -v systemd-analyze >/dev/null; then
        with_units 2 "an expression that systemd does not understand" schedule install --method systemd --$scope --frequency 'Mon *-*-45' "$here"
        check "changes nothing" diff -r "$T/good-$scope" "$folder"
    fi
    with_units 0 "it is listed" schedule list --json
    same "once, with its place" "$place" "$(jq -r '.schedules[].method' "$out")"
    with_units 0 "installed in the crontab instead" schedule install --method cron --frequency daily "$here"
    has "that it leaves systemd is said" "$out" "removed from $place"
    same "and so it does" "" "$(left)"
    mine >"$T/one"
    with_units 0 "and back" schedule install --method systemd --$scope --frequency daily "$here"
    has "it leaves the crontab" "$out" "removed from crontab"
    same "which has nothing of it" "" "$(mine | grep '>>> pabengine')"
    crontab "$T/one"
    with_units 0 "uninstalled where it is in both" schedule uninstall --json "$here"
    same "both are gone" "$place,crontab" "$(jq -r '.removed_from | join(",")' "$out")"
    same "without a trace" " " "$(left) $(mine | grep '>>> pabengine')"
    with_units 0 "and once more" schedule uninstall "$here"
    has "there is none" "$out" "was not installed"
done
if command -v systemd-analyze >/dev/null; then
    rm -rf "${store:?}"
    with_units 0 "what cron cannot say" schedule install --method systemd --user --frequency 'Mon *-*-1..7 02:00' "$here"
    PABENGINE_TEST_NOW=$(($(date +%s) - 60 * 86400)) expect 0 "a run two months ago" schedule run "$here"
    with_units 3 "has missed a month" schedule status --json "$here"
    same "and its next run is known" "true Mon" "$(jq -r .missed "$out") $(LC_ALL=C date -d "$(jq -r .next "$out")" +%a)"
    with_units 0 "a run now" schedule run "$here"
    with_units 0 "and nothing is missed" schedule status "$here"
    with_units 0 "uninstalled" schedule uninstall "$here"
fi

# ---- what the units say
mkdir "$T/units"
printf 'secret\n' >"$T/pw" && chmod 600 "$T/pw"
make_job "$T/unit job.yaml" <<END
schedule: {frequency: "Mon..Fri 02:30", jitter: 10m}
targets:
  - {name: config, plugin: files, options: {root: $T/pa, sets: {env: [.env]}}}
  - {name: db, plugin: postgres, options: {host: 127.0.0.1, password: "file:$T/pw"}}
END
expect 0 "units are shown" schedule install --dry-run --method systemd --system "$T/unit job.yaml"
awk -v to="$T/units/job." '/^---$/ { second = 1; next } { print >(to (second ? "timer" : "service")) }' "$out"
has "the secret's file is a credential" "$T/units/job.service" ":$T/pw"
has "the delay is the job's" "$T/units/job.timer" "RandomizedDelaySec=600"
has "the state may be written where /usr is read-only" "$T/units/job.service" "ReadWritePaths=\"-$PABENGINE_STATE_DIR\""
has "and so may the store" "$T/units/job.service" "ReadWritePaths=\"-$store\""
DOCKER_HOST=unix:///run/d.sock PGPASSFILE=$T/pgpass TMPDIR=$T expect 0 "a shell with settings of its own" schedule install --dry-run --method systemd --system "$T/unit job.yaml"
for setting in DOCKER_HOST=unix:///run/d.sock "PGPASSFILE=$T/pgpass" "TMPDIR=$T" "XDG_STATE_HOME=$XDG_STATE_HOME"; do
    has "... passes ${setting%%=*} on" "$out" "Environment=\"$setting\""
done
for method in systemd cron; do
    TMPDIR=$'/tmp\nExecStart=/bin/false' expect 2 "a line break in a setting, for $method" schedule install --dry-run --method "$method" "$T/monthly.yaml"
    has "... is refused by name" "$err" "TMPDIR"
done
make_job "$T/secrets.yaml" <<END
env_file: $T/pa/.env
targets:
  - {name: a, plugin: postgres, options: {host: 127.0.0.1, password: "env:A"}}
  - {name: b, plugin: postgres, options: {host: 127.0.0.1, password: "env:SHELL_ONLY"}}
  - {name: c, plugin: postgres, options: {host: 127.0.0.1, password: "env:NOWHERE"}}
END
SHELL_ONLY=1 expect 0 "secrets of the environment" schedule install --dry-run --method systemd "$T/secrets.yaml"
same "are warned of when a run will not have them" "NOWHERE SHELL_ONLY" "$(grep -o 'secret env:[A-Z_]*' "$err" | cut -d: -f2 | sort | paste -sd' ')"
if command -v systemd-analyze >/dev/null; then
    check "systemd takes them" systemd-analyze verify --man=no "$T/units/job.service" "$T/units/job.timer"
    check "and their calendar" systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$T/units/job.timer")"
else
    skip "systemd takes them" "systemd-analyze is not installed"
fi
mkdir "$T/credentials"
make_job "$T/with secret.yaml" <<END
targets: [{name: db, plugin: postgres, options: {host: 127.0.0.1, port: 1, password: "file:$T/pw"}}]
END
credential=$(sed -n 's/^LoadCredential=\([^:]*\):.*/\1/p' "$T/units/job.service")
cp "$T/pw" "$T/credentials/$credential"
rm "$T/pw"
expect 2 "a secret whose file is gone" check "$T/with secret.yaml"
CREDENTIALS_DIRECTORY=$T/credentials expect 1 "is read from the credentials of the unit" check "$T/with secret.yaml"
has_not "... and the check goes on to the server" "$err" "cannot read"
