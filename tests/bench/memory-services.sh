#!/usr/bin/env bash
# Peak memory of the pabengine process with large services: a graph of NODES (100000) nodes and twice as many relationships, an
# agent with HISTORY (10000) messages and an archive of PASSAGES (5000), AGENTS (2000) agents of 15 KB, WORKFLOWS (1000) workflows; backup,
# verification, restore. It fails when one of them needs more than 64 MiB. SERVICES says which: of neo4j, letta, agents, n8n.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
nodes=${NODES:-100000} workflows=${WORKFLOWS:-1000} passages=${PASSAGES:-5000}
export LETTA_HISTORY=${HISTORY:-10000}
services=${SERVICES:-neo4j letta n8n agents} over=0 stub=
# the agents come from a stub: a real server takes a second for each
case " $services " in *" agents "*) agents=${AGENTS:-2000} ;; *) agents=0 ;; esac
services=" $services " services=${services/ agents / }
bench_begin
bench_cleanup() { local service; for service in $services; do "$top/tests/services/$service" stop "$bench_dir/$service"; done; [ -z "$stub" ] || kill "$stub"; }
chmod 711 "$bench_dir"
for service in $services; do
    text=$("$top/tests/services/$service" start "$bench_dir/$service") || { echo "SKIP: $service does not start"; exit 77; }
    eval "$text"
    # shellcheck source=/dev/null
    . "$top/tests/services/${service}_data.sh"
done
. "$top/tests/bench/graph.sh"

job() { # SERVICE OPTIONS
    printf 'version: 1\nname: %s\nstore: {path: %s}\ndefaults: {retries: 0}\ntargets:\n  - {name: d, plugin: %s, options: {%s}}\n' "$1" "$bench_dir/store-$1" "$1" "$2" >"$1.yaml"
}
# The process itself, not the commands of the service that it runs.
measure() { # NAME ARGUMENTS...
    local name=$1 pid now last=0 began=$SECONDS
    shift
    "$build/pabengine" "$@" >out 2>&1 </dev/null &
    pid=$!
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        last=$now
        sleep 0.02
    done
    wait "$pid" || { echo "$name failed:" >&2; tail -n 20 out >&2; exit 1; }
    awk -v n="$name" -v k="$last" -v s=$((SECONDS - began)) 'BEGIN { printf "%-28s %6.1f MiB   at most: 64   %4d s\n", n, k / 1024, s }'
    [ "$last" -le 65536 ] || over=1
}
for service in $services; do
    case $service in
        neo4j)
            make_graph "$nodes" || exit 1
            job neo4j "url: '$NEO4J_URL', user: $NEO4J_USER, password: 'file:$NEO4J_PASSWORD_FILE', method: logical" ;;
        letta)
            letta_seed "$passages" || exit 1
            job letta "url: '$LETTA_URL', password: 'file:$LETTA_PASSWORD_FILE', secrets: include" ;;
        n8n)
            n8n_seed "$workflows" || exit 1
            job n8n "url: '$N8N_URL', api_key: 'file:$N8N_API_KEY_FILE', cli: ['$N8N_CLI'], user_folder: '$N8N_USER_FOLDER'" ;;
    esac
    measure "backup of $service" run "$service.yaml"
    measure "verify of $service" verify "$service.yaml" latest --check-integrity
    "$top/tests/services/$service" reset "$bench_dir/$service" >/dev/null || exit 1
    measure "restore of $service" restore "$service.yaml" latest --yes
done
if [ "$agents" -gt 0 ]; then
    . "$top/tests/services/common.sh"
    port=$(free_port) || exit 1
    python3 "$top/tests/bench/letta-agents.py" "$port" "$agents" 15000 &
    stub=$!
    for ((i = 0; i < 100; i++)); do curl -sf -o out "http://127.0.0.1:$port/v1/health/" && break; sleep 0.1; done
    printf 'version: 1\nname: agents\nstore: {path: %s}\ndefaults: {retries: 0}\ntargets:\n  - {name: d, plugin: letta, options: {url: "http://127.0.0.1:%s", secrets: include}}\n' \
        "$bench_dir/store-agents" "$port" >agents.yaml
    measure "backup of $agents agents" run agents.yaml
    measure "... which are there already" restore agents.yaml latest --yes
    curl -sf -o out -X POST "http://127.0.0.1:$port/empty" || exit 1
    measure "restore of $agents agents" restore agents.yaml latest --yes
fi
[ "$over" = 0 ] || { echo "more than 64 MiB" >&2; exit 1; }
