"""Settings of the service, every one, read from the environment here and nowhere else.

PHOTFIT_LEASE_SECONDS=60 python -m worker      # Settings().lease_seconds == 60.0
"""

import base64
import contextlib
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1 << 20
"""Bytes."""
GIBIBYTE = 1 << 30
"""Bytes."""
_FITS_SHARE = 0.8
"""Of a machine's memory, for all its fits together. Chosen by hand: the rest is for the API, its children, the database
and the system's cache of files."""

_GROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells how much memory a container may have: control groups of version 2 and 1."""


def machine_bytes(limits: Iterable[Path] = _GROUP_LIMITS) -> int:
    """Memory of this machine or of the container that this is, in bytes; 0 where the system does not tell.

    A container sees its whole machine's pages, and is ended by SIGKILL at a limit of its own. `limits` are files that
    may tell that.
    """
    pages = os.sysconf("SC_PHYS_PAGES") if "SC_PHYS_PAGES" in os.sysconf_names else 0
    found = [pages * os.sysconf("SC_PAGE_SIZE")]
    for path in limits:
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            found.append(int(path.read_text("ascii")))
    return min(found)


class Settings(BaseSettings):
    """Settings of API and workers; the environment sets each as ``PHOTFIT_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="PHOTFIT_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        Path("photfit-data"), title="Data directory", description="Where the embedded database, files and broker live."
    )
    database_url: str | None = Field(
        None, title="Database", description="SQLAlchemy URL; by default a SQLite file in the data directory."
    )
    blob_url: str | None = Field(
        None,
        title="File store",
        description="Folder or object store (s3://bucket/prefix); by default in the data directory.",
    )
    broker_url: str = Field(
        "redis://127.0.0.1:6379/0", title="Broker", description="Redis or Valkey, as Celery writes its URL."
    )
    host: str = Field("127.0.0.1", title="Host", description="Address at which the API listens.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8700, title="Port", description="Port of the API.")
    public_url: str | None = Field(
        None,
        title="Public address",
        description="Where users reach the service, such as https://photfit.example.org; webhooks and UWS documents "
        "lead there.",
    )
    max_connections: Annotated[int, Field(ge=8)] = Field(
        4096,
        title="Connections",
        description="Connections to the API at once, or fewer where there are not descriptors enough; one more closes "
        "the one that has been idle for longest.",
    )
    head_seconds: Annotated[float, Field(gt=0)] = Field(
        15.0, title="Time for a head", description="Seconds in which a connection has to bring a request's head."
    )
    body_silence_seconds: Annotated[float, Field(gt=0)] = Field(
        30.0, title="Silence in a body", description="Seconds that may pass without a byte of a body; then 408."
    )
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        3600.0, title="Time for a body", description="Seconds in which a request's body has to come; then 408."
    )
    max_streams: Annotated[int, Field(ge=1)] = Field(
        400, title="Streams", description="Event streams and long polls at once; one more answers 503."
    )
    account_streams: Annotated[int, Field(ge=1)] = Field(
        100, title="Streams of an account", description="Of them, those of one account; one more answers 429."
    )
    allowed_hosts: str | None = Field(
        None,
        title="Names of the service",
        description="Comma-separated names by which a service without accounts is reached, beside this machine's "
        "loopback and the public address; requests to other names answer 403.",
    )
    trusted_proxies: str | None = Field(
        default_factory=lambda: os.environ.get("FORWARDED_ALLOW_IPS"),
        title="Trusted proxies",
        description="Comma-separated addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` "
        "are believed, by default nobody's; uvicorn's FORWARDED_ALLOW_IPS says the same.",
    )
    max_upload_bytes: Annotated[int, Field(gt=0)] = Field(
        256 * MEBIBYTE, title="Largest body", description="Bytes of a request's body; larger ones answer 413."
    )
    accounts: bool | None = Field(
        None,
        title="Accounts",
        description="true: whoever uses the service needs a key, and sees only what is his own. Has to be said, true "
        "or false, where the service listens on more than the loopback address.",
    )
    session_seconds: Annotated[float, Field(gt=0)] = Field(
        12 * 3600.0, title="Session", description="A browser that signed in with a key is signed out after so long."
    )
    examples_dir: Path | None = Field(
        None, title="Examples", description="Folder of the page's examples; by default the one beside the source tree."
    )
    quota_upload_bytes: Annotated[int | None, Field(ge=0)] = Field(
        20 * GIBIBYTE, title="Uploads of an account", description="Bytes of an account's uploads, at most."
    )
    quota_stored_bytes: Annotated[int | None, Field(ge=0)] = Field(
        50 * GIBIBYTE, title="Files of an account", description="Bytes of an account's uploads and results, at most."
    )
    quota_queued_fits: Annotated[int | None, Field(ge=0)] = Field(
        2000, title="Waiting fits of an account", description="Fits of an account that may wait; more are refused."
    )
    quota_running_fits: Annotated[int | None, Field(ge=1)] = Field(
        None, title="Running fits of an account", description="Fits of an account that run at once; more of them wait."
    )
    requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        1200, title="Requests of an account", description="Requests that an account may send a minute."
    )
    refusals_per_minute: Annotated[int, Field(ge=1)] = Field(
        30, title="Wrong keys", description="Requests without a good key that an address may send a minute."
    )
    sign_ins_per_minute: Annotated[int, Field(ge=1)] = Field(
        30, title="Sign-ins", description="Times that an account may sign browsers in a minute."
    )
    account_sessions: Annotated[int, Field(ge=1)] = Field(
        50, title="Sessions of an account", description="Browsers that are signed in at once; one more ends the oldest."
    )
    telemetry: bool = Field(
        False, title="Telemetry", description="Send spans of requests and fits by OpenTelemetry's OTLP over HTTP."
    )
    lease_seconds: Annotated[float, Field(gt=0)] = Field(
        30.0, title="Lease", description="A worker that has not renewed for so long has lost its job."
    )
    max_crashes: Annotated[int, Field(ge=1)] = Field(
        3, title="Crashes allowed", description="A job fails whose processes died of it this often in a row."
    )
    reconcile_seconds: Annotated[float, Field(gt=0)] = Field(
        2.0, title="Reconciler's pause", description="Seconds between looks for expired leases and unheard jobs."
    )
    cancel_grace_seconds: Annotated[float, Field(gt=0)] = Field(
        10.0, title="Cancel grace", description="A job that ignores its cancellation for so long is ended by force."
    )
    max_fit_seconds: Annotated[float, Field(ge=0)] = Field(
        86_400.0, title="Longest fit", description="Seconds that an attempt at a fit may take; 0 is no limit."
    )
    max_fit_memory_mib: Annotated[int | None, Field(ge=0)] = Field(
        None,
        title="Largest fit",
        description="MiB that a fit may take of its worker's memory; by default four fifths of the machine's or "
        "container's, divided among `workers`; 0 is no limit.",
    )
    fetch_hosts: str | None = Field(
        None,
        title="Hosts to fetch from",
        description="Comma-separated hosts (host, *.domain, host:port) that files may come from; by default none.",
    )
    fetch_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, title="Longest fetch", description="Seconds that fetching a file may take."
    )
    webhook_hosts: str | None = Field(
        None,
        title="Hosts to tell",
        description="Comma-separated hosts that may be told of final fits by webhook; none by default.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        title="Webhook secret",
        description="`whsec_` and a key in base64, which webhooks are signed with (Standard Webhooks).",
    )
    outbound_private: bool = Field(
        False,
        title="Private hosts",
        description="Whether listed hosts may lie in private networks, such as an archive of your own.",
    )
    upload_days: Annotated[float, Field(ge=0)] = Field(
        0.0, title="Days of uploads", description="Uploads that no unfinished fit needs go after so many; 0 keeps them."
    )
    fit_days: Annotated[float, Field(ge=0)] = Field(
        0.0, title="Days of fits", description="Fits and their results go so many days after their end; 0 keeps them."
    )
    search_workers: Annotated[int, Field(ge=0)] = Field(
        1, title="Searches at once", description="Searches for sources that this process runs at once; 0 runs none."
    )
    search_seconds: Annotated[float, Field(gt=0)] = Field(
        900.0, title="Longest search", description="Seconds that a search for sources may take."
    )
    search_days: Annotated[float, Field(ge=0)] = Field(
        7.0, title="Days of searches", description="Searches for sources go so many days after their end; 0 keeps them."
    )
    worker_threads: Annotated[int, Field(ge=0)] = Field(
        0, title="Threads", description="Threads of a worker's engine; 0 takes cores ÷ `workers`."
    )
    workers: Annotated[int, Field(ge=1)] = Field(
        1, title="Workers", description="Worker processes on this machine, for sharing its cores."
    )
    worker_queues: str | None = Field(
        None, title="Queues", description="Comma-separated queues of a worker; by default what its devices can serve."
    )
    worker_alive_file: Path | None = Field(
        None,
        title="Sign of life",
        description="A file that a worker touches every few seconds, for whoever started it to see that it goes on.",
    )
    worker_max_tasks_per_child: Annotated[int, Field(ge=1)] = Field(
        50, title="Jobs per child", description="A worker's child is replaced after so many jobs."
    )

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                key = base64.b64decode(value.get_secret_value().removeprefix("whsec_"), validate=True)
            except ValueError as error:
                raise ValueError("the webhook secret is not base64") from error
            if not 24 <= len(key) <= 64:
                raise ValueError("the webhook secret has to hold 24 to 64 bytes")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if not value:  # also where the environment has it and says nothing
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("the public address has to be one such as https://photfit.example.org")
        return value.rstrip("/")

    def exposes_everything(self, host: str) -> bool:
        """Whether other machines reach `host` while nobody has said whether there are accounts."""
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = host == "localhost"
        return self.accounts is None and not loopback

    @property
    def examples(self) -> Path | None:
        """The folder of examples, or None where there is none."""
        folder = self.examples_dir or Path(__file__).resolve().parent.parent / "examples"
        return folder if folder.is_dir() else None

    @property
    def fit_memory_mib(self) -> int | None:
        """MiB that a fit may take; None is no limit."""
        if self.max_fit_memory_mib is None:
            return int(_FITS_SHARE * machine_bytes() / MEBIBYTE / self.workers) or None
        return self.max_fit_memory_mib or None

    @property
    def most_running(self) -> int | None:
        """How many fits of an account run at once; None where there are no accounts or no limit."""
        return self.quota_running_fits if self.accounts else None

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'photfit.sqlite').absolute()}"

    @property
    def blobs(self) -> str:
        """The file store's URL or folder."""
        return self.blob_url or str((self.data_dir / "blobs").absolute())
