"""SkyPortal: a fit as its external analysis, asked for by its message and told of by one callback.

SkyPortal (Coughlin et al. 2023, ApJS 267, 31; its documentation, "Analysis") posts ``callback_url``, ``inputs`` and
``analysis_parameters``, and is told once, at that address: ``status``, ``message`` and ``analysis``, with draws as
netCDF of ArviZ's layout, plots as PNG, and results as JSON.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from app.domain import plots
from app.domain.results import StoredFile, file_of
from app.domain.submission import Submission, submit_fit
from app.errors import RequestFaulty, ServiceProblem
from app.lifetime.services import Services
from fitting.spec import Fault
from fitting.spec.plots import plots_of
from jobs.lifecycle.outcomes import has_result
from jobs.operation.webhooks import SKYPORTAL
from jobs.storage.schema import FitRecord

_PLOTS = ("fit", "profile", "corner")
"""Plots that are sent, where the fit has them."""
MOST_DRAWS_BYTES = 32 << 20
"""Bytes of draws that are sent, as netCDF. Chosen by hand: a million draws of four parameters; they are held in memory
three times while they are sent, and a fit may draw gigabytes."""
_EXPECTED = "a request as for POST /v1/fits, as an object or as its JSON text, with uploads for its files"
_LABEL = "skyportal"


def start(services: Services, owner: str, message: object) -> FitRecord:
    """Queue the fit that SkyPortal asks for. Raises RequestFaulty or RequestInvalid as `submit_fit` does."""
    if not isinstance(message, dict):
        raise RequestFaulty([Fault("$", "is no object", "the message of an analysis, with callback_url")])
    if message.get("callback_method", "POST") != "POST":
        raise RequestFaulty([Fault("$.callback_method", "is none that photfit calls back by", "POST")])
    url = message.get("callback_url")
    if not isinstance(url, str):
        raise RequestFaulty([Fault("$.callback_url", "is missing", "the address that SkyPortal is told at")])
    document = _request(message)
    labels = [*document["labels"], _LABEL] if isinstance(document.get("labels"), list) else [_LABEL]
    named = message.get("resource_id")
    document = {**({"name": named[:200]} if isinstance(named, str) and named else {}), **document, "labels": labels}
    document["webhook"] = SKYPORTAL + url
    body_hash = hashlib.sha256(orjson.dumps(document)).hexdigest()
    # SkyPortal's addresses have a token of one analysis: asked twice, it still has one fit.
    key = "skyportal-" + hashlib.sha256(url.encode()).hexdigest()
    return submit_fit(services, owner, Submission(document, {}, key, body_hash))


def _request(message: Mapping[str, Any]) -> dict[str, Any]:
    """The request among the parameters of the analysis, which SkyPortal puts beside the inputs or into them."""
    inputs = message.get("inputs")
    for parameters in (message.get("analysis_parameters"), _part(inputs, "analysis_parameters")):
        found = _part(parameters, "request")
        if isinstance(found, str):
            try:
                found = orjson.loads(found)
            except orjson.JSONDecodeError as error:
                why = f"is not JSON: {error.msg}"
                raise RequestFaulty([Fault("$.analysis_parameters.request", why, _EXPECTED)]) from error
        if isinstance(found, dict):
            return found
    raise RequestFaulty([Fault("$.analysis_parameters.request", "is missing", _EXPECTED)])


def _part(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, Mapping) else None


def callback(services: Services, record: FitRecord) -> bytes:
    """What SkyPortal is told of a final fit, as JSON."""
    told: dict[str, Any] = {"status": "failure", "message": f"The fit {record.id} is {record.state}.", "analysis": {}}
    if record.error:
        told["message"] += f" {record.error.get('detail') or record.error.get('title') or ''}".rstrip()
    if has_result(record.state, record.error, record.result_bytes):
        results = _content(services, file_of(services, record, "parameters.json"))
        document = orjson.loads(results or b"{}")
        chains = file_of(services, record, "chains.nc")
        left_out = chains is not None and chains.size > MOST_DRAWS_BYTES
        draws = None if left_out else _content(services, chains)
        told["analysis"] = {
            **({} if draws is None else {"inference_data": {"format": "netcdf4", "data": _text(draws)}}),
            "plots": [{"format": "png", "data": _text(picture)} for picture in _pictures(services, record)],
            "results": {"format": "json", "data": document},
        }
        if record.state == "succeeded":
            told["status"] = "success"
            told["message"] = f"chi-squared per degree of freedom {document.get('chi2_reduced', float('nan')):.4g}"
        if left_out and chains is not None:
            told["message"] += (
                f"; the draws have {chains.size >> 20} MiB, more than the {MOST_DRAWS_BYTES >> 20} that are sent: "
                f"GET /v1/fits/{record.id}/chains gives them, thinned by `thin`"
            )
    return orjson.dumps(told)


def _pictures(services: Services, record: FitRecord) -> Iterator[bytes]:
    """The plots of a result; one that cannot be drawn is left out."""
    has = plots_of(stage["method"] for stage in record.request["stages"])
    for kind in (kind for kind in _PLOTS if kind in has):
        try:
            found = plots.find_plot(
                services, record.owner, record.id, f"{kind}.png", image=None, parameters=None, truth=None
            )
        except ServiceProblem:
            continue
        content = found if isinstance(found, bytes) else _content(services, found)
        if content is not None:
            yield content


def _content(services: Services, file: StoredFile | None) -> bytes | None:
    return None if file is None else services.blobs.read(file.key)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
