#!/usr/bin/env bash
# Two at once: the second exits with 11 and says who is at work; reading goes on.
. "$(dirname "$0")/lib.sh"

mkdir "$T/data"
head -c 60000000 /dev/urandom >"$T/data/big"
make_job <<END
targets: [{name: c, plugin: files, options: {root: $T/data, sets: {s: [big]}}}]
END
expect 0 "a first backup" run "$job"
first=$(latest)

"$top_builddir/run" pabengine run "$job" >"$T/first" 2>&1 &
pid=$!
at_end kill -KILL $pid
for _ in $(seq 1 200); do [ -n "$(leftovers)" ] && break; sleep 0.02; done
kill -STOP $pid
if [ -n "$(leftovers)" ]; then ok "a run is at work"; else not_ok "a run is at work" "$(cat "$T/first")"; fi
expect 11 "a second run exits with 11" run "$job"
has "names the process" "$err" "$pid"
has "and what it does" "$err" "run"
expect 11 "so does one in JSON" run "$job" --json
check "whose summary says 11" jq -es 'last | .message_type == "summary" and .exit_code == 11 or (.exit_code == 11)' "$out"
expect 0 "a dry run needs no lock" run "$job" --dry-run
expect 0 "a list needs no lock" list "$job"
expect 0 "verify needs no lock" verify "$job" "$(basename "$first")"
expect 0 "restore elsewhere of what is published works meanwhile" restore "$job" "$first" --yes --to "$T/to"
same "the first is undisturbed" 1 "$(leftovers | wc -l)"
kill -CONT $pid
wait $pid
same "and ends well" 0 $?
expect 0 "then the next one runs" run "$job"

# a holder that was killed holds nothing
"$top_builddir/run" pabengine run "$job" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 1 200); do [ -n "$(leftovers)" ] && break; sleep 0.02; done
kill -KILL $pid
wait $pid 2>/dev/null
expect 0 "a run after a killed one is not locked out" run "$job"
same "and nothing is left of it" "" "$(leftovers)"

# Ctrl-C
"$top_builddir/run" pabengine run "$job" >"$T/cancelled" 2>&1 &
pid=$!
for _ in $(seq 1 200); do [ -n "$(leftovers)" ] && break; sleep 0.02; done
n=$(published)
kill -TERM $pid
wait $pid
rc=$?
if [ $rc -eq 130 ]; then ok "SIGTERM ends a run with 130"; else not_ok "SIGTERM ends a run with 130" "$rc: $(cat "$T/cancelled")"; fi
same "with nothing published and nothing left" "$n 0" "$(published) $(leftovers | wc -l)"
