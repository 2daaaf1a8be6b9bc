"""Blocks of code in the documentation, run as printed: every shell, Python and JSON block of a page, in order.

A page's blocks share one folder, which looks like a fresh clone after `make demo`, one shell and one Python namespace.
The service that a page calls http://127.0.0.1:8700 is one that the test has started, on a port of its own. A comment
before a block tells what a reader has that the page does not make, or why it is not run:

- `<!-- setup: COMMANDS -->` are run in the shell before it, such as one that makes the reader's own image;
- `<!-- file: NAME -->` a JSON block is written to that file, as the text above it says;
- `<!-- merge: FILE -->` a JSON block is a part of a request (or catalogue), and is checked as a patch of the one there;
- `<!-- component: FILE -->` a JSON block is a component of a request on the images of the one there;
- `<!-- answer -->` a JSON block shows what a service answers: it has to be JSON;
- `<!-- starts: a service -->` a shell block goes on until the page ends, and the next waits until its service answers;
- `<!-- starts: COMMAND -->` the reader has started this in another terminal;
- `<!-- not run: WHY -->`.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from markdown_it import MarkdownIt

from app.domain.merge_patch import apply_patch
from fitting.spec import parse_request
from fitting.spec.catalogues import parse_catalogue

RUN = ("sh", "python", "json")
"""Languages of blocks that are run; others show what is printed."""
ADDRESS = "http://127.0.0.1:8700"
ITSELF = "a service"
"""What a block starts that is itself the command."""
BLOCK_SECONDS = 240.0
STOP_SECONDS = 30.0
_MARK = re.compile(r"<!--\s*(setup|file|merge|component|answer|starts|not run)\s*:?\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        line: of the page, counted from 1.
        language, text: as printed.
        marks: what comments before it say, by their first word.
    """

    line: int
    language: str
    text: str
    marks: dict[str, str] = field(default_factory=dict)


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page that are run or marked as not run, in order."""
    found, marks = [], {}
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            marks |= dict(_MARK.findall(token.content))
        elif token.type == "fence":
            language = token.info.split(" ")[0].strip("{}")
            if language in RUN:
                assert token.map is not None
                found.append(Block(token.map[0] + 1, language, token.content, marks))
            marks = {}
        elif token.type == "inline":
            marks = {}
    return found


class BlockFailed(AssertionError):
    """A block that does not work as printed."""


class Reader:
    """Somebody who types a page's blocks, one after the other.

    Args:
        folder: where they stand.
        service: address of the service; None where the page needs none.
    """

    def __init__(self, folder: Path, service: str | None) -> None:
        self.folder, self.service = folder, service
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._has_started = False
        self._output = folder / ".output"
        environment = {**os.environ, "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}", "COLUMNS": "100"}
        environment |= {} if service is None else {"PHOTFIT_URL": service, "PHOTFIT_PORT": service.rpartition(":")[2]}
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=self._output.open("wb"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._say('curl() { command curl --fail-with-body "$@"; }')

    def close(self) -> None:
        """Leave the shell."""
        # What it has started is of its own session, also where the shell has ended before.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and self._service_answers():
            time.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait(10)

    def read(self, block: Block) -> None:
        """Do what the block says; BlockFailed where it does not work."""
        if "not run" in block.marks:
            return None
        text = self._here(block.text)
        try:
            if "setup" in block.marks:
                self._say(self._here(block.marks["setup"]))
            if block.marks.get("starts") == ITSELF:
                return self._start(text)
            if "starts" in block.marks:
                self._start(block.marks["starts"] + "\n")
            {"sh": self._say, "python": self._run, "json": lambda text: self._check(text, block.marks)}[block.language](
                text
            )
        except Exception as error:
            raise BlockFailed(f"line {block.line}: {error}\n{block.text}") from error

    def _here(self, text: str) -> str:
        """The text with the service's own address."""
        return text if self.service is None else text.replace(ADDRESS, self.service)

    def _say(self, commands: str) -> None:
        """Type commands; each has to succeed."""
        assert self._shell.stdin is not None
        done = self.folder / ".done"
        done.unlink(missing_ok=True)
        already = self._output.stat().st_size
        try:
            self._shell.stdin.write(f"{commands}\npwd > {done}.part && mv {done}.part {done}\n")
            self._shell.stdin.flush()
        except BrokenPipeError as error:
            raise BlockFailed("the shell has ended") from error
        deadline = time.monotonic() + BLOCK_SECONDS
        while not done.exists():
            time.sleep(0.02)
            ended = self._shell.poll() is not None and not done.exists()
            if ended or time.monotonic() > deadline:
                printed = self._output.read_bytes()[already:].decode("utf-8", "replace")[-3000:]
                raise BlockFailed(f"{'failed' if ended else 'takes too long'}:\n{printed}")

    def _start(self, commands: str) -> None:
        """Type commands that go on, and wait until the service answers."""
        self._say(f"(\n{commands}) > .service.log 2>&1 &")
        self._has_started = True
        deadline = time.monotonic() + BLOCK_SECONDS
        while not self._service_answers():
            if time.monotonic() > deadline:
                raise BlockFailed((self.folder / ".service.log").read_text()[-3000:])
            time.sleep(0.2)

    def _service_answers(self) -> bool:
        """Whether a service that the page started is ready."""
        if not self._has_started:
            return False
        try:
            return httpx.get(f"{self.service}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _where(self) -> Path:
        self._say(":")
        return Path((self.folder / ".done").read_text().strip())

    def _run(self, code: str) -> None:
        address = {} if self.service is None else {"PHOTFIT_URL": self.service}
        compiled = compile(code, "<block>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = contextlib.redirect_stdout(io.StringIO())
        with contextlib.chdir(self._where()), mock.patch.dict(os.environ, address), printed:
            waits = eval(compiled, self._names)
            if inspect.iscoroutine(waits):
                # In a thread of its own: in this one a browser's loop may be running since an earlier test.
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(asyncio.run, waits).result()

    def _check(self, text: str, marks: dict[str, str]) -> None:
        document = json.loads(text)
        if "answer" in marks:
            return
        if "file" in marks:
            (self._where() / marks["file"]).write_text(text, encoding="utf-8")
        if "component" in marks:
            whole = json.loads((self._where() / marks["component"]).read_text())
            document = {"images": whole["images"], "components": [document]}
        if "merge" in marks:
            document = apply_patch(json.loads((self._where() / marks["merge"]).read_text()), document)
        if not isinstance(document, dict) or "template" not in document:
            parse_request(document)
        else:
            parse_catalogue(document)


@contextlib.contextmanager
def reader(folder: Path, root: Path, service: str | None) -> Iterator[Reader]:
    """A reader in a folder that looks like a fresh clone, after `make demo`."""
    (folder / ".venv").symlink_to(root / ".venv")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copyfile(root / name, folder / name)
        # Older than what is installed: make must not install this folder into the environment that it borrows.
        os.utime(folder / name, (0, 0))
    shutil.copytree(root / "examples", folder / "examples")
    reading = Reader(folder, service)
    try:
        yield reading
    finally:
        reading.close()
