#!/usr/bin/env bash
# The n8n plugin against a real n8n: what is backed up comes back the same, under the same ids, active as it was.
# time limit: 1500
. "$(dirname "$0")/lib.sh"
need_n8n
need jq
# shellcheck source=tests/services/n8n_nodes.sh
. "$top_srcdir/tests/services/n8n_nodes.sh"
server="$top_srcdir/tests/services/n8n"
# one of its own, whose key it may change
use_server() {
    eval "$1"
    secrets+=("$(cat "$N8N_API_KEY_FILE")" "$(cat "$N8N_ENCRYPTION_KEY_FILE")")
}
text=$(HOME=$service_home "$server" start "$T/n8n" 2>"$err") || { not_ok "a server for this test" "$(cat "$err")"; exit 1; }
at_end "$server" stop "$T/n8n"
use_server "$text"

n8n_job() { # OPTIONS: a job with these options beside the address and the key
    make_job <<<"targets: [{name: workflows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$N8N_API_KEY_FILE'${1:+, $1}}}]"
}
cli="cli: ['$N8N_CLI'], user_folder: '$N8N_USER_FOLDER'"
# A list that is counted by offset skips some while others are deleted
empty() {
    local i
    for ((i = 0; i < 5; i++)); do
        n8n_wipe
        [ -n "$(n8n_show)" ] || return 0
    done
}
# Webhooks come and go a moment after the answer of the API
answers() { # N WANTED: what it answers, as soon as it is what is wanted
    local i got
    for ((i = 0; i < 20; i++)); do
        got=$(curl -s -m 10 "$N8N_URL/webhook/pab-hook-$1" | jq -c '.flow // .code')
        [ "$got" != "$2" ] || break
        sleep 0.5
    done
    echo "$got"
}
versions() { n8n_api GET "workflows/$hook" | jq -c '[.active, .nodes[0].notes, .activeVersion.nodes[0].notes]'; }

n8n_seed 200 || { not_ok "n8n is filled"; exit 1; }
n8n_login "$T/cookies" && n8n_seed_nodes "$T/cookies" && ok "with every type of node that it has" || { not_ok "with every type of node that it has"; exit 1; }
# one that is edited while what was there before stays active
hook=$(n8n_pages workflows | jq -r 'select(.nodes[0].parameters.path == "pab-hook-40") | .id')
n8n_api GET "workflows/$hook" | jq -c '{name, connections, settings, nodes: (.nodes | map(.notes = "not yet active"))}' | n8n_api PUT "workflows/$hook?publishIfActive=false" - >/dev/null
n8n_show --secrets >"$T/before"
n8n_job "$cli"

# ---- backup
expect 0 "the check says that all can be read" check "$job"
expect 0 "discover counts" discover "$job"
has "the workflows" "$out" "workflows"
expect 0 "a trial takes the shortest list" schedule test "$job"
has "... alone" "$out" "ok workflows  trial of "
expect 0 "everything is backed up" run "$job"
expect 0 "and verifies" verify "$job" latest --check-integrity
backup=$store/latest
count=$(grep -c ^workflow "$T/before")
same "all workflows are in one file" "$count" "$(jq length "$backup/services/n8n_workflows.json")"
same "and each in one of its own" "$count" "$(find "$backup/services/n8n/workflows/" -type f | wc -l)"
same "as the service wrote them" "$(n8n_pages workflows | jq -c '{id, nodes, connections, settings}' | sort)" \
    "$(jq -c '.[] | {id, nodes, connections, settings}' "$backup/services/n8n_workflows.json" | sort)"
same "the credentials are encrypted" 5 "$(jq '[.[] | select(.data | type == "string" and startswith("U2FsdGVk"))] | length' "$backup/services/n8n/credentials_encrypted.json")"
same "the fingerprint of the key is in the manifest" 1 "$(jq '[.targets[0].facts.key_fingerprint | select(startswith("sha256:"))] | length' "$backup/manifest.json")"
if grep -rqF "$(cat "$N8N_ENCRYPTION_KEY_FILE")" "$backup/"; then not_ok "the key itself is nowhere"; else ok "the key itself is nowhere"; fi

# ---- nothing lost: nothing done
expect 0 "a restore into the same server" restore "$job" latest --yes
n8n_show --secrets >"$T/after"
same "changes nothing" "" "$(diff "$T/before" "$T/after" | head -5)"

