#!/usr/bin/env bash
# time limit: 600
# A real Neo4j: every property type, names that need quoting, constraints and every kind of index, there and back; the server emptied,
# a server that is written to, killed runs, and the methods that stop the server.
. "$(dirname "$0")/lib.sh"
need curl
need python3
service neo4j
: "${NEO4J_URL:?}" "${NEO4J_USER:?}" "${NEO4J_PASSWORD:?}"
secrets+=("$NEO4J_PASSWORD")
export NEO4J_PASSWORD
make_job <<END_OF_JOB
defaults: {retries: 0}
targets:
  - {name: graph, plugin: neo4j, options: {url: "$NEO4J_URL", user: "$NEO4J_USER", password: "env:NEO4J_PASSWORD", batch: 500}}
END_OF_JOB

# BODY as JSON; prints the answer and fails unless it is a good one.
query() {
    local answer
    answer=$(printf '%s' "$1" | curl -sS -u "$NEO4J_USER:$NEO4J_PASSWORD" -H 'Content-Type: application/vnd.neo4j.query' -H 'Accept: application/json' --data-binary @- "$NEO4J_URL/db/neo4j/query/v2") || return 1
    case $answer in *'"errors":'*) echo "$answer" >&2; return 1 ;; esac
    printf '%s\n' "$answer"
}
cypher() { query "$(python3 -c 'import json, sys; print(json.dumps({"statement": sys.argv[1]}))' "$1")"; }
number() { cypher "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["values"][0][0])'; }
# What a graph is, without element ids: an independent judge of the restore.
picture() {
    python3 "$top_srcdir/tests/integration/neo4j_picture.py"
}
empty() {
    cypher 'MATCH (n) DETACH DELETE n' >"$T/null"
    python3 "$top_srcdir/tests/integration/neo4j_picture.py" drop-schema
}

empty
at_end empty

# ---- a graph of everything
cypher 'CREATE (:Types {
  int_min: -9223372036854775808, int_max: 9223372036854775807, zero: 0, float: 0.1, float_max: 1.7976931348623157E308, tiny: 4.9E-324,
  nan: 0.0/0.0, infinite: 1.0/0.0, minus_infinite: -1.0/0.0, minus_zero: -0.0, yes: true, no: false,
  text: "caf\u00e9 \u2615 \ud83d\ude00 \"quoted\" \\ back` `tick\n\t", empty_text: "",
  date: date("2020-02-29"), old_date: date("-0044-03-15"), far_date: date("+12000-01-01"),
  local_time: localtime("23:59:59.999999999"), time: time("12:00:00+02:00"), local_datetime: localdatetime("1969-07-20T20:17:40.5"),
  datetime: datetime("2024-01-21T12:00:00+05:30"), zoned: datetime("2024-10-27T02:30:00+02:00[Europe/Berlin]"), zoned_later: datetime("2024-10-27T02:30:00+01:00[Europe/Berlin]"),
  duration: duration({months: -14, days: 3, seconds: 70, nanoseconds: -1}), point2: point({x: 1.5, y: -2}), point3: point({x: 1, y: 2, z: 3}),
  place: point({latitude: 52.5, longitude: 13.4}), place3: point({latitude: 52.5, longitude: 13.4, height: 34.0}),
  ints: [1, 2, -3], floats: [1.0, 2.5], texts: ["a", "", "\ud83d\ude00"], bools: [true, false], dates: [date("2000-01-01")], zoneds: [datetime("2024-10-27T02:30:00+01:00[Europe/Berlin]")],
  durations: [duration("P1M"), duration("PT1S")], points: [point({x: 1, y: 2}), point({x: 3, y: 4})], empty_list: []})' >"$T/null" || not_ok "a node of every type"
