#!/usr/bin/env bash
# Export and import of a graph of 100,000 nodes and 200,000 relationships with properties (NODES=100000) through a running Neo4j, beside the
# official Python driver doing the same over Bolt, batch for batch. Both write gzip. The server's own work is in every time: SERVER
# is what it takes to send the rows to nobody (curl). ROUNDS=3 is the default: about 10 minutes on 2 cores.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-3} count=${NODES:-100000}
for tool in curl jq python3 mvn; do command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }; done
cache=${PABENGINE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pabengine}
python=$cache/neo4j-driver/bin/python
if [ ! -x "$python" ]; then
    mkdir -p "$cache" && rm -rf "$cache/neo4j-driver"
    { python3 -m venv "$cache/neo4j-driver" && "$cache/neo4j-driver/bin/pip" -q install neo4j; } || { rm -rf "$cache/neo4j-driver"; echo "SKIP: the Python driver cannot be installed"; exit 77; }
fi
bench_begin
bench_cleanup() { "$top/tests/services/neo4j" stop "$bench_dir/neo4j"; }
text=$("$top/tests/services/neo4j" start "$bench_dir/neo4j") || exit 77
eval "$text"
export NEO4J_URL NEO4J_BOLT NEO4J_USER NEO4J_PASSWORD_FILE
. "$top/tests/services/neo4j_data.sh"
. "$top/tests/bench/graph.sh"
make_graph "$count" || exit 1
cat >job.yaml <<END
version: 1
store: {path: $bench_dir/store}
targets:
  - {name: graph, plugin: neo4j, options: {url: "$NEO4J_URL", user: $NEO4J_USER, password: "file:$NEO4J_PASSWORD_FILE"}}
END
ask() { # what the server takes alone
    echo "printf 'user = \"%s:%s\"' $NEO4J_USER \$(cat $NEO4J_PASSWORD_FILE) | curl -sS -f -o null -K - -H 'Content-Type: application/json' -H 'Accept: application/vnd.neo4j.query' -d '{\"statement\":\"$1\"}' $NEO4J_URL/db/neo4j/query/v2"
}
cat >empty <<END
#!/bin/bash
. "$top/tests/services/neo4j_data.sh"
neo4j_query "MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS" && neo4j_query "MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS OF 20000 ROWS"
END
chmod +x empty
"$build/pabengine" run job.yaml >/dev/null && "$python" "$top/tests/bench/neo4j_driver.py" export kept.gz || exit 1
contestant export-server "$(ask 'MATCH (n) RETURN elementId(n), labels(n), properties(n)') && $(ask 'MATCH (a)-[r]->(b) RETURN elementId(r), elementId(a), elementId(b), type(r), properties(r)')"
contestant export-driver "$python $top/tests/bench/neo4j_driver.py export driver.gz"
size_of export-driver driver.gz
contestant export-ours "$build/pabengine run job.yaml"
size_of export-ours "store/latest/databases"
contestant import-driver "$python $top/tests/bench/neo4j_driver.py import kept.gz"
setup_of import-driver ./empty
contestant import-ours "$build/pabengine restore job.yaml latest --yes"
setup_of import-ours ./empty
run_bench "$rounds"
for name in export-server export-driver export-ours import-driver import-ours; do
    awk -v n="$name" -v r="$((count * 3))" -v t="$(median "${times[$name]}")" 'BEGIN { printf "%-28s %8d rows/s\n", n, r / t }'
done
ratio export-driver export-ours 2
ratio import-driver import-ours 2
