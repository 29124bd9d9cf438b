# shellcheck shell=bash
# graph.sh - make_graph N: N nodes and 2 N relationships with properties. Sourced after tests/services/neo4j_data.sh.
make_graph() {
    neo4j_query "UNWIND range(1, $1) AS i CALL (i) { CREATE (:Person {key: i, name: 'Person ' + i, age: i % 97, born: date('1950-01-01') + duration({days: i % 20000}),
        weight: i * 0.37, tags: ['a' + (i % 7), 'b' + (i % 11)]}) } IN TRANSACTIONS OF 10000 ROWS" || return 1
    neo4j_query "CREATE INDEX bench_key FOR (p:Person) ON (p.key)" && neo4j_query "CALL db.awaitIndexes(300)" || return 1
    neo4j_query "UNWIND range(1, $1 * 2) AS i CALL (i) { MATCH (a:Person {key: 1 + i % $1}), (b:Person {key: 1 + (i * 31 + i / 7) % $1})
        CREATE (a)-[:KNOWS {since: date('2000-01-01') + duration({days: i % 9000}), note: 'met ' + i}]->(b) } IN TRANSACTIONS OF 10000 ROWS" || return 1
    neo4j_query "DROP INDEX bench_key"
}
