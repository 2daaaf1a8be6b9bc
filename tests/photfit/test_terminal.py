"""What is printed: every text as it is."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from photfit.tables import parameters_report
from photfit.terminal import terminal

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["sky.i[r]", "sky.i[g]", "tile.fits[1]", "[electron]", "[/red]", ":star:"]


@pytest.mark.parametrize("console", [Console(file=io.StringIO(), width=200), terminal()], ids=["rich's own", "ours"])
def test_a_table_of_parameters_has_every_name_and_unit_whole(console: Console) -> None:
    rows = [{"name": name, "value": 1.0, "uncertainty": 0.1, "unit": "[electron]", "free": True} for name in NAMES]
    document = {"parameters": rows, "converged": True, "n_pixels": 1, "message": "[b]"}
    console.file, console.width = io.StringIO(), 200
    console.print(parameters_report(document, {"sky.i[r]": 1.0}, title="tile.fits[1]"))
    printed = console.file.getvalue()
    for name in NAMES:
        assert name in printed
    assert printed.count("[electron]") == len(NAMES) + 1


def test_consoles_are_made_in_one_place() -> None:
    """A console of rich's own reads markup in what users have named."""
    made = [
        str(path.relative_to(ROOT))
        for package in ("photfit", "jobs", "worker", "app", "fitting")
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(r"\bConsole\(|from_markup|rich\.print\b|import print\b", path.read_text(encoding="utf-8"))
    ]
    assert made == ["photfit/terminal.py"]


def test_numbers_that_nobody_looks_at_are_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a table that goes to a file, no number is cut to what a terminal would have room for."""
    monkeypatch.delenv("COLUMNS", raising=False)
    name, sentence = "target_bulge+target_disc.surface_brightness_of_the_sky", "one word after another " * 20
    row = {"name": name, "value": 150.1164217, "uncertainty": 4e-7, "unit": "mag/arcsec2", "free": True}
    document = {"parameters": [row], "converged": False, "n_pixels": 1, "message": sentence}
    terminal().print(parameters_report(document, {name: 150.1164}, title="t"))
    printed = capsys.readouterr().out
    assert all(word in printed for word in (name, "150.1164217", "mag/arcsec2", sentence.strip()))
    monkeypatch.setenv("COLUMNS", "70")
    terminal().print(parameters_report(document, {name: 150.1164}, title="t"))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 70
