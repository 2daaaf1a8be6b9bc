"""Operations of a service, each as a conversation: what is asked, and what the answer means. No network here."""

from __future__ import annotations

import itertools
import json
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from photfit.answers import FINAL_STATES, Answer, FitAnswer, ProblemAnswer, Upload
from photfit.client.catalogue_requests import as_table, asked_catalogue
from photfit.client.event_stream import EventReader
from photfit.client.exchange import Call, Follow, Item, NextLine, Pause, Steps, Work, address_of
from photfit.client.fit_batch import FitBatch
from photfit.client.request_uploads import RequestUploads
from photfit.client.retry_patience import RetryPatience, TimeOver, failure_of
from photfit.client.service_errors import Refused, ServiceError, WaitTimeout
from photfit.model import Component, Constraint, Stage
from photfit.results import DocumentName

LONG_POLL_SECONDS = 20.0
"""Seconds that the service is asked to wait: it allows 60. Chosen by hand, well below the client's own time limit."""
_REPORT_SECONDS = 1.0
"""The same where somebody is told of each answer."""
_SILENCE_SECONDS = 15.0
"""Seconds beyond those that the service was asked to wait, after which a state that has not come is asked for anew: a
connection that died is found out. Chosen by hand."""
_PAGE = 100
"""Fits asked for at once: the most that the service gives."""
_PATCH = "application/merge-patch+json"
_NOT_THERE = frozenset({404, 409, 410})
"""Statuses of what a fit does not have, does not have yet, or has no more."""
_FILES = {
    "best-fit.json": ("best-fit", ""),
    "chains.nc": ("chains", "netcdf"),
    "covariance.json": ("covariance", ""),
    "log.txt": ("log", ""),
    "parameters.json": ("parameters", ""),
    "provenance.json": ("provenance", ""),
    "request.json": ("request", ""),
}
"""Addresses below a fit's own, and formats to ask for, of files that are called otherwise in a folder of results."""

Read = TypeVar("Read", bound=Answer)
"""What an answer is read as."""


