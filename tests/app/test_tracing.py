"""Spans for OpenTelemetry, sent to a collector that a test stands in for."""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.app.conftest import Service, wait_until


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.append(ExportTraceServiceRequest.FromString(plain))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_requests_are_told_to_a_collector(
    make_service: Callable[..., Service],
    collector: tuple[str, list[ExportTraceServiceRequest]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    service = make_service(telemetry="true")
    for _ in range(2):
        service.client.get("/v1/profiles", headers={"X-Request-Id": "the-same"})

    def traces() -> list[bytes]:
        spans = [
            span
            for one in received
            for part in one.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]
        paths = [(span, {item.key: item.value.string_value for item in span.attributes}) for span in spans]
        return [span.trace_id for span, attributes in paths if attributes.get("path") == "/v1/profiles"]

    wait_until(lambda: len(traces()) == 2, 20, "the spans of both requests")
    assert len(set(traces())) == 1, "requests of one id are one trace"
