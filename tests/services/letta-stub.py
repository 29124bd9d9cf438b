"""A model of the tests' own: what an OpenAI-compatible server answers, without a model. letta-stub.py PORT

Embeddings depend on nothing but the text; a chat answers "echo: " and the last thing the user said.
"""
import base64
import hashlib
import json
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIM = 1536


def vector(text):
    seed = hashlib.sha256(text.encode()).digest()
    return [(seed[i % 32] - 128) / 128.0 + i / (DIM * 10.0) for i in range(DIM)]


def last_text(messages):
    for message in reversed(messages):
        content = message.get("content")
        if message.get("role") == "user":
            return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content or [])
    return ""


class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, body, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer({"object": "list", "data": [{"id": name, "object": "model", "owned_by": "tests"} for name in ("stub-chat", "text-embedding-3-small")]})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.endswith("/embeddings"):
            texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
            vectors = [vector(text if isinstance(text, str) else repr(text)) for text in texts]
            if request.get("encoding_format") == "base64":
                vectors = [base64.b64encode(struct.pack("<%df" % DIM, *one)).decode() for one in vectors]
            data = [{"object": "embedding", "index": i, "embedding": one} for i, one in enumerate(vectors)]
            self.answer({"object": "list", "model": request.get("model"), "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
            return
        text = "echo: " + last_text(request.get("messages", []))
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        common = {"id": "chat-1", "created": 1, "model": request.get("model")}
        if not request.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            self.answer(dict(common, object="chat.completion", choices=[choice], usage=usage))
            return
        events = [
            dict(common, object="chat.completion.chunk", choices=[{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]),
            dict(common, object="chat.completion.chunk", choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
            dict(common, object="chat.completion.chunk", choices=[], usage=usage),
        ]
        self.answer(b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events) + b"data: [DONE]\n\n", "text/event-stream")


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Stub).serve_forever()
