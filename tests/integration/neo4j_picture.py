"""What the graph of NEO4J_URL holds, as sorted lines without element ids; `drop-schema` drops constraints and indexes.

An independent judge of backup and restore: it shares nothing with the plugin. Nodes are told apart by their labels and properties, and
relationships by those of their nodes.
"""
import base64
import json
import os
import sys
import urllib.request


def query(statement):
    token = base64.b64encode(f"{os.environ.get('NEO4J_USER', 'neo4j')}:{os.environ['NEO4J_PASSWORD']}".encode()).decode()
    request = urllib.request.Request(
        os.environ["NEO4J_URL"] + "/db/neo4j/query/v2", data=json.dumps({"statement": statement}).encode(),
        headers={"Authorization": "Basic " + token, "Content-Type": "application/json", "Accept": "application/vnd.neo4j.query"})
    answer = json.load(urllib.request.urlopen(request))
    if answer.get("errors"):
        sys.exit(f"{statement}: {answer['errors']}")
    return answer["data"]["values"]


def text(value):
    return value["_value"]


def picture():
    lines, nodes = [], {}
    for (node,) in query("MATCH (n) RETURN n"):
        v = node["_value"]
        nodes[v["_element_id"]] = json.dumps([sorted(v["_labels"]), v["_properties"]], sort_keys=True)
        lines.append("node " + nodes[v["_element_id"]])
    for (relationship,) in query("MATCH ()-[r]->() RETURN r"):
        v = relationship["_value"]
        lines.append("relationship " + json.dumps(
            [nodes[v["_start_node_element_id"]], v["_type"], v["_properties"], nodes[v["_end_node_element_id"]]], sort_keys=True))
    for kind in "CONSTRAINTS", "INDEXES":
        for (statement,) in query(f"SHOW {kind} YIELD createStatement RETURN createStatement"):
            lines.append(text(statement))
    for name, state in query("SHOW INDEXES YIELD name, state RETURN name, state"):
        lines.append(f"index {text(name)} {text(state)}" if "index_" not in text(name) else "index")
    print("\n".join(sorted(lines)))


def drop_schema():
    for (name,) in query("SHOW CONSTRAINTS YIELD name RETURN name"):
        query("DROP CONSTRAINT `" + text(name).replace("`", "``") + "`")
    for (name,) in query("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"):
        query("DROP INDEX `" + text(name).replace("`", "``") + "`")


if sys.argv[1:] == ["drop-schema"]:
    drop_schema()
else:
    picture()
