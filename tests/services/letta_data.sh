# shellcheck shell=bash
# letta_data.sh - fills a Letta server with what real ones hold, lists it so that two servers can be compared, and empties it.
# Sourced, with LETTA_URL, LETTA_PASSWORD_FILE, LETTA_LLM_CONFIG and LETTA_EMBEDDING_CONFIG set (tests/services/letta env); needs curl and jq.
#
#     letta_seed [PASSAGES]    three agents that share a block, 300 messages of history, PASSAGES (1000) in two archives (one of two agents) and three in one
#                              of nobody, a tool, a folder with two files, an identity, a conversation, a secret, settings that no agent file holds,
#                              two MCP servers, a block of nobody
#     letta_show               sorted lines of JSON; no ids, and no dates that the server cannot be told
#     letta_wipe               deletes all but the server's own tools
#     letta_api METHOD PATH [BODY]   one request; BODY "-" is read from stdin

# The password never stands in an argument, where everybody on this machine could read it.
letta_curl() { curl -sS -m 120 --fail-with-body -H @<(printf 'Authorization: Bearer %s\n' "$(cat "$LETTA_PASSWORD_FILE")") "$@"; }
letta_api() {
    local method=$1 path=$2 body=()
    [ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data-binary "$3")
    [ "${3:-}" != - ] || body=(-H 'Content-Type: application/json' --data-binary @-)
    letta_curl -X "$method" ${body[@]+"${body[@]}"} "$LETTA_URL/v1/$path"
}
letta_new() { # PATH, body on stdin: prints the id
    local answer
    answer=$(letta_api POST "$1" -) || { echo "POST $1: $answer" >&2; return 1; }
    jq -r .id <<<"$answer"
}
# letta_pages PATH [LIMIT]: every item of a list, one a line
letta_pages() {
    local after='' answer limit=${2:-100} separator='?'
    case $1 in *\?*) separator='&' ;; esac
    while :; do
        answer=$(letta_api GET "$1${separator}limit=$limit&order=asc${after:+&after=$after}") || return 1
        [ "$(jq length <<<"$answer")" -gt 0 ] || return 0
        jq -c '.[]' <<<"$answer"
        [ "$(jq length <<<"$answer")" -ge "$limit" ] || return 0
        after=$(jq -r '.[-1].id' <<<"$answer")
    done
}

