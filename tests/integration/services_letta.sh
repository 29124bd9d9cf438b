#!/usr/bin/env bash
# The Letta server that other tests rely on: starts, holds agents, lists them the same way twice, forgets them, and leaves nothing behind.
# time limit: 900
. "$(dirname "$0")/lib.sh"
need_letta
server="$top_srcdir/tests/services/letta" dir=$T/letta

text=$(HOME=$service_home "$server" start "$dir" 2>"$err") || { not_ok "a second server starts beside the first" "$(cat "$err")"; exit; }
at_end "$server" stop "$dir"
ok "a second server starts beside the first"
eval "$text"
check "env prints what start printed" diff <("$server" env "$dir") - <<<"$text"
same "without the password it is closed" 401 "$(curl -s -o /dev/null -w '%{http_code}' "$LETTA_URL/v1/agents/")"
same "only this machine reaches it" "" "$(for pid in $(grep -lzxF "PABENGINE_TEST_LETTA=$dir" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
    find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'
done | sort >"$T/sockets"; cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" && $2 !~ /^0100007F:/ { print $10 }' | sort | join - "$T/sockets")"
same "the password is for its owner alone" 600 "$(stat -c %a "$LETTA_PASSWORD_FILE")"

check "agents are made" letta_seed 50
letta_show >"$T/first"
letta_show >"$T/second"
check "two listings of the same server are equal" diff "$T/first" "$T/second"
same "with all that was made" "3 agent 3 archive 8 block 2 file 1 folder 1 group 1 identity 2 mcp_server 65 passage 1 tool" \
    "$(cut -d'"' -f2 "$T/first" | grep -v message | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd' ')"
check "the stub answers a message" letta_api POST "agents/$(letta_pages agents/ | jq -r 'select(.name == "gamma").id')/messages" '{"messages": [{"role": "user", "content": "hello"}]}'
check "letta_wipe deletes them" letta_wipe
same "all of them" "" "$(letta_show)"

check "the server stops" "$server" stop "$dir"
same "no process is left" "" "$(grep -lzxF "PABENGINE_TEST_LETTA=$dir" /proc/[0-9]*/environ 2>/dev/null)"
same "no file either" "" "$(ls -d "$dir"* 2>/dev/null)"
