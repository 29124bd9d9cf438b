#!/usr/bin/env bash
# Jobs that a real systemd runs: one that is started for this test, in namespaces of its own, with no units but ours.
# time limit: 180
if [ -z "${PAB_TEST_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ] && unshare -m --propagation private true 2>/dev/null; then
    # mounts of its own: neither the units of this machine nor its folders are touched
    PAB_TEST_NAMESPACE=1 exec unshare -m --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need_root
need systemctl
need nsenter
[ -n "${PAB_TEST_NAMESPACE:-}" ] || skip_all "this kernel gives no mount namespace"
program=/lib/systemd/systemd
[ -x $program ] || skip_all "systemd is not installed"
cgroups=$(findmnt -t cgroup2 -no TARGET | head -n 1)
[ -n "$cgroups" ] || skip_all "there is no cgroup2"
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/systemd/system && mount -t tmpfs tmpfs /usr/local || skip_all "mounts are refused here"

# ---- a machine with nothing but this
mkdir -p "$T/units" "$T/generators" /run/dev/shm /run/lock
for unit in sysinit basic timers shutdown network-online empty; do printf '[Unit]\nDefaultDependencies=no\n' >"$T/units/$unit.target"; done
for node in null zero full random urandom; do touch /run/dev/$node && mount --bind /dev/$node /run/dev/$node; done
touch /run/dev/console
mount --rbind /run/dev /dev || skip_all "mounts are refused here"
group=$cgroups/pabengine-test-$$
mkdir "$group" 2>/dev/null || skip_all "cgroups cannot be made here"
# a group that has just lost its last process may take a moment
remove_groups() { for _ in $(seq 50); do find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null; [ -d "$group" ] || break; sleep 0.1; done; }
at_end remove_groups
cat >"$T/init" <<END
echo \$\$ >"$group/cgroup.procs" || exit 1
exec unshare -p -C -u -i --fork --mount-proc --kill-child sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec env -i PATH="$PATH" container=test \
    SYSTEMD_UNIT_PATH="/etc/systemd/system:$T/units" SYSTEMD_GENERATOR_PATH="$T/generators" $program --system --unit=empty.target --log-target=console --show-status=no'
END
sh "$T/init" >"$T/init.log" 2>&1 &
init=$!
at_end kill -KILL $init
for ((i = 0; i < 100; i++)); do [ -S /run/systemd/private ] && break; sleep 0.1; done
systemd=$(cat /proc/$init/task/$init/children 2>/dev/null | tr -d ' ')
mkdir "$T/sbin"
# systemd answers only who is in its own namespaces
printf '#!/bin/sh\nexec nsenter -t %s -m -p -C -u -i %s "$@"\n' "$systemd" "$(command -v systemctl)" >"$T/sbin/systemctl"
chmod +x "$T/sbin/systemctl"
PATH=$T/sbin:$PATH
state=
[ -n "$systemd" ] && for ((i = 0; i < 50; i++)); do state=$(systemctl is-system-running 2>/dev/null) && break; sleep 0.1; done
[ "$state" = running ] || skip_all "systemd does not start here: $(tail -n 1 "$T/init.log")"

# ---- a schedule of it
export PABENGINE_STATE_DIR=/usr/local/var/lib/pabengine # as the prefix /usr/local has it
mkdir "$T/pa"
echo A=1 >"$T/pa/.env"
job="$T/nightly job.yaml"
make_job "$job" <<END
env_file: pa/.env
targets: [{name: config, plugin: files, options: {root: $T/pa, sets: {env: [.env]}}}]
END
every='*-*-* *:*:0/5' # cron cannot say that
expect 0 "where systemd runs, a schedule is a timer of it" schedule install --frequency "$every" "$job"
timer=$(cd /etc/systemd/system && ls pabengine-*.timer)
same "that waits for its time" "active enabled" "$(systemctl is-active "$timer") $(systemctl is-enabled "$timer")"
check "with /usr read-only for its runs" grep -qx 'ProtectSystem=yes' <(systemctl show -p ProtectSystem "${timer%.timer}.service")
expect 0 "installed again" schedule install --frequency "$every" "$job"
has "nothing changes" "$out" "nothing changed"
expect 2 "a time that systemd does not understand" schedule install --frequency '*-*-45' "$job"
same "leaves the timer at work" "active" "$(systemctl is-active "$timer")"
for ((i = 0; i < 75; i++)); do grep -q "ended with exit code" "$store/logs/scheduled-backup.log" 2>/dev/null && break; sleep 1; done
check "systemd runs it" grep -q "ended with exit code 0" "$store/logs/scheduled-backup.log"
for ((i = 0; i < 50; i++)); do [ "$(systemctl is-active "${timer%.timer}.service")" = inactive ] && break; sleep 0.1; done
same "as it wants a service to end" "success" "$(systemctl show --value -p Result "${timer%.timer}.service")"
expect 0 "and how it came out is known" schedule status --json "$job"
same "below the read-only /usr, too" "0 systemd false" "$(jq -r '"\(.last.exit_code) \(.method) \(.missed)"' "$out")"
check "and when it runs next" date -d "$(jq -r .next "$out")"
expect 0 "it is uninstalled" schedule uninstall "$job"
same "and systemd knows it no more" "inactive" "$(systemctl is-active "$timer")"
same "nor are there files of it" "" "$(find /etc/systemd/system -name '*pabengine*')"
