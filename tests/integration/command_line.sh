#!/usr/bin/env bash
# What is the same for every command: values that are empty, how much is told, in which form, and in which colours.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"
need jq
mkdir "$T/data" "$T/here" && echo x >"$T/data/a"
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a], empty: [nothing]}}}]
END

# ---- an empty value is an unset variable of a script, and no folder, name or target
cd "$T/here" || exit 1
empty() { # OPTION COMMAND ARGUMENTS...
    local option=$1
    shift
    expect 2 "$1: an empty value of --$option" "$@"
    has "... is told with its name" "$err" "--$option needs a value"
}
empty output run "$job" --output=
empty output run "$job" -o ""
empty name run "$job" --name ""
empty target run "$job" --target=
for option in to as object include target; do empty "$option" restore "$job" latest --yes "--$option" ""; done
empty retention cleanup "$job" --retention ""
empty reason pin "$job" latest --reason ""
expect 2 "an empty argument" restore "$job" "" --yes
has "... is called so" "$err" "an argument is empty"
expect 2 "nor is it a job" run ""
same "and nothing was made anywhere" "" "$(find "$T/here" "$store" -mindepth 1 2>/dev/null)"
cd "$T" || exit 1

# ---- how much
expect 3 "a run with a warning" run "$job"
has "tells it" "$err" "empty"
PABENGINE_LOG=error expect 3 "PABENGINE_LOG=error" run "$job"
has_not "tells no warnings" "$err" "empty"
PABENGINE_LOG=verbose expect 3 "PABENGINE_LOG=verbose" run "$job"
has "tells more" "$err" "config/s_"
PABENGINE_LOG=verbose expect 3 "but --quiet" run "$job" --quiet
same "wins" "" "$(cat "$out" "$err")"
PABENGINE_LOG=error expect 3 "and --verbose" run "$job" --verbose
has "wins, too" "$err" "config/s_"
PABENGINE_LOG=laut expect 3 "a level that is none" run "$job"
has "is named" "$err" "not 'laut'"
has "and leaves all as it is" "$err" "empty"
PABENGINE_LOG='' expect 3 "an empty one" run "$job"
has_not "is none" "$err" "PABENGINE_LOG"

# ---- in which form
expect 3 "--log-format json" run "$job" --log-format json --verbose
check "each line of the chatter is an object" jq -e -n '[inputs | type == "object" and has("time") and has("level") and has("message")] | length > 1 and all' "$err"
check "the warning is one, with its target" jq -e -s 'any(.level == "warning" and .target == "c")' "$err"
check "stdout is as ever" grep -q '^warning c ' "$out"
expect 2 "another format is none" run "$job" --log-format xml
has "and named" "$err" "'xml'"

# ---- in which colours
if command -v script >/dev/null; then
    colours() { # ENVIRONMENT... -- ARGUMENTS...: how many colours a terminal gets
        local set=()
        while [ "$1" != -- ]; do set+=("$1"); shift; done
        shift
        env -u NO_COLOR ${set[@]+"${set[@]}"} script -qec "$(printf '%q ' "$top_builddir/run" pabengine "$@")" /dev/null </dev/null | grep -c $'\033\\[3[0-9]m'
    }
    check "a terminal gets colours" [ "$(colours -- run "$job")" -gt 0 ]
    check "with an empty NO_COLOR, too" [ "$(colours NO_COLOR= -- run "$job")" -gt 0 ]
    same "with NO_COLOR none" 0 "$(colours NO_COLOR=1 -- run "$job")"
    same "with --no-color none" 0 "$(colours -- run "$job" --no-color)"
    same "with --json none" 0 "$(colours -- run "$job" --json)"
else
    skip "a terminal gets colours" "script is not installed"
fi
expect 3 "a pipe" run "$job"
has_not "gets none" "$out" $'\033'
