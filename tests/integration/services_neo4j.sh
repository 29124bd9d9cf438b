#!/usr/bin/env bash
# The Neo4j server that other tests rely on: starts, holds a graph, lists it the same way twice, forgets it, and leaves nothing behind.
# time limit: 900
. "$(dirname "$0")/lib.sh"
need_neo4j
server="$top_srcdir/tests/services/neo4j" dir=$T/neo4j
processes() { grep -lzxF "PABENGINE_TEST_NEO4J=$dir" /proc/[0-9]*/environ 2>/dev/null; }

text=$(HOME=$service_home "$server" start "$dir" 2>"$err") || { not_ok "a second server starts beside the first" "$(cat "$err")"; exit; }
at_end "$server" stop "$dir"
ok "a second server starts beside the first"
eval "$text"
check "env prints what start printed" diff <("$server" env "$dir") - <<<"$text"
same "without the password it is closed" 401 "$(curl -s -o /dev/null -w '%{http_code}' -d '{"statement":"RETURN 1"}' -H 'Content-Type: application/json' "$NEO4J_URL/db/neo4j/query/v2")"
same "only this machine reaches it" "" "$(for pid in $(processes | cut -d/ -f3); do
    find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'
done | sort >"$T/sockets"; cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" && $2 !~ /0100007F:/ { print $10 }' | sort | join - "$T/sockets")"
same "the password is for its owner alone" 600 "$(stat -c %a "$NEO4J_PASSWORD_FILE")"

check "a graph is made" neo4j_seed 500
neo4j_show >"$T/first"
neo4j_show >"$T/second"
check "two listings of the same server are equal" diff "$T/first" "$T/second"
same "with all that was made" "3 constraint 11 index 521 node 1267 relationship" "$(cut -d'"' -f2 "$T/first" | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd' ')"
check "the stop command stops it" "$NEO4J_STOP"
same "nobody answers then" 000 "$(curl -s -o /dev/null -w '%{http_code}' "$NEO4J_URL")"
if neo4j_show >"$T/dead" 2>&1; then not_ok "a server that does not answer is not listed as an empty one"; else ok "a server that does not answer is not listed as an empty one"; fi
check "the admin tool reads its store" "$NEO4J_ADMIN" database info neo4j
check "the start command starts it again" "$NEO4J_START"
check "with its graph" diff "$T/first" <(neo4j_show)
check "something more is written" neo4j_query "CREATE (:Late {key: 1})"
check "it is killed, as by a power cut" "$server" kill "$dir"
same "at once" "" "$(processes)"
check "it starts again" "$server" start "$dir"
check "with its graph and that write" diff <({ cat "$T/first"; echo '["node",{"$type":"List","_value":[{"$type":"String","_value":"Late"}]},{"$type":"Map","_value":{"key":{"$type":"Integer","_value":"1"}}}]'; } | LC_ALL=C sort) <(neo4j_show)
check "neo4j_wipe empties it" neo4j_wipe
same "all of it" "" "$(neo4j_show || echo "no answer")"
url=$NEO4J_URL
check "reset makes an empty server" "$server" reset "$dir"
same "at the same address" "$url" "$("$server" env "$dir" | sed -n "s/^NEO4J_URL='\(.*\)'/\1/p")"
check "that takes the same password" neo4j_query "RETURN 1"

check "the server stops" "$server" stop "$dir"
same "no process is left" "" "$(processes)"
same "no file either" "" "$(ls -d "$dir"* 2>/dev/null)"

text=$(HOME=$service_home NEO4J_AUTH=off "$server" start "$T/open" 2>"$err") || { not_ok "a server without authentication starts" "$(cat "$err")"; exit; }
at_end "$server" stop "$T/open"
eval "$text"
same "a server without authentication takes everybody" "" "$NEO4J_PASSWORD_FILE"
check "and answers" neo4j_query "RETURN 1"

# ---- the plugin needs no password there
make_job <<<"targets: [{name: graph, plugin: neo4j, options: {url: '$NEO4J_URL', method: logical}}]"
neo4j_seed 100 || not_ok "it is filled"
neo4j_show >"$T/before"
expect 0 "a graph of it is backed up without a password" run "$job"
neo4j_wipe
expect 0 "and restored" restore "$job" latest --yes
neo4j_show >"$T/after"
check "the same as before" diff "$T/before" "$T/after"
