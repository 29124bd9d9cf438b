#!/usr/bin/env bash
# sanitizers: yes
# status and health: how a job stands, told to people and to machines.
. "$(dirname "$0")/lib.sh"
mkdir -p "$T/data" "$T/other"
echo one >"$T/data/a"
echo two >"$T/other/b"
job_with() { # RPO
    make_job <<END
name: nightly
rpo: $1
targets:
  - {name: first, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
  - {name: second, plugin: files, options: {root: $T/other, sets: {s: [b]}, required: [s]}}
END
}
job_with 26h
expect 10 "without a store there is nothing to tell" status "$job"
expect 1 "and nothing is well" health "$job"
expect 0 "a run" run "$job"
first=$(basename "$(latest)")
expect 0 "the job stands well" status "$job"
has "with the last good backup of each target" "$out" "$first"
check "in a table" grep -q '^TARGET  *PLUGIN  *LAST GOOD' "$out"
has "in time" "$out" "in time"
expect 0 "the same for machines" status "$job" --json
same "late, incomplete, targets" "false false 2" "$(jq -r '"\(.late) \(.incomplete) \(.targets | length)"' "$out")"
same "with the age of what is good" "$first" "$(jq -r '[.targets[].last_good] | unique[]' "$out")"
expect 0 "all is up" health "$job"
has "the targets" "$out" "first"
has "and the store" "$out" "last complete backup"

mv "$T/other" "$T/away"
expect 3 "a run that is partial" run "$job"
expect 3 "makes the job incomplete" status "$job"
has "and names what is missing and why" "$out" "$T/other"
expect 3 "also in JSON" status "$job" --json
same "by target" "second" "$(jq -r '.targets[] | select(.problem) | .name' "$out")"
expect 1 "a service that is down is told" health "$job"
has "by name" "$out" "second"
mv "$T/away" "$T/other"
expect 0 "a run that is whole again" run "$job"
expect 0 "sets it right" status "$job"

# ---- a run with warnings
cp "$job" "$T/sound.yaml"
sed -i 's/sets: {s: \[b\]}, required: \[s\]/sets: {s: [b], none: [c]}/' "$job"
expect 3 "a run of a set that matches nothing" run "$job" --name warned
expect 3 "shows in the status" status "$job"
has "with the backup and the reason" "$out" "warning of 'warned': "
has_not "on lines of its own" "$out" '\x0a'
expect 3 "also in JSON" status "$job" --json
same "of the target" "true second 1 1" "$(jq -r '"\(.warned) \(.targets[] | select(.warning_count > 0) | "\(.name) \(.warning_count) \(.warnings | length)")"' "$out")"
expect 3 "and by a report" report "$job" -o "$T/page.html"
has "too" "$T/page.html" "with warnings"
expect 0 "nothing is down for it" health "$job"
cp "$T/sound.yaml" "$job"
rm -rf "$store/warned"
expect 0 "the next run" run "$job"
expect 0 "sets it right" status "$job"
first=$(basename "$(latest)")

# ---- incremental backups
sleep 1.1
expect 0 "another run" run "$job"
expect 0 "an incremental run" run "$job" --incremental --name child
expect 0 "is good as well" status "$job"
parent=$(jq -r .parent "$store/child/manifest.json")
mv "$store/$parent" "$T/parent"
expect 3 "with its parent removed by hand it is not" status "$job"
has "and that is said" "$out" "'child': its parent is missing"
expect 3 "also in JSON" status "$job" --json
same "with the backup that is good" "true $first" "$(jq -r '"\(.incomplete) \(.complete)"' "$out")"
expect 3 "and by a report" report "$job" -o "$T/page.html"
has "too" "$T/page.html" "its parent is missing"
mkdir "$T/others" && mv "$store"/backup-* "$T/others"
expect 1 "when nothing else is left it is not healthy" health "$job"
mv "$T/others"/* "$store" && mv "$T/parent" "$store/$parent"
rm -rf "$store/child"
ln -sfn "$parent" "$store/latest"

sleep 1.1
job_with 1s
expect 3 "a backup that is older than the rpo is late" status "$job"
has "and called so" "$out" "LATE"
expect 1 "and not healthy" health "$job"
job_with 0
expect 0 "0: any age will do" status "$job"
