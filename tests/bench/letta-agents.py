"""A Letta server of nothing but agents, as many as one likes, to see what a backup of them needs. letta-agents.py PORT AGENTS SIZE

Each agent has SIZE bytes of memory, a message, and an export. POST /empty forgets them all; an import brings one back.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PORT, COUNT, SIZE = (int(word) for word in sys.argv[1:4])
NUMBERS = {"agent-%d" % i: i for i in range(COUNT)}
IDS = list(NUMBERS)


def agent(one):
    n = NUMBERS[one]
    blocks = [{"id": "block-%s-%d" % (one, i), "label": "part%d" % i, "value": ("agent %d " % n) * (SIZE // 40), "limit": 20000} for i in range(4)]
    return {"id": one, "name": "agent number %d" % n, "system": "You are one of many.", "blocks": blocks, "message_ids": ["message-%d" % n],
            "tools": [{"id": "tool-1", "name": "send_message", "tool_type": "letta_core", "source_code": "pass\n" * 100}], "tags": ["many"], "sources": [],
            "secrets": [], "identity_ids": [], "llm_config": {"model": "stub", "context_window": 32000}}


def export(one):
    text = {"type": "message", "role": "user", "id": "message-0", "content": [{"type": "text", "text": "hello"}]}
    return {"agents": [{"name": agent(one)["name"], "id": "agent-0", "messages": [text], "in_context_message_ids": ["message-0"]}], "blocks": [], "tools": [], "files": []}


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *args):
        pass

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = b""
        while True:
            size = int(self.rfile.readline(), 16)
            text += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return text

    def do_GET(self):
        url = urlparse(self.path)
        query, parts = parse_qs(url.query), url.path.strip("/").split("/")[1:]
        after, limit = query.get("after", [None])[0], int(query.get("limit", ["50"])[0])
        if parts[0] == "health":
            return self.answer({"version": "0.16.8", "status": "ok"})
        if parts == ["agents"]:
            start = IDS.index(after) + 1 if after in NUMBERS else 0
            return self.answer([agent(one) for one in IDS[start:start + limit]])
        if parts[0] == "agents" and parts[1] in NUMBERS:
            if parts[2:] == ["export"]:
                return self.answer(export(parts[1]))
            if parts[2:] == ["messages"]:
                return self.answer([] if after else [{"id": "message-%d" % NUMBERS[parts[1]], "message_type": "user_message", "content": "hello"}])
            return self.answer(agent(parts[1]) if len(parts) == 2 else [])
        if parts[-1] == "count" or parts[0] in ("agents", "blocks") and len(parts) > 1:
            return self.answer({"detail": "not here"}, 404)
        return self.answer([])

    def do_POST(self):
        body = self.body()
        if self.path == "/empty":
            NUMBERS.clear()
            IDS.clear()
            return self.answer({})
        if self.path.startswith("/v1/agents/import"):
            n = int(body.split(b'"agent number ', 1)[1].split(b'"', 1)[0])
            one = "agent-again-%d" % n
            NUMBERS[one] = n
            IDS.append(one)
            return self.answer({"agent_ids": [one]})
        return self.answer({"id": "thing-1"})

    def do_PATCH(self):
        self.body()
        self.answer({})

    do_DELETE = do_PATCH


ThreadingHTTPServer(("127.0.0.1", PORT), Server).serve_forever()
