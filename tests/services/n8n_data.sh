# shellcheck shell=bash
# n8n_data.sh - fills an n8n server with what real ones hold, lists it so that two servers can be compared, and empties it.
# Sourced, with N8N_URL, N8N_API_KEY_FILE and N8N_CLI set (tests/services/n8n env); needs curl and jq.
#
#     n8n_seed [COUNT]            COUNT (200) generated workflows and seven that refer to each other, 5 credentials, 8 tags, a data table
#     n8n_show [--no-ids] [--secrets]   one line each: kind, name, id, what it holds; sorted. References are shown by name.
#     n8n_wipe                    deletes all of it
#     n8n_api METHOD PATH [BODY]  one request of the public API; BODY "-" is read from stdin
#
# Active ones answer GET $N8N_URL/webhook/pab-hook-N with {"flow": N}: N = 20, 40, ... (n8n_hooks [COUNT] names them, n8n_hooks_answer [COUNT] waits for them).

. "$(dirname "${BASH_SOURCE[0]}")/requests.sh"

# The key never stands in an argument, where everybody on this machine could read it.
n8n_api() {
    local method=$1 path=$2 body=()
    [ $# -lt 3 ] || body=(--data-binary "$3")
    [ "${3:-}" != - ] || body=(--data-binary @-)
    curl -sS -m 60 --fail-with-body -X "$method" -H @<(printf 'X-N8N-API-KEY: %s\n' "$(<"$N8N_API_KEY_FILE")") \
        -H 'Content-Type: application/json' ${body[@]+"${body[@]}"} "$N8N_URL/api/v1/$path"
}
n8n_requests() { many_requests "X-N8N-API-KEY: $(<"$N8N_API_KEY_FILE")" "$N8N_URL/api/v1/"; } # as that takes them
n8n_ids() { n8n_requests | answered_ids; }
# n8n_pages PATH: every item of a paged list, one a line
n8n_pages() {
    local cursor='' answer
    while :; do
        answer=$(n8n_api GET "$1?limit=100${cursor:+&cursor=$cursor}") || return 1
        jq -c '.data[]' <<<"$answer"
        cursor=$(jq -r '.nextCursor // empty | @uri' <<<"$answer")
        [ -n "$cursor" ] || return 0
    done
}
# Whether the server has a list at all (1.x has no list of credentials and no data tables).
n8n_has() { n8n_api GET "$1?limit=1" >/dev/null 2>&1; }
n8n_new() { posts "$1" | n8n_ids; } # PATH, bodies on stdin: prints the ids
n8n_hooks() { seq 20 20 "${1:-200}"; }
# Waits until each of them answers with its number: a server registers the webhooks of an activated workflow after it has said yes.
n8n_hooks_answer() { # [COUNT]
    local hook try
    for hook in $(n8n_hooks "${1:-200}"); do
        for ((try = 0; ; try++)); do
            [ "$(curl -s -m 20 "$N8N_URL/webhook/pab-hook-$hook" | jq -r '.flow? // empty' 2>/dev/null)" != "$hook" ] || break
            [ "$try" -lt 100 ] || { echo "webhook pab-hook-$hook does not answer" >&2; return 1; }
            sleep 0.1
        done
    done
}

# ---- seed
n8n_credential_bodies() {
    cat <<'END'
{"name": "Basic auth of the shop", "type": "httpBasicAuth", "data": {"user": "björn", "password": "p\"ä$$ \\ wörd 🔑"}}
{"name": "Header token", "type": "httpHeaderAuth", "data": {"name": "X-Token", "value": "tok-31415926"}}
{"name": "Query key", "type": "httpQueryAuth", "data": {"name": "key", "value": "a b&c=d%20"}}
{"name": "Warehouse (PostgreSQL)", "type": "postgres", "data": {"host": "db.internal", "port": 5433, "database": "shop", "user": "reader", "password": "s3cret\nsecond line", "maxConnections": 10, "allowUnauthorizedCerts": false, "ssl": "disable", "sshTunnel": false}}
{"name": "Боt telegram", "type": "telegramApi", "data": {"accessToken": "123456:AAF-secret", "baseUrl": "https://api.telegram.org"}}
END
}

# $credentials: [{id, name, type}]. Workflow i of 1..$count; what varies, varies with i alone.
n8n_workflow_bodies() {
    jq -nc --argjson count "$1" --argjson credentials "$2" '
    def pad($n): "000\($n)"[-3:];
    def node($i; $j; $name; $type; $version; $parameters):
        {id: "0000\($i)-\($j)", name: $name, type: "n8n-nodes-base.\($type)", typeVersion: $version, position: [200 * $j, 100 * ($i % 7)], parameters: $parameters};
    def uses($k): $credentials[$k % ($credentials | length)] | {credentials: {(.type): {id, name}}};
    def request($i; $j): node($i; $j; "Ask \($j)"; "httpRequest"; 4.2;
            {url: "=https://example.invalid/{{ $json.id }}?i=\($i)", authentication: "genericCredentialType", genericAuthType: $credentials[$i % 3].type, options: {timeout: 1000}})
        + uses($i % 3);
    def chain: [.[].name] as $n | [range(0; length - 1) | {key: $n[.], value: {main: [[{node: $n[. + 1], type: "main", index: 0}]]}}] | from_entries;
    def title($i):
        ["Nightly report", "Überweisungen prüfen", "请求 转发", "Заказы → склад", "émoji 🚀👩‍💻 flow", "\"quoted\" \\ back/slash", "  spaces around  ", "مرحبا بالعالم", "e\u0301 combining", "<b>html</b> & co"][$i % 10]
        + (if $i % 50 == 7 then "" else " \(pad($i))" end);
    range(1; $count + 1) as $i
    | (if $i % 20 == 0 then
           [node($i; 1; "Hook"; "webhook"; 2; {path: "pab-hook-\($i)", httpMethod: "GET", responseMode: "lastNode", options: {}}) + {webhookId: "9b2f0c1e-0000-4000-8000-\("000000000000\($i)"[-12:])"},
            node($i; 2; "Answer"; "set"; 3.4; {assignments: {assignments: [{id: "a\($i)", name: "flow", value: $i, type: "number"}]}, options: {}})]
       else
           [(if $i % 3 == 0 then node($i; 1; "Every hour"; "scheduleTrigger"; 1.2; {rule: {interval: [{field: "hours", hoursInterval: ($i % 12 + 1)}]}})
             else node($i; 1; "By hand"; "manualTrigger"; 1; {}) end),
            node($i; 2; "Edit fields"; "set"; 3.4; {assignments: {assignments: [range(0; $i % 5 + 1) | {id: "a\($i)-\(.)", name: "feld_\(.)", value: "={{ $json[\"ü\(.)\"] }}", type: "string"}]}, options: {}}),
            (range(3; 3 + $i % 4) | request($i; .)),
            (if $i % 2 == 0 then node($i; 8; "Rows"; "postgres"; 2.5; {operation: "executeQuery", query: "SELECT * FROM t\nWHERE id > \($i) -- \"é\"", options: {}}) + uses(3) else empty end),
            (if $i % 5 == 0 then node($i; 9; "Code"; "code"; 2; {jsCode: "// \(title($i))\nreturn items.map((x) => ({ json: { ...x.json, i: \($i), t: `a\\n${x}` } }));\n"}) else empty end),
            (if $i % 7 == 0 then node($i; 10; "Tell"; "telegram"; 1.2; {chatId: "-100\($i)", text: "fertig ✓", additionalFields: {}}) + uses(4) + {disabled: true, notes: "off for now", notesInFlow: true} else empty end),
            (if $i % 11 == 0 then node($i; 11; "Note"; "stickyNote"; 1; {content: "## Wörter\n\("lorem ipsum " * ($i % 40))", height: 200, width: 300}) else empty end)]
       end) as $nodes
    | {name: title($i), nodes: $nodes, connections: ($nodes | map(select(.type | endswith("stickyNote") | not)) | chain),
       settings: ({executionOrder: "v1"}
           + (if $i % 4 == 1 then {timezone: "Europe/Berlin", saveManualExecutions: true} else {} end)
           + (if $i % 6 == 2 then {executionTimeout: ($i * 10), saveDataErrorExecution: "all", saveDataSuccessExecution: "none"} else {} end))}
      + (if $i % 8 == 3 then {pinData: {"Edit fields": [{json: {id: $i, text: "angeheftet 📌", nested: {a: [1, 2.5, null, true]}}}]}} else {} end)
      + (if $i % 9 == 4 then {staticData: {lastId: $i, "node:Every hour": {recurrenceRules: [], seen: ["a", "ä"]}}} else {} end)'
}

# n8n_flow NAME NODE-JSON... : a workflow whose nodes stand in a row; prints its id. SETTINGS is merged in.
n8n_flow() {
    local name=$1
    shift
    printf '%s\n' "$@" | jq -sc --arg name "$name" --argjson settings "${SETTINGS:-{\}}" '
        (to_entries | map(.key as $j | .value | {id: "\($name)-\($j)", name: .type, position: [200 * $j, 0], parameters: {}, typeVersion: 1} + . + {type: "n8n-nodes-base.\(.type)"})) as $nodes
        | {name: $name, nodes: $nodes, settings: ({executionOrder: "v1"} + $settings),
           connections: ([range(0; ($nodes | length) - 1) | {key: $nodes[.].name, value: {main: [[{node: $nodes[. + 1].name, type: "main", index: 0}]]}}] | from_entries)}' \
        | n8n_new workflows
}
n8n_calls() { printf '{"type": "executeWorkflow", "typeVersion": 1.2, "parameters": {"workflowId": {"__rl": true, "mode": "id", "value": "%s"}, "options": {}}}' "$1"; }

# Workflows that name others by id: a caller, a caller in the old form with an error handler, and two that call each other.
n8n_seed_references() {
    local child old handler ping pong start='{"type": "manualTrigger"}' called='{"type": "executeWorkflowTrigger", "typeVersion": 1.1, "parameters": {"inputSource": "passthrough"}}' nothing='{"type": "noOp"}'
    child=$(n8n_flow "Child one" "$called" "$nothing") && n8n_flow "Parent one" "$start" "$(n8n_calls "$child")" >/dev/null || return 1
    handler=$(n8n_flow "Error handler" '{"type": "errorTrigger"}' "$nothing") || return 1
    old=$(n8n_flow "Child two" "$called" "$nothing") || return 1
    SETTINGS="{\"errorWorkflow\": \"$handler\", \"callerPolicy\": \"any\"}" n8n_flow "Parent two" "$start" \
        "{\"type\": \"executeWorkflow\", \"parameters\": {\"workflowId\": \"$old\", \"options\": {}}}" >/dev/null || return 1
    pong=$(n8n_flow "Pong" "$called" "$nothing") || return 1
    ping=$(n8n_flow "Ping" "$called" "$(n8n_calls "$pong")") || return 1
    n8n_api GET "workflows/$pong" | jq -c --argjson call "$(n8n_calls "$ping" | jq -c .parameters)" \
        '{name, connections, settings, nodes: (.nodes | map(if .name == "noOp" then .type = "n8n-nodes-base.executeWorkflow" | .typeVersion = 1.2 | .parameters = $call else . end))}' \
        | n8n_api PUT "workflows/$pong" - >/dev/null
}

n8n_seed_table() {
    local id
    n8n_has data-tables || return 0
    id=$(n8n_new data-tables <<<'{"name": "Bestände", "columns": [{"name": "sku", "type": "string"}, {"name": "amount", "type": "number"}, {"name": "seen", "type": "date"}, {"name": "listed", "type": "boolean"}]}') || return 1
    jq -nc '{returnType: "count", data: [range(0; 50) | {sku: "artikel-\(.) ü\"", amount: (. * 1.5), seen: "2026-01-01T00:00:\(. + 10)Z", listed: (. % 2 == 0)}]}' \
        | n8n_api POST "data-tables/$id/rows" - >/dev/null
}

n8n_seed() {
    local count=${1:-200} credentials tags made i
    credentials=$(n8n_credential_bodies | posts credentials | n8n_ids | jq -Rnc --slurpfile bodies <(n8n_credential_bodies) '[inputs] | to_entries | map({id: .value} + ($bodies[.key] | {name, type}))') || return 1
    mapfile -t tags < <(jq -nc '"production", "staging", "zu prüfen", "客户", "a/b", "UPPER", "upper 2", "last" | {name: .}' | posts tags | n8n_ids)
    mapfile -t made < <(n8n_workflow_bodies "$count" "$credentials" | posts workflows | n8n_requests | jq -r '.answer.id? // ""')
    # 1.x does not take pinned data through its API
    for i in "${!made[@]}"; do
        [ -n "${made[i]}" ] || made[i]=$(n8n_workflow_bodies "$count" "$credentials" | sed -n "$((i + 1))p" | jq -c 'del(.pinData)' | n8n_new workflows) || return 1
    done
    [ ${#tags[@]} -eq 8 ] && [ ${#made[@]} -eq "$count" ] || return 1
    for ((i = 1; i <= count; i++)); do
        [ $((i % 4)) -ne 0 ] || echo "{\"method\": \"PUT\", \"path\": \"workflows/${made[i - 1]}/tags\", \"body\": [{\"id\": \"${tags[i % 8]}\"}, {\"id\": \"${tags[(i + 3) % 8]}\"}]}"
        [ $((i % 20)) -ne 0 ] || echo "{\"method\": \"POST\", \"path\": \"workflows/${made[i - 1]}/activate\", \"body\": {}}"
    done | n8n_ids >/dev/null || return 1
    # 1.x cannot archive through its API
    for ((i = 1; i <= count; i += 25)); do echo "{\"method\": \"POST\", \"path\": \"workflows/${made[i - 1]}/archive\", \"body\": {}}"; done | n8n_requests >/dev/null
    n8n_seed_references && n8n_seed_table && n8n_hooks_answer "$count"
}

# ---- show
# The credentials: from the API; from the command line where secrets are wanted, or where the API has no list.
n8n_credentials() {
    local file rc
    if [ -z "$1" ] && n8n_has credentials; then n8n_pages credentials | jq -c '{id, name, type}'; return; fi
    file=$(mktemp) || return 1
    "$N8N_CLI" export:credentials --all --decrypted --output="$file" >/dev/null 2>&1
    jq -c '.[] | {id, name, type, data}' "$file"
    rc=$?
    rm -f "$file"
    return $rc
}
n8n_tables() {
    local table
    n8n_has data-tables || return 0
    n8n_pages data-tables | while IFS= read -r table; do
        n8n_pages "data-tables/$(jq -r .id <<<"$table")/rows" | jq -sc --argjson table "$table" \
            '{id: $table.id, name: $table.name, columns: [$table.columns | sort_by(.index)[] | {name, type}], rows: map(del(.id, .createdAt, .updatedAt))}'
    done
}
n8n_show() {
    local ids=1 secrets='' all
    while [ $# -gt 0 ]; do
        case $1 in --no-ids) ids='' ;; --secrets) secrets=1 ;; *) echo "n8n_show: unknown option $1" >&2; return 2 ;; esac
        shift
    done
    all=$(mktemp -d) || return 1
    n8n_pages workflows >"$all/workflow" && n8n_credentials "$secrets" >"$all/credential" && n8n_pages tags >"$all/tag" && n8n_tables >"$all/table" \
        && jq -nrc --arg ids "$ids" --slurpfile workflows "$all/workflow" --slurpfile credentials "$all/credential" --slurpfile tags "$all/tag" --slurpfile tables "$all/table" '
        def known($kind): map({key: .id, value: "\($kind) \(.name)"});
        # what a reference names instead of its id; one that leads nowhere stays as it is, and so differs
        (($workflows | known("workflow")) + ($credentials | known("credential")) + ($tables | known("table")) | from_entries) as $names
        | def named: walk(if type == "string" and $names[.] then $names[.] elif type == "object" then to_entries | sort_by(.key) | from_entries else . end);
        def line($kind; content): [$kind, .name, (if $ids == "" then empty else .id end), (. as $it | content | named | tojson)];
        [($workflows[] | line("workflow"; {active, isArchived: (.isArchived // false), nodes, connections, settings, staticData, pinData, tags: ([.tags[]?.name] | sort)})),
         ($credentials[] | line("credential"; {type, data})),
         ($tags[] | line("tag"; {})),
         ($tables[] | line("table"; {columns, rows}))] | sort[] | @tsv'
    local rc=$?
    rm -rf "$all"
    return $rc
}

# ---- wipe
# Deletes the workflows on stdin: ID ACTIVE a line. One that is active cannot be deleted, and one that has just been deactivated stays so for a moment.
n8n_delete_workflows() {
    local try left
    left=$(jq -Rnc '[inputs | split(" ") | select(length == 2) | {id: .[0], active: (.[1] == "true")}]')
    jq -c '.[] | select(.active) | {method: "POST", path: "workflows/\(.id)/deactivate", body: {}}' <<<"$left" | n8n_requests >/dev/null
    for try in 1 2 3 4 5 6 7 8 9; do
        left=$(jq -c '.[] | {method: "DELETE", path: "workflows/\(.id)"}' <<<"$left" | n8n_requests | jq -sc --argjson asked "$left" '[to_entries[] | select(.value.status < 200 or .value.status >= 300) | $asked[.key]]')
        [ "$left" != "[]" ] || return 0
        sleep "0.$try"
    done
    echo "these workflows cannot be deleted: $left" >&2
    return 1
}
n8n_workflow_ids() { n8n_pages workflows | jq -r '"\(.id) \(.active)"'; } # as that takes them
n8n_wipe() {
    local kind all
    # the whole list first: pages are counted from its beginning, and would skip some while it shrinks
    all=$(n8n_workflow_ids) && n8n_delete_workflows <<<"$all" || return 1
    for kind in credentials tags data-tables; do
        all=$(case $kind in credentials) n8n_credentials '' ;; *) ! n8n_has "$kind" || n8n_pages "$kind" ;; esac) || return 1
        jq -c --arg kind "$kind" '{method: "DELETE", path: "\($kind)/\(.id)"}' <<<"$all" | n8n_ids >/dev/null || return 1
    done
}
