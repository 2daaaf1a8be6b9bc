"""Load: a stream of short, long, sampled and cancelled fits and of previews, sent as a patient client sends them."""

from __future__ import annotations

import io
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from tests.chaos.deployments import Deployment

TRUTH = {"x": 20.3, "y": 18.8, "q": 0.7, "pa": 30.0, "n": 0.5, "r_e": 5.0, "i_e": 40.0, "sky": 10.0}
"""A Sérsic profile of index 1/2 is a Gaussian: this image needs none of photfit's rendering."""
KINDS = {"short": 50, "preview": 20, "cancelled": 12, "sampled": 10, "long": 8}
"""Jobs of each kind in a hundred."""
AT_ONCE = 10
"""Jobs that may be unfinished before the next is sent, so that a slow machine is offered what it can do."""


def image() -> np.ndarray:
    """A Gaussian galaxy with noise of 1, its pixels averaged over 5 × 5 points."""
    grid = (np.arange(40 * 5) + 0.5) / 5 - 0.5
    x, y = np.meshgrid(grid - TRUTH["x"], grid - TRUTH["y"])
    angle = np.radians(TRUTH["pa"])
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    radius = np.hypot(along, across / TRUTH["q"]) / TRUTH["r_e"]
    light = TRUTH["i_e"] * np.exp(-np.log(2.0) * (radius**2 - 1.0)) + TRUTH["sky"]
    return light.reshape(40, 5, 40, 5).mean(axis=(1, 3)) + np.random.default_rng(5).normal(0.0, 1.0, (40, 40))


def stages(kind: str) -> list[dict[str, Any]]:
    """What each kind of job does."""
    begin = {"method": "lm"}
    match kind:
        case "preview":
            return []
        case "short":
            return [begin]
        case "sampled":
            return [begin, {"method": "metropolis", "warmup": 20, "samples": 60, "chains": 2}]
        case _:  # some ten seconds of a free core, with checkpoints on the way
            return [begin, {"method": "nuts", "warmup": 80, "samples": 120, "chains": 2}]


def request(kind: str, name: str, data: str) -> dict[str, Any]:
    """A request of a kind, of the image that was uploaded."""
    start = {"x": 20, "y": 19, "q": 0.8, "pa": 25, "n": 0.6, "r_e": 4.5, "i_e": 35}
    return {
        "name": name,
        "images": [{"data": data, "variance": {"constant": 1.0}}],
        "components": [
            {"name": "galaxy", "profile": "sersic", "parameters": start},
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 9.0}},
        ],
        "stages": stages(kind),
        "seed": 1,
    }


@dataclass
class Job:
    """One job that the service has accepted, or has not yet."""

    name: str
    kind: str
    document: dict[str, Any]
    cancel_after: float | None = None
    fit_id: str | None = None
    accepted_at: float = 0.0
    cancel_asked: bool = False


@dataclass
class Load:
    """Sends jobs until there are so many, looks around meanwhile, and remembers what was answered.

    `allowed`: jobs that may be sent by now, so that the last fault meets as many as the first.
    """

    deployment: Deployment
    jobs_wanted: int
    generator: random.Random
    allowed: int = 0
    jobs: list[Job] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    wrong_answers: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    sent_all: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Upload the image, and start to send."""
        content = io.BytesIO()
        np.save(content, image())
        self._image = content.getvalue()
        self._client = httpx.Client(base_url=self.deployment.url, timeout=20, trust_env=False)
        self._upload = self.upload()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._send, self._look)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop sending and looking."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(60)
        self._client.close()

    def upload(self) -> str:
        """The image's id."""
        answer = self._patiently("POST", "/v1/uploads", content=self._image, params={"filename": "galaxy.npy"})
        identity: str = answer.json()["id"]
        return identity

    def _patiently(self, method: str, address: str, **options: Any) -> httpx.Response:
        """As a good client asks: again after trouble that passes, for some minutes."""
        deadline = time.monotonic() + 240
        while True:
            answer = self._ask(method, address, **options)
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                return answer
            if time.monotonic() > deadline or self.stopping.is_set():
                raise TimeoutError(f"{method} {address}: no answer for minutes")
            self.stopping.wait(0.5)

    def _ask(self, method: str, address: str, **options: Any) -> httpx.Response | None:
        try:
            answer = self._client.request(method, address, **options)
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code >= 500 and (answer.status_code == 500 or "retry-after" not in answer.headers):
            where = address.rsplit("/", 1)[-1] if "fit_" in address else address
            self.wrong_answers.append(f"{method} …/{where.strip('/')}: {answer.status_code} {answer.text[:160]}")
        return answer

    def _send(self) -> None:
        kinds = self.generator.choices(list(KINDS), list(KINDS.values()), k=self.jobs_wanted)
        for number, kind in enumerate(kinds):
            while not self.stopping.is_set() and (number >= self.allowed or self._unfinished() >= AT_ONCE):
                self.stopping.wait(0.2)
            if self.stopping.is_set():
                return
            name = f"job {number} {kind}"
            job = Job(name, kind, request(kind, name, self._upload))
            job.cancel_after = self.generator.uniform(0.0, 4.0) if kind == "cancelled" else None
            try:
                self._submit(job)
            except TimeoutError as error:
                self.refused.append(f"{name}: {error}")
        self.sent_all.set()

    def _submit(self, job: Job) -> None:
        headers = {"Idempotency-Key": job.name.replace(" ", "-")}
        answer = self._patiently("POST", "/v1/fits", json=job.document, headers=headers)
        if answer.status_code not in (200, 201, 202):
            self.refused.append(f"{job.name}: {answer.status_code} {answer.text[:200]}")
            return
        job.fit_id, job.accepted_at = answer.json()["id"], time.monotonic()
        self.jobs.append(job)

    def _unfinished(self) -> int:
        try:
            rows = self.deployment.rows()
        except Exception:  # noqa: BLE001 - the database may be away: then nothing is sent
            return AT_ONCE
        return sum(row["finished_at"] is None for row in rows.values())

    def _look(self) -> None:
        """Cancel what is to be cancelled, and read what others read, all the while."""
        generator = random.Random(self.jobs_wanted)
        while not self.stopping.wait(0.2):
            for job in list(self.jobs):
                due = job.cancel_after is not None and time.monotonic() > job.accepted_at + job.cancel_after
                if due and not job.cancel_asked:
                    answer = self._ask("POST", f"/v1/fits/{job.fit_id}/cancel")
                    job.cancel_asked = answer is not None and answer.status_code < 500
            if self.jobs:
                job = generator.choice(self.jobs)
                self._ask("GET", f"/v1/fits/{job.fit_id}")
                self._ask("GET", f"/v1/fits/{job.fit_id}/parameters")
            self._ask("GET", "/v1/fits?limit=20")