query '{"statement":"CREATE (:Types {bytes: $b, nul: $n})","parameters":{"b":{"$type":"Base64","_value":"AAECAwT//g=="},"n":{"$type":"String","_value":"a\u0000b"}}}' >"$T/null" || not_ok "bytes"
cypher 'CREATE (a:Person:`La``bel ü`:Admin {name: "Ada", `a key`: 1})-[:KNOWS {since: date("2020-01-01")}]->(b:Person {name: "Bob"}), (b)-[:`ty``pe é`]->(b), (a)-[:KNOWS]->(b), (a)-[:KNOWS]->(b), (), ()-[:EMPTY]->()' >"$T/null"
cypher 'UNWIND range(1, 3000) AS i CREATE (n:Thing {number: i, name: "thing " + i, embedding: [i * 0.5, 1.0, 2.0]})' >"$T/null"
cypher 'MATCH (a:Thing), (b:Thing) WHERE b.number = a.number * 2 OR b.number = a.number + 7 CREATE (a)-[:NEXT {weight: a.number / 3.0}]->(b)' >"$T/null"
for statement in 'CREATE CONSTRAINT thing_number FOR (n:Thing) REQUIRE n.number IS UNIQUE' 'CREATE CONSTRAINT `odd; ``name` FOR (n:Person) REQUIRE (n.name, n.`a key`) IS UNIQUE' \
    'CREATE CONSTRAINT rel_unique FOR ()-[r:EMPTY]-() REQUIRE r.id IS UNIQUE' 'CREATE INDEX thing_name FOR (n:Thing) ON (n.name, n.number)' 'CREATE TEXT INDEX thing_text FOR (n:Thing) ON (n.name)' \
    'CREATE POINT INDEX place FOR (n:Types) ON (n.place)' 'CREATE INDEX weight FOR ()-[r:NEXT]-() ON (r.weight)' \
    "CREATE FULLTEXT INDEX words FOR (n:Thing|Person) ON EACH [n.name] OPTIONS {indexConfig: {\`fulltext.analyzer\`: 'english', \`fulltext.eventually_consistent\`: true}}" \
    "CREATE VECTOR INDEX near FOR (n:Thing) ON (n.embedding) OPTIONS {indexConfig: {\`vector.dimensions\`: 3, \`vector.similarity_function\`: 'euclidean'}}"; do
    cypher "$statement" >"$T/null" || not_ok "$statement"
done
picture >"$T/before"

# ---- there
expect 0 "check" check "$job"
expect 0 "discover" discover "$job"
has "discover counts nodes" "$out" "3,007 nodes"
expect 0 "a backup" run "$job"
graph=$(ls "$(latest)"/databases/neo4j_graph_*.jsonl.gz)
same "has a line for each node and relationship, and two more" "$(($(number 'MATCH (n) RETURN count(n)') + $(number 'MATCH ()-[r]->() RETURN count(r)') + 2))" "$(zcat "$graph" | wc -l)"
schema=$(zcat "$(latest)"/databases/neo4j_schema_*.cypher.gz)
same "has the constraints" 3 "$(grep -c '^CREATE CONSTRAINT' <<<"$schema")"
same "has the indexes" 6 "$(grep -c '^CREATE [A-Z]* INDEX' <<<"$schema")"
expect 0 "verify" verify "$job" latest

# ---- and back
expect 1 "a database that is not empty is refused" restore "$job" latest --yes
grep -q "holds 3007 nodes" "$out" "$err" && ok "with its number of nodes" || { explain | not_ok "with its number of nodes" -; }
picture | cmp -s - "$T/before" && ok "and nothing is changed" || not_ok "and nothing is changed"
empty
expect 0 "a plan" restore "$job" latest --dry-run
same "does nothing" 0 "$(number 'MATCH (n) RETURN count(n)')"
expect 0 "a restore into the emptied server" restore "$job" latest --yes
picture >"$T/after"
check "every node, relationship, property, constraint and index is there again" diff "$T/before" "$T/after"
same "no temporary label or property is left" 0 "$(number "CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH '_pab' RETURN count(*)")"
cypher 'MATCH (n:Thing) WHERE n.number < 100 DETACH DELETE n' >"$T/null"
cypher 'CREATE (:Other)' >"$T/null"
expect 0 "--force empties a database that holds something else" restore "$job" latest --yes --force
picture >"$T/after"
check "and restores" diff "$T/before" "$T/after"

# ---- written to meanwhile
(while :; do cypher 'UNWIND range(1, 50) AS i CREATE (:Noise)-[:NOISE]->(:Noise)' >/dev/null 2>&1 || exit; done) &
writer=$!
pab run "$job"
kill "$writer"; wait "$writer" 2>/dev/null
case $status in 0|3) ok "a graph that is written to is backed up, with a warning or without" ;; *) explain | not_ok "a graph that is written to is backed up" - ;; esac
expect 0 "and what is in it fits together" verify "$job" latest
expect 0 "and can be restored" restore "$job" latest --yes --force

# ---- credentials
NEO4J_PASSWORD=wrong-password expect 1 "a wrong password fails" run "$job"
