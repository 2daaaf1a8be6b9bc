"""Reruns: the request of a fit once more, with changes, from where it began or from the best that it found."""

import hashlib
from typing import Literal

from app.domain import fits, results
from app.domain.fits import Patch
from app.domain.merge_patch import apply_patch
from app.domain.submission import Submission, submit_fit
from app.errors import RequestFaulty
from app.lifetime.services import Services
from fitting.spec import Fault
from jobs.storage.schema import FitRecord

Start = Literal["request", "best"]
"""Where a rerun begins: at the request's own values, or at the best that its fit has found."""


def rerun(
    services: Services, owner: str, fit_id: str, patch: Patch, idempotency_key: str | None, start: Start = "request"
) -> FitRecord:
    """Queue the request of a fit again, with what a merge patch changes (RFC 7396); name and labels are the fit's own.

    Args:
        services: the process's parts.
        owner: who asks.
        fit_id: the fit.
        patch: what changes.
        idempotency_key: the same one again gives the first job.
        start: what is changed: the request as it was asked for, or with the parameters where the fit ended.

    Raises NotFound, NotFinished where the fit has no best values, and RequestFaulty or RequestInvalid where what comes
    of it has faults.
    """
    record = fits.get(services, owner, fit_id)
    request = record.request if start == "request" else results.best_fit_of(services, owner, fit_id)
    if not isinstance(patch.document, dict):
        raise RequestFaulty([Fault("$", "is not an object", 'what changes, such as {"seed": 7}')])
    # Whoever asks for a fit again wants it run again, unless the changes say otherwise.
    before = {**request, "name": record.name, "labels": list(record.labels), "reuse": False}
    if record.webhook is not None:
        before["webhook"] = record.webhook
    document = apply_patch(before, patch.document)
    body_hash = hashlib.sha256(
        f"rerun {fit_id} {'' if start == 'request' else start}{patch.body_hash}".encode()
    ).hexdigest()
    return submit_fit(services, owner, Submission(document, {}, idempotency_key, body_hash))
