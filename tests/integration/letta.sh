#!/usr/bin/env bash
# A real Letta server: agents with history, shared blocks, archives, a tool, a folder, an identity, MCP servers, there and back; the server emptied; one
# agent alone; conflicts; secrets left out; restores that fail among other things.
# time limit: 900
. "$(dirname "$0")/lib.sh"
need_letta
letta_wipe
at_end letta_wipe
letta_job() { # MORE OPTIONS
    make_job <<END
defaults: {retries: 0}
targets:
  - {name: agents, plugin: letta, options: {url: "$LETTA_URL", password: "file:$LETTA_PASSWORD_FILE"$1}}
END
}

# With one agent that thinks in the background: the server makes a second agent and a group for it.
seed() { # PASSAGES
    local gamma
    letta_seed "$1" && gamma=$(letta_pages agents/ | jq -r 'select(.name == "gamma").id') \
        && letta_api GET "agents/$gamma" | jq '{enable_sleeptime: true, system}' | letta_api PATCH "agents/$gamma" - >"$T/null" || not_ok "agents are made"
}

seed 1000
letta_show >"$T/before"
letta_job ', secrets: include'
expect 0 "check finds the server in order" check "$job"
expect 0 "discover lists agents" discover "$job"
has "by name" "$out" agent:alpha
check "and counts what they use" grep -Eq 'mcp_servers.*2' "$out"
expect 0 "a trial takes one agent" schedule test "$job"
has "... alone" "$out" "trial of agent:"
expect 0 "a backup is made" run "$job"
expect 0 "and verifies" verify "$job" --latest --check-integrity
letta=$(latest)/services/letta
same "each agent has a file that other tools import" 4 "$(cat "$letta"/agents/*.af | jq -r '.agents[0].name' | wc -l)"
same "the whole history is there, not only the context" 301 "$(zcat "$letta"/agents/*.messages.jsonl.gz | jq -r 'select(.message_type != "system_message") | .id' | sort -u | wc -l | awk '{ print $1 + 1 }')"
same "and every passage, without its vector" "1003 0" "$(zcat "$letta"/archives/*.jsonl.gz | jq -s 'length, (map(select(has("embedding"))) | length)' | paste -sd' ')"
same "the guide's files are there for people" "alpha beta gamma gamma-sleeptime team" \
    "$(jq -r '.[].name' "$(latest)/services/letta_agent.json" | sort | paste -sd' ') $(jq -r '[.[].blocks[] | select(."label" == "team")][0]."label"' "$(latest)/services/letta_core_memory.json")"

expect 0 "a restore onto the same server" restore "$job" latest --yes
letta_show >"$T/after"
check "changes nothing" diff "$T/before" "$T/after"

letta_wipe
same "the server is empty" "" "$(letta_show)"
expect 0 "a restore into an empty server" restore "$job" latest --yes
letta_show >"$T/after"
check "brings everything back" diff "$T/before" "$T/after"
same "the map of ids names every agent" 4 "$(jq -r 'to_entries[] | select(.key | startswith("agent-")) | .value' "$T/id-map.json" | while read -r id; do letta_api GET "agents/$id" | jq -r .name; done | sort -u | wc -l)"
expect 0 "a second restore" restore "$job" latest --yes
letta_show >"$T/again"
check "changes nothing either" diff "$T/before" "$T/again"

# ---- one agent alone; from here on with fewer passages
letta_wipe
LETTA_HISTORY=40 seed 30
letta_show >"$T/before"
expect 0 "a smaller server is backed up" run "$job"
letta=$(latest)/services/letta
alpha=$(letta_pages agents/ | jq -r 'select(.name == "alpha").id')
letta_api DELETE "agents/$alpha" >"$T/null"
same "its archive is nobody's for a while" '[]' "$(letta_show | jq -c 'select(.[0] == "archive" and .[1] == "Archiv eins")[2].agents')"
expect 0 "one agent is restored alone" restore "$job" latest --object agent:alpha --yes
check "with its history, its archive, its tool, and the block that it shares" diff <(grep -E '^\["(agent|message|passage)","alpha"|^\["archive"|^\["block","team"' "$T/before") <(letta_show | grep -E '^\["(agent|message|passage)","alpha"|^\["archive"|^\["block","team"')
same "the map of ids still has what this restore did not touch" 1 "$(jq -r 'keys[]' "$T/id-map.json" | grep -c '^folder-\|^source-')"
letta_wipe
expect 3 "one agent is restored alone into an empty server" restore "$job" latest --object agent:gamma --yes
has "what needs others is told" "$err" "enable_sleeptime of agent:gamma is not switched on"
needs='^\["(message|passage)","gamma"|^\["(folder|file|identity)"'
check "with its history, the archive that beta has too, its folder with the files, its identity" diff <(grep -E "$needs" "$T/before") <(letta_show | grep -E "$needs")
expect 0 "the others follow" restore "$job" latest --force --drop-old --yes
letta_show >"$T/after"
check "and everything is there again" diff "$T/before" "$T/after"

