"""Logger of the process, the only one: structlog, as JSON lines on standard error or, on a terminal, in colour."""

import logging
import math
import sys
import threading
import time
from collections import Counter
from types import TracebackType

import orjson
import structlog

_FLOODS = ("socket.accept()", "Invalid HTTP request")
"""How messages of asyncio and uvicorn begin that anybody who connects can cause, as often as he likes."""


class OneASecond(logging.Filter):
    """Lets one message of each flood pass a second, with the number of those that it left out before."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the message passes."""
        text = str(record.msg)
        flood = next((start for start in _FLOODS if text.startswith(start)), None)
        if flood is None:
            return True
        if time.monotonic() - self._passed.get(flood, -math.inf) < 1.0:
            self._left_out[flood] += 1
            return False
        self._passed[flood] = time.monotonic()
        if left_out := self._left_out.pop(flood, 0):
            record.msg = f"{text.splitlines()[0]} (and {left_out} more times)"
        return True


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
    flood_filter = OneASecond()
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).addFilter(flood_filter)
    _log_what_python_prints()
    for chatty in ("httpx", "httpcore"):  # they tell whole addresses, in which receivers of webhooks have their secrets
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _log_what_python_prints() -> None:
    """Have warnings, and exceptions that nobody catches, go through the logger, too: Python prints them as they are."""
    logging.captureWarnings(True)
    logger = logging.getLogger("python")

    def log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        logger.critical("the process ends by an exception", exc_info=(kind, error, trace))

    def log_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            exception = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
            name = arguments.thread.name if arguments.thread else "?"
            logger.error("the thread %s ends by an exception", name, exc_info=exception)

    def log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
        exception = (unraisable.exc_type, unraisable.exc_value or unraisable.exc_type(), unraisable.exc_traceback)
        logger.error(
            "%s %r", unraisable.err_msg or "an exception was ignored in", unraisable.object, exc_info=exception
        )

    sys.excepthook, threading.excepthook, sys.unraisablehook = log_end, log_thread, log_unraisable


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
