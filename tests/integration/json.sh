#!/usr/bin/env bash
# --json: one object a line with message_type, or one document; text stays on stderr; exit statuses are the same.
# sanitizers: yes
. "$(dirname "$0")/lib.sh"
need jq
mkdir "$T/data"
printf 'x' >"$T/data/$(printf 'odd "name"\n\377.txt')"
echo 1 >"$T/data/a"
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: ["*"], empty: [nothing]}}}]
END
lines() { # NAME CODE ARGUMENTS...
    local name=$1 code=$2
    shift 2
    expect "$code" "$name: exit status $code" "$@" --json
    check "$name: every line is an object with message_type" jq -e -n 'reduce inputs as $o (0; if ($o | type) == "object" and ($o.message_type | type) == "string" then . + 1 else error("no message_type") end) > 0' "$out"
    check "$name: starts with start" jq -e -s 'first.message_type == "start"' "$out"
    check "$name: ends with a summary that has the exit status" jq -e -s "last | .message_type == \"summary\" and .exit_code == $code" "$out"
}
document() { # NAME ARGUMENTS...
    local name=$1
    shift
    expect 0 "$name: exit status 0" "$@" --json
    check "$name: one document" jq -e -s 'length == 1' "$out"
}
lines "run" 3 run "$job"
check "run: a warning names target and object" jq -e -s 'any(.message_type == "warning" and .target == "c" and .object == "empty")' "$out"
check "run: an artifact has path, size and sha256" jq -e -s 'any(.message_type == "artifact" and (.path | startswith("config/")) and .size > 0 and (.sha256 | length) == 64)' "$out"
check "run: the summary has the path" jq -e -s 'last.path | length > 0' "$out"
check "the manifest is JSON with the keys of the contract" jq -e '.format == "pabengine-backup" and .version == 1 and .kind == "full" and .parent == null and (.id | length) == 36
    and (.targets[0].artifacts[0] | has("path") and has("object") and has("category") and has("kind") and has("media_type") and has("encoding") and has("encryption") and has("size")
    and has("content_size") and has("sha256") and has("content_sha256") and has("counts")) and .totals.artifacts == 1' "$(latest)/manifest.json"
same "in their order" "format version id name job kind parent status started finished host engine store targets totals" "$(jq -r 'keys_unsorted | join(" ")' "$(latest)/manifest.json")"
in_order() { # NAME JQ-PATH OF AN OBJECT KEYS...: it has them in this order, whatever else it has
    local name=$1 path=$2
    shift 2
    same "$name" "$*" "$(jq -r --arg keys "$*" "[$path | keys_unsorted[] | select(IN((\$keys / \" \")[]))] | join(\" \")" "$(latest)/manifest.json")"
}
in_order "so are those of a target" '.targets[0]' name plugin plugin_version status started finished facts warnings error artifacts
in_order "and of an artifact" '.targets[0].artifacts[0]' path object category kind media_type encoding encryption size content_size sha256 content_sha256 counts facts
in_order "and of the engine, the store and the totals" '(.engine, .store, .totals)' version abi compression encryption artifacts size content_size seconds
lines "verify" 0 verify "$job" --check-integrity
newline_in_name=1 lines "restore" 0 restore "$job" latest --yes --to "$T/to"
check "restore: the plan is in it" jq -e -s 'last.plan | length > 0' "$out"
document "list" list "$job"
document "list of a backup" list "$job" "$(basename "$(latest)")"
document "list of an artifact" list "$job" latest s
document "discover" discover "$job"
expect 3 "check: a warning shows in the exit status" check "$job" --json
check "check: one document" jq -e -s 'length == 1' "$out"
lines "run --dry-run" 0 run "$job" --dry-run
check "run --dry-run: the summary has the objects of each target" jq -e -s 'last | .status == "planned" and .targets[0].objects[0].id == "s"' "$out"
document "plugin list" plugin list
document "plugin info" plugin info files
check "plugin info: the options" jq -e '[.. | objects | .key? // empty] | index("root") != null' "$out"
document "--version" --version

# ---- a wrong command line
refused() { # NAME TEXT ARGUMENTS...: lines for a command that has lines
    local name=$1 text=$2
    shift 2
    expect 2 "$name: exit status 2" "$@"
    check "$name: an error line, then the summary" jq -e -s --arg text "$text" 'length == 2 and .[0].message_type == "error" and (.[0].message | contains($text)) and
        .[0].code == "USAGE" and .[1].message_type == "summary" and .[1].exit_code == 2 and .[1].status == "failed"' "$out"
    has "$name: and text on stderr" "$err" "$text"
}
refused "restore without --yes" "needs --yes" restore "$job" latest --json
refused "what excludes each other" "exclude each other" run "$job" --full --incremental --json
refused "an option that is none, before --json" "'--bogus'" run "$job" --bogus --json
refused "an option of another command" "does not take --reason" verify --json "$job" --reason x
refused "an empty value" "--name needs a value" run "$job" --name= --json
refused "too few words" "usage: pabengine restore" restore "$job" --json
refused "a schedule's run" "--retention: expected" schedule run "$job" --retention 0 --json
expect 2 "list with an option that is none" list "$job" --bogus --json
check "is told in one document" jq -e -s 'length == 1 and .[0].exit_code == 2 and (.[0].error.message | contains("bogus"))' "$out"
expect 2 "a command that is none" lsit "$job" --json
check "too" jq -e '.error.message | contains("list")' "$out"
expect 2 "without --json" run "$job" --bogus
same "there is nothing on stdout" "" "$(cat "$out")"

truncate -s -1 "$(latest)"/config/s_*.tar.gz
lines "verify of a damaged backup" 4 verify "$job" --check-integrity

# ---- a target that does not answer
make_job <<END
notify: [{type: mail, to: [a@b.example], sendmail: /nowhere/sendmail}]
targets: [{name: gone, plugin: files, options: {root: $T/nowhere, sets: {s: [a]}}}]
END
pab check "$job" --json
check "check: the detail of a failure is what failed" jq -e '.targets[] | select(.name == "gone") | .status == "failed" and (.detail | contains("nowhere")) and .detail == .error.message' "$out"
check "check: also of the notifications" jq -e '.targets[] | select(.name == "notify") | .detail == .error.message and (.detail | contains("/nowhere/sendmail"))' "$out"

echo 'targets: [}' >"$job"
expect 2 "a broken job" run "$job" --json
check "is told in JSON, too" jq -e -s 'any(.message_type == "error" or .exit_code == 2)' "$out"
