"""Proposals: a request that is ready to fit, made from an uploaded image in a sandbox. Nothing is stored."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.domain import uploads
from app.domain.sandbox_refusals import sandbox_refusals
from app.errors import RequestFaulty
from app.lifetime.services import Services
from app.sandbox import file_products
from fitting.spec import Fault, ProposalSpec, json_path, parse_proposal
from jobs.storage.schema import UploadRecord

_EXPECTED = "a smaller window, a higher threshold, or fewer max_components"


def propose(services: Services, owner: str, upload_id: str, document: object) -> Mapping[str, Any]:
    """A proposal for an upload. Raises NotFound, RequestInvalid or RequestFaulty, Unavailable."""
    spec, known = read_proposal(services, owner, upload_id, document)
    return look(services, spec, known, lambda *asked: services.sandbox.call(file_products.propose, *asked))


def read_proposal(
    services: Services, owner: str, upload_id: str, document: object
) -> tuple[ProposalSpec, Mapping[str, UploadRecord]]:
    """What is asked for, and the uploads that it names by id. Raises NotFound, RequestInvalid or RequestFaulty."""
    upload = uploads.get(services, owner, upload_id)
    spec = parse_proposal(document, upload.id, "upload")
    named = [(json_path(location), reference) for location, reference in spec.references()]
    known, faults = uploads.find_named(services, owner, named, "the id of an upload, or an HDU of this one")
    if faults:
        raise RequestFaulty(faults)
    return spec, known


def look(
    services: Services,
    spec: ProposalSpec,
    known: Mapping[str, UploadRecord],
    call: Callable[[ProposalSpec, Mapping[str, Path]], file_products.ProposalOutcome],
) -> Mapping[str, Any]:
    """A proposal, made by `call` in a sandbox. Raises RequestFaulty or Unavailable."""
    with ExitStack() as stack:
        files: dict[str, Path] = {
            name: stack.enter_context(uploads.local_file(services, record)) for name, record in known.items()
        }
        return _in_sandbox(spec, files, call)


def _in_sandbox(
    spec: ProposalSpec,
    files: Mapping[str, Path],
    call: Callable[[ProposalSpec, Mapping[str, Path]], file_products.ProposalOutcome],
) -> Mapping[str, Any]:
    def refusal(why: str) -> RequestFaulty:
        return RequestFaulty([Fault("$", f"the search for sources {why}", _EXPECTED)])

    with sandbox_refusals("The proposal", refusal):
        proposed = call(spec, files)
    if proposed.faults:
        raise RequestFaulty(proposed.faults)
    return proposed.document
