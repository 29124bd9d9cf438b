#!/usr/bin/env bash
# A real n8n in a real container: its workflows by the API, its credentials by its own command, run in there through the Docker Engine.
# The container has the programs of this machine and the n8n of the tests' cache: there is no registry to pull an image from.
# time limit: 900
. "$(dirname "$0")/lib.sh"
need_root
need docker
need_docker
need_n8n
need jq
# shellcheck source=tests/services/common.sh
. "$top_srcdir/tests/services/common.sh"
# shellcheck source=tests/services/n8n_nodes.sh
. "$top_srcdir/tests/services/n8n_nodes.sh"
box=pabn8nreal$$ port=$(free_port) broker=$(free_port)
inside() { docker exec "$box" "$@"; }

mounts=()
for folder in /usr/lib /lib /lib64 "$PABENGINE_TEST_CACHE"; do [ ! -d "$folder" ] || mounts+=(-v "$folder:$folder:ro"); done
# the command of the tests' own server with another home and other ports
sed -E "s,^export N8N_USER_FOLDER='[^']*',export N8N_USER_FOLDER=/home/node,; s,N8N_PORT=[0-9]+,N8N_PORT=$port,
    s,(WEBHOOK_URL=http://127.0.0.1:)[0-9]+,\1$port,; s,BROKER_PORT=[0-9]+,BROKER_PORT=$broker," \
    "$N8N_CLI" >"$T/n8n"
chmod 755 "$T/n8n"
docker create --name "$box" --label "$DOCKER_LABEL" --network host --memory 2g "${mounts[@]}" -e N8N_USER_FOLDER=/home/node -e LC_ALL=C.UTF-8 "$DOCKER_IMAGE" \
    sh -c 'mkdir -p /home/node && exec n8n start' >/dev/null 2>"$T/docker.err" || skip_all "cannot make a container: $(tail -n 1 "$T/docker.err")"
at_end docker rm -f "$box"
docker cp "$T/n8n" "$box:/bin/n8n" >"$T/null" 2>&1
docker start "$box" >/dev/null 2>"$T/docker.err" || skip_all "cannot run a container: $(tail -n 1 "$T/docker.err")"
N8N_URL=http://127.0.0.1:$port N8N_API_KEY_FILE=$T/key N8N_CLI=/nowhere
timeout 180 bash -c "until curl -sf -m 5 -o '$T/null' '$N8N_URL/healthz/readiness' && curl -sf -m 5 -o '$T/null' '$N8N_URL/rest/settings'; do sleep 0.3; done" \
    && ok "n8n runs in a container" || { not_ok "n8n runs in a container" "$(docker logs "$box" 2>&1 | tail -n 20)"; exit 1; }
(umask 077 && : >"$T/cookies")
n8n_editor "$T/cookies" POST rest/owner/setup '{"email":"owner@example.com","firstName":"Test","lastName":"Owner","password":"Aa1-in-the-box"}' >"$T/null" \
    && n8n_key "$T/cookies" . >"$T/key" && [ -s "$T/key" ] || { not_ok "it has an owner and a key" "$(docker logs "$box" 2>&1 | tail -n 20)"; exit 1; }
secrets+=("$(cat "$T/key")" "$(inside cat /home/node/.n8n/config | jq -r .encryptionKey)" "tok-31415926")
n8n_seed 20 && ok "it is filled" || { not_ok "it is filled"; exit 1; }
show() {
    n8n_show --no-ids | grep -v ^credential
    inside n8n export:credentials --all --decrypted --output=/tmp/plain >/dev/null 2>&1
    inside cat /tmp/plain 2>/dev/null | jq -c 'sort_by(.id)[] | {id, name, type, data}'
    inside rm -f /tmp/plain
}
show >"$T/before"
same "credentials among it" 5 "$(grep -c '"data":' "$T/before")"

make_job <<<"targets: [{name: workflows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$T/key', container: $box, docker_host: '$DOCKER_HOST'}}]"
expect 0 "the check finds the command in the container" check "$job"
expect 0 "a backup through the container" run "$job"
same "holds the credentials, encrypted" 5 "$(jq '[.[] | select(.data | type == "string" and startswith("U2FsdGVk"))] | length' "$(latest)/services/n8n/credentials_encrypted.json")"
has "and knows the key by its fingerprint" "$(latest)/manifest.json" '"key_fingerprint": "sha256:'
expect 0 "verify" verify "$job" latest --check-integrity
n8n_wipe || not_ok "n8n is emptied"
expect 0 "all is restored into the emptied n8n" restore "$job" latest --yes
show >"$T/after"
same "as it was, with secrets that it can read" "" "$(diff "$T/before" "$T/after" | cut -c1-300 | head -5)"
same "nothing is left in the container" "" "$(inside sh -c 'ls -d /tmp/pabengine.* 2>/dev/null')"
