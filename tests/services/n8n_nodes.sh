# shellcheck shell=bash
# n8n_nodes.sh - workflows with every type of node that an n8n server has, as it lists them to its own editor.
# Sourced after n8n_data.sh, with N8N_OWNER_EMAIL and N8N_OWNER_PASSWORD_FILE set, too.
#
#     n8n_login FILE              a session of the owner's, as a browser has it: its cookie into FILE
#     n8n_key FILE SCOPES         an API key of that session, with the scopes that the jq filter SCOPES leaves of all
#     n8n_seed_nodes FILE         the newest version of each type with its default parameters, 40 a workflow, in a row; what serves an AI agent
#                                 (models, memories, tools ...) is connected to one by its own kind of connection; and agents whose tools are workflows

n8n_editor() { # FILE METHOD PATH [BODY]
    curl -sS -m 60 --fail-with-body -b "$1" -c "$1" -X "$2" -H 'Content-Type: application/json' ${4+--data-binary @-} "$N8N_URL/$3" <<<"${4:-}"
}
n8n_login() {
    (umask 077 && : >"$1")
    n8n_editor "$1" POST rest/login "$(jq -nc --arg email "$N8N_OWNER_EMAIL" --rawfile password "$N8N_OWNER_PASSWORD_FILE" \
        '{emailOrLdapLoginId: $email, email: $email, password: $password}')" >/dev/null
}
n8n_key() {
    local scopes
    scopes=$(n8n_editor "$1" GET rest/api-keys/scopes | jq -c ".data | $2") || return 1
    n8n_editor "$1" POST rest/api-keys "{\"label\":\"pabengine $RANDOM\",\"scopes\":$scopes,\"expiresAt\":null}" | jq -r '.data.rawApiKey // empty'
}

# One line a workflow.
n8n_node_bodies() { # FILE
    n8n_editor "$1" GET types/nodes.json | jq -c '
        def row($nodes): [range(0; ($nodes | length) - 1) | {key: $nodes[.].name, value: {main: [[{node: $nodes[. + 1].name, type: "main", index: 0}]]}}];
        [group_by(.name)[] | map(. + {newest: ([.version] | flatten | max)}) | max_by(.newest)]
        | to_entries | map(.key as $i | .value | {
            kind: ([.outputs[]? | if type == "object" then .type else . end | strings | select(startswith("ai_"))] | first // null),
            node: {id: "\($i)", name: "\(.displayName) \($i)", type: .name, typeVersion: .newest, position: [200 * ($i % 40), 300 * ($i / 40 | floor)],
                   parameters: (reduce (.properties[]? | select(.default != null)) as $p ({}; if has($p.name) then . else .[$p.name] = $p.default end))}})
        | [range(0; length; 40) as $at | .[$at:$at + 40]] | to_entries[] | .key as $n | .value
        | {name: "Node types \($n)", settings: {executionOrder: "v1"},
           agent: {id: "agent", name: "The agent", type: "@n8n/n8n-nodes-langchain.agent", typeVersion: 2, position: [0, -300],
                   parameters: {text: "={{ $json.chatInput }}", options: {}}},
           main: map(select(.kind == null).node), served: map(select(.kind))}
        | {name, settings, nodes: ([.agent] + .main + [.served[].node]),
           connections: (row([.agent] + .main) + [.served[] | {key: .node.name, value: {(.kind): [[{node: "The agent", type: .kind, index: 0}]]}}] | from_entries)}'
}
# Agents whose tools are workflows, in the forms that versions of n8n have written.
n8n_seed_tools() {
    local called child version value
    called='{"type": "executeWorkflowTrigger", "typeVersion": 1.1, "parameters": {"inputSource": "passthrough"}}'
    child=$(n8n_flow "Tool child" "$called" '{"type": "noOp"}') || return 1
    for version in 1 1.2 2.2; do
        value="{\"__rl\": true, \"mode\": \"list\", \"value\": \"$child\", \"cachedResultUrl\": \"/workflow/$child\", \"cachedResultName\": \"Tool child\"}"
        [ $version != 1 ] || value="\"$child\""
        n8n_new workflows >/dev/null <<END || return 1
{"name": "Agent with a tool $version", "settings": {"executionOrder": "v1"},
 "nodes": [{"id": "c", "name": "Chat", "type": "@n8n/n8n-nodes-langchain.chatTrigger", "typeVersion": 1.1, "position": [0, 0], "parameters": {"options": {}}},
  {"id": "a", "name": "Agent", "type": "@n8n/n8n-nodes-langchain.agent", "typeVersion": 2, "position": [200, 0], "parameters": {"options": {}}},
  {"id": "m", "name": "Model", "type": "@n8n/n8n-nodes-langchain.lmChatOpenAi", "typeVersion": 1.2, "position": [200, 200],
   "parameters": {"model": {"__rl": true, "mode": "list", "value": "gpt-4o-mini"}, "options": {}}},
  {"id": "t", "name": "Call child", "type": "@n8n/n8n-nodes-langchain.toolWorkflow", "typeVersion": $version, "position": [400, 200],
   "parameters": {"name": "child", "description": "asks the child", "workflowId": $value}}],
 "connections": {"Chat": {"main": [[{"node": "Agent", "type": "main", "index": 0}]]}, "Model": {"ai_languageModel": [[{"node": "Agent", "type": "ai_languageModel", "index": 0}]]},
  "Call child": {"ai_tool": [[{"node": "Agent", "type": "ai_tool", "index": 0}]]}}}
END
    done
}
n8n_seed_nodes() {
    local body bodies
    bodies=$(n8n_node_bodies "$1") && [ -n "$bodies" ] || return 1
    while IFS= read -r body; do n8n_new workflows <<<"$body" >/dev/null || return 1; done <<<"$bodies"
    n8n_seed_tools
}
