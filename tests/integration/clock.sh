#!/usr/bin/env bash
# A clock that is set back between two runs, two runs in one second, other zones: no name is used twice, the order comes from the manifest.
. "$(dirname "$0")/lib.sh"
mkdir "$T/data" && echo 1 >"$T/data/a"
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [a]}}}]
END
at() { PABENGINE_TEST_NOW=$1 TZ=${2:-UTC} pab run "$job"; }

at 1705838400
same "the name is the local time" "backup-20240121_120000" "$(basename "$(latest)")"
at 1705838400
same "a second run in the same second gets another name" "backup-20240121_120000_2" "$(basename "$(latest)")"
at 1705838400
same "and a third" "backup-20240121_120000_3" "$(basename "$(latest)")"
same "file names carry the time of the run" "s_20240121_120000.tar.gz" "$(basename "$(latest)"/config/*.tar.gz)"
echo 2 >"$T/data/a"
at 1705752000
same "with the clock set back, latest is what was run last" "backup-20240120_120000" "$(basename "$(latest)")"
expect 0 "all four verify" verify "$job" --all --check-integrity
rm -rf "$T/to"
expect 0 "the latest restores" restore "$job" latest --yes --to "$T/to"
same "with the newest content" 2 "$(cat "$T/to/a")"
at 1705838400 America/New_York
same "another zone, another local time" "backup-20240121_070000" "$(basename "$(latest)")"
check "the manifest has the zone" grep -q '"started": "2024-01-21T07:00:00-05:00"' "$(latest)/manifest.json"
expect 0 "list shows five" list "$job" --json
same "five" 5 "$(jq '[.. | objects | select(has("name") and has("status") and has("started"))] | length' "$out")"
at 4102444800
same "the year 2100" "backup-21000101_000000" "$(basename "$(latest)")"
