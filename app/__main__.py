"""`python -m app`: the HTTP service alone. Children that read files import this module, so it imports nothing heavy."""

import argparse
import atexit
import contextlib
import sys

_LONGEST_HEAD = 320 << 10
"""Bytes of a request's line and headers: room for the longest query, `truth` and `parameters` of a plot, escaped."""

_NO_START = 3
"""Exit status where the application could not start or listen; what uvicorn's own program has for it."""


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; then let open requests end within three seconds."""
    import uvicorn

    from app.http.connections import PatientServer, server_options
    from app.main import create_app
    from jobs.operation.logs import configure_logging
    from jobs.operation.parentage import watch_supervisor
    from jobs.operation.tracing import start_tracing
    from jobs.settings import Settings
    from jobs.storage.database import database_at_start

    settings = Settings()
    parser = argparse.ArgumentParser(prog="python -m app", description="Serve photfit's HTTP interface.")
    host, port = settings.host, settings.port
    parser.add_argument("--host", default=host, help=f"address to listen at (default {host})")
    parser.add_argument(
        "--port", type=int, default=port, help=f"port to listen at; 0 takes a free one (default {port})"
    )
    options = parser.parse_args(arguments)
    if settings.exposes_everything(options.host):
        sys.exit(
            f"photfit: other machines can reach {options.host or 'every address'}: set PHOTFIT_ACCOUNTS=true, so that "
            "users need a key, or PHOTFIT_ACCOUNTS=false to let in whoever reaches it"
        )
    configure_logging()
    watch_supervisor()
    database_at_start(settings, "photfit")
    if settings.telemetry:
        atexit.register(start_tracing("api"))
    app = create_app(settings.model_copy(update={"host": options.host}))
    configuration = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        **server_options(settings.max_connections, settings.head_seconds),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or "",
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    server = PatientServer(configuration, lambda: app.state.services.streams.end())
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(_NO_START)


if __name__ == "__main__":
    main()