# ---- emptied
empty
same "the server is empty" "" "$(n8n_show)"
same "no webhook answers" 404 "$(answers 20 404)"
expect 0 "the plan of a restore" restore "$job" latest --dry-run
same "changes nothing" "" "$(n8n_show)"
expect 0 "all is restored" restore "$job" latest --yes
n8n_show --secrets >"$T/after"
# a data table always gets a new id; what refers to it is compared by name
same "every workflow, credential, tag and table is as it was" "" "$(diff <(grep -v -e ^table -e ^tag "$T/before") <(grep -v -e ^table -e ^tag "$T/after") | cut -c1-600 | head -8)"
n8n_show --no-ids >"$T/after"
same "tags and tables, too" "$(grep -e ^table -e ^tag "$T/before" | cut -f1,2,4-)" "$(grep -e ^table -e ^tag "$T/after")"
same "the active webhooks answer again" "20 40 200" "$(answers 20 20) $(answers 40 40) $(answers 200 200)"
same "what was edited and not yet active is so again" '[true,"not yet active",null]' "$(versions)"
n8n_show --secrets >"$T/once"
expect 0 "a second restore" restore "$job" latest --yes
n8n_show --secrets >"$T/twice"
same "changes nothing" "" "$(diff "$T/once" "$T/twice" | head -5)"

# ---- one object
id=$(n8n_pages workflows | jq -r 'select(.name == "Parent one") | .id')
n8n_api PUT "workflows/$id" '{"name": "Parent one", "nodes": [], "connections": {}, "settings": {}}' >/dev/null
expect 0 "one workflow is restored" restore "$job" latest --object "workflow:$id" --yes
n8n_show --secrets >"$T/after"
same "and is as it was" "" "$(diff "$T/once" "$T/after" | head -5)"

# ---- the rest is told as well by fewer: those that refer to others, have every type of node or a webhook, and some
n8n_pages workflows | jq -r 'select((.name | test(" [0-9]{3}$")) and .nodes[0].type != "n8n-nodes-base.webhook" and (.name[-3:] | tonumber) > 40) | "\(.id) \(.active)"' | n8n_delete_workflows
expect 0 "fewer are backed up" run "$job"
few=$(basename "$(readlink -f "$store/latest")")
count=$(n8n_workflow_ids | wc -l)

# ---- no way to keep an id
n8n_show --no-ids | sed -E 's,/workflow/[A-Za-z0-9]+,/workflow/ID,g' >"$T/before"
n8n_key "$T/cookies" 'map(select(. != "workflow:import"))' >"$T/key"
secrets+=("$(cat "$T/key")")
n8n_workflow_ids >"$T/ids"
n8n_delete_workflows <"$T/ids"
make_job <<<"targets: [{name: workflows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$T/key', credentials: metadata}}]"
expect 3 "a key that may not import packages makes every workflow under a new id" restore "$job" latest --yes
has "and the missing scope is named" "$err" "lacks the scope workflow:import"
same "none has its old one" "" "$(n8n_pages workflows | jq -r .id | sort | comm -12 - <(cut -d' ' -f1 "$T/ids" | sort))"
n8n_show --no-ids | sed -E 's,/workflow/[A-Za-z0-9]+,/workflow/ID,g' >"$T/after"
same "what refers to another follows it, tools of agents among them" "" "$(diff "$T/before" "$T/after" | cut -c1-600 | head -8)"
same "with the links of the editor" "true" "$(n8n_pages workflows | jq -c '.nodes[].parameters.workflowId? // empty | objects | select(.cachedResultUrl) | .cachedResultUrl == "/workflow/\(.value)"' | sort -u)"

# ---- without the command: nothing but the API
n8n_job "credentials: metadata"
expect 0 "a backup by the API alone" run "$job"
empty
expect 3 "is restored, and says which credentials are missing" restore "$job" latest --yes
has "by name" "$err" "Header token"
same "with every workflow" "$count" "$(n8n_pages workflows | wc -l)"

# ---- another key
"$server" reset --new-key "$T/n8n" >"$T/settings" 2>"$err" || { not_ok "a server with a new key" "$(cat "$err")"; exit 1; }
use_server "$(cat "$T/settings")"
n8n_job "$cli"
expect 1 "a server with another key is refused the credentials" restore "$job" "$few" --yes
has "with the reason" "$out" "another key"
same "before anything is changed" "" "$(n8n_show)"
n8n_job "$cli, credentials: metadata, activate: false"
expect 3 "the rest can be had" restore "$job" "$few" --yes
same "with every workflow" "$count" "$(n8n_pages workflows | wc -l)"
same "none of them active" 0 "$(n8n_pages workflows | jq -c 'select(.active)' | wc -l)"
