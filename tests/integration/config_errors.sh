#!/usr/bin/env bash
# Mistakes in a job file: exit status 2, the place, what was expected, a suggestion; nothing is written.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"

mkdir "$T/data" && echo x >"$T/data/a"
good="targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]"

# wrong NAME TEXT-IN-STDERR [JOB TEXT on stdin]
wrong() {
    cat >"$job"
    pab run "$job"
    if [ $status -ne 2 ]; then not_ok "$1" "$(echo "expected exit status 2"; explain)"; return; fi
    if ! grep -qF -- "$2" "$err"; then not_ok "$1" "$(echo "no '$2'"; explain)"; return; fi
    if [ -e "$store" ]; then not_ok "$1" "the store was made"; rm -rf "$store"; else ok "$1"; fi
}
head="version: 1
store: {type: directory, path: $store}"

wrong "an unknown key gets a suggestion" "did you mean 'targets'" <<<"$head
targes: []"
wrong "an unknown key of a target has line and column" "job.yaml:3:" <<<"$head
targets: [{name: c, plugin: files, optoins: {}}]"
wrong "an unknown option gets a suggestion" "did you mean 'root'" <<<"$head
targets: [{name: c, plugin: files, options: {roto: /x, sets: {s: [a]}}}]"
wrong "an option's path is named" "targets[0].options" <<<"$head
targets: [{name: c, plugin: files, options: {root: /x, sets: {s: [a]}, exclude: {a: b}}}]"
wrong "a missing required option" "sets" <<<"$head
targets: [{name: c, plugin: files, options: {root: /x}}]"
wrong "a wrong type" "keep_old" <<<"$head
targets: [{name: c, plugin: files, options: {root: /x, sets: {s: [a]}, keep_old: perhaps}}]"
wrong "a duplicate key" "job.yaml:3:" <<<"$head
version: 1
$good"
wrong "wrong indentation" "job.yaml:" <<<"$head
targets:
  - name: c
   plugin: files"
wrong "a missing version" "version" <<<"store: {type: directory, path: $store}
$good"
wrong "an unknown version" "version" <<<"version: 7
store: {type: directory, path: $store}
$good"
wrong "no targets" "targets" <<<"$head"
wrong "two targets of one name" "c" <<<"$head
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}, {name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]"
wrong "a plugin that is not there" "nosuch" <<<"$head
targets: [{name: c, plugin: nosuch}]"
wrong "a secret that is not set" "NO_SUCH_VARIABLE_HERE" <<<"$head
targets: [{name: d, plugin: postgres, options: {host: 127.0.0.1, user: x, password: env:NO_SUCH_VARIABLE_HERE}}]"
wrong "an unknown store type" "directory" <<<"version: 1
store: {type: folder, path: $store}
$good"
wrong "a retention of 0 is refused" "expected 1 to 100000" <<<"$head
retention: {keep_days: 0}
$good"
wrong "so is a negative one" "expected 1 to 100000" <<<"$head
retention: {keep_last: -1}
$good"
wrong "the repository store is a later feature" "not in this version" <<<"version: 1
store: {type: repository, path: $store}
$good"
wrong "encryption is a later feature" "not in this version" <<<"version: 1
store: {type: directory, path: $store, encryption: {openpgp: {passphrase: env:X}}}
$good"
wrong "an empty file" "job.yaml" <<<""
wrong "bytes that are no text" "job.yaml" < <(printf 'version: 1\n\xff\xfe: x\n')
wrong "a tab as indentation" "job.yaml:" < <(printf 'version: 1\ntargets:\n\t- name: c\n')
wrong "aliases that explode" "job.yaml" < <(
    echo 'version: 1'
    echo 'a: &a [x,x,x,x,x,x,x,x,x,x]'
    for i in b c d e f g; do p=$(echo $i | tr b-g a-f); echo "$i: &$i [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]"; done)
wrong "nesting without end" "job.yaml" < <(printf 'version: 1\nname: '; head -c 5000 /dev/zero | tr '\0' '[')
wrong "more than a megabyte" "job.yaml" < <(printf 'version: 1\nname: '; head -c 1200000 /dev/zero | tr '\0' 'x')

expect 2 "a job file that is not there" run "$T/none.yaml"
has "is named" "$err" "none.yaml"
expect 2 "no arguments"
expect 2 "an unknown command" rnu "$job"
printf '%s\n%s\n' "$head" "$good" >"$job"
expect 2 "an unknown flag" run "$job" --dryrun
has "gets a suggestion" "$err" "--dry-run"
expect 2 "a target that the job has not" run "$job" --target nosuch
expect 2 "a flag of another command" run "$job" --check-integrity
expect 2 "two of --to and --as" restore "$job" latest --to /x --as y --yes
printf '%s\n%s\n' "$head" "$good" >"$job"
expect 0 "and the good job runs" run "$job"