class Operations:
    """What can be asked of a service, as conversations.

    Args:
        url: the service's, for messages.
        patience: seconds of pauses in all for which one request is tried again.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._url = url
        self._patience = RetryPatience(url, patience)
        self._uploads = RequestUploads(self.upload, self.upload_bytes, self.fetch)

    def upload(self, path: Path | str) -> Steps[Upload]:
        """Send a file; the service stores it once however often it comes."""
        return self._send(Path(path), Path(path).name, Path(path).stat().st_size)

    def upload_bytes(self, content: bytes, filename: str) -> Steps[Upload]:
        """Send the bytes of a file, as `upload` does."""
        return self._send(content, filename, len(content))

    def fetch(self, url: str) -> Steps[Upload]:
        """Let the service fetch a file, where its settings allow that host."""
        return (yield from self._read(Upload, Call("POST", "/v1/uploads", json={"url": url})))

    def propose(
        self,
        upload_id: str,
        options: Mapping[str, Any] | None = None,
        report: Callable[[dict[str, Any]], None] | None = None,
    ) -> Steps[dict[str, Any]]:
        """A request that is ready to fit, made from an uploaded image, as ``request``; and what was found in it.

        The service looks for sources as a job, of a large image for minutes, and goes on where nobody waits any more.

        Args:
            upload_id: of the image.
            options: which planes there are, and how to look for sources.
            report: called with the search now and then, whose ``progress`` has a ``message``.

        Raises ServiceError where it fails or is cancelled.
        """
        asked = Call("POST", address_of("v1", "uploads", upload_id, "searches"), json=dict(options or {}))
        search = yield from self._json(asked)
        seconds = _REPORT_SECONDS if report is not None else LONG_POLL_SECONDS
        address = address_of("v1", "searches", search["id"])
        while search["state"] not in FINAL_STATES:
            search = yield from self._json(Call("GET", address, {"wait": seconds}, silence=seconds + _SILENCE_SECONDS))
            if report is not None:
                report(search)
        if search["error"] is not None:
            raise failure_of(ProblemAnswer.model_validate(search["error"]))
        if search["state"] != "succeeded":
            raise ServiceError(f"the search {search['id']} was cancelled")
        found: dict[str, Any] = yield from self._json(Call("GET", f"{address}/proposal"))
        return found

    def import_model(
        self,
        text: str,
        *,
        name: str = "model",
        command: str = "",
        texts: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        image: str = "",
    ) -> Steps[dict[str, Any]]:
        """A model file of GALFIT, imfit or AstroPhot, or a region file, as ``request``, and ``rows`` on each line.

        Args:
            text: of the file; `name` is what it is called.
            command: imfit's command line.
            texts, files: texts, and ids of uploads, by the names that the file has for them.
            image: which of `files` a file belongs to that names none.
        """
        body = {"text": text, "name": name, "command": command, "texts": dict(texts or {}), "files": dict(files or {})}
        body |= {"image": image} if image else {}
        return self._json(Call("POST", "/v1/import", json=body))

    def export(self, fit_id: str, format_: str, *, image: str | None = None) -> Steps[dict[str, Any]]:
        """A result in another program's format: ``files`` with their addresses, and ``rows`` on each part of it.

        Args:
            fit_id: of the fit.
            format_: ``galfit``, ``imgblock``, ``imfit``, ``ds9``, ``casa``, ``regions``, ``script`` or ``latex``.
            image: of several; None is the first.
        """
        return self._json(Call("GET", address_of("v1", "fits", fit_id, "export"), {"format": format_, "image": image}))

    def fit(
        self,
        /,
        image: Any,
        components: Sequence[Component | Mapping[str, Any]] | Component | None = None,
        *,
        stages: Sequence[Stage | Mapping[str, Any] | str] | Stage | str | None = None,
        constraints: Sequence[Constraint | Mapping[str, Any]] = (),
        idempotency_key: str | None = None,
        **given: Any,
    ) -> Steps[FitAnswer]:
        """Have the service fit a model to an image.

        >>> fit = client.fit("galaxy.fits", [Sersic("g"), FlatSky("sky")], psf="psf.fits", variance="variance.fits")
        >>> fit.wait(progress=True).parameters

        Args:
            image: array (height, width), `CCDData` or `NDData`, HDU, path, URL, or ``(path, hdu)``; an `Image`, or a
                list of several of those; or a whole request as a dict, with nothing beside it.
            components: of the model; parameters that they leave out are found in the image.
            stages: run in order, such as ``["lm", Nuts(samples=500)]``; None means ``lm``.
            constraints: between parameters.
            idempotency_key: a word of one's own: the same one and request again give the first fit, so that a program
                that is started again repeats nothing.
            given: of the image ``psf``, ``variance``, ``sigma``, ``weight``, ``mask``, ``pixel_scale``, ``zero_point``,
                ``window``, as `photfit.fit` takes them; of the request ``name``, ``labels``, ``frame``, ``seed``,
                ``noise``, ``groups``, ``limits``, ``reuse``, ``webhook``.

        Returns:
            The handle of the fit, which waits or runs. Each file is sent once, however many fits of this client name
            it.

        Raises:
            RequestInvalid: something is wrong with what was given; nothing was sent.
            Refused: the service finds something wrong, or takes no more fits.
        """
        read = partial(self._uploads.request_of, image, components, stages=stages, constraints=constraints, **given)
        asked = yield Work(read)
        return (yield from self._submitted(asked, idempotency_key))

    def map(
        self,
        /,
        items: Iterable[Any],
        components: Sequence[Component | Mapping[str, Any]] | Component | None = None,
        *,
        in_flight: int = 16,
        ordered: bool = False,
        idempotency_key: str | None = None,
        **common: Any,
    ) -> Steps[None]:
        """Fit many images, or requests, with up to `in_flight` of them in the service at once.

        >>> outcomes = client.map(sorted(Path("cutouts").glob("*.fits")), [Sersic("g"), FlatSky("sky")], psf="psf.fits")
        >>> table = fits_table(outcomes)

        Args:
            items: images as `fit` takes them, whole requests, or dicts of the arguments of `fit`; taken one by one, as
                there is room.
            components: of those that bring none.
            in_flight: fits of these that wait or run at once, 1 to 100.
            ordered: whether outcomes come in the order of the items; else as the fits end.
            idempotency_key: a word of one's own, to which each item's number is added: the same items again give the
                first fits.
            common: arguments of `fit` for all of the items; what an item says itself goes first.

        Returns:
            An iterator of `MapOutcome`: a fit that failed, and an item that was refused, are values like any other.

        Raises:
            ServiceUnreachable: the service does not answer any more; the fits go on without this program.
            TypeError: one path or dict was given, and no list.
        """
        if not 1 <= in_flight <= _PAGE:
            raise ValueError(f"in_flight is {in_flight}: expected 1 to {_PAGE}")
        if isinstance(items, str | bytes | Path | Mapping) or not isinstance(items, Iterable):
            raise TypeError(f"{items!r} is one thing, and map takes several: give a list of them")
        batch = FitBatch(self._fit_of(components, common, idempotency_key), self.status, self._page, in_flight, ordered)
        return batch.outcomes(items)

    def submit(self, request: Mapping[str, Any], idempotency_key: str | None = None) -> Steps[FitAnswer]:
        """Ask for a fit; its files are upload ids. The same key and request again give the first job."""
        headers = {"Idempotency-Key": idempotency_key or _new_key()}
        return self._fit_answer(Call("POST", "/v1/fits", json=dict(request), headers=headers))

    def plan(self, request: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        """What a request would do, with its first values filled in; no fit is asked for."""
        return self._json(Call("POST", "/v1/fits", query={"dry_run": True}, json=dict(request)))

    def rerun(
        self,
        fit_id: str,
        changes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        *,
        from_best: bool = False,
    ) -> Steps[FitAnswer]:
        """Ask for a fit again, with what a JSON merge patch of its request changes, such as ``{"seed": 7}``.

        With `from_best` every parameter begins where the fit ended.
        """
        headers = {"Idempotency-Key": idempotency_key or _new_key(), "Content-Type": _PATCH}
        content = json.dumps(dict(changes or {})).encode()
        query = {"from": "best"} if from_best else {}
        return self._fit_answer(Call("POST", address_of("v1", "fits", fit_id, "rerun"), query, headers, content))

    def change(self, fit_id: str, *, name: str | None = None, labels: Sequence[str] | None = None) -> Steps[FitAnswer]:
        """Give a fit another name, or other labels in the place of those that it has."""
        changes: dict[str, Any] = {} if name is None else {"name": name}
        if labels is not None:
            changes["labels"] = list(labels)
        content = json.dumps(changes).encode()
        return self._fit_answer(Call("PATCH", address_of("v1", "fits", fit_id), {}, {"Content-Type": _PATCH}, content))

    def fits(
        self,
        *,
        states: Sequence[str] = (),
        name: str | None = None,
        labels: Sequence[str] = (),
        search: str | None = None,
    ) -> Steps[None]:
        """The fits that meet every condition, newest first, asked for page by page.

        `search` is a text in name, labels or id.
        """
        given = {"state": list(states), "name": name, "label": list(labels), "search": search, "limit": _PAGE}
        page = yield from self._json(Call("GET", "/v1/fits", given))
        while True:
            if not isinstance(page.get("fits"), list):
                raise self._stranger("/v1/fits lists no fits")
            for document in page["fits"]:
                yield Item(FitAnswer.model_validate(document))
            if page.get("next") is None:
                return
            page = yield from self._json(Call("GET", page["next"]))

    def status(self, fit_id: str, wait: float = 0.0) -> Steps[FitAnswer]:
        """The fit as it is now; with `wait` seconds, the service answers when it is finished or the time is over."""
        return self._status(fit_id, wait)

    def job(self, fit_id: str) -> Steps[FitAnswer]:
        """The handle of a fit that was asked for earlier, by its id. Raises Refused where there is none."""
        return self._status(fit_id)

    def wait(
        self, fit_id: str, timeout: float | None = None, report: Callable[[FitAnswer], None] | None = None
    ) -> Steps[FitAnswer]:
        """The finished fit. Long-polls, once a second where `report` is to see it on the way.

        Raises WaitTimeout, which has the fit's handle, after `timeout` seconds.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        longest = LONG_POLL_SECONDS if report is None else _REPORT_SECONDS
        answer: FitAnswer | None = None
        while True:
            left = deadline - time.monotonic()
            try:
                answer = yield from self._status(fit_id, max(1.0, min(left, longest)), deadline)
            except TimeOver as over:
                last = "" if answer is None else f"; it was {answer.state} when last seen"
                raise WaitTimeout(f"{over.__cause__}; {timeout:g} s are over{last}", fit_id, answer) from over.__cause__
            if report is not None:
                report(answer)
            if answer.finished:
                return answer
            if left <= 0:
                said = f"fit {fit_id} is still {answer.state} after {timeout:g} s; it goes on"
                raise WaitTimeout(said, fit_id, answer)

    def events(self, fit_id: str) -> Steps[None]:
        """The fit at each change, to its end, as the service sends it. A stream that is cut goes on where it was."""
        events = EventReader()
        while True:
            headers = {"Accept": "text/event-stream"}
            headers |= {} if events.last_id is None else {"Last-Event-ID": events.last_id}
            yield from self._patience.answered(
                Follow(Call("GET", address_of("v1", "fits", fit_id, "events"), {}, headers))
            )
            events.start()
            while isinstance(line := (yield NextLine()), str):
                event = events.take(line)
                if event is not None:
                    yield Item(FitAnswer.model_validate_json(event.data))
                    if event.kind == "finished":
                        return
            yield Pause(events.retry_seconds)

    def parameters(self, fit_id: str) -> Steps[dict[str, Any]]:
        """The `/parameters` document: values, uncertainties, χ² and how each stage went."""
        return self.document(fit_id, "parameters")

    def request(self, fit_id: str) -> Steps[dict[str, Any]]:
        """The `/request` document: the request with the ids of its uploads."""
        return self.document(fit_id, "request")

    def covariance(self, fit_id: str) -> Steps[dict[str, Any]]:
        """The `/covariance` document: names, matrix, correlation."""
        return self.document(fit_id, "covariance")

    def chains(self, fit_id: str, thin: int = 1, parameters: Sequence[str] | None = None) -> Steps[dict[str, Any]]:
        """The `/chains` document: names, draws by chain, log posterior, diagnostics; every `thin`-th draw, and of the
        named parameters where some are given. Raises Refused where no stage sampled.
        """
        named = None if parameters is None else ",".join(parameters)
        return self._json(Call("GET", address_of("v1", "fits", fit_id, "chains"), {"thin": thin, "parameters": named}))

    def document(self, fit_id: str, name: DocumentName) -> Steps[dict[str, Any]]:
        """A JSON document of a fit: ``parameters``, ``covariance``, ``provenance``, ``request`` or ``best_fit``."""
        return self._json(Call("GET", address_of("v1", "fits", fit_id, name.replace("_", "-"))))

    def content(self, fit_id: str, path: str, query: Mapping[str, str] | None = None) -> Steps[bytes]:
        """The bytes of a file of a result, by its place in a folder of results, such as ``images/r/model.fits``.

        Raises FileNotFoundError where the fit has no such file.
        """
        known, format_ = _FILES.get(path, (path, ""))
        asked = {**({"format": format_} if format_ else {}), **(query or {})}
        try:
            call = Call("GET", address_of("v1", "fits", fit_id, *known.split("/")), asked)
            return (yield from self._patience.answered(call)).content
        except Refused as error:
            if error.status in _NOT_THERE or not error.status:
                raise FileNotFoundError(f"{path}: {error}") from error
            raise

    def cancel(self, fit_id: str) -> Steps[FitAnswer]:
        """Ask for the end of a fit; a queued one ends at once, a running one within an iteration."""
        return self._fit_answer(Call("POST", address_of("v1", "fits", fit_id, "cancel")))

    def delete(self, fit_id: str) -> Steps[None]:
        """Delete a fit and its results; a running one is refused: cancel it first."""
        yield from self._patience.answered(Call("DELETE", address_of("v1", "fits", fit_id)))

    def download(self, address: str, path: Path) -> Steps[None]:
        """Write what is at `address` (as in a fit's links) to `path`, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        try:
            yield from self._patience.answered(Call("GET", address, into=partial))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def catalogue(
        self,
        /,
        table: Any,
        images: Path | str | Mapping[str, Path | str] | None,
        template: Mapping[str, Any],
        *,
        report: Callable[[dict[str, Any]], None] | None = None,
        **more: Any,
    ) -> Steps[Any]:
        """Fit a template to every row of a table, and give the answer as a QTable of astropy.

        ::

            template = {"images": [{"data": "mosaic.fits", "window": {"around": …, "size": 64}}], "components": …}
            fits = client.catalogue("sources.csv", None, template, neighbours={"treatment": "fit"})
            good = fits[fits["flags"] == 0]

        Args:
            table: a file, a list of rows, or a table of astropy.
            images: an archive or a cube that rows name planes of; or files by the names that the template has for them;
                of other names the template's are paths.
            template: a fit request in which values and planes may be columns.
            report: called with the catalogue as it changes.
            **more: other members of the request, such as `neighbours`, `models`, `choose`, `name`, `seed`.

        Raises ServiceError where it fails or is cancelled, RequestInvalid and FileNotFoundError before it is asked for.
        """
        asked = asked_catalogue(table, images, template, more)
        uploads: dict[str, str] = {}
        for name, path in asked.files.items():
            uploads[name] = (yield from self.upload(path)).id
        if asked.table is not None:
            uploads["objects.ecsv"] = (yield from self.upload_bytes(asked.table, "objects.ecsv")).id
        found = yield from self.submit_catalogue(asked.document(uploads))
        found = yield from self.wait_for_catalogue(found["id"], report)
        if found["state"] != "succeeded":
            error = found.get("error") or {}
            raise ServiceError(f"catalogue {found['id']} {found['state']}: {error.get('detail') or error.get('title')}")
        return as_table((yield from self.catalogue_table(found["id"])))

    def submit_catalogue(self, request: Mapping[str, Any], idempotency_key: str | None = None) -> Steps[dict[str, Any]]:
        """Ask for a catalogue; its files are upload ids. The same key and request again give the first job."""
        headers = {"Idempotency-Key": idempotency_key or _new_key()}
        return self._json(Call("POST", "/v1/catalogues", json=dict(request), headers=headers))

    def plan_catalogue(self, request: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        """What a catalogue would do; none is asked for."""
        return self._json(Call("POST", "/v1/catalogues", query={"dry_run": True}, json=dict(request)))

    def catalogue_status(self, catalogue_id: str) -> Steps[dict[str, Any]]:
        """A catalogue as it is now: state, rows by what became of them, rate."""
        return self._json(Call("GET", address_of("v1", "catalogues", catalogue_id)))

    def wait_for_catalogue(
        self, catalogue_id: str, report: Callable[[dict[str, Any]], None] | None = None
    ) -> Steps[dict[str, Any]]:
        """The catalogue when it is final; `report` is called with it now and then before."""
        while True:
            found: dict[str, Any] = yield from self.catalogue_status(catalogue_id)
            if report is not None:
                report(found)
            if found["state"] in FINAL_STATES:
                return found
            yield Pause(_REPORT_SECONDS)

    def catalogue_table(self, /, catalogue_id: str, format_: str = "ecsv", **choice: str) -> Steps[bytes]:
        """The rows of a catalogue that are done, as a file; `choice` is `columns`, `flags` or `sort` of the route."""
        query = {"format": format_, **choice}
        reply = yield from self._patience.answered(
            Call("GET", address_of("v1", "catalogues", catalogue_id, "table"), query), math.inf
        )
        return bytes(reply.content)

    def cancel_catalogue(self, catalogue_id: str) -> Steps[dict[str, Any]]:
        """End a catalogue; rows that are done stay."""
        return self._json(Call("POST", address_of("v1", "catalogues", catalogue_id, "cancel")))

    def _send(self, content: bytes | Path, filename: str, size: int) -> Steps[Upload]:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        call = Call("POST", "/v1/uploads", {"filename": filename}, headers, content)
        return (yield from self._read(Upload, call))

    def _fit_of(
        self, components: Any, common: Mapping[str, Any], key: str | None
    ) -> Callable[[int, Any], Steps[FitAnswer]]:
        """How an item of `map` becomes a fit."""
        shared = {**common, **({} if components is None else {"components": components})}

        def fit_of(number: int, item: Any) -> Steps[FitAnswer]:
            keyed: dict[str, Any] = {"idempotency_key": None if key is None else f"{key} {number}"}
            if isinstance(item, Mapping) and "image" in item:
                return self.fit(**{**keyed, **shared, **item})
            if isinstance(item, Mapping) and "components" in item:
                return self.fit(item, **keyed, **common)
            return self.fit(item, **keyed, **shared)

        return fit_of

    def _submitted(self, asked: Any, idempotency_key: str | None) -> Steps[FitAnswer]:
        """A request with its files sent; where the service has some of them no more, they are sent once more."""
        for sent_before in itertools.chain([True], itertools.repeat(False)):
            request, remembered = yield from self._uploads.sent(asked, trust=sent_before)
            try:
                return (yield from self.submit(request, idempotency_key))
            except Refused as error:
                if error.status != 422 or not remembered:
                    raise
        raise AssertionError("what is remembered is asked for once")

    def _page(self, address: str) -> Steps[dict[str, Any]]:
        return self._json(Call("GET", address))

    def _status(self, fit_id: str, wait: float = 0.0, until: float = math.inf) -> Steps[FitAnswer]:
        query = {"wait": round(wait), "state": sorted(FINAL_STATES)} if wait >= 1 else {}
        call = Call("GET", address_of("v1", "fits", fit_id), query, silence=wait + _SILENCE_SECONDS)
        return (yield from self._fit_answer(call, until))

    def _fit_answer(self, call: Call, until: float = math.inf) -> Steps[FitAnswer]:
        return (yield from self._read(FitAnswer, call, until))

    def _read(self, kind: type[Read], call: Call, until: float = math.inf) -> Steps[Read]:
        """An answer of the service's; what is none comes from something else at its address."""
        document = yield from self._json(call, until)
        try:
            return kind.model_validate(document)
        except ValidationError as error:
            raise self._stranger(f"{call.address} is no {kind.__name__}") from error

    def _json(self, call: Call, until: float = math.inf) -> Steps[Any]:
        reply = yield from self._patience.answered(call, until)
        try:
            document = json.loads(reply.content)
        except ValueError as error:
            raise self._stranger(f"{reply.url} is no JSON") from error
        if not isinstance(document, dict):
            raise self._stranger(f"{reply.url} is no JSON object")
        return document

    def _stranger(self, why: str) -> ServiceError:
        return ServiceError(f"{self._url} does not answer as a photfit service does: {why}")


def _new_key() -> str:
    return uuid.uuid4().hex
