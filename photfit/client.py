"""The Python client of a photfit service: uploads, fits and their results, by HTTP."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from pydantic import ValidationError

from photfit.answers import FINAL_STATES, FitAnswer, ProblemAnswer, Upload

DEFAULT_URL = "http://127.0.0.1:8700"
"""Where `photfit serve` answers unless told otherwise."""
KEY_VARIABLE = "PHOTFIT_KEY"
"""The environment's variable that holds a key of the service."""

_LONG_POLL_SECONDS = 20.0
"""Seconds that the service is asked to wait: it allows 60. Chosen by hand, well below the client's own time limit."""
_PAGE = 100
"""Fits asked for at once: the most that the service gives."""
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_RETRY_PAUSES = (0.2, 0.5, 1.0)
"""Seconds before each new try. Chosen by hand: a restart of the service is over by then, a user does not wait long."""
_RETRY_STATUSES = frozenset({502, 503, 504})


class ServiceError(Exception):
    """The service could not be asked, or refused; `problem` is its own account where it gave one."""

    def __init__(self, message: str, problem: ProblemAnswer | None = None) -> None:
        super().__init__(message)
        self.problem = problem


class ServiceUnreachable(ServiceError):
    """Nothing answers at the service's address, after some tries."""


class Refused(ServiceError):
    """The service answered with a client error (4xx): what was sent has to change."""


class WaitTimeout(ServiceError):
    """The fit was not finished in the time given. It goes on."""


