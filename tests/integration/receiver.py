#!/usr/bin/env python3
"""Receivers of notifications on loopback: HTTP on 127.0.0.1 and on another host (127.0.0.2), HTTPS with a certificate that nobody signed, SMTP.

receiver.py LOG [CERT KEY]: prints NAME=VALUE lines for a shell when it listens; appends a JSON line for all that it gets to LOG.
"""
import http.server
import json
import socketserver
import ssl
import sys
import threading
import time

log_path = sys.argv[1]
lock = threading.Lock()
other = None


def note(**what):
    with lock, open(log_path, "a", encoding="utf-8") as log:
        log.write(json.dumps(what) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        note(host=self.server.server_address[0], path=path, query=self.path[len(path):], headers=dict(self.headers), body=body.decode())
        if path.startswith("/hang"):
            time.sleep(600)
        elif path.startswith("/drip"):
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b".")
                time.sleep(0.05)
        elif path.startswith("/flood"):
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        elif path.startswith("/elsewhere"):
            self.answer(302, f"http://{other}/stolen{path}")
        elif path.startswith("/same"):
            self.answer(307, "/ok" + path)
        elif path.startswith("/500"):
            self.answer(500)
        else:
            self.answer(200)

    def answer(self, status, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # whoever gave up


class Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        data, rcpt, inside = [], [], False
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            text = line.decode().rstrip("\r\n")
            if inside:
                if text == ".":
                    note(host="smtp", to=rcpt, body="\n".join(data))
                    inside = False
                    self.wfile.write(b"250 kept\r\n")
                else:
                    data.append(text[1:] if text.startswith("..") else text)
            elif text.upper().startswith("RCPT"):
                rcpt.append(text.split("<")[1].split(">")[0])
                self.wfile.write(b"250 ok\r\n")
            elif text.upper() == "DATA":
                inside = True
                self.wfile.write(b"354 go on\r\n")
            elif text.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


plain = serve(Server(("127.0.0.1", 0), Handler))
other = f"127.0.0.2:{serve(Server(('127.0.0.2', 0), Handler))}"
print(f"http=http://127.0.0.1:{plain}")
if len(sys.argv) > 3:
    tls = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    tls.socket = context.wrap_socket(tls.socket, server_side=True, do_handshake_on_connect=False)
    print(f"https=https://127.0.0.1:{serve(tls)}")
print(f"smtp={serve(socketserver.ThreadingTCPServer(('127.0.0.1', 0), Smtp))}", flush=True)
threading.Event().wait()