# ---- seed
letta_seed_agent() { # NAME DESCRIPTION SHARED-BLOCK: prints the id
    jq -nc --arg name "$1" --arg description "$2" --arg shared "$3" --argjson llm "$LETTA_LLM_CONFIG" --argjson embedding "$LETTA_EMBEDDING_CONFIG" '
        {name: $name, description: $description, agent_type: "letta_v1_agent", llm_config: $llm, embedding_config: $embedding, timezone: "Europe/Berlin",
         metadata: {team: $name, n: 3}, tags: ["tests", "tag of \($name)"], block_ids: [$shared],
         system: "You are \($name). Zeile zwei\nmit \"Anführung\" \\ 🚀",
         memory_blocks: [{label: "human", value: "Björn, \($name)", limit: 3000, description: "who"}, {label: "persona", value: "I am \($name)\n\nwith two paragraphs", read_only: true}],
         secrets: {API_KEY: "secret of \($name)"}}' | letta_new agents/
}
# An agent with a history of 300 messages (LETTA_HISTORY) before its context: its own file, the messages put in, imported.
letta_seed_history() { # ID
    local file answer
    file=$(mktemp) || return 1
    letta_api GET "agents/$1/export" | jq -c --argjson history "${LETTA_HISTORY:-300}" '
        def at($i): (1735689600 + $i * 61 | todate | sub("Z"; "+00:00"));
        .agents[0].messages += [range(1; $history + 1) | . as $i | {type: "message", id: "message-\($i)", agent_id: "agent-0", created_at: at($i)} + (
            if $i % 5 == 1 then {role: "user", content: [{type: "text", text: "Frage \($i): wie spät ist es? ü🚀"}]}
            elif $i % 5 == 2 then {role: "assistant", model: "stub-chat", content: [{type: "reasoning", reasoning: "Gedanke \($i)", is_native: true, signature: null}, {type: "text", text: "Ich sehe nach"}],
                tool_calls: [{id: "call_\($i)", type: "function", function: {name: "conversation_search", arguments: "{\"query\": \"\($i)\"}"}}]}
            elif $i % 5 == 3 then {role: "tool", name: "conversation_search", tool_call_id: "call_\($i - 1)", model: "stub-chat",
                content: [{type: "text", text: ({status: "OK", message: "nichts \($i)", time: at($i)} | tojson)}],
                tool_returns: [{tool_call_id: "call_\($i - 1)", status: "success", stdout: null, stderr: null, func_response: "nichts \($i)"}]}
            elif $i % 5 == 4 then {role: "assistant", model: "stub-chat", content: [{type: "text", text: "Antwort \($i)\nin zwei Zeilen"}]}
            else {role: "user", content: [{type: "text", text: "Teil eins \($i)"}, {type: "text", text: "Teil zwei"}]} end)]' >"$file"
    answer=$(letta_curl -F "file=@$file;filename=agent.af" -F append_copy_suffix=false -F 'secrets={"API_KEY": "secret of beta"}' "$LETTA_URL/v1/agents/import") || { echo "$answer" >&2; return 1; }
    rm -f "$file"
    jq -r '.agent_ids[0]' <<<"$answer"
}
# COUNT passages into an archive, by one curl.
letta_seed_passages() { # ARCHIVE NAME COUNT
    jq -nr --arg url "$LETTA_URL/v1/archives/$1/passages" --rawfile password "$LETTA_PASSWORD_FILE" --arg name "$2" --argjson count "$3" '
        def two: "0\(.)"[-2:];
        range(1; $count + 1) as $i
        | ({text: "\($name): Erinnerung Nummer \($i), größer", tags: ["t\($i % 7)", "all"], metadata: {n: $i, list: [1, 2.5]},
            created_at: "2025-\($i % 12 + 1 | two)-\($i % 28 + 1 | two)T10:\($i % 60 | two):00Z"} | tojson | tojson) as $body
        | (if $i > 1 then "next\n" else "" end) + "url = \($url)\nheader = \"Content-Type: application/json\"\nheader = \"Authorization: Bearer \($password)\"\noutput = /dev/null\nfail\nsilent\nshow-error\ndata = \($body)"' \
        | curl --fail-early -K -
}
letta_seed() {
    local count=${1:-1000} shared alpha beta gamma one two three folder identity tool i
    shared=$(letta_new blocks/ <<<'{"label": "team", "value": "We share this: größer 🚀", "description": "shared by all", "tags": ["shared"], "metadata": {"owner": "all"}, "limit": 4000}') || return 1
    letta_new blocks/ <<<'{"label": "alone", "value": "a block of nobody", "tags": ["x", "y"]}' >/dev/null || return 1
    alpha=$(letta_seed_agent alpha "first, with archive" "$shared") && beta=$(letta_seed_agent beta "second, with history" "$shared") && gamma=$(letta_seed_agent gamma "third" "$shared") || return 1
    i=$(letta_seed_history "$beta") && letta_api DELETE "agents/$beta" >/dev/null || return 1
    for beta in $(letta_pages 'blocks/?label=human' | jq -r 'select(.value == "Björn, beta").id') $(letta_pages 'blocks/?label=persona' | jq -r 'select(.value | startswith("I am beta")).id'); do
        [ "$(letta_api GET "blocks/$beta/agents" | jq length)" -gt 0 ] || letta_api DELETE "blocks/$beta" >/dev/null || return 1
    done
    beta=$i
    # an import copies the shared block: the shared one takes the place of the copy
    i=$(letta_api GET "agents/$beta/core-memory/blocks" | jq -r '.[] | select(.label == "team").id') && letta_api PATCH "agents/$beta/core-memory/blocks/detach/$i" >/dev/null \
        && letta_api PATCH "agents/$beta/core-memory/blocks/attach/$shared" >/dev/null && letta_api DELETE "blocks/$i" >/dev/null || return 1
    one=$(letta_new archives/ <<<'{"name": "Archiv eins", "description": "of alpha"}') && two=$(letta_new archives/ <<<'{"name": "archive two"}') \
        && three=$(letta_new archives/ <<<'{"name": "of nobody", "description": "once somebody'"'"'s"}') && letta_seed_passages "$three" "of nobody" 3 || return 1
    letta_seed_passages "$one" "Archiv eins" $((count * 7 / 10)) && letta_seed_passages "$two" "archive two" $((count * 3 / 10)) || return 1
    letta_api PATCH "agents/$alpha/archives/attach/$one" >/dev/null && letta_api PATCH "agents/$beta/archives/attach/$two" >/dev/null && letta_api PATCH "agents/$gamma/archives/attach/$two" >/dev/null || return 1
    tool=$(letta_new tools/ <<<'{"source_code": "def greet(name: str) -> str:\n    \"\"\"Greets somebody.\n\n    Args:\n        name (str): who\n    \"\"\"\n    return \"Grüße, \" + name\n", "tags": ["mine"]}') || return 1
    letta_api PATCH "agents/$alpha/tools/attach/$tool" >/dev/null || return 1
    letta_api PATCH "agents/$alpha" '{"tool_rules": [{"type": "run_first", "tool_name": "greet"}, {"type": "exit_loop", "tool_name": "greet"}],
        "compaction_settings": {"model": "stub/stub-chat", "sliding_window_percentage": 0.5, "prompt": "kurz, aber größer"}}' >/dev/null || return 1
    letta_new mcp-servers/ <<<'{"server_name": "local", "config": {"mcp_server_type": "stdio", "command": "/nonexistent/mcp", "args": ["-x", "größer"], "env": {"TOKEN": "secret of local"}}}' >/dev/null \
        && letta_new mcp-servers/ <<<'{"server_name": "web", "config": {"mcp_server_type": "streamable_http", "server_url": "http://mcp.example/mcp", "auth_header": "Authorization",
            "auth_token": "Bearer secret-of-web", "custom_headers": {"X-Key": "secret of header"}}}' >/dev/null || return 1
    folder=$(jq -nc --argjson embedding "$LETTA_EMBEDDING_CONFIG" '{name: "Handbuch", description: "manuals", embedding_config: $embedding}' | letta_new folders/) || return 1
    for i in one two; do
        printf 'Datei %s\n\nmit größerem Text 🚀\n' "$i" | letta_curl -F "file=@-;filename=$i.txt;type=text/plain" "$LETTA_URL/v1/folders/$folder/upload" >/dev/null || return 1
    done
    letta_api PATCH "agents/$gamma/folders/attach/$folder" >/dev/null || return 1
    identity=$(letta_new identities/ <<<'{"identifier_key": "person-1", "name": "Björn", "identity_type": "user", "properties": [{"key": "age", "value": 42, "type": "number"}]}') || return 1
    letta_api PATCH "agents/$gamma/identities/attach/$identity" >/dev/null && letta_api POST "conversations/?agent_id=$gamma" '{}' >/dev/null || return 1
    jq -nc --arg one "$alpha" --arg two "$gamma" --arg manager "$beta" '{agent_ids: [$one, $two], description: "Runde", manager_config: {manager_type: "dynamic", manager_agent_id: $manager, max_turns: 5, termination_token: "fertig"}}' \
        | letta_new groups/ >/dev/null || return 1
    for ((i = 0; i < 100; i++)); do
        letta_api GET "folders/$folder/files?limit=10" | jq -e 'length == 2 and all(.[]; .processing_status == "completed" or .processing_status == "error")' >/dev/null && return 0
        sleep 0.3
    done
    echo "the files are not read" >&2
    return 1
}

