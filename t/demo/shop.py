"""The API behind the edges: products with a price, fresh for an hour."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lib.ports import HOST, free_port


class Shop(ThreadingHTTPServer):
    """`asked` counts requests; `price` is that of everything."""

    def __init__(self):
        super().__init__((HOST, free_port()), _Handler)
        self.asked = 0
        self.price = 10
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def address(self):
        return f"{HOST}:{self.server_address[1]}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked += 1
        body = json.dumps({"path": self.path, "price": self.server.price})
        body = body.encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=3600")
        # The tag to purge it by.
        self.send_header("Surrogate-Key", self.path.strip("/").replace("/", ":"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
