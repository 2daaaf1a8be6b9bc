"""Spans of requests and fits for OpenTelemetry, where the setting asks for them (`pip install 'photfit[telemetry]'`).

    with span("fit", request_id, fit="fit_01k9"):    # nothing where `start_tracing` was not called
        …

Where spans go is for OpenTelemetry's own variables to say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS …).
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_tracer: Any = None


def start_tracing(role: str) -> Callable[[], None]:
    """From now on this process, which is photfit's `role`, sends spans; returns what sends the last ones at the end."""
    global _tracer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"photfit-{role}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("photfit")
    return provider.shutdown


@contextmanager
def span(name: str, request_id: str, **attributes: str | int) -> Iterator[None]:
    """A span while the context lasts, in the trace of a request; nothing where tracing has not been started."""
    if _tracer is None:
        yield
        return
    with _tracer.start_as_current_span(name, context=_trace_of(request_id), attributes=attributes):
        yield


def _trace_of(request_id: str) -> Any:
    """The trace that follows from a request's id: the same in every process, without anything handed over."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    digest = hashlib.sha256(request_id.encode()).digest()
    root = SpanContext(
        int.from_bytes(digest[:16]), int.from_bytes(digest[16:24]), is_remote=True, trace_flags=TraceFlags(1)
    )
    return set_span_in_context(NonRecordingSpan(root))