# ---- conflicts
beta=$(letta_pages agents/ | jq -r 'select(.name == "beta").id')
# the server goes on for a moment with what a change of a shared block means for its agents
sleep 3
letta_api PATCH "agents/$beta" '{"description": "changed by hand"}' >"$T/null"
expect 1 "an agent that was changed is not overwritten" restore "$job" latest --object agent:beta --yes
has "the plan says so" "$out" "is there with another content"
expect 0 "unless it must be" restore "$job" latest --object agent:beta --force --yes
same "the changed one stays under another name" "changed by hand" "$(letta_pages agents/ | jq -r 'select(.name == "beta.pab-old").description')"
same "and the one of the backup is there" "second, with history" "$(letta_pages agents/ | jq -r 'select(.name == "beta").description')"

# ---- what was changed is not taken for what it was
folder=$(letta_pages folders/ | jq -r '.id')
file=$(letta_pages "folders/$folder/files" 10 | jq -r 'select(.original_file_name == "one.txt").id')
letta_api DELETE "folders/$folder/$file" >"$T/null"
alpha=$(letta_pages agents/ | jq -r 'select(.name == "alpha").id')
letta_api PATCH "agents/$alpha" '{"tool_rules": []}' >"$T/null"
expect 1 "rules of an agent were changed" restore "$job" latest --object agent:alpha --yes
has "the plan says so" "$out" "'alpha' is there with another content"
expect 0 "a file of a folder was deleted" restore "$job" latest --object folders --object folder:Handbuch --yes
check "it comes back" diff <(grep '^\["file"' "$T/before") <(letta_show | grep '^\["file"')

# ---- a restore that fails takes back what it made
letta_wipe
file=$(find "$letta" -name '*.af' | head -n 1)
cp "$file" "$T/whole.af"
jq -c '.agents[0].in_context_message_ids += ["message-77"]' "$T/whole.af" >"$file"
expect 1 "an agent file that the server refuses" restore "$job" latest --force --yes
same "leaves nothing behind" "" "$(letta_show)"
# the third agent fails when two are made, an older one of the name was to make place, and a tool was overwritten
letta_new tools/ >"$T/null" <<<'{"source_code": "def greet(name: str) -> str:\n    \"\"\"Not the same.\n\n    Args:\n        name (str): who\n    \"\"\"\n    return name\n", "tags": ["other"]}'
jq -nc --argjson llm "$LETTA_LLM_CONFIG" --argjson embedding "$LETTA_EMBEDDING_CONFIG" '{name: "alpha", llm_config: $llm, embedding_config: $embedding, description: "another one",
    memory_blocks: [{label: "human", value: "somebody else"}]}' | letta_new agents/ >"$T/null"
letta_new blocks/ >"$T/null" <<<'{"label": "human", "value": "a block beside"}'
letta_show >"$T/beside"
cp "$T/whole.af" "$file"
file=$letta/agents/$(zcat "$letta"/agents/*.agent.jsonl.gz | jq -r '.agent | select(.name == "beta").id').af
cp "$file" "$T/whole.af"
jq -c '.agents[0].in_context_message_ids += ["message-77"]' "$T/whole.af" >"$file"
expect 1 "the third agent is refused" restore "$job" latest --force --drop-old --yes
letta_show >"$T/after"
check "and everything else is as it was" diff "$T/beside" "$T/after"
cp "$T/whole.af" "$file"
letta_wipe

# ---- secrets, and what is no such server
letta_seed 10 || not_ok "agents are made again"
store=$T/second
letta_job ''
expect 3 "without secrets the backup has a warning" run "$job"
has "that counts them" "$err" "6 values of secrets are not in the backup"
same "no value is in it" "" "$(find "$(latest)" -type f -exec zgrep -l 'secret.of' {} +)"
has "but their names" <(cat "$(latest)/services/letta_agent.json") API_KEY
printf wrong >"$T/wrong"
sed "s|file:[^\"]*|file:$T/wrong|" "$job" >"$T/wrong.yaml"
expect 1 "a wrong password is told" run "$T/wrong.yaml"
has "with the status" "$err" "status 401"