# ---- show
# Messages: those of the context have exact dates, older ones whole seconds; the system message names the agent's id and the time of its making.
letta_show_agent() { # AGENT-JSON
    local id name
    id=$(jq -r .id <<<"$1") name=$(jq -r .name <<<"$1")
    jq -cS '["agent", .name, {description, system, agent_type, metadata, timezone, tags: (.tags | sort), tools: ([.tools[].name] | sort), context: (.message_ids | length),
        blocks: ([.blocks[] | {"label": .label, value, limit, description, read_only, metadata, tags: (.tags | sort)}] | sort_by(."label")), identities: ([.identities[]?.identifier_key] | sort),
        folders: ([.sources[].name] | sort), secrets: ([.secrets[] | {key, value}] | sort), llm_config, embedding_config, tool_rules, compaction_settings, response_format,
        enable_sleeptime: (.enable_sleeptime // false), max_files_open, hidden}]' <<<"$1"
    letta_pages "agents/$id/messages?use_assistant_message=false" | jq -cS --arg name "$name" 'del(.id, .otid, .step_id, .run_id, .seq_id, .sender_id) | if .message_type == "system_message" then .content = "system" | del(.date) else . end' \
        | awk -v name="$name" '{ printf "[\"message\",\"%s\",%05d,%s]\n", name, NR, $0 }'
    letta_pages "agents/$id/archival-memory?ascending=true" 50 | jq -cS --arg name "$name" '["passage", $name, {text, metadata, tags: (.tags | sort), created_at}]'
}
letta_show() {
    local agent agents archive block folder group
    {
        letta_pages 'agents/?show_hidden_agents=true&include=agent.blocks&include=agent.tools&include=agent.tags&include=agent.secrets&include=agent.sources&include=agent.identities' 10 \
            | while IFS= read -r agent; do letta_show_agent "$agent"; done
        letta_pages 'blocks/?show_hidden_blocks=true' | while IFS= read -r block; do
            jq -cS --argjson agents "$(letta_api GET "blocks/$(jq -r .id <<<"$block")/agents" | jq -c '[.[].name] | sort')" '["block", .label, {value, limit, description, read_only, metadata, tags: (.tags | sort), agents: $agents}]' <<<"$block"
        done
        letta_pages groups/ | while IFS= read -r group; do
            jq -cS --argjson names "$(letta_pages agents/ | jq -sc 'map({(.id): .name}) | add')" '["group", .description, {manager_type, max_turns, termination_token, manager: $names[.manager_agent_id // ""], agents: [.agent_ids[] | $names[.]]}]' <<<"$group"
        done
        letta_pages tools/ | jq -cS 'select(.tool_type | startswith("letta_") | not) | ["tool", .name, {source_code, json_schema, tags, description}]'
        letta_pages archives/ | while IFS= read -r archive; do
            agents=$(letta_api GET "archives/$(jq -r .id <<<"$archive")/agents" | jq -c '[.[].name] | sort')
            jq -c '{archive_id: .id, limit: 100}' <<<"$archive" | letta_api POST passages/search - \
                | jq -cS --argjson archive "$archive" --argjson agents "$agents" '["archive", $archive.name, {description: $archive.description, agents: $agents,
                    alone: (if $agents == [] then [.[].passage | {text, metadata, tags: (.tags | sort), created_at}] | sort_by(.text) else null end)}]'
        done
        letta_pages mcp-servers/ | jq -cS '["mcp_server", .server_name, del(.id, .server_name)]'
        letta_pages identities/ | jq -cS '["identity", .identifier_key, {name, identity_type, properties}]'
        letta_pages folders/ | while IFS= read -r folder; do
            jq -cS '["folder", .name, {description, instructions}]' <<<"$folder"
            letta_pages "folders/$(jq -r .id <<<"$folder")/files?include_content=true" 10 | jq -cS --arg name "$(jq -r .name <<<"$folder")" '["file", $name, {original_file_name, content, file_type, processing_status}]'
        done
    } | LC_ALL=C sort
}

letta_wipe() {
    local kind id
    for kind in groups agents blocks archives folders identities mcp-servers; do
        letta_pages "$kind/?show_hidden_agents=true&show_hidden_blocks=true&show_hidden_groups=true" 50 | jq -r .id | while IFS= read -r id; do letta_api DELETE "$kind/$id" >/dev/null || exit 1; done || return 1
    done
    letta_pages tools/ | jq -r 'select(.tool_type == "custom").id' | while IFS= read -r id; do letta_api DELETE "tools/$id" >/dev/null || exit 1; done
}
