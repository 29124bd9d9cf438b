#!/usr/bin/env bash
# The n8n server that other tests rely on: starts, holds data, lists them the same way twice, forgets them, and leaves nothing behind.
# time limit: 900
. "$(dirname "$0")/lib.sh"
need_n8n
server="$top_srcdir/tests/services/n8n" dir=$T/n8n

text=$(HOME=$service_home "$server" start "$dir" 2>"$err") || { not_ok "a second server starts beside the first" "$(cat "$err")"; exit; }
ok "a second server starts beside the first"
eval "$text"
check "env prints what start printed" diff <("$server" env "$dir") - <<<"$text"
check "the server is ready" curl -sf -o /dev/null "$N8N_URL/healthz/readiness"
same "the key opens the API" 0 "$(n8n_api GET workflows | jq '.data | length')"
same "without the key it is closed" 401 "$(curl -s -o /dev/null -w '%{http_code}' "$N8N_URL/api/v1/workflows")"
same "only this machine reaches it" "" "$(for pid in $(grep -lzxF "PABENGINE_TEST_N8N=$dir" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
    find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'
done | sort >"$T/sockets"; cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" && $2 !~ /^0100007F:/ { print $10 }' | sort | join - "$T/sockets")"
same "the API key is for its owner alone" 600 "$(stat -c %a "$N8N_API_KEY_FILE")"

check "data are made" n8n_seed 100
n8n_show >"$T/first"
n8n_show >"$T/second"
check "two listings of the same server are equal" diff "$T/first" "$T/second"
same "with all that was made" "107 workflow 5 credential 8 tag 1 table" "$(for kind in workflow credential tag table; do printf '%s %s\n' "$(grep -c "^$kind	" "$T/first")" $kind; done | paste -sd' ')"
same "some of them archived" 4 "$(grep -c '"isArchived":true' "$T/first")"
check "every webhook answers" n8n_hooks_answer 100
has "references are shown by name" "$T/first" '"value":"workflow Child one"'
"$N8N_CLI" export:workflow --all --output="$T/cli.json" >"$out" 2>&1
has "the command line reads the same folder" "$out" "exported 107"
n8n_show --no-ids --secrets >"$T/secrets"
has "the secrets are shown on request" "$T/secrets" "p\\\\\"ä\$\$"

key=$(cat "$N8N_API_KEY_FILE") encryption=$(cat "$N8N_ENCRYPTION_KEY_FILE") url=$N8N_URL
check "reset empties the server" "$server" reset "$dir"
same "nothing is left of the data" "" "$(n8n_show)"
same "at the same address" "$url" "$N8N_URL"
same "with the same encryption key" "$encryption" "$(jq -r .encryptionKey "$N8N_USER_FOLDER/.n8n/config")"
same "and another API key" different "$([ "$key" = "$(cat "$N8N_API_KEY_FILE")" ] || echo different)"
check "reset --new-key makes another encryption key" "$server" reset --new-key "$dir"
same "which the server has taken" "different $(cat "$N8N_ENCRYPTION_KEY_FILE")" \
    "$([ "$encryption" = "$(cat "$N8N_ENCRYPTION_KEY_FILE")" ] || echo different) $(jq -r .encryptionKey "$N8N_USER_FOLDER/.n8n/config")"
check "fewer data are made again" n8n_seed 40
n8n_show --no-ids >"$T/first"
check "the server stops with its data" "$server" halt "$dir"
check "and starts with them" "$server" start "$dir"
check "webhooks among them" n8n_hooks_answer 40
check "all of them" diff "$T/first" <(n8n_show --no-ids)
check "n8n_wipe deletes them" n8n_wipe
same "all" "" "$(n8n_show)"

id=$(SETTINGS='{}' n8n_flow "Code" '{"type": "webhook", "typeVersion": 2, "webhookId": "9b2f0c1e-0000-4000-8000-00000000c0de", "parameters": {"path": "pab-code", "responseMode": "lastNode"}}' \
    '{"type": "code", "typeVersion": 2, "parameters": {"jsCode": "return [{json: {answer: 6 * 7}}]"}}')
check "code is activated" n8n_api POST "workflows/$id/activate" '{}'
check "and runs, in a process of its own" timeout 60 bash -c "until curl -s '$N8N_URL/webhook/pab-code' | grep -q '\"answer\":42'; do sleep 0.2; done"
port=$(sed -n 's/.*broker_port=//p' "$dir/ports")

check "the server stops" "$server" stop "$dir"
same "no process is left" "" "$(grep -lzF -e "PABENGINE_TEST_N8N=$dir" -e "http://127.0.0.1:$port" /proc/[0-9]*/environ 2>/dev/null)"
same "no file either" "" "$(ls -d "$dir"* 2>/dev/null)"
