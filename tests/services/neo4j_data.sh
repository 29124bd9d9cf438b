# shellcheck shell=bash
# neo4j_data.sh - fills a Neo4j server with a graph of every kind of thing, lists it so that two servers can be compared, and empties it.
# Sourced, with NEO4J_URL, NEO4J_USER and NEO4J_PASSWORD_FILE set (tests/services/neo4j env); needs curl and jq.
#
#     neo4j_seed [COUNT]      COUNT (2000) people and what they know, every property type, odd names, constraints and indexes
#     neo4j_show              sorted lines: nodes, relationships with their ends, constraints, indexes; no ids
#     neo4j_wipe              deletes all of it
#     neo4j_query STATEMENT [PARAMETERS]   the answer's values, one row a line, typed; fails on any error, also one that comes late

# The password never stands in an argument, where everybody on this machine could read it.
neo4j_query() {
    local answer
    answer=$(jq -nc --arg s "$1" --argjson p "${2:-{\}}" '{statement: $s, parameters: $p}' \
        | curl -sS -m 120 -K <([ -z "$NEO4J_PASSWORD_FILE" ] || printf 'user = "%s:%s"\n' "$NEO4J_USER" "$(cat "$NEO4J_PASSWORD_FILE")") \
            -H 'Accept: application/vnd.neo4j.query' -H 'Content-Type: application/vnd.neo4j.query' --data-binary @- "$NEO4J_URL/db/neo4j/query/v2") || return 1
    if jq -e '.errors // empty | length > 0' >/dev/null <<<"$answer" || ! jq -e .data >/dev/null 2>&1 <<<"$answer"; then
        echo "$1: $answer" | head -c 2000 >&2
        return 1
    fi
    jq -c '.data.values[]' <<<"$answer"
}

