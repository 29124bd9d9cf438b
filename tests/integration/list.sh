#!/usr/bin/env bash
# list JOB BACKUP PATH: every name whole and told apart from every other, for people and for programs.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"
need jq
mkdir -p "$T/data/deep" "$T/other"
long=$(printf 'a-long-name-%.0s' {1..20})
quoted='a "quoted" \ name' wrong=$'caf\351' lookalike='caf\xe9' control=$'clear\u009b2J'
for name in "$long" "$quoted" "$wrong" "$lookalike" "$control"; do echo x >"$T/data/$name"; done
ln -s "$long/$long/$long" "$T/data/to long"
ln -s "$wrong" "$T/data/to wrong"
echo y >"$T/other/alone"
make_job <<END
targets:
  - {name: first, plugin: files, options: {root: $T/data, sets: {s: ["*"], t: ["to *"]}}}
  - {name: second, plugin: files, options: {root: $T/other, sets: {s: [alone]}}}
END
expect 0 "a run" run "$job"

# ---- for programs
expect 0 "the files of one object" list "$job" latest t --json
same "have their links whole" "$long/$long/$long" "$(jq -r '.entries[] | select(.path == "to long").link' "$out")"
expect 0 "the files of an object that two targets have" list "$job" latest s --json
paths() { jq -r ".entries[] | select($1) | .path" "$out"; }
same "a long name is whole" "$long" "$(paths '.path | startswith("a-long")')"
same "quotes and backslashes are themselves" "$quoted" "$(paths '.path | startswith("a \"")')"
same "a name that is no UTF-8 is escaped, and says so" 'caf\xe9' "$(paths '.escaped and .type == "file"')"
same "one that looks so is itself, and says nothing" 'caf\xe9 null' "$(jq -r '.entries[] | select(.path == "caf\\xe9" and (has("escaped") | not)) | "\(.path) \(.escaped)"' "$out")"
same "a link to it is escaped, too" 'to wrong caf\xe9' "$(jq -r '.entries[] | select(.path == "to wrong" and .escaped) | "\(.path) \(.link)"' "$out")"
same "each says where it lies" "second alone" "$(jq -r '.entries[] | select(.artifact | contains("second")) | "\(.target) \(.path)"' "$out" | tail -n 1)"
same "in an artifact of the backup" "" "$(jq -r '.entries[].artifact' "$out" | sort -u | while read -r a; do [ -f "$store/latest/$a" ] || echo "$a"; done)"

# ---- for people
expect 0 "the same" list "$job" latest s
has "a long name" "$out" " $long"
has "a link to a long one" "$out" "to long -> $long/$long/$long"
has "quotes, and a backslash that escapes nothing" "$out" ' a "quoted" \\ name'
has "a name that is no UTF-8" "$out" ' caf\xe9'
has "and the other" "$out" ' caf\\xe9'
has "no byte of one that a terminal would obey" "$out" ' clear\xc2\x9b2J'
same "each tree has a heading" "first second" "$(sed -n 's/^config\/.* (\(.*\)):$/\1/p' "$out" | tr '\n' ' ' | sed 's/ $//')"
expect 0 "of a single one" list "$job" latest t
check "there is none" sh -c "! grep -q ':\$' '$out'"
expect 2 "an object that is in no target" list "$job" latest nosuch
has "is named" "$err" "'nosuch'"
expect 2 "as a restore does" restore "$job" latest --object nosuch --yes
expect 10 "a backup that is not there is another matter" list "$job" nosuch