class Client:
    """One service, spoken to by HTTP: requests are tried again where the connection or the service drops out.

    >>> with Client("http://127.0.0.1:8700") as client:
    ...     upload = client.upload(Path("galaxy.fits"))
    ...     request = client.propose(upload.id)["request"]
    ...     fit = client.wait(client.submit(request).id, timeout=300)
    ...     parameters = client.parameters(fit.id)
    >>> fit.state, parameters["converged"]
    ('succeeded', True)
    >>> {row["name"]: (row["value"], row["uncertainty"]) for row in parameters["parameters"]}
    {'sky.i': (..., ...), ...}

    A submission carries an Idempotency-Key, so that a repeated one makes one job, and the service keeps the same bytes
    once. Every method raises ServiceError. `key` is for a service with accounts; by default PHOTFIT_KEY's, where the
    environment has one.
    """

    def __init__(
        self, url: str = DEFAULT_URL, transport: httpx.BaseTransport | None = None, *, key: str | None = None
    ) -> None:
        self.url = url.rstrip("/")
        secret = key or os.environ.get(KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        # A proxy that the environment names is for other machines, not for a service on this one.
        proxied = not self.url.startswith(_LOOPBACK)
        self._http = httpx.Client(
            base_url=self.url, timeout=_TIMEOUT, transport=transport, trust_env=proxied, headers=headers
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def upload(self, path: Path) -> Upload:
        """Send a file; the service stores it once however often it comes."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}

        def send() -> httpx.Response:
            with path.open("rb") as file:
                return self._http.post("/v1/uploads", params={"filename": path.name}, content=file, headers=headers)

        return Upload.model_validate(self._json(send))

    def propose(self, upload_id: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A request that is ready to fit, made from an uploaded image, as ``request``; and what was found in it."""
        address = f"/v1/uploads/{upload_id}/propose"
        document: dict[str, Any] = self._json(lambda: self._http.post(address, json=dict(options or {})))
        return document

    def import_model(
        self,
        text: str,
        *,
        name: str = "model",
        command: str = "",
        texts: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """A model file of GALFIT or imfit as ``request``, and ``rows`` that say what became of each line.

        Args:
            text: of the file; `name` is what it is called.
            command: imfit's command line.
            texts, files: texts, and ids of uploads, by the names that the file has for them.
        """
        body = {"text": text, "name": name, "command": command, "texts": dict(texts or {}), "files": dict(files or {})}
        document: dict[str, Any] = self._json(lambda: self._http.post("/v1/import", json=body))
        return document

    def export(self, fit_id: str, format_: str, *, image: str | None = None) -> dict[str, Any]:
        """A result in another program's format: ``files`` with their addresses, and ``rows`` on each part of it.

        Args:
            format_: ``galfit``, ``imgblock``, ``imfit``, ``ds9``, ``casa``, ``regions``, ``script`` or ``latex``.
            image: of several; None is the first.
        """
        return self._document(
            f"/v1/fits/{fit_id}/export",
            {"format": format_} if image is None else {"format": format_, "image": image},
        )

    def submit(self, request: Mapping[str, Any], idempotency_key: str | None = None) -> FitAnswer:
        """Ask for a fit; its files are upload ids. The same key and request again give the first job."""
        headers = {"Idempotency-Key": idempotency_key or _new_key()}
        return FitAnswer.model_validate(self._json(lambda: self._http.post("/v1/fits", json=request, headers=headers)))

    def plan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a request would do, with its first values filled in; no fit is asked for."""
        document: dict[str, Any] = self._json(
            lambda: self._http.post("/v1/fits", params={"dry_run": True}, json=dict(request))
        )
        return document

    def rerun(
        self,
        fit_id: str,
        changes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        *,
        from_best: bool = False,
    ) -> FitAnswer:
        """Ask for a fit again, with what a JSON merge patch of its request changes, such as ``{"seed": 7}``.

        With `from_best` every parameter begins where the fit ended.
        """
        headers = {"Idempotency-Key": idempotency_key or _new_key(), "Content-Type": "application/merge-patch+json"}
        content = json.dumps(dict(changes or {}))
        address, query = f"/v1/fits/{fit_id}/rerun", {"from": "best"} if from_best else {}
        return FitAnswer.model_validate(
            self._json(lambda: self._http.post(address, content=content, headers=headers, params=query))
        )

    def change(self, fit_id: str, *, name: str | None = None, labels: Sequence[str] | None = None) -> FitAnswer:
        """Give a fit another name, or other labels in the place of those that it has."""
        changes: dict[str, Any] = {} if name is None else {"name": name}
        if labels is not None:
            changes["labels"] = list(labels)
        headers = {"Content-Type": "application/merge-patch+json"}
        content, address = json.dumps(changes), f"/v1/fits/{fit_id}"
        return FitAnswer.model_validate(self._json(lambda: self._http.patch(address, content=content, headers=headers)))

    def fits(
        self,
        *,
        states: Sequence[str] = (),
        name: str | None = None,
        labels: Sequence[str] = (),
        search: str | None = None,
    ) -> Iterator[FitAnswer]:
        """The fits that meet every condition, newest first, asked for page by page.

        `search` is a text in name, labels or id.
        """
        given = {"state": list(states), "name": name, "label": list(labels), "search": search, "limit": _PAGE}
        query = {key: value for key, value in given.items() if value not in (None, [])}
        page: dict[str, Any] = self._json(lambda: self._http.get("/v1/fits", params=query))
        while True:
            yield from map(FitAnswer.model_validate, page["fits"])
            following = page.get("next")
            if following is None:
                return
            page = self._document(following)

    def fit(self, fit_id: str, wait: float = 0.0) -> FitAnswer:
        """The fit as it is now; with `wait` seconds, the service answers when it is finished or the time is over."""
        query: dict[str, Any] = {"wait": round(wait), "state": sorted(FINAL_STATES)} if wait >= 1 else {}
        return FitAnswer.model_validate(self._json(lambda: self._http.get(f"/v1/fits/{fit_id}", params=query)))

    def wait(
        self, fit_id: str, timeout: float | None = None, report: Callable[[FitAnswer], None] | None = None
    ) -> FitAnswer:
        """The finished fit. Long-polls, once a second where `report` is to see it on the way.

        Raises WaitTimeout after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _LONG_POLL_SECONDS if deadline is None else deadline - time.monotonic()
            fit = self.fit(fit_id, wait=max(1.0, min(left, 1.0 if report else _LONG_POLL_SECONDS)))
            if report is not None:
                report(fit)
            if fit.finished:
                return fit
            if left <= 0:
                raise WaitTimeout(f"fit {fit_id} is still {fit.state} after {timeout:g} s; it goes on")

    def parameters(self, fit_id: str) -> dict[str, Any]:
        """The `/parameters` document: values, uncertainties, χ² and how each stage went."""
        return self._document(f"/v1/fits/{fit_id}/parameters")

    def request(self, fit_id: str) -> dict[str, Any]:
        """The `/request` document: the request with the ids of its uploads."""
        return self._document(f"/v1/fits/{fit_id}/request")

    def covariance(self, fit_id: str) -> dict[str, Any]:
        """The `/covariance` document: names, matrix, correlation."""
        return self._document(f"/v1/fits/{fit_id}/covariance")

    def chains(self, fit_id: str, thin: int = 1, parameters: Sequence[str] | None = None) -> dict[str, Any]:
        """The `/chains` document: names, draws by chain, log posterior, diagnostics; every `thin`-th draw, and of the
        named parameters where some are given. Raises Refused where no stage sampled.
        """
        query: dict[str, Any] = (
            {"thin": thin} if parameters is None else {"thin": thin, "parameters": ",".join(parameters)}
        )
        return self._document(f"/v1/fits/{fit_id}/chains", query)

    def cancel(self, fit_id: str) -> FitAnswer:
        """Ask for the end of a fit; a queued one ends at once, a running one within an iteration."""
        return FitAnswer.model_validate(self._json(lambda: self._http.post(f"/v1/fits/{fit_id}/cancel")))

    def download(self, address: str, path: Path) -> None:
        """Write what is at `address` (as in a fit's links) to `path`, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")

        def fetch() -> httpx.Response:
            with self._http.stream("GET", address) as response:
                if not response.is_success:
                    response.read()
                    return response
                with partial.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                return response

        self._answer(fetch)
        partial.replace(path)

    def _document(self, address: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        document: dict[str, Any] = self._json(lambda: self._http.get(address, params=query))
        return document

    def _json(self, send: Callable[[], httpx.Response]) -> Any:
        response = self._answer(send)
        try:
            return response.json()
        except ValueError as error:
            raise ServiceError(
                f"{self.url} does not answer as a photfit service does: {response.url} is no JSON"
            ) from error

    def _answer(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Send, and send again where the connection fails or the service is not available for a moment."""
        for pause in (*_RETRY_PAUSES, None):
            try:
                response = send()
            except httpx.TransportError as error:
                if pause is None:
                    raise ServiceUnreachable(
                        f"no photfit service answers at {self.url} ({error or type(error).__name__}); "
                        "start one with `photfit serve`, or name another with --url or PHOTFIT_URL"
                    ) from error
            except httpx.InvalidURL as error:
                raise Refused(f"{self.url} is not an address: {error}") from error
            else:
                if response.is_success:
                    return response
                if response.status_code not in _RETRY_STATUSES or pause is None:
                    raise _failure(response)
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _new_key() -> str:
    return uuid.uuid4().hex


def _failure(response: httpx.Response) -> ServiceError:
    try:
        problem = ProblemAnswer.model_validate_json(response.content)
    except ValidationError:
        problem = ProblemAnswer(status=response.status_code)
    message = problem.detail or problem.title or f"{response.url} answered {response.status_code}"
    return Refused(message, problem) if response.is_client_error else ServiceError(message, problem)
