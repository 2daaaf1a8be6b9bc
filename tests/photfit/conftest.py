"""An HTTP server on loopback that a test scripts: for what a network does, not for what photfit's service says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Network:
    """Answers each request with the next of `script`: a status and document, or None to drop the connection."""

    url: str
    script: list[tuple[int, dict[str, Any]] | None] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def network() -> Iterator[Network]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            network.seen.append((self.command, self.path, dict(self.headers)))
            step = network.script.pop(0)
            if step is None:
                self.close_connection = True
                return
            status, document = step
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 (the standard library's names)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    network = Network(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield network
    server.shutdown()
    server.server_close()
    thread.join(5)
