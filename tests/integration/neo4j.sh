#!/usr/bin/env bash
# time limit: 900
# A real Neo4j, there and back: every property type, names that need quoting, every kind of index; the server emptied, written to, stopped,
# and pabengine killed while it is stopped.
. "$(dirname "$0")/lib.sh"
need_neo4j
# shellcheck source=tests/services/neo4j_data.sh
. "$top_srcdir/tests/services/neo4j_data.sh"
target() { # MORE OPTIONS
    printf 'defaults: {retries: 0}\ntargets:\n'
    echo "  - {name: graph, plugin: neo4j, options: {url: \"$NEO4J_URL\", user: $NEO4J_USER, password: \"file:$NEO4J_PASSWORD_FILE\", batch: 500, $1}}"
}
rests="data_dir: \"$NEO4J_DATA\", service: {stop: [\"$NEO4J_STOP\"], start: [\"$NEO4J_START\"]}, downtime: allowed"
make_job <<<"$(target "method: logical")"
count() { neo4j_query "MATCH (n) RETURN count(n)" | jq -r '.[0]._value'; }
# What is there is what was there: judged without the plugin.
there() { # NAME
    neo4j_show >"$T/after" 2>"$T/show.err" || cat "$T/show.err" >>"$T/after"
    if cmp -s "$T/before" "$T/after"; then ok "$1"; else not_ok "$1" "$(diff "$T/before" "$T/after" | cut -c 1-300 | head -n 20)"; fi
}

neo4j_wipe && neo4j_seed 1000 || { not_ok "a graph of every kind of thing"; exit 1; }
at_end neo4j_wipe
neo4j_show >"$T/before"
nodes=$(count)

# ---- there
expect 0 "check" check "$job"
expect 0 "discover" discover "$job"
has "discover counts nodes" "$out" "$(sed -E "s/([0-9])([0-9]{3})$/\1,\2/" <<<"$nodes") nodes"
expect 0 "a trial backs up the graph" schedule test "$job"
has "... of the database" "$out" "trial of neo4j"
expect 0 "a backup of the running server" run "$job"
has "says that it is not a point in time" "$(latest)/manifest.json" "not a point in time"
graph=$(echo "$(latest)"/databases/neo4j_graph_*.jsonl.gz)
same "a line for each node" "$nodes" "$(zcat "$graph" | grep -c '^{"n":')"
same "the last line counts them" "$nodes" "$(zcat "$graph" | tail -n 1 | jq .nodes)"
schema=$(zcat "$(latest)"/databases/neo4j_schema_*.cypher.gz)
same "constraints" 3 "$(grep -c '^CREATE CONSTRAINT' <<<"$schema")"
same "indexes, without those of the constraints and those that every database has" 8 "$(grep -c '^CREATE [A-Z]* INDEX' <<<"$schema")"
expect 0 "verify" verify "$job" latest --check-integrity

# ---- and back
expect 1 "a database that is not empty is refused" restore "$job" latest --yes
grep -q "holds $nodes nodes" "$out" "$err" && ok "with its number of nodes" || { explain | not_ok "with its number of nodes" -; }
there "and nothing is changed"
neo4j_wipe
expect 0 "a plan" restore "$job" latest --dry-run
same "does nothing" 0 "$(count)"
expect 0 "a restore into the emptied server" restore "$job" latest --yes
there "every node, relationship, property, constraint and index is there again"
neo4j_query "MATCH (n:Person) WHERE n.key < 100 DETACH DELETE n"
neo4j_query "CREATE (:Other)"
neo4j_query "CREATE INDEX other FOR (n:Other) ON (n.x)"
expect 0 "--force empties a database that holds something else" restore "$job" latest --yes --force
there "and restores"
"$top_srcdir/tests/services/neo4j" reset >"$T/null" 2>&1
expect 0 "a restore into a server that lost everything" restore "$job" latest --yes
there "brings it all back"

# ---- written to meanwhile
(while neo4j_query "UNWIND range(1, 50) AS i CREATE (:Noise)-[:NOISE]->(:Noise)" >/dev/null 2>&1; do :; done) &
writer=$!
pab run "$job"
kill "$writer"; wait "$writer" 2>/dev/null
case $status in 0|3) ok "a graph that is written to is backed up, with a warning or without" ;; *) explain | not_ok "a graph that is written to is backed up" - ;; esac
expect 0 "what is in it fits together" verify "$job" latest --check-integrity
expect 0 "and can be restored" restore "$job" latest --yes --force

