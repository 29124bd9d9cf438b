# shellcheck shell=bash
# letta_data.sh - fills a Letta server with what real ones hold, lists it so that two servers can be compared, and empties it.
# Sourced, with LETTA_URL, LETTA_PASSWORD_FILE, LETTA_LLM_CONFIG, LETTA_EMBEDDING_CONFIG, LETTA_PG_PORT and LETTA_PSQL set (tests/services/letta env); needs curl and jq.
#
#     letta_seed [PASSAGES]    three agents that share a block, 300 messages of history, PASSAGES (1000) in two archives (one of two agents) and three in one
#                              of nobody, a tool, a folder with two files, an identity, a conversation, a secret, settings that no agent file holds,
#                              two MCP servers, a block of nobody
#     letta_show               sorted lines of JSON; no ids, and no dates that the server cannot be told
#     letta_wipe               deletes all but the server's own tools
#     letta_api METHOD PATH [BODY]   one request; BODY "-" is read from stdin

. "$(dirname "${BASH_SOURCE[0]}")/requests.sh"

# The password never stands in an argument, where everybody on this machine could read it.
letta_api() {
    local method=$1 path=$2 body=()
    [ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data-binary "$3")
    [ "${3:-}" != - ] || body=(-H 'Content-Type: application/json' --data-binary @-)
    curl -sS -m 120 --fail-with-body -X "$method" -H @<(printf 'Authorization: Bearer %s\n' "$(<"$LETTA_PASSWORD_FILE")") ${body[@]+"${body[@]}"} "$LETTA_URL/v1/$path"
}
letta_requests() { many_requests "Authorization: Bearer $(<"$LETTA_PASSWORD_FILE")" "$LETTA_URL/v1/"; } # as that takes them
letta_ids() { letta_requests | answered_ids; }
letta_new() { posts "$1" | letta_ids; } # PATH, bodies on stdin: prints the ids
# letta_pages PATH [LIMIT]: every item of a list, one a line
letta_pages() {
    local after='' answer listed limit=${2:-1000} separator='?'
    case $1 in *\?*) separator='&' ;; esac
    while :; do
        answer=$(letta_api GET "$1${separator}limit=$limit&order=asc${after:+&after=$after}") || return 1
        mapfile -t listed < <(jq -c '.[], .[-1].id' <<<"$answer")
        [ ${#listed[@]} -gt 1 ] || return 0
        printf '%s\n' "${listed[@]:0:${#listed[@]}-1}"
        [ ${#listed[@]} -gt "$limit" ] || return 0
        after=${listed[-1]//\"/}
    done
}
# The lists that these requests answer with: {"of", "items"} a line, "of" being the path, and the archive that a search is in
letta_lists() {
    local asked
    asked=$(cat)
    letta_requests <<<"$asked" | jq -nc --slurpfile asked <(printf %s "$asked") '[inputs] as $answers | if ($answers | length) != ($asked | length) then error("requests without answers") else . end
        | $asked | to_entries[] | .value as $of | $answers[.key] | if .status != 200 or (.answer | length) >= 1000 then "\($of.path): status \(.status), or too long\n" | halt_error else . end
        | {of: (($of.path | sub("[?].*"; "")) + ($of.body.archive_id // "")), items: .answer}'
}
# Paths on stdin, each with a question mark, as requests
letta_gets() { sed 's/.*/{"method": "GET", "path": "&\&limit=1000\&order=asc"}/'; }

# ---- seed
letta_seed_first() { # what needs nothing else, as requests
    jq -nc --argjson embedding "$LETTA_EMBEDDING_CONFIG" 'def post($path; $body): {method: "POST", path: $path, body: $body};
        post("blocks/"; {label: "team", value: "We share this: größer 🚀", description: "shared by all", tags: ["shared"], metadata: {owner: "all"}, limit: 4000}),
        post("archives/"; {name: "Archiv eins", description: "of alpha"}, {name: "archive two"}, {name: "of nobody", description: "once somebody'"'"'s"}),
        post("tools/"; {source_code: "def greet(name: str) -> str:\n    \"\"\"Greets somebody.\n\n    Args:\n        name (str): who\n    \"\"\"\n    return \"Grüße, \" + name\n", tags: ["mine"]}),
        post("folders/"; {name: "Handbuch", description: "manuals", embedding_config: $embedding}),
        post("identities/"; {identifier_key: "person-1", name: "Björn", identity_type: "user", properties: [{key: "age", value: 42, type: "number"}]}),
        post("blocks/"; {label: "alone", value: "a block of nobody", tags: ["x", "y"]}),
        post("mcp-servers/"; {server_name: "local", config: {mcp_server_type: "stdio", command: "/nonexistent/mcp", args: ["-x", "größer"], env: {TOKEN: "secret of local"}}},
            {server_name: "web", config: {mcp_server_type: "streamable_http", server_url: "http://mcp.example/mcp", auth_header: "Authorization",
                auth_token: "Bearer secret-of-web", custom_headers: {"X-Key": "secret of header"}}})'
}
letta_seed_agents() { # SHARED-BLOCK: alpha and gamma, as bodies
    jq -nc --arg shared "$1" --argjson llm "$LETTA_LLM_CONFIG" --argjson embedding "$LETTA_EMBEDDING_CONFIG" '["alpha", "first, with archive"], ["gamma", "third"] | .[0] as $name |
        {name: $name, description: .[1], agent_type: "letta_v1_agent", llm_config: $llm, embedding_config: $embedding, timezone: "Europe/Berlin",
         metadata: {team: $name, n: 3}, tags: ["tests", "tag of \($name)"], block_ids: [$shared],
         system: "You are \($name). Zeile zwei\nmit \"Anführung\" \\ 🚀",
         memory_blocks: [{label: "human", value: "Björn, \($name)", limit: 3000, description: "who"}, {label: "persona", value: "I am \($name)\n\nwith two paragraphs", read_only: true}],
         secrets: {API_KEY: "secret of \($name)"}}'
}
# The file of beta, from that of alpha on stdin: with a history of 300 messages (LETTA_HISTORY) before its context, and without the shared block, of which
# an import would make a copy.
letta_seed_beta() {
    jq -c --argjson history "${LETTA_HISTORY:-300}" '
        def at($i): (1735689600 + $i * 61 | todate | sub("Z"; "+00:00"));
        [.blocks[] | select(."label" == "team").id] as $shared
        | walk(if type == "string" then gsub("alpha"; "beta") else . end)
        | .blocks |= map(select(."label" != "team")) | .agents[0].block_ids -= $shared | .agents[0].description = "second, with history"
        | .agents[0].messages += [range(1; $history + 1) | . as $i | {type: "message", id: "message-\($i)", agent_id: "agent-0", created_at: at($i)} + (
            if $i % 5 == 1 then {role: "user", content: [{type: "text", text: "Frage \($i): wie spät ist es? ü🚀"}]}
            elif $i % 5 == 2 then {role: "assistant", model: "stub-chat", content: [{type: "reasoning", reasoning: "Gedanke \($i)", is_native: true, signature: null}, {type: "text", text: "Ich sehe nach"}],
                tool_calls: [{id: "call_\($i)", type: "function", function: {name: "conversation_search", arguments: "{\"query\": \"\($i)\"}"}}]}
            elif $i % 5 == 3 then {role: "tool", name: "conversation_search", tool_call_id: "call_\($i - 1)", model: "stub-chat",
                content: [{type: "text", text: ({status: "OK", message: "nichts \($i)", time: at($i)} | tojson)}],
                tool_returns: [{tool_call_id: "call_\($i - 1)", status: "success", stdout: null, stderr: null, func_response: "nichts \($i)"}]}
            elif $i % 5 == 4 then {role: "assistant", model: "stub-chat", content: [{type: "text", text: "Antwort \($i)\nin zwei Zeilen"}]}
            else {role: "user", content: [{type: "text", text: "Teil eins \($i)"}, {type: "text", text: "Teil zwei"}]} end)]'
}
# The first passage of each archive (three of nobody's), two files in the folder, and who has what, as requests.
letta_seed_rest() { # FILES; the ids are in the variables of letta_seed
    jq -nc --arg files "$1" --arg alpha "$alpha" --arg beta "$beta" --arg gamma "$gamma" --arg shared "$shared" --arg one "$one" --arg two "$two" --arg three "$three" \
        --arg tool "$tool" --arg folder "$folder" --arg identity "$identity" '
        def two: "0\(.)"[-2:];
        def passages($archive; $name; $count): range(1; $count + 1) as $i | {method: "POST", path: "archives/\($archive)/passages", body: {
            text: "\($name): Erinnerung Nummer \($i), größer", tags: ["t\($i % 7)", "all"], metadata: {n: $i, list: [1, 2.5]},
            created_at: "2025-\($i % 12 + 1 | two)-\($i % 28 + 1 | two)T10:\($i % 60 | two):00Z"}};
        def attach($agent; $what): {method: "PATCH", path: "agents/\($agent)/\($what)"};
        ("one", "two" | {method: "POST", path: "folders/\($folder)/upload", form: ["file=@\($files)/\(.).txt;type=text/plain"]}),
        passages($three; "of nobody"; 3), passages($one; "Archiv eins"; 1), passages($two; "archive two"; 1),
        attach($beta; "core-memory/blocks/attach/\($shared)"),
        attach($alpha; "archives/attach/\($one)"), attach($beta; "archives/attach/\($two)"), attach($gamma; "archives/attach/\($two)"),
        attach($alpha; "tools/attach/\($tool)"),
        {method: "PATCH", path: "agents/\($alpha)", body: {tool_rules: [{type: "run_first", tool_name: "greet"}, {type: "exit_loop", tool_name: "greet"}],
            compaction_settings: {model: "stub/stub-chat", sliding_window_percentage: 0.5, prompt: "kurz, aber größer"}}},
        attach($gamma; "folders/attach/\($folder)"), attach($gamma; "identities/attach/\($identity)"),
        {method: "POST", path: "conversations/?agent_id=\($gamma)", body: {}},
        {method: "POST", path: "groups/", body: {agent_ids: [$alpha, $gamma], description: "Runde",
            manager_config: {manager_type: "dynamic", manager_agent_id: $beta, max_turns: 5, termination_token: "fertig"}}}'
}
# The others, as the server itself would have written them: rows like those of the first, since a request for each takes it 20 ms of CPU.
letta_seed_passages() { # ARCHIVE COUNT
    PGPASSWORD=letta "$LETTA_PSQL" -X -q -h 127.0.0.1 -p "$LETTA_PG_PORT" -U letta -d letta -v ON_ERROR_STOP=1 -v archive="$1" -v count="$2" <<'END'
WITH number AS MATERIALIZED (SELECT i, gen_random_uuid() AS id FROM generate_series(2, :count) i),
made AS (
    INSERT INTO archival_passages SELECT made.* FROM archival_passages first, number, jsonb_populate_record(first, jsonb_build_object(
        'id', 'passage-' || number.id, 'text', replace(text, 'Nummer 1,', format('Nummer %s,', i)), 'tags', jsonb_build_array('t' || i % 7, 'all'),
        'metadata_', jsonb_build_object('n', i, 'list', metadata_ -> 'list'), 'created_at', make_timestamptz(2025, i % 12 + 1, i % 28 + 1, 10, i % 60, 0, 'UTC'))) made
    WHERE first.archive_id = :'archive' RETURNING id, tags)
INSERT INTO passage_tags SELECT tagged.* FROM passage_tags first, made, json_array_elements_text(made.tags) each, jsonb_populate_record(first, jsonb_build_object(
    'id', 'passage-tag-' || md5(made.id || each)::uuid, 'tag', each, 'passage_id', made.id)) tagged
WHERE first.archive_id = :'archive' AND first.tag = 'all'
END
}
letta_seed() {
    local count=${1:-1000} files rc
    files=$(mktemp -d) || return 1
    letta_seed_with "$count" "$files"
    rc=$?
    rm -rf "$files"
    return $rc
}
letta_seed_with() { # PASSAGES FILES
    local made shared one two three tool folder identity alpha beta gamma i
    made=$(letta_seed_first | letta_ids) && { read -r shared; read -r one; read -r two; read -r three; read -r tool; read -r folder; read -r identity; } <<<"$made" \
        && made=$(letta_seed_agents "$shared" | letta_new agents/) && { read -r alpha; read -r gamma; } <<<"$made" || return 1
    letta_api GET "agents/$alpha/export" | letta_seed_beta >"$2/beta.af" || return 1
    beta=$(jq -nc --arg file "file=@$2/beta.af" '{method: "POST", path: "agents/import", form: [$file, "append_copy_suffix=false", "secrets={\"API_KEY\": \"secret of beta\"}"]}' \
        | letta_requests | jq -r '.answer.agent_ids?[0] // ("\(.answer)\n" | halt_error)') || return 1
    for i in one two; do printf 'Datei %s\n\nmit größerem Text 🚀\n' "$i" >"$2/$i.txt" || return 1; done
    letta_seed_rest "$2" | letta_ids >"$2/null" && letta_seed_passages "$one" $(($1 * 7 / 10)) && letta_seed_passages "$two" $(($1 * 3 / 10)) || return 1
    for ((i = 0; i < 100; i++)); do
        letta_api GET "folders/$folder/files?limit=10" | jq -e 'length == 2 and all(.[]; .processing_status == "completed" or .processing_status == "error")' >/dev/null && return 0
        sleep 0.3
    done
    echo "the files are not read" >&2
    return 1
}

# ---- show
# Messages: those of the context have exact dates, older ones whole seconds; the system message names the agent's id and the time of its making.
letta_show() {
    local all rc
    all=$(mktemp -d) || return 1
    { letta_show_from "$all" || { echo "the server cannot be listed"; false; }; } | LC_ALL=C sort
    rc=${PIPESTATUS[0]}
    rm -rf "$all"
    return "$rc"
}
letta_show_from() { # FILES
    printf '%s\n' 'agents/?show_hidden_agents=true&include=agent.blocks&include=agent.tools&include=agent.tags&include=agent.secrets&include=agent.sources&include=agent.identities' \
        blocks/?show_hidden_blocks=true groups/? tools/? archives/? mcp-servers/? identities/? folders/? | letta_gets | letta_lists >"$1/first" || return 1
    jq -c '.of as $of | .items[] | def get($path): {method: "GET", path: "\($of)\(.id)/\($path)&limit=1000&order=asc"};
        if $of == "agents/" then get("messages?use_assistant_message=false"), get("archival-memory?ascending=true")
        elif $of == "archives/" then get("agents?"), {method: "POST", path: "passages/search", body: {archive_id: .id, limit: 100}}
        elif $of == "folders/" then get("files?include_content=true") else empty end' "$1/first" | letta_lists >"$1/second" || return 1
    jq -rc -S -n --slurpfile first "$1/first" --slurpfile second "$1/second" '
        ($first + $second | map({key: .of, value: .items}) | from_entries) as $lists
        | $lists["agents/"] as $agents | ($agents | map({key: .id, value: .name}) | from_entries) as $names
        | def passage: {text, metadata, tags: (.tags | sort), created_at};
        ($agents[] | .id as $id | .name as $name
            | ["agent", $name, {description, system, agent_type, metadata, timezone, tags: (.tags | sort), tools: ([.tools[].name] | sort), context: (.message_ids | length),
                blocks: ([.blocks[] | {"label": .label, value, limit, description, read_only, metadata, tags: (.tags | sort)}] | sort_by(."label")), identities: ([.identities[]?.identifier_key] | sort),
                folders: ([.sources[].name] | sort), secrets: ([.secrets[] | {key, value}] | sort), llm_config, embedding_config, tool_rules, compaction_settings, response_format,
                enable_sleeptime: (.enable_sleeptime // false), max_files_open, hidden}],
              ($lists["agents/\($id)/messages"] | to_entries[] | ["message", $name, "0000\(.key + 1)"[-5:], (.value | del(.id, .otid, .step_id, .run_id, .seq_id, .sender_id)
                  | if .message_type == "system_message" then .content = "system" | del(.date) else . end)]),
              ($lists["agents/\($id)/archival-memory"][] | ["passage", $name, passage])),
        ($lists["blocks/"][] | .id as $id | ["block", .label, {value, limit, description, read_only, metadata, tags: (.tags | sort), agents: ([$agents[] | select(any(.blocks[]; .id == $id)).name] | sort)}]),
        ($lists["groups/"][] | ["group", .description, {manager_type, max_turns, termination_token, manager: $names[.manager_agent_id // ""], agents: [.agent_ids[] | $names[.]]}]),
        ($lists["tools/"][] | select(.tool_type | startswith("letta_") | not) | ["tool", .name, {source_code, json_schema, tags, description}]),
        ($lists["archives/"][] | ([$lists["archives/\(.id)/agents"][].name] | sort) as $of
            | ["archive", .name, {description, agents: $of, alone: (if $of == [] then [$lists["passages/search\(.id)"][].passage | passage] | sort_by(.text) else null end)}]),
        ($lists["mcp-servers/"][] | ["mcp_server", .server_name, del(.id, .server_name)]),
        ($lists["identities/"][] | ["identity", .identifier_key, {name, identity_type, properties}]),
        ($lists["folders/"][] | .name as $name | ["folder", $name, {description, instructions}], ($lists["folders/\(.id)/files"][] | ["file", $name, {original_file_name, content, file_type, processing_status}]))'
}

# ---- wipe
letta_wipe() {
    printf '%s\n' groups/?show_hidden_groups=true agents/?show_hidden_agents=true blocks/?show_hidden_blocks=true archives/? folders/? identities/? mcp-servers/? tools/? | letta_gets | letta_lists \
        | jq -c '.of as $of | .items[] | select($of != "tools/" or .tool_type == "custom") | {method: "DELETE", path: "\($of)\(.id)"}' | letta_requests \
        | jq -r 'select((.status < 200 or .status >= 300) and .status != 404) | "status \(.status): \(.answer)\n" | halt_error' # what goes with another is gone
}
