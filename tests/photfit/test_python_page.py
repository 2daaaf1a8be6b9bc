"""The how-to page for Python: its blocks run, one after the other, and say what the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fitting.spec import parse_request

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "use-from-python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    found: list[Any] = []
    for number, block in enumerate(BLOCKS):
        exec(compile(block, f"block {number} of the page", "exec"), names)
        found.append(names.get("fit"))
    shown = capsys.readouterr().out
    first, own = found[0], found[-1]
    assert first.converged
    assert abs(float(first["g.n"]) - 1.5) < 4 * first["g.n"].uncertainty
    assert "g.r_e" in shown
    assert (tmp_path / "fit.pdf").read_bytes().startswith(b"%PDF")
    assert own.converged
    assert own.request["components"][0]["profile"] == "formula"


def test_the_json_on_the_page_is_a_component() -> None:
    (written,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    request = parse_request({"images": [{"data": "a.fits"}], "components": [json.loads(written)]})
    assert request.components[0].description.names[-3:] == ("h", "i0", "c")


@pytest.mark.slow
def test_the_page_passes_a_strict_type_checker(tmp_path: Path) -> None:
    """As a user's own program would: against the types that the package ships."""
    typed = "\n".join(block for block in BLOCKS if "def stretched" not in block)
    (tmp_path / "page.py").write_text(typed, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\nplugins = pydantic.mypy\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", tmp_path / "mypy.ini", tmp_path / "page.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    told = [line for line in done.stdout.splitlines() if "page.py" in line or line.startswith("photfit/")]
    # What has no types (astropy) is told of in the package's own files only here, where they are no installed ones.
    ours = [line for line in told if "page.py" in line or not re.search(r"\[import-untyped\]|note:", line)]
    assert not ours, "\n".join(ours)
