"""The same work by the official Python driver over Bolt: `export FILE` and `import FILE` of the whole graph, in the ways that its manual
recommends: results streamed, batches of UNWIND, nodes found by element id. Values go as repr(), which keeps every type apart."""
import datetime
import gzip
import os
import sys

import neo4j

BATCH = 5000


def connect():
    with open(os.environ["NEO4J_PASSWORD_FILE"], encoding="utf-8") as f:
        return neo4j.GraphDatabase.driver(os.environ["NEO4J_BOLT"], auth=(os.environ["NEO4J_USER"], f.read()))


def export(path):
    with connect() as driver, driver.session(fetch_size=BATCH) as session, gzip.open(path, "wt", compresslevel=6) as out:
        for row in session.run("MATCH (n) RETURN elementId(n), labels(n), properties(n)"):
            out.write(repr(("n", *row.values())) + "\n")
        for row in session.run("MATCH (a)-[r]->(b) RETURN elementId(a), elementId(b), type(r), properties(r)"):
            out.write(repr(("r", *row.values())) + "\n")


def load(path):
    ids, groups = {}, {}
    names = {"neo4j": neo4j, "datetime": datetime}

    with connect() as driver, driver.session() as session:
        def send(key):
            rows = groups.pop(key)
            if key[0] == "n":
                labels = "".join(":`" + label.replace("`", "``") + "`" for label in key[1])
                for old, new in session.run(f"UNWIND $rows AS row CREATE (n{labels}) SET n = row.p RETURN row.i, elementId(n)", rows=rows):
                    ids[old] = new
            else:
                name = key[1].replace("`", "``")
                session.run("UNWIND $rows AS row MATCH (a) WHERE elementId(a) = row.s MATCH (b) WHERE elementId(b) = row.e "
                            f"CREATE (a)-[r:`{name}`]->(b) SET r = row.p", rows=rows).consume()

        def put(key, row):
            groups.setdefault(key, []).append(row)
            if len(groups[key]) == BATCH:
                send(key)

        nodes = True
        with gzip.open(path, "rt") as lines:
            for line in lines:
                kind, *rest = eval(line, names)  # what this program wrote itself
                if kind == "n":
                    put(("n", tuple(rest[1])), {"i": rest[0], "p": rest[2]})
                    continue
                if nodes:
                    for key in list(groups):
                        send(key)
                    nodes = False
                put(("r", rest[2]), {"s": ids[rest[0]], "e": ids[rest[1]], "p": rest[3]})
        for key in list(groups):
            send(key)


if sys.argv[1] == "export":
    export(sys.argv[2])
else:
    load(sys.argv[2])
