"""Every hostile input is answered in time, in words, with nothing of the host's; the table of docs/ says how.

`make hostile` writes the table anew: it runs this file with PHOTFIT_WRITE_TABLES=1.
"""

import io
import os
import re
import socket
import time
from collections.abc import Iterator

import asdf
import httpx
import numpy as np
import pytest

from tests.app.conftest import ROOT, Service
from tests.app.hostile_inputs import SECRET, Ground, Hostile, hostile_inputs
from tests.app.images import noise, npy_bytes

TABLE = ROOT / "docs" / "reference" / "hostile-inputs.md"
MOST_SECONDS = 45.0
"""Of an answer, on a machine that does much else; the sandbox's own limit is 60 s, so it is not what ends these."""
MOST_BYTES = 1 << 20
"""Of an answer."""
INPUTS = hostile_inputs()
HEAD = """\
# Hostile inputs, and what photfit answers

<!-- Made by `make hostile` from what a running service answers (tests/app/test_hostile_inputs.py): change it there. -->

Each is sent to a service without accounts, by anybody. No answer tells a path or the contents of another file, none
is a 500, none is longer than 1 MiB or takes longer than 45 s on a busy machine, and after all of them the service is
ready.

| kind | input | bytes | answer | in words |
|---|---|---|---|---|
"""


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A port of this host that nobody may be led to."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def ground(service: Service, tmp_path_factory: pytest.TempPathFactory, listener: socket.socket) -> Ground:
    secret = tmp_path_factory.mktemp("host") / "secret.asdf"
    asdf.AsdfFile({"data": np.full((2, 2), SECRET)}).write_to(secret)
    upload = service.client.post("/v1/uploads", params={"filename": "noise.npy"}, content=npy_bytes(noise()))
    return Ground(secret, upload.json()["id"], f"127.0.0.1:{listener.getsockname()[1]}")


@pytest.fixture(scope="module")
def answers(service: Service, ground: Ground) -> dict[int, tuple[int, httpx.Response, float]]:
    """What came back of each input that is sent: bytes, answer, seconds."""
    found = {}
    for number, hostile in enumerate(INPUTS):
        if hostile.pending:
            continue
        content = hostile.content(ground)
        start = time.monotonic()
        answer = service.client.request(
            hostile.method, hostile.address, content=content or None, headers=hostile.headers, timeout=120
        )
        # Without the path of the secret, which is longer in some folders of tests than in others.
        found[number] = (len(content.replace(str(ground.secret).encode(), b"")), answer, time.monotonic() - start)
    return found


SENT = [number for number, hostile in enumerate(INPUTS) if not hostile.pending]


@pytest.mark.parametrize("number", SENT, ids=[re.sub(r"\W+", "-", INPUTS[number].name)[:40] for number in SENT])
def test_a_hostile_input_is_answered_in_time_and_in_words(
    answers: dict[int, tuple[int, httpx.Response, float]], ground: Ground, service: Service, number: int
) -> None:
    hostile, (_, answer, seconds) = INPUTS[number], answers[number]
    assert answer.status_code in hostile.right, answer.text[:500]
    assert seconds < MOST_SECONDS
    assert len(answer.content) < MOST_BYTES
    for inside in (str(ground.secret), str(service.data), "Traceback", "/site-packages/"):
        sent_by_us = hostile.content(ground).decode("utf-8", "replace")
        assert inside in sent_by_us or inside not in answer.text
    if answer.status_code == 201:
        pixels = service.client.get(f"{answer.json()['links']['self']}/pixels.npy")
        assert SECRET not in (np.load(io.BytesIO(pixels.content)) if pixels.status_code == 200 else np.zeros(1))


def test_nobody_was_led_to_an_address_inside(
    answers: dict[int, tuple[int, httpx.Response, float]], listener: socket.socket
) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_the_service_is_ready_after_all_of_them(
    answers: dict[int, tuple[int, httpx.Response, float]], service: Service
) -> None:
    assert service.client.get("/readyz").status_code == 200


def test_the_table_says_what_is_answered(answers: dict[int, tuple[int, httpx.Response, float]]) -> None:
    rows = [_row(hostile, answers.get(number)) for number, hostile in enumerate(INPUTS)]
    text = HEAD + "\n".join(rows) + "\n"
    if os.environ.get("PHOTFIT_WRITE_TABLES"):
        TABLE.write_text(text, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == text, "run `make hostile`"


def _row(hostile: Hostile, answer: tuple[int, httpx.Response, float] | None) -> str:
    if answer is None:
        return f"| {hostile.kind} | {_plain(hostile.name)} | | not sent | {hostile.pending} |"
    size, response, _ = answer
    told = _size(size)
    return f"| {hostile.kind} | {_plain(hostile.name)} | {told} | {response.status_code} | {_words(response)} |"


def _size(size: int) -> str:
    """One digit: paths differ from run to run, and what is packed from library to library."""
    rounded = int(float(f"{size:.1g}"))
    if rounded < 1000:
        return str(rounded or "–")
    return f"{rounded // 1000} kB" if rounded < 1_000_000 else f"{rounded // 1_000_000} MB"


def _words(response: httpx.Response) -> str:
    """The beginning of what is said, without what differs from run to run."""
    if "problem+json" not in response.headers.get("content-type", ""):
        return "taken" if response.is_success else response.reason_phrase
    document = response.json()
    faults = document.get("faults") or document.get("errors") or []
    text = document.get("detail") or document["title"]
    if faults:
        first = faults[0]
        text = f"{first.get('path', '')} {first.get('message', '')}"
    text = re.sub(r"(fit|upl|img)_[0-9a-z]{20,}", r"\1_…", text)
    text = re.sub(r"\S*/[\w./-]*secret\.asdf\S*", "…", text)
    text = re.sub(r"inflates from \d+", "inflates from …", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "…", text)
    return _plain(text[:110] + ("…" if len(text) > 110 else ""))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")
