# shellcheck shell=bash
# services.sh - what ./quickstart --full adds to the stack: Neo4j, Letta and n8n, real servers of its own. Sourced after stack.sh.
# shellcheck disable=SC2154
full_services=(neo4j letta n8n)

full_start() {
    local service text
    for service in "${full_services[@]}"; do
        text=$("$top/tests/services/$service" start "$dir/$service") || return 1
        eval "$text"
        # shellcheck source=/dev/null
        . "$top/tests/services/${service}_data.sh"
    done
    echo "Neo4j at $NEO4J_URL, Letta at $LETTA_URL, n8n at $N8N_URL"
}
full_fill() {
    [ ! -f "$dir/filled-full" ] || return 0
    neo4j_seed 1000 >/dev/null && letta_seed 100 >/dev/null && n8n_seed 60 >/dev/null && touch "$dir/filled-full"
}
full_write_job() {
    cat >>"$stack_job" <<END
  - name: graph
    plugin: neo4j
    options: {url: "$NEO4J_URL", user: $NEO4J_USER, password: "file:$NEO4J_PASSWORD_FILE", method: logical}
  - name: agents
    plugin: letta
    options: {url: "$LETTA_URL", password: "file:$LETTA_PASSWORD_FILE", secrets: include}
  - name: workflows
    plugin: n8n
    options: {url: "$N8N_URL", api_key: "file:$N8N_API_KEY_FILE", cli: ["$N8N_CLI"], user_folder: "$N8N_USER_FOLDER"}
END
}
full_list() {
    printf '  graph    %-18s %s\n' neo4j "$(neo4j_query 'MATCH (n) RETURN count(n)' | jq -r '.[0]._value') nodes, $(neo4j_query 'MATCH ()-[r]->() RETURN count(r)' | jq -r '.[0]._value') relationships"
    printf '  agents   %-18s %s\n' letta "$(letta_pages agents/ | wc -l) agents, $(letta_pages archives/ | wc -l) archives, $(letta_pages folders/ | wc -l) folders"
    printf '  flows    %-18s %s\n' n8n "$(n8n_pages workflows | wc -l) workflows, $(n8n_pages workflows | jq -c 'select(.active)' | wc -l) of them active"
}
full_fingerprint() {
    local service
    for service in "${full_services[@]}"; do
        case $service in
            neo4j) neo4j_show ;;
            letta) letta_show ;;
            # the server gives tags and data tables ids of its own
            n8n) n8n_show --secrets | sed -E 's/^(tag|table)\t([^\t]*)\t[^\t]*/\1\t\2\t-/' ;;
        esac >"$dir/shown" || return 1
        sed "s/^/$service: /" "$dir/shown"
    done
    rm -f "$dir/shown"
}
# As broken disks would: empty servers at the same addresses.
full_destroy() {
    local service failed=0
    for service in "${full_services[@]}"; do
        "$top/tests/services/$service" reset "$dir/$service" >/dev/null &
    done
    for service in "${full_services[@]}"; do wait -n || failed=1; done
    return $failed
}
full_stop() {
    local service
    for service in "${full_services[@]}"; do [ ! -d "$dir/$service" ] || "$top/tests/services/$service" stop "$dir/$service"; done
}
