"""What is wrong with what is asked of a catalogue is told: nothing of it is the service's fault."""

from typing import Any

import pytest

from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, catalogue_of


@pytest.fixture(scope="module")
def catalogue(running: InProcess) -> str:
    upload, _ = running.upload(fits_bytes([("DATA", noise())]))
    return running.catalogue(catalogue_of(upload))[0]


def test_a_column_is_named_once(running: InProcess, catalogue: str) -> None:
    for form in ("json", "csv"):
        answer = running.client.get(f"/v1/catalogues/{catalogue}/table", params={"columns": "x,y,x", "format": form})
        assert answer.status_code == 422, answer.text
        assert "twice" in answer.json()["faults"][0]["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"template": {"images": [1]}},
        {"template": {"images": [{}]}},
        {"template": {"images": []}},
        {"template": {"components": [[]]}},
        {"template": {"components": 5}},
        {"template": {"stages": {"method": "lm"}}},
        {"template": {"components": [{"name": "a", "profile": "sersic", "parameters": [1]}]}},
        {"template": {"images": [{"name": "r", "data": "a.fits", "mask_shapes": 7}]}},
        {"models": {"a": [{"name": "a", "profile": "sersic", "parameters": "x"}]}},
        {"template": 1},
        {"objects": 7},
        {"neighbours": []},
    ],
    ids=str,
)
def test_changes_that_make_no_request_are_told(running: InProcess, catalogue: str, changes: dict[str, Any]) -> None:
    for asked in (("retry", {"changes": changes}), ("rerun", changes)):
        answer = running.client.post(f"/v1/catalogues/{catalogue}/{asked[0]}", json=asked[1])
        assert answer.status_code == 422, (asked, answer.text)
        assert answer.json()["faults"]
