"""Audit: what has become of every job that was accepted, once everything is quiet.

lost               accepted, and not there
doubled            two fits of one name, or results of two attempts
stuck              not final, and nothing of it has changed for minutes
bad results        missing, unreadable, of another attempt, or far from what the image was made of
blamed wrongly     failed though nothing is wrong with it, or counts crashes that nobody caused
orphans            files without a fit after `photfit admin gc`, also such whose name begins with a dot
litter             temporary files that nobody will remove
left over          processes that outlive the service
wrong answers      500, or 503 without a time to come back
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from astropy.io import fits

from jobs.storage.scratch import is_unlocked
from tests.chaos.deployments import Deployment
from tests.chaos.load import TRUTH, Job, Load

COUNTED = (
    "lost",
    "doubled",
    "stuck",
    "bad_results",
    "blamed_wrongly",
    "orphans",
    "litter",
    "left_over",
    "wrong_answers",
)
"""What is counted, and should be nought."""


@dataclass
class Audit:
    """What was found; every list should be empty."""

    jobs: int = 0
    states: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    bad_results: list[str] = field(default_factory=list)
    blamed_wrongly: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    wrong_answers: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(getattr(self, name)) for name in COUNTED}

    def faultless(self) -> bool:
        """Whether there is nothing to complain of."""
        return not any(self.counts().values())


def settle(deployment: Deployment, quiet_seconds: float, most_seconds: float) -> None:
    """Return when every fit is final, or when none has changed for so long that it is stuck."""
    begun = changed = time.monotonic()
    seen: Any = None
    while time.monotonic() - begun < most_seconds and time.monotonic() - changed < quiet_seconds:
        try:
            rows = deployment.rows()
        except Exception:  # noqa: BLE001 - the database may be on its way back
            time.sleep(0.5)
            continue
        if rows and all(row["finished_at"] is not None for row in rows.values()):
            return
        # A row's version and attempt change with its progress, too; a fit that is given back for ever is moving, and
        # is told by the limit on the whole.
        now = {name: (row["state"], row["attempt"], row["version"]) for name, row in rows.items()}
        if now != seen:
            seen, changed = now, time.monotonic()
        time.sleep(0.5)


def examine(deployment: Deployment, load: Load, crashes_caused: Counter[str]) -> Audit:
    """Look at every job and at what is left behind. `crashes_caused`: children killed under each fit, by id."""
    audit = Audit(jobs=len(load.jobs))
    rows = deployment.rows()
    names = Counter(row["name"] for row in rows.values())
    audit.doubled += [f"{name}: {count} fits" for name, count in names.items() if count > 1]
    for job in load.jobs:
        row = rows.get(job.fit_id or "")
        if row is None:
            audit.lost.append(f"{job.name} ({job.fit_id})")
            continue
        audit.states[row["state"]] = audit.states.get(row["state"], 0) + 1
        if row["finished_at"] is None:
            audit.stuck.append(f"{job.name} ({job.fit_id}): {row['state']}, attempt {row['attempt']}")
            continue
        if row["state"] == "failed":
            audit.blamed_wrongly.append(f"{job.name}: failed, attempt {row['attempt']}: {_sentence(row['error'])}")
        elif row["crashes"] > crashes_caused[row["id"]]:
            told = f"{row['crashes']} crashes, {crashes_caused[row['id']]} of them caused"
            audit.blamed_wrongly.append(f"{job.name}: {row['state']}, {told}")
        if row["state"] == "cancelled" and job.cancel_after is None:
            audit.bad_results.append(f"{job.name}: cancelled, and nobody asked")
        if row["state"] == "succeeded":
            audit.bad_results += [f"{job.name} ({job.fit_id}): {wrong}" for wrong in _wrong(load, job, row)]
    deployment.admin("gc")
    audit.orphans = _orphans(deployment, rows)
    audit.doubled += _two_attempts(deployment, rows)
    audit.litter = sorted(
        path.name
        for folder in (deployment.temporary, deployment.data / "receiving")
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.startswith(("photfit-", "receiving-")) and is_unlocked(path)  # nobody of those that run uses it
    )
    audit.wrong_answers = [f"{count} × {answer}" for answer, count in Counter(load.wrong_answers).items()]
    audit.wrong_answers += [f"refused: {refused}" for refused in load.refused]
    return audit


def _sentence(error: Any) -> str:
    document = json.loads(error) if isinstance(error, str) else error
    return str((document or {}).get("detail", document))[:200]


def _wrong(load: Load, job: Job, row: dict[str, Any]) -> list[str]:
    """What is wrong with the results of a fit that has succeeded."""
    client = load.deployment.client
    own = f"/v1/fits/{job.fit_id}"
    wrong = []

    def get(part: str) -> httpx.Response:
        answer = client.get(f"{own}/{part}")
        if answer.status_code != 200:
            raise ValueError(f"{part} answers {answer.status_code}")
        return answer

    try:
        parameters = get("parameters").json()
        if job.kind != "preview":
            wrong += _far_from_truth(parameters)
            get("covariance").json()
        provenance = get("provenance").json()
        if provenance.get("attempt", row["attempt"]) != row["attempt"]:
            wrong.append(f"its provenance is of attempt {provenance['attempt']}, it is at {row['attempt']}")
        for plane in ("model", "residual"):
            pixels = fits.getdata(io.BytesIO(get(f"images/image/{plane}.fits").content))
            if pixels.shape != (40, 40) or not np.isfinite(pixels).all():
                wrong.append(f"{plane}.fits is no image of 40 × 40 numbers")
        if job.kind in ("sampled", "long") or (job.kind == "cancelled" and len(job.document["stages"]) > 1):
            if not np.isfinite(np.array(get("chains").json()["chains"])).all():
                wrong.append("its chains are not finite")
            if not get("chains?format=netcdf").content.startswith((b"\x89HDF", b"CDF")):
                wrong.append("its chains are no netCDF")
        with zipfile.ZipFile(io.BytesIO(get("bundle.zip").content)) as archive:
            if archive.testzip() is not None:
                wrong.append("bundle.zip is damaged")
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, httpx.HTTPError) as error:
        wrong.append(f"{type(error).__name__}: {error}"[:200])
    return wrong


def _far_from_truth(document: dict[str, Any]) -> list[str]:
    """Parameters against those that the image was made with, within six uncertainties."""
    wrong = []
    if not 0.85 < document["chi2_reduced"] < 1.15:
        wrong.append(f"reduced chi-squared {document['chi2_reduced']}")
    for row in document["parameters"]:
        name = row["name"].split(".")[-1]
        value, uncertainty = row.get("value"), row.get("uncertainty") or row.get("error")
        if name in ("x", "y", "r_e") and uncertainty and abs(value - TRUTH[name]) > 6 * uncertainty + 0.02:
            wrong.append(f"{row['name']} is {value} ± {uncertainty}, the truth is {TRUTH[name]}")
    return wrong


def _orphans(deployment: Deployment, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Files of no fit or of another attempt than its own, and such as were being written."""
    found = []
    for key in deployment.blob_keys():
        parts = key.split("/")
        if parts[-1].startswith("."):
            found.append(key)
        elif parts[0] == "fits":
            row = rows.get(parts[1])
            if row is None or (row["finished_at"] is not None and parts[2] != str(row["attempt"])):
                found.append(key)
    return found


def _two_attempts(deployment: Deployment, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Final fits with results of several attempts."""
    attempts: dict[str, set[str]] = {}
    for key in deployment.blob_keys():
        parts = key.split("/")
        if parts[0] == "fits" and parts[-1] == "parameters.json":
            attempts.setdefault(parts[1], set()).add(parts[2])
    return [f"{fit}: results of attempts {sorted(many)}" for fit, many in attempts.items() if len(many) > 1]
