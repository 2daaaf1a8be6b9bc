"""Options of `photfit propose` as the service takes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from photfit.cli import main
from photfit.failures import UserMistake
from photfit.proposals import options_document
from tests.photfit.test_propose import IMAGE


@pytest.mark.parametrize(
    ("given", "document"),
    [
        ({"target": "centre"}, {"target": "centre"}),
        ({"target": "66.5,65.5"}, {"target": [66.5, 65.5]}),
        ({"target": "ra=150.1,dec=-2.25"}, {"target": {"ra": 150.1, "dec": -2.25}}),
        ({"limits": ("20",)}, {"limit": {"number": 20}}),
        ({"limits": ("20", "snr=10", "magnitude=23.5")}, {"limit": {"number": 20, "snr": 10.0, "magnitude": 23.5}}),
        ({"limits": (), "mask_defects": False}, {"mask_defects": False}),
    ],
)
def test_options_are_written_as_the_service_takes_them(given: dict[str, Any], document: dict[str, Any]) -> None:
    assert options_document(given) == document


@pytest.mark.parametrize(
    "given", [{"target": "3,b"}, {"target": "ra=x,dec=2"}, {"limits": ("few",)}, {"limits": ("snr=",)}]
)
def test_what_cannot_be_read_is_a_mistake(given: dict[str, Any]) -> None:
    with pytest.raises(UserMistake):
        options_document(given)


def test_a_target_is_proposed_and_the_rest_masked(tmp_path: Path) -> None:
    written = tmp_path / "request.json"
    arguments = [
        "propose",
        str(IMAGE),
        "-o",
        str(written),
        "--target",
        "66,65",
        "--neighbours",
        "mask",
        "--model",
        "sersic",
    ]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    request = json.loads(written.read_text())
    assert request["components"][1]["name"] == "target"
    assert "neighbour" in result.stderr