neo4j_seed_schema() {
    local statement
    while IFS= read -r statement; do neo4j_query "$statement" || return 1; done <<'END'
CREATE CONSTRAINT person_key FOR (p:Person) REQUIRE p.key IS UNIQUE
CREATE CONSTRAINT pair_key FOR (p:`Odd ``label`` ü`) REQUIRE (p.a, p.`b c`) IS UNIQUE
CREATE CONSTRAINT knows_key FOR ()-[r:KNOWS]-() REQUIRE r.key IS UNIQUE
CREATE INDEX person_age FOR (p:Person) ON (p.age, p.name)
CREATE TEXT INDEX person_name FOR (p:Person) ON (p.name)
CREATE POINT INDEX person_home FOR (p:Person) ON (p.home) OPTIONS {indexConfig: {`spatial.wgs-84.min`: [-100.0, -80.0], `spatial.wgs-84.max`: [100.0, 80.0]}}
CREATE FULLTEXT INDEX `full text` FOR (n:Person|Robot) ON EACH [n.name, n.bio] OPTIONS {indexConfig: {`fulltext.analyzer`: 'german', `fulltext.eventually_consistent`: true}}
CREATE FULLTEXT INDEX knows_text FOR ()-[r:KNOWS|LIKES]-() ON EACH [r.note]
CREATE VECTOR INDEX person_vector FOR (p:Person) ON (p.embedding) OPTIONS {indexConfig: {`vector.dimensions`: 4, `vector.similarity_function`: 'euclidean'}}
CREATE INDEX `code\u005cu0041` FOR (n:`code\u005cu0060point`) ON (n.`p\u005cu0041\u005cu`)
CREATE INDEX knows_since FOR ()-[r:KNOWS]-() ON (r.since)
END
}
# One node for each type; what must come back exactly: signs of zero, extremes, zones, precision, empty lists, bytes, Unicode.
neo4j_seed_types() {
    local statement
    while IFS= read -r statement; do neo4j_query "$statement" || return 1; done <<'END'
CREATE (:Types {name: 'integers', min: -9223372036854775808, max: 9223372036854775807, zero: 0, list: [1, -2, 9007199254740993]})
CREATE (:Types {name: 'floats', nan: 0.0 / 0.0, inf: 1.0 / 0.0, ninf: -1.0 / 0.0, nzero: -0.0, tiny: 4.9e-324, huge: 1.7976931348623157e308, third: 1.0 / 3, whole: 3.0, list: [1.0, 2.5, -0.0]})
CREATE (:Types {name: 'texts', empty: '', unicode: 'é 请 🚀 \u0000 end', lines: 'a\nb\tc\\d"e', list: ['', 'x', 'ü']})
CREATE (:Types {name: 'booleans', yes: true, no: false, list: [true, false]})
CREATE (:Types {name: 'dates', day: date('2024-02-29'), far: date('+12000-01-01'), old: date('-0044-03-15'), list: [date('2000-01-01'), date('1999-12-31')]})
CREATE (:Types {name: 'times', local: localtime('12:34:56.123456789'), zoned: time('23:59:59.999999999+05:30'), list: [localtime('00:00'), localtime('23:59')]})
CREATE (:Types {name: 'instants', local: localdatetime('2024-01-21T12:00:00.000000001'), offset: datetime('2024-01-21T12:00:00-08:00'), zone: datetime('2024-07-01T12:00:00.5[Europe/Berlin]'), list: [datetime('2024-10-27T02:30:00+02:00[Europe/Berlin]'), datetime('2024-10-27T02:30:00+01:00[Europe/Berlin]')]})
CREATE (:Types {name: 'durations', mixed: duration({months: 14, days: -3, seconds: 3723, nanoseconds: 5}), zero: duration('PT0S'), list: [duration('P1D'), duration('PT-1S')]})
CREATE (:Types {name: 'points', flat: point({x: 1.5, y: -2}), deep: point({x: 1, y: 2, z: 3}), earth: point({longitude: 13.4, latitude: 52.5}), high: point({longitude: 13.4, latitude: 52.5, height: 34.5}), list: [point({x: 0, y: 0}), point({x: 1, y: 1})]})
CREATE (:Types {name: 'empty lists', list: []})
CREATE ()
CREATE (), ({name: 'no label'})
CREATE (:A:B:C {name: 'three labels'}), (:C:B:A {name: 'three labels'})
CREATE (:`Odd ``label`` ü` {a: 1, `b c`: 'x', `back``tick`: 1, `ключ`: '🔑'})-[:`ODD ``type`` ü` {`p q`: [1, 2]}]->(:`Odd ``label`` ü` {a: 1, `b c`: 'y'})
CREATE (:`back\slash` {`tail\`: 1, `new\nline`: 2})-[:`t\n`]->(:`code\u005cu0060point` {`p\u005cu0041\u005cu`: 3})-[:`r\u005cu0041`]->()
MATCH (n:A) CREATE (n)-[:SELF]->(n)
MATCH (a:Types {name: 'texts'}), (b:Types {name: 'floats'}) CREATE (a)-[:TWICE {n: 1}]->(b), (a)-[:TWICE {n: 1}]->(b), (b)-[:TWICE]->(a)
END
    # a relationship holds what a node does
    neo4j_query "MATCH (n:Types) WHERE n.name <> 'texts' WITH n ORDER BY n.name MATCH (t:Types {name: 'texts'}) CREATE (n)-[r:COPY]->(t) SET r = properties(n)" || return 1
    neo4j_query "CREATE (:Types {name: 'bytes', all: \$bytes, none: \$none})" \
        '{"bytes": {"$type": "Base64", "_value": "AAECAwQFBgcICQr/gA=="}, "none": {"$type": "Base64", "_value": ""}}'
}
neo4j_seed() {
    local count=${1:-2000}
    neo4j_seed_schema && neo4j_seed_types || return 1
    neo4j_query "UNWIND range(1, $count) AS i CREATE (p:Person {key: i, name: 'Person ' + i, age: i % 97, bio: 'Größe ' + toString(i * 7919 % 1000) + ' wohnt in Straße ' + i,
        home: point({longitude: (i % 180) - 90.0, latitude: (i % 120) - 60.0}), born: date('1950-01-01') + duration({days: i * 13 % 20000}), tags: ['a' + (i % 7), 'b' + (i % 11)]})
        FOREACH (x IN CASE WHEN i % 10 = 0 THEN [1] ELSE [] END | SET p:Robot, p.embedding = [i * 0.5, 1.0, -2.25, 0.125])" || return 1
    neo4j_query "UNWIND range(1, $count * 2) AS i MATCH (a:Person {key: 1 + i % $count}), (b:Person {key: 1 + (i * 31 + i / 7) % $count})
        CREATE (a)-[:KNOWS {key: i, since: date('2000-01-01') + duration({days: i % 9000}), note: 'met ' + i, weight: i * 0.1}]->(b)" || return 1
    neo4j_query "UNWIND range(1, $count / 2) AS i MATCH (a:Person {key: i}), (b:Person {key: 1 + i * 17 % $count}) CREATE (a)-[:LIKES]->(b)" || return 1
    neo4j_query "CALL db.awaitIndexes(120)"
}

# In a shell of its own, where a query that fails makes its pipe fail: a server that does not answer must not look like an empty one.
neo4j_show() (
    set -o pipefail
    neo4j_query "CALL db.awaitIndexes(120)" || return 1
    {
        neo4j_query "MATCH (n) RETURN labels(n), properties(n)" | jq -cS '.[0]._value |= sort | ["node"] + .' || exit 1
        neo4j_query "MATCH (a)-[r]->(b) RETURN labels(a), properties(a), type(r), properties(r), labels(b), properties(b)" \
            | jq -cS '.[0]._value |= sort | .[4]._value |= sort | ["relationship"] + .' || exit 1
        neo4j_query "SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties" | jq -cS '["constraint"] + .' || exit 1
        neo4j_query "SHOW INDEXES YIELD name, type, state, entityType, labelsOrTypes, properties, options WHERE type <> 'LOOKUP'" | jq -cS '["index"] + .' || exit 1
    } | LC_ALL=C sort
)

neo4j_wipe() {
    local left
    while :; do
        neo4j_query "MATCH (n) WITH n LIMIT 5000 DETACH DELETE n" || return 1
        left=$(neo4j_query "MATCH (n) RETURN count(n)") || return 1
        case $left in *'"_value":"0"'*) break ;; esac
    done
    neo4j_drop CONSTRAINT "SHOW CONSTRAINTS YIELD name" && neo4j_drop INDEX "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
}
neo4j_drop() ( # KIND, statement that lists them
    set -o pipefail
    neo4j_query "$2" | jq -r '.[0]._value' | while IFS= read -r name; do
        name=${name//\\u/\\u005cu}
        neo4j_query "DROP $1 \`${name//\`/\`\`}\` IF EXISTS" || exit 1
    done
)
