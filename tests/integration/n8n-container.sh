#!/usr/bin/env bash
# Credentials through the n8n command in a container: files go in and out through the Docker Engine, and none is left there.
# The command is a script that keeps credentials in a file, as far as the plugin can tell the difference.
# time limit: 600
. "$(dirname "$0")/lib.sh"
need_root
need_docker
need_n8n
need jq

box=pabn8n$$
inside() { docker exec "$box" "$@"; }
cat >"$T/n8n" <<'END'
#!/bin/sh
for word; do case $word in --output=*) output=${word#*=} ;; --input=*) input=${word#*=} ;; esac; done
case $1 in
--version) echo 2.41.1 ;;
export:credentials)
    grep -q data /store.json || { echo "No credentials found with specified filters"; exit 1; }
    cp /store.json "$output" ;;
import:credentials)
    [ "$(stat -c %a "$input")" = 600 ] && [ "$(stat -c %a "${input%/*}")" = 700 ] || exit 3
    cp "$input" /store.json && echo "Successfully imported $(grep -o '"data"' /store.json | wc -l) credentials." ;;
*) exit 2 ;;
esac
END
chmod 755 "$T/n8n"
docker run -d --network none --label "$DOCKER_LABEL" --name "$box" "$DOCKER_IMAGE" sh -c 'trap "exit 0" TERM; while :; do sleep 60 & wait $!; done' >/dev/null
at_end docker rm -f "$box"
docker cp -q "$T/n8n" "$box:/bin/n8n" 2>/dev/null || docker cp "$T/n8n" "$box:/bin/n8n"
key='key-of-the-instance-in-the-box'
inside sh -c "mkdir -p \$HOME/.n8n /tmp && printf '{\"encryptionKey\": \"$key\"}' >\$HOME/.n8n/config"
secrets+=("$key")
n8n_wipe
at_end n8n_wipe
n8n_seed 4
stored=$(n8n_pages credentials | jq -sc 'map({id, name, type, data: "U2FsdGVkX19\(.id)"})')
inside sh -c "printf %s '$stored' >/store.json"
make_job <<<"targets: [{name: workflows, plugin: n8n, options: {url: '$N8N_URL', api_key: 'file:$N8N_API_KEY_FILE', container: $box, docker_host: '$DOCKER_HOST'}}]"
expect 0 "the check runs the command" check "$job"
expect 0 "a backup through the container" run "$job"
same "holds the encrypted credentials" "$stored" "$(cat "$store/latest/services/n8n/credentials_encrypted.json")"
has "and knows the key by its fingerprint" "$store/latest/manifest.json" '"key_fingerprint": "sha256:'
same "nothing is left in the container" "" "$(inside ls /tmp)"

inside sh -c 'echo "[]" >/store.json'
expect 0 "they are restored" restore "$job" latest --yes
same "as they were" "$stored" "$(inside cat /store.json | jq -c .)"
same "nothing is left in the container then either" "" "$(inside ls /tmp)"

inside sh -c 'echo "[]" >/store.json; printf "{\"encryptionKey\": \"key-of-a-stranger\"}" >$HOME/.n8n/config'
expect 1 "under another key they are refused" restore "$job" latest --yes
expect 1 "with --force, too" restore "$job" latest --yes --force
has "with the reason" "$err" "another key"
same "and nothing is written" "[]" "$(inside cat /store.json)"

docker stop -t 1 "$box" >/dev/null
expect 1 "a container that does not run fails the backup" run "$job"
has "by name" "$err" "$box"
