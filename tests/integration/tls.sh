#!/usr/bin/env bash
# TLS between pabengine and the real Neo4j, Letta and n8n: certificates are checked unless the job says otherwise.
# time limit: 300
. "$(dirname "$0")/lib.sh"
need openssl
need_neo4j
need_letta
need_n8n

# An authority of our own, and two certificates by it: for this address, and for another name.
cd "$T" || exit 1
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority of the tests" -keyout ca.key -out ca.pem
    for one in here:IP:127.0.0.1 elsewhere:DNS:elsewhere.example; do
        openssl req -newkey rsa:2048 -nodes -subj "/CN=${one%%:*}" -keyout "${one%%:*}.key" -out "${one%%:*}.csr"
        openssl x509 -req -in "${one%%:*}.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile <(echo "subjectAltName=${one#*:}") -out "${one%%:*}.pem"
    done
} >"$T/openssl.log" 2>&1 || { not_ok "certificates are made" "$(tail -n 5 "$T/openssl.log")"; exit; }

proxies=()
end_proxies() { kill "${proxies[@]}"; }
at_end end_proxies
proxy() { # NAME CERTIFICATE URL: sets $url to its address
    local i
    python3 "$top_srcdir/tests/services/tls-proxy.py" "$2.pem" "$2.key" "${3##*:}" >"$1.port" 2>"$1.err" </dev/null &
    proxies+=($!)
    for ((i = 0; i < 100; i++)); do [ ! -s "$1.port" ] || break; sleep 0.1; done
    url=https://127.0.0.1:$(cat "$1.port")
}
declare -A plain=([neo4j]=$NEO4J_URL [letta]=$LETTA_URL [n8n]=$N8N_URL)
declare -A options=([neo4j]="user: $NEO4J_USER, password: \"file:$NEO4J_PASSWORD_FILE\"" [letta]="password: \"file:$LETTA_PASSWORD_FILE\"" [n8n]="api_key: \"file:$N8N_API_KEY_FILE\", credentials: metadata")
job_with() { # PLUGIN MORE
    make_job <<<"targets: [{name: t, plugin: $1, options: {url: '$url', ${options[$1]}$2}}]"
}
for plugin in neo4j letta n8n; do
    proxy "$plugin" here "${plain[$plugin]}"
    job_with "$plugin" ", ca_file: $T/ca.pem"
    expect 0 "$plugin: a certificate of an authority that the job names is taken" check "$job"
    job_with "$plugin" ""
    expect 1 "$plugin: one of an unknown authority is refused" check "$job"
    has "$plugin: as one that cannot be trusted" "$out" "certificate"
    job_with "$plugin" ", insecure: true"
    expect 0 "$plugin: unless the job takes any" check "$job"
    proxy "$plugin-elsewhere" elsewhere "${plain[$plugin]}"
    job_with "$plugin" ", ca_file: $T/ca.pem"
    expect 1 "$plugin: one for another name is refused" check "$job"
done
