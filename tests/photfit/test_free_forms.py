"""The requests of the how-to page on free forms, fitted as it says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from photfit.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "fit-free-forms.md"
REQUESTS = [
    json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
]
WARP = {"geometry": [{"warp": [5, 15, 40]}]}
NAMES = [next(item["profile"] for item in request["components"] if "options" in item) for request in REQUESTS]


def fitted(request: Path, output: Path) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["fit", str(request), "-o", str(output)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((output / "parameters.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside the example's image, and with its own fit done."""
    made = tmp_path_factory.mktemp("free-forms")
    for name in ("bulge_disc.fits", "request.json"):
        shutil.copy(ROOT / "examples" / "bulge_disc" / name, made)
    fitted(made / "request.json", made / "out")
    return made


def test_the_page_has_a_request_for_each_free_form() -> None:
    assert NAMES == ["spline", "multi_gaussian", "basis"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "more", "chi2_reduced"),
    [(0, {}, 1.07), (1, {}, 1.07), (0, WARP, 0.99), (1, WARP, 0.99), (2, {}, 0.99)],
    ids=["spline", "multi_gaussian", "spline, warped", "multi_gaussian, warped", "basis"],
)
def test_a_request_of_the_page_fits_as_it_says(
    place: int, more: dict[str, Any], chi2_reduced: float, folder: Path, tmp_path: Path
) -> None:
    document = json.loads(json.dumps(REQUESTS[place]))
    document["components"][1] |= more
    (folder / "free.json").write_text(json.dumps(document), encoding="utf-8")
    found = fitted(folder / "free.json", tmp_path / "free")
    assert found["converged"] is True
    assert found["chi2_reduced"] == pytest.approx(chi2_reduced, abs=0.005)
