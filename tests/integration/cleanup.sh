#!/usr/bin/env bash
# Retention: what a cleanup removes and what it never does; pins; kills at every step; a full disk, a locked store, a clock that is wrong.
# time limit: 300
# sanitizers: yes
. "$(dirname "$0")/lib.sh"
need jq
mkdir "$T/data" && echo 1 >"$T/data/a"
job_with() { # RETENTION
    make_job "$T/job.yaml" <<END
$1
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]
END
}
day=86400 base=1705838400 # 2024-01-21 12:00 UTC, a Sunday
export TZ=UTC
# at DAY ARGUMENTS...: pabengine as if it were noon, so many days after that Sunday
at() { local d=$1; shift; PABENGINE_TEST_NOW=$((base + d * day)) pab "$@"; }
expect_at() { local d=$1; shift; PABENGINE_TEST_NOW=$((base + d * day)) expect "$@"; }
names() { (cd "$store" && find . -maxdepth 1 -type d -name 'backup-*' | sort | sed 's|^\./backup-||; s/_120000//' | tr '\n' ' '); }
kept() { jq -r '[.backups[] | select(.keep) | .name | sub("backup-"; "") | sub("_120000"; "")] | join(" ")' "$out"; }
history() { # FROM TO: a backup of each of these days, from a copy once it was made
    if [ ! -d "$T/history-$1-$2" ]; then
        rm -rf "$store"
        sed '/^retention/d' "$T/job.yaml" >"$T/keeps.yaml"
        echo 'name: job' >>"$T/keeps.yaml"
        for ((d = $1; d <= $2; d++)); do at "$d" run "$T/keeps.yaml" || { not_ok "a history is made" "$(explain)"; return; }; done
        mv "$store" "$T/history-$1-$2"
    fi
    rm -rf "$store" && cp -a "$T/history-$1-$2" "$store"
}
job_with ''

# ---- without backups
expect 10 "no store: there is nothing to clean" cleanup "$job" --retention 3
mkdir "$store"
expect 0 "an empty store is fine" cleanup "$job" --retention 3
has "and says so" "$out" "0 of 0 removed"
expect 2 "a job without retention needs --retention" cleanup "$job"
has "and says how" "$err" "--retention"
for bad in 0 -1 x 1.5 100001 ''; do expect 2 "--retention '$bad' is refused" cleanup "$job" --retention "$bad"; done