# ---- credentials
make_job "$T/wrong.yaml" <<<"$(target "method: logical" | sed 's/file:[^"]*/env:WRONG/')"
WRONG=wrong-password expect 1 "a wrong password fails" run "$job"

# ---- the data folder of the stopped server
neo4j_wipe && neo4j_seed 300 || not_ok "a graph once more"
neo4j_show >"$T/before"
store=$T/cold
make_job "$T/cold.yaml" <<<"$(target "method: auto, $rests")"
expect 0 "check says that the server will be stopped" check "$job" -v
expect 0 "a trial does not stop it" schedule test "$T/cold.yaml"
has "... and says so" "$out" "only checked: its backup would disturb the service"
expect 0 "a cold backup" run "$job"
ls "$(latest)"/volumes/neo4j_data_*.tar.gz >"$T/null" 2>&1 && ok "is an archive of the data folder" || not_ok "is an archive of the data folder"
there "and the server runs again when it is done"
expect 0 "verify" verify "$job" latest --check-integrity
neo4j_wipe
expect 0 "its restore" restore "$job" latest --yes
there "brings it all back"
same "with the owner that the folder had" "$(stat -c %U "$NEO4J_DATA.pab-old")" "$(stat -c %U "$NEO4J_DATA/databases")"
expect 0 "--cleanup" restore "$job" latest --cleanup --yes
[ ! -e "$NEO4J_DATA.pab-old" ] && ok "removes the old folder" || not_ok "removes the old folder"
PABENGINE_TEST_KILL=neo4j-stopped:1 pab run "$job"
same "a run is killed while the server is stopped" 137 "$status"
expect 0 "the next run" run "$job"
there "starts the server again"
same "and leaves nothing of the killed one" "" "$(leftovers)"

# ---- dumps
store=$T/dump
make_job "$T/dump.yaml" <<<"$(target "method: dump, home: \"$NEO4J_HOME\", admin: [\"$NEO4J_ADMIN\"], $rests")"
expect 0 "a backup by dumps" run "$job"
same "is of the graph and of system" 2 "$(find "$(latest)/databases/" -name 'neo4j_dump_*.dump' | wc -l)"
expect 0 "verify, with the admin tool's own check" verify "$job" latest --check-integrity
expect 1 "a database that is not empty is refused" restore "$job" latest --yes
# long enough to lie in the store as it is
neo4j_query "CREATE (:Newer {key: reduce(text = '', i IN range(1, 50) | text + 'kept-ü!')})"
expect 0 "a restore of dumps by force" restore "$job" latest --yes --force
there "brings it all back, too"
same "and keeps the databases that were there" "neo4j.pab-old system.pab-old neo4j.pab-old system.pab-old" \
    "$(cd "$NEO4J_DATA" && find databases transactions -maxdepth 1 -name '*.pab-old' -printf '%h/%f\n' | sort | sed 's,.*/,,' | paste -sd' ')"
grep -rqaF 'kept-ü!kept-ü!kept-ü!' "$NEO4J_DATA/databases/neo4j.pab-old/" "$NEO4J_DATA/transactions/neo4j.pab-old/" \
    && ok "with what was in them" || not_ok "with what was in them"
expect 1 "which the next restore does not throw away" restore "$job" latest --yes --force
has "... and says so" "$err" "of an earlier restore is still there"
expect 0 "--cleanup" restore "$job" latest --cleanup --yes
same "removes them" "" "$(find "$NEO4J_DATA" -name '*.pab-old')"
neo4j_query "CREATE (:Newer)"
neo4j_show >"$T/newer"
cp "$T/newer" "$T/before"
PABENGINE_TEST_KILL=neo4j-aside:1 pab restore "$job" latest --yes --force
same "a restore is killed while the databases are put aside" 137 "$status"
pab check "$job"
there "the next start of pabengine puts them back and starts the server"
same "and leaves nothing of the killed one" "" "$(find "$NEO4J_DATA" -name '*.pab-old')"
dump=$(echo "$(latest)"/databases/neo4j_dump_system_*.dump)
chmod u+w "$dump" && truncate -s -9 "$dump"
expect 1 "a damaged dump is refused by force, too" restore "$job" latest --yes --force
there "and changes nothing"
