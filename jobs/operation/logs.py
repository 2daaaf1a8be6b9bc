"""Logger of the process, the only one: structlog, as JSON lines on standard error or, on a terminal, in colour."""

import logging
import sys

import orjson
import structlog


def configure_logging(level: str = "INFO") -> None:
    """Make every log line of this process, those of libraries included, go through structlog."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    final: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if sys.stderr.isatty():
        final.append(structlog.dev.ConsoleRenderer())
    else:
        final += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumps)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore"):  # they tell whole addresses, in which receivers of webhooks have their secrets
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
