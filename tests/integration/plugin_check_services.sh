#!/usr/bin/env bash
# pabengine plugin check over the neo4j, letta and n8n plugins and real servers; and one run over all of them.
# time limit: 400
. "$(dirname "$0")/lib.sh"
need_neo4j
need_letta
need_n8n
check_plugin() { # NAME KEY=VALUE...
    local name=$1 options=() one
    shift
    for one in "$@"; do options+=(--option "$one"); done
    expect 0 "the $name plugin passes plugin check" plugin check "$top_builddir/.libs/$name.so" "${options[@]}"
    has "$name: also when the host fails" "$out" "ok passes on a failure of the host's call 12"
    has "$name: and when it is cancelled" "$out" "ok stops when cancelled"
}
at_end neo4j_wipe
at_end letta_wipe
at_end n8n_wipe
neo4j_seed 50 && letta_seed 5 && n8n_seed 20 || { not_ok "the servers are filled"; exit; }
check_plugin neo4j "url=$NEO4J_URL" "user=$NEO4J_USER" "password=file:$NEO4J_PASSWORD_FILE"
check_plugin letta "url=$LETTA_URL" "password=file:$LETTA_PASSWORD_FILE" secrets=include
check_plugin n8n "url=$N8N_URL" "api_key=file:$N8N_API_KEY_FILE" "cli=[$N8N_CLI]" "user_folder=$N8N_USER_FOLDER"

# ---- one restore point: databases, then services, whatever the order of the job; every artifact has its time inside that of its target
make_job <<END
targets:
  - {name: flows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$N8N_API_KEY_FILE', credentials: metadata}}
  - {name: agents, plugin: letta, options: {url: '$LETTA_URL', password: 'file:$LETTA_PASSWORD_FILE', secrets: include}}
  - {name: graph, plugin: neo4j, options: {url: '$NEO4J_URL', user: $NEO4J_USER, password: 'file:$NEO4J_PASSWORD_FILE', method: logical}}
END
expect 0 "one run over the three" run "$job"
same "takes the graph before the services" "graph flows agents" "$(jq -r '[.targets | sort_by(.started)[].name] | join(" ")' "$(latest)/manifest.json")"
same "and notes when each artifact began and ended" true "$(jq '.started as $b | .finished as $e | [.targets[] | .started as $s | .finished as $f | $b <= $s, $f <= $e,
    (.artifacts | length > 0), (.artifacts[] | $s <= .started, .started <= .finished, .finished <= $f)] | all' "$(latest)/manifest.json")"
