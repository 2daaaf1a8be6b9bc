"""What a request may ask of the service: time, memory, and whom to tell, within what its operator allows."""

from dataclasses import dataclass

from app.errors import RequestFaulty
from fitting.spec import Fault
from fitting.spec.handling import Limits
from jobs.operation.addresses import AddressRefused, AddressRules, require_listed
from jobs.settings import Settings


@dataclass(frozen=True)
class FitLimits:
    """Seconds of one attempt, and MiB beyond what the worker has taken before; None is no limit."""

    seconds: float | None
    memory_mib: int | None


def limits_of(limits: Limits | None, settings: Settings) -> FitLimits:
    """The limits in force. Raises RequestFaulty where the request asks for more than the service allows."""
    asked = limits or Limits()
    most = FitLimits(settings.max_fit_seconds or None, settings.max_fit_memory_mib or None)
    faults = [
        Fault(f"$.limits.{name}", f"{value:g} is more than this service allows", f"at most {bound:g}")
        for name, value, bound in (
            ("seconds", asked.seconds, most.seconds),
            ("memory_mib", asked.memory_mib, most.memory_mib),
        )
        if value is not None and bound is not None and value > bound
    ]
    if faults:
        raise RequestFaulty(faults)
    return FitLimits(asked.seconds or most.seconds, asked.memory_mib or most.memory_mib)


def require_webhook(url: str | None, settings: Settings) -> None:
    """Raise RequestFaulty where a request wants somebody told whom this service does not speak to."""
    if url is None:
        return
    if not settings.webhook_hosts or settings.webhook_secret is None:
        raise RequestFaulty([Fault("$.webhook", "cannot be told: this service sends no webhooks", "a request without")])
    try:
        require_listed(url, AddressRules.read(settings.webhook_hosts, private=settings.outbound_private))
    except AddressRefused as error:
        raise RequestFaulty([Fault("$.webhook", error.message, error.expected)]) from error
