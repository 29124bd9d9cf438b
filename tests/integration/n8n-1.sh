#!/usr/bin/env bash
# The n8n plugin against n8n 1.x, which has no packages, no list of credentials and no data tables: ids are kept by the command, or
# followed where there is none.
# time limit: 1500
. "$(dirname "$0")/lib.sh"
export N8N_VERSION=1.123.50
need_n8n
need jq

n8n_job() { # OPTIONS beside the address and the key
    make_job <<<"targets: [{name: workflows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$N8N_API_KEY_FILE'${1:+, $1}}}]"
}
cli="cli: ['$N8N_CLI'], user_folder: '$N8N_USER_FOLDER'"
empty_of_workflows() {
    local i
    for ((i = 0; i < 5; i++)); do
        n8n_workflow_ids >"$T/ids"
        [ -s "$T/ids" ] || return 0
        n8n_delete_workflows <"$T/ids"
    done
}

empty_of_workflows && n8n_wipe
at_end n8n_wipe
n8n_seed 40 || { not_ok "n8n is filled"; exit 1; }
n8n_show --secrets >"$T/before"
n8n_show --no-ids >"$T/names"
n8n_job "$cli"
expect 0 "everything is backed up" run "$job"
same "what this version does not have is noted" '["not in this version","not in this version"]' \
    "$(jq -c '.targets[0].facts | [.without_credentials, .without_data_tables]' "$store/latest/manifest.json")"
same "and the version" 1.123.50 "$(jq -r '.targets[0].facts.version' "$store/latest/manifest.json")"
expect 0 "it verifies" verify "$job" latest --check-integrity

empty_of_workflows && n8n_wipe
same "the server is empty" "" "$(n8n_show)"
expect 0 "all is restored with the command" restore "$job" latest --yes
n8n_show --secrets >"$T/after"
same "under the same ids" "" "$(diff <(grep -v ^tag "$T/before") <(grep -v ^tag "$T/after") | cut -c1-600 | head -8)"
same "tags by their names" "$(grep ^tag "$T/names")" "$(n8n_show --no-ids | grep ^tag)"

n8n_job "credentials: metadata"
empty_of_workflows
expect 0 "workflows are restored without the command" restore "$job" latest --yes
n8n_show --no-ids >"$T/after"
same "with what refers to each other" "" "$(diff "$T/names" "$T/after" | cut -c1-600 | head -8)"
has "under new ids, which are told" "$err" "has the new id"
n8n_show >"$T/once"
expect 0 "a second restore" restore "$job" latest --yes
n8n_show >"$T/twice"
same "makes nothing twice" "" "$(diff "$T/once" "$T/twice" | head -5)"
same "an active webhook answers" 20 "$(curl -s -m 10 "$N8N_URL/webhook/pab-hook-20" | jq .flow)"