# ---- by age
history 0 9
expect_at 9 0 "a dry run" cleanup "$job" --retention 3 --dry-run
has "says what would go, and why" "$out" "no rule keeps it"
has "and what would stay, and why" "$out" "not older than 3 days"
has "and how many" "$out" "6 of 10 would be removed"
same "and changes nothing" "" "$(diff -r --no-dereference "$T/history-0-9" "$store")"
expect_at 9 0 "a dry run as JSON" cleanup "$job" --retention 3 --dry-run --json
same "names what stays" "20240130 20240129 20240128 20240127" "$(kept)"
would=$(jq .freed "$out")
same "and what was verified" "true 6 backup-20240130_120000" "$(jq -r '"\(.dry_run) \(.removed) \(.verified)"' "$out")"
before=$(du -sB1 "$store" | cut -f1)
expect_at 9 0 "a cleanup" cleanup "$job" --retention 3 --json
same "does the same" "20240127 20240128 20240129 20240130 " "$(names)"
same "frees what the dry run said" "$would" "$(jq .freed "$out")"
freed=$(($(jq .freed "$out") - before + $(du -sB1 "$store" | cut -f1)))
if [ "$would" -gt 20000 ] && [ ${freed#-} -le 16384 ]; then ok "which is what du says, but for the logs"; else not_ok "the space freed is what du says" "off by $freed of $would"; fi
same "nothing is left aside" "" "$(find "$store" -name '.deleting*')"
expect 0 "what stays verifies" verify "$job" --all --check-integrity
has "each removal is in the log" "$(find "$store/logs" -name 'cleanup-*.log' -size +0)" "removing backup 'backup-20240121_120000': no rule keeps it"
expect_at 9 0 "once more" cleanup "$job" --retention 3
has "nothing goes" "$out" "0 of 4 removed, 0 bytes freed"
expect_at 20 0 "when all are older than that" cleanup "$job" --retention 3
same "the newest complete one stays" "20240130 " "$(names)"

# ---- rules of the job, and after each run
job_with 'retention: {keep_last: 2, keep_weekly: 2}'
history 0 9
expect_at 9 0 "the rules of the job" cleanup "$job" --json --dry-run
same "the last two, and two Sundays or the last day of a week" "20240130 20240129 20240128" "$(kept)"
same "with all reasons" "among the last 2, weekly 2024-W05, newest complete backup" "$(jq -r '.backups[0].reason' "$out")"
expect_at 10 0 "a run" run "$job"
same "cleans up at its end" "20240128 20240130 20240131 " "$(names)"
has "and says so" "$err" "removed 8 older backups"
same "latest is the new one" "backup-20240131_120000" "$(basename "$(latest)")"
history 0 9
mv "$T/data/a" "$T/data/b"
pab run "$job"
if [ $status -ne 0 ]; then ok "a run that fails"; else not_ok "a run that fails" "$(explain)"; fi
same "removes nothing" 10 "$(published)"
mv "$T/data/b" "$T/data/a"
make_job "$T/partial.yaml" <<END
name: job
retention: {keep_last: 1}
targets:
  - {name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
  - {name: d, plugin: files, options: {root: $T/nowhere, sets: {s: [a]}}}
END
expect_at 10 3 "a partial run" run "$job"
same "removes nothing either" 11 "$(published)"
job_with 'retention: {keep_last: 1}'
expect_at 10 0 "a partial backup is not kept as the last one" cleanup "$job"
same "it stays for being newer, and the last complete one stays" "20240130 20240131 " "$(names)"
same "latest is the complete one" "backup-20240130_120000" "$(basename "$(latest)")"

# ---- pins
history 0 9
expect 0 "a backup is pinned" pin "$job" backup-20240123_120000 --reason "before the move"
expect 0 "another one, without a reason" pin "$job" backup-20240124_120000
expect 0 "list" list "$job"
has "shows the pin and its reason" "$out" "(pinned: before the move)"
has "and a pin without" "$out" "(pinned)"
expect 0 "list as JSON" list "$job" --json
same "has it, too" "backup-20240123_120000 before the move" "$(jq -r '.backups[] | select(.pinned and .pin_reason) | "\(.name) \(.pin_reason)"' "$out")"
expect 0 "a pinned backup verifies" verify "$job" backup-20240123_120000 --check-integrity
expect_at 9 0 "a cleanup" cleanup "$job"
same "keeps them" "20240123 20240124 20240130 " "$(names)"
expect 0 "one is unpinned" unpin "$job" backup-20240123_120000
expect_at 9 0 "a cleanup" cleanup "$job"
same "takes it" "20240124 20240130 " "$(names)"
expect 10 "what is not pinned cannot be unpinned" unpin "$job" backup-20240130_120000
expect 10 "what is not there cannot be pinned" pin "$job" backup-20200101_000000
expect 0 "latest can be pinned" pin "$job" latest --json
same "and is named" "backup-20240130_120000 true" "$(jq -r '"\(.backup) \(.pinned)"' "$out")"

# pinned while a cleanup had just set it aside, which was killed before it looked for the pin
history 0 4
expect 0 "one more is pinned" pin "$job" backup-20240123_120000
mv "$store/backup-20240123_120000" "$store/.deleting-backup-20240123_120000"
expect_at 4 0 "after a cleanup that was killed just then, the next" cleanup "$job"
same "brings it back" "20240123 20240125 " "$(names)"
expect 0 "whole" verify "$job" backup-20240123_120000 --check-integrity

# ---- incremental backups
rm -rf "$store"
job_with ''
grow() { # DAY [OPTION]: a backup with a new text in a large file
    head -c 40000 /dev/urandom >"$T/data/a"
    at "$1" run "$job" ${2+"$2"} || not_ok "a backup of day $1" "$(explain)"
}
grow 0; grow 1 --incremental; grow 2 --incremental; grow 3; grow 4 --incremental
job_with 'retention: {keep_last: 1}'
expect 0 "an incremental backup is pinned" pin "$job" backup-20240122_120000
expect_at 4 0 "a cleanup" cleanup "$job" --json
same "keeps what the pinned and the last one need" "20240121 20240122 20240124 20240125 " "$(names)"
has "and says for what" "$out" "parent of 'backup-20240125_120000'"
expect 0 "all verify" verify "$job" --all --check-integrity
for d in 21 22; do mv "$store/backup-202401${d}_120000" "$store/.deleting-backup-202401${d}_120000"; done
expect_at 4 0 "when the pinned one was set aside with its parent by one that was killed" cleanup "$job"
same "both come back" "20240121 20240122 20240124 20240125 " "$(names)"
expect 0 "unpinned" unpin "$job" backup-20240122_120000
mv "$store/backup-20240124_120000" "$T/away"
expect_at 4 0 "with the parent of the newest removed by hand" cleanup "$job" --json
same "the one before counts, with its parent" "20240121 20240122 20240125 " "$(names)"
has "and it is said why" "$out" "its parent is missing"
sed 's/"name": "backup-20240121_120000"/"name": "backup-20240124_120000"/' "$store/backup-20240121_120000/manifest.json" >"$T/manifest"
cp -a "$store/backup-20240121_120000" "$store/backup-20240124_120000"
cp "$T/manifest" "$store/backup-20240124_120000/manifest.json"
expect_at 4 0 "with another one in its place" cleanup "$job" --json
same "it counts for nothing either" "newer than the last one that counts, newest complete backup (its parent is another one of that name)" "$(jq -r '.backups[0].reason' "$out")"
rm -rf "$store" "$T/away"
echo 1 >"$T/data/a"

# ---- what holds less than it should
job_with 'retention: {keep_last: 1}'
head -c 100000 /dev/urandom >"$T/data/a"
make_job "$T/two.yaml" <<END
name: job
targets:
  - {name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
  - {name: d, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
END
two=$job job=$T/job.yaml
at 0 run "$two"
at 1 run "$two" --target c
sed -i 's/^name: job/&\nretention: {keep_last: 1}/' "$two"
expect_at 1 0 "a cleanup after a backup of some targets only" cleanup "$two" --json
same "keeps the last one of all targets" "20240121 20240122 " "$(names)"
same "and says why" "newer than the last one that counts, newest complete backup (without some targets)" "$(jq -r '.backups[0].reason' "$out")"
rm -rf "$store"
sed -i /^retention/d "$two"
at 0 run "$two"
echo 1 >"$T/data/a"
at 1 run "$two"
sed -i 's/^name: job/&\nretention: {keep_last: 1}/' "$two"
expect_at 1 0 "after a backup that is suspiciously small" cleanup "$two" --json
same "the one before stays" "20240121 20240122 " "$(names)"
has "and it is said why" "$out" "suspiciously small"

# ---- a target that may fail
rm -rf "$store" && mkdir "$T/optional" && echo o >"$T/optional/o"
make_job "$T/optional.yaml" <<END
name: job
retention: {keep_days: 3}
targets:
  - {name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
  - {name: o, plugin: files, required: false, options: {root: $T/optional, sets: {s: [o]}}}
END
optional=$job job=$T/job.yaml
expect_at 0 0 "a run with a target that is not required" run "$optional"
mv "$T/optional" "$T/optional.gone"
for d in 1 2 3 4 5; do at "$d" run "$optional" || not_ok "a run without it" "$(explain)"; done
same "after it is gone the last backup that has it stays, whatever its age" "20240121 20240123 20240124 20240125 20240126 " "$(names)"
expect_at 5 0 "a dry run" cleanup "$optional" --dry-run
has "says why" "$out" "last good backup of target 'o'"
rm "$store/backup-20240121_120000/config/"o-s_*
expect_at 6 0 "when that one is damaged" cleanup "$optional"
has "that is said" "$err" "backup 'backup-20240121_120000' is damaged"

# ---- what is damaged counts for nothing
history 0 9
rm "$store/backup-20240130_120000/config/"*.tar.gz
expect_at 9 0 "with the newest one damaged" cleanup "$job"
has "that is said" "$err" "is damaged and counts for nothing"
same "it stays, and so does the newest that is whole" "20240129 20240130 " "$(names)"
job_with 'retention: {keep_last: 1}'
history 0 3
overwrite() { # FILE [OFFSET]: four other bytes, the same size
    printf XXXX | dd of="$1" bs=1 seek="${2:-40}" conv=notrunc status=none
}
overwrite "$store/backup-20240124_120000/config/"*.tar.gz
expect_at 3 0 "with bytes of the newest one overwritten" cleanup "$job" --dry-run
has "a dry run says so" "$err" "backup 'backup-20240124_120000' is damaged"
expect_at 3 0 "so does a cleanup" cleanup "$job"
same "which keeps the newest that is whole, too" "20240123 20240124 " "$(names)"
history 0 3
rm -f "$T/state/verified"
expect_at 3 0 "a dry run of a store that is whole" cleanup "$job" --dry-run
check "notes nothing" test ! -e "$T/state/verified"
expect_at 3 0 "a cleanup" cleanup "$job"
check "notes what it has read" test -s "$T/state/verified"
history 0 3
index=$(find "$store/backup-20240124_120000" -name '*.mtree.gz')
overwrite "$index"
expect_at 3 0 "an index with other bytes" cleanup "$job"
same "is damage as well" "20240123 20240124 " "$(names)"
history 0 3
expect_at 3 0 "one goes" cleanup "$job" --retention 2
tar=$(find "$store/backup-20240124_120000" -name '*.tar.gz')
touch -r "$tar" "$T/time" && overwrite "$tar" && touch -r "$T/time" "$tar"
expect_at 3 0 "what was read and looks the same" cleanup "$job" --retention 1
has_not "is not read again so soon" "$err" "is damaged"
expect_at 34 0 "but a month later" cleanup "$job"
has "it is" "$err" "backup 'backup-20240124_120000' is damaged"
same "and the one before stays" "20240123 20240124 " "$(names)"
rm -rf "$store"
job_with ''
at 0 run "$job"
at 1 run "$job"
overwrite "$store/backup-20240122_120000/config/"*.tar.gz
job_with 'retention: {keep_last: 1}'
expect_at 2 0 "an incremental run on a backup that was damaged" run "$job" --incremental
has "finds that before it removes anything" "$err" "backup 'backup-20240122_120000' is damaged"
same "and keeps the last whole one" "20240121 20240122 20240123 " "$(names)"
history 0 3
for b in "$store"/backup-*; do rm "$b/config/"*.tar.gz; done
expect_at 3 0 "with all of them damaged" cleanup "$job"
same "all stay" 4 "$(published)"
history 0 3
chmod -R go+rX "$store"
expect_at 3 0 "modes are no damage" cleanup "$job"
same "one stays" 1 "$(published)"
history 0 3
echo rubbish >"$store/backup-20240122_120000/manifest.json"
mkdir "$store/backup-mine" "$store/other"
expect_at 3 0 "with a manifest that cannot be read" cleanup "$job"
same "it stays to be looked at; other folders are no business of ours" "20240122 20240124 mine " "$(names)"
check "really none" test -d "$store/other"

# ---- of several jobs
history 0 3
second=$T/second.yaml
make_job "$second" <<END
retention: {keep_last: 1}
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]
END
job=$T/job.yaml
expect_at 4 0 "another job in the same store" run "$second"
same "leaves those of the first" 5 "$(published)"
expect_at 4 0 "and the first one's cleanup" cleanup "$job"
same "leaves those of the other" "20240124 20240125 " "$(names)"
same "latest stays where it was" "backup-20240125_120000" "$(basename "$(latest)")"

# ---- latest
history 0 3
rm -rf "$store/backup-20240124_120000"
expect_at 3 0 "with the latest removed by hand" cleanup "$job" --retention 1
same "latest leads to the newest one that is there" "backup-20240123_120000" "$(basename "$(latest)")"
history 0 3
ln -sfn backup-20240121_120000 "$store/latest"
expect_at 3 0 "with latest at one that goes" cleanup "$job"
same "it is moved first" "backup-20240124_120000 20240124 " "$(basename "$(latest)") $(names)"

# ---- clocks
history 0 3
expect_at -5 3 "a clock five days behind: exit status 3" cleanup "$job"
has "and why" "$err" "in the future"
same "nothing goes" 4 "$(published)"
expect_at 5000 3 "a clock that is far ahead" cleanup "$job"
has "and why" "$err" "ten years"
expect_at 5000 3 "as JSON" cleanup "$job" --json
same "too" "true 0" "$(jq -r '"\(.refused | test("ten years")) \(.removed)"' "$out")"
same "nothing goes then either" 4 "$(published)"
PABENGINE_TEST_NOW=$((base + 5000 * day)) expect 0 "a run while the clock is far ahead succeeds" run "$job"
has "and removes nothing, with a warning" "$err" "no older backups are removed"
same "all are there" 5 "$(published)"

history 0 5
job_with 'retention: {keep_days: 30}'
expect_at 205 3 "a clock that is 200 days ahead" cleanup "$job"
has "drops nothing by age" "$out" "0 of 6 removed"
has "and says so, and what there is to do" "$err" "--force"
expect_at 205 0 "a run then succeeds" run "$job"
has "and removes nothing, with a warning" "$err" "no older backups are removed: the clock may be far ahead"
expect_at 206 0 "nor does the next one" run "$job"
same "all are there" 8 "$(published)"
expect_at 206 0 "a cleanup says what it makes of that" cleanup "$job" --json
has "by name" "$out" "not older than 30 days, but for time without backups"
expect_at 206 0 "who says that the clock is right is believed" cleanup "$job" --force
same "what is older goes" 2 "$(published)"
history 0 5
expect_at 205 0 "a dry run with that" cleanup "$job" --force --dry-run
has "says what would go" "$out" "5 of 6 would be removed"

# ---- a store that is in use
job_with 'retention: {keep_last: 1}'
history 0 9
exec 9>>"$store/.lock"
flock 9
expect_at 9 11 "a store that is locked" cleanup "$job"
same "is left alone" 10 "$(published)"
expect_at 9 0 "a dry run needs no lock" cleanup "$job" --dry-run
expect 0 "nor does a pin" pin "$job" latest
exec 9>&-

# ---- what cannot be removed
history 0 5
mkdir "$store/.deleting-backup-20240122_120000" # and something is mounted, or immutable, in it
if [ "$(id -u)" = 0 ] && mount -t tmpfs none "$store/.deleting-backup-20240122_120000" 2>/dev/null; then
    at_end umount -l "$store/.deleting-backup-20240122_120000"
    expect_at 5 1 "one that cannot go is an error" cleanup "$job"
    same "but the others go" "20240122 20240126 " "$(names)"
    has "and that is shown" "$out" "4 of 6 removed"
    umount "$store/.deleting-backup-20240122_120000"
    expect_at 5 0 "the next cleanup" cleanup "$job"
    same "takes it" "20240126 " "$(names)"
else
    rmdir "$store/.deleting-backup-20240122_120000"
    skip "one that cannot go is an error" "nothing can be mounted here"
fi

# ---- SIGKILL at each step
points=0 bad=''
for n in $(seq 1 200); do
    history 0 5
    PABENGINE_TEST_NOW=$((base + 5 * day)) PABENGINE_TEST_KILL="*:$n" pab cleanup "$job"
    if [ $status -ne 137 ]; then break; fi
    points=$((points + 1))
    [ -e "$store/latest/manifest.json" ] || { bad="after a kill at point $n latest leads nowhere"; break; }
    "$top_builddir/run" pabengine verify "$job" --all >"$T/sound" 2>&1 || { bad="after a kill at point $n: $(cat "$T/sound")"; break; }
    at 5 cleanup "$job" || { bad="the cleanup after a kill at point $n: $(explain)"; break; }
    [ "$(names)" = "20240126 " ] || { bad="the cleanup after a kill at point $n leaves $(names)"; break; }
    [ -z "$(find "$store" -maxdepth 1 -name '.deleting*' -o -maxdepth 1 -name '.latest*')" ] || { bad="the cleanup after a kill at point $n leaves $(ls -A "$store")"; break; }
done
if [ -z "$bad" ] && [ $status -eq 0 ]; then ok "killed at each of $points points, all that is seen is whole and the next cleanup finishes"; else not_ok "killed at a point of a cleanup" "$bad
$(explain)"; fi
if [ "$points" -ge 10 ]; then ok "these are at least 10 points"; else not_ok "these are at least 10 points" "only $points"; fi
history 0 5
PABENGINE_TEST_NOW=$((base + 5 * day)) PABENGINE_TEST_KILL="cleanup-aside:1" pab cleanup "$job"
same "killed before the files go, they lie aside" "137 5" "$status $(find "$store" -maxdepth 1 -name '.deleting*' | wc -l)"
job_with ''
expect_at 6 0 "a run without retention" run "$job"
same "removes them as well" 0 "$(find "$store" -maxdepth 1 -name '.deleting*' | wc -l)"

# ---- a disk without any room, and errors
job_with 'retention: {keep_last: 1}'
if [ "$(id -u)" = 0 ] && mkdir -p "$T/small" && mount -t tmpfs -o size=1m,mode=700 none "$T/small" 2>/dev/null; then
    at_end umount -l "$T/small"
    history 0 5
    cp -a "$store" "$T/small/store"
    whole=$store store=$T/small/store
    job_with 'retention: {keep_last: 1}'
    cat /dev/zero >"$T/small/fill" 2>/dev/null
    cat /dev/zero >>"$T/small/fill" 2>/dev/null
    expect_at 5 0 "on a full disk" cleanup "$job"
    same "a cleanup makes room" "20240126 " "$(names)"
    check "and really does" sh -c "echo x >'$T/small/y'"
    store=$whole
    job_with 'retention: {keep_last: 1}'
else
    skip "on a full disk" "no file system can be mounted here"
fi
history 0 5
PABENGINE_TEST_FAIL_WRITE=1:28 expect_at 5 0 "without room to say who holds the lock" cleanup "$job"
same "a cleanup works" "20240126 " "$(names)"
