#!/usr/bin/env bash
# A full disk, in the middle of each artifact; a store that is missing, read-only or no folder; failing writes.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"
need_root

mkdir "$store"
mount -t tmpfs -o size=40m,mode=700 pabtest "$store" 2>/dev/null || skip_all "cannot mount a tmpfs here"
at_end umount -l "$store"
mkdir "$T/data"
for i in a b c; do mkdir "$T/data/$i"; for n in 1 2 3 4; do head -c 5000000 /dev/urandom >"$T/data/$i/$n"; done; done
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {a: [a/], b: [b/], c: [c/]}}}]
END
size() { mount -o "remount,size=$1" "$store"; }

for case in "18m first" "30m second" "50m third"; do
    # shellcheck disable=SC2086
    set -- $case
    size "$1"
    expect 1 "a disk that is full in the $2 artifact fails the run" run "$job"
    check "and the message says that it is full" grep -qiE 'no space|full' "$err"
    same "nothing is published, nothing is left" "0 0" "$(published) $(leftovers | wc -l)"
done
size 100m
expect 0 "with room the next run succeeds" run "$job"
good=$(latest)
size 65m
expect 1 "when the last backup would not fit again, that is said before anything is written" run "$job"
has "with both figures" "$err" "free"
same "and the good backup stays" "1 $good" "$(published) $(latest)"

# one target fits, the other does not: partial
size 200m
rm -rf "$store"/backup-* "$store/latest"
mkdir "$T/small" && echo x >"$T/small/x"
make_job <<END
targets:
  - {name: small, plugin: files, options: {root: $T/small, sets: {s: [x]}}}
  - {name: big, plugin: files, options: {root: $T/data, sets: {a: [a/], b: [b/], c: [c/]}}}
END
expect 0 "both targets fit" run "$job"
good=$(latest)
rm -rf "$store/backup-nothing"
mv "$good" "$T/good" # so that there is nothing to estimate from
size 45m
expect 3 "a full disk in the second target leaves a partial backup" run "$job"
same "of the first" 1 "$(find "$store"/backup-*/config -name '*.tar.gz' | wc -l)"
mv "$T/good" "$good" 2>/dev/null
same "and latest stays where it was" "$(basename "$good")" "$(readlink "$store/latest")"
umount "$store"

# each single write that fails: a clean error, nothing published; but for the first two, which say who holds the job and the store and hinder nobody
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/small, sets: {s: [x]}}}]
END
rm -rf "$store"
bad='' n=0
for n in $(seq 3 100); do
    PABENGINE_TEST_FAIL_WRITE=$n:28 pab run "$job"
    [ $status -eq 0 ] && break
    if [ $status -ne 1 ] || [ "$(published)" -ne 0 ] || [ -n "$(leftovers)" ]; then bad="write $n: status $status, $(published) published, left: $(leftovers)"; break; fi
    grep -qiE 'no space|full' "$err" || { bad="write $n: $(cat "$err")"; break; }
done
if [ -z "$bad" ] && [ "$n" -gt 4 ] && [ $status -eq 0 ]; then ok "each of $((n - 3)) writes may fail: a clean error, nothing published"; else not_ok "each write may fail" "after $n: $bad
$(explain)"; fi

# ---- the store itself
rm -rf "$store"
echo 'a file' >"$store"
expect 1 "a store that is a file" run "$job"
rm -f "$store"
mkdir -p "$T/ro"
mount -t tmpfs -o size=20m,ro pabtest "$T/ro" && at_end umount -l "$T/ro"
store=$T/ro/store
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/small, sets: {s: [x]}}}]
END
expect 1 "a store on a read-only filesystem" run "$job"
has "says so" "$err" "$T/ro"
mount -o remount,rw "$T/ro"
expect 0 "and works when it is writable again" run "$job"
mount -o remount,ro "$T/ro"
expect 1 "an existing store that became read-only" run "$job"
expect 0 "can still be verified" verify "$job" --check-integrity
expect 0 "and listed" list "$job"
expect 0 "and restored from" restore "$job" latest --yes --to "$T/to"

# ---- a store that is not there yet
mount -o remount,rw,size=50m "$T/ro"
store=$T/ro/not/yet
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/small, sets: {s: [x]}}}]
END
expect 0 "a store that is not there yet, on a disk with room" check "$job"
has "has room" "$out" "has room"
mount -o remount,size=10m "$T/ro"
expect 1 "on a disk without" check "$job"
has "has none" "$err" "not enough room in '$store'"
has_not "and is not said to have" "$out" "has room"
same "nor made" "no" "$([ -e "$store" ] && echo yes || echo no)"
umount "$T/ro"
store=$T/no/such/parent/store
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/small, sets: {s: [x]}}}]
END
expect 10 "a store that is not there, for a restore" restore "$job" latest --yes
pab run "$job"
if [ $status -eq 0 ] && [ -d "$store/latest" ] || [ $status -eq 10 ] || [ $status -eq 1 ]; then ok "a run makes the store, or says why not"; else explain | sed 's/^/# /'; not_ok "a run makes the store, or says why not"; fi
