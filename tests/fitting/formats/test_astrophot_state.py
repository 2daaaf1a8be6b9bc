"""Saved states of AstroPhot as requests: its units and angles, by its own formulas."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml

from fitting.formats import ImportInvalid, ImportSource, ModelImport, import_model

SCALE = 0.2
WINDOW = {
    "pixelscale": [[-SCALE, 0.0], [0.0, SCALE]],
    "reference_imageij": [-0.5, -0.5],
    "reference_imagexy": [0.0, 0.0],
    "pixel_shape": [100, 80],
}


def node(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "identity": f"{name}-1", "value": value, **more}


def state() -> dict[str, Any]:
    sersic = [
        node("center", [-4.1, 6.1]), node("q", 0.7, limits=[0.0, 1.0]),
        node("PA", math.radians(30.0), limits=[0.0, math.pi]), node("n", 2.5, limits=[0.5, 4.0]),
        node("Re", 1.6), node("Ie", 1.5, locked=True),
    ]  # fmt: skip
    disc = [node("center", [-4.1, 6.1]), node("q", "NODE:q-1"), node("Re", 3.0), node("Ie", 0.5), node("PA", 0.0)]
    disc[1]["identity"] = "q-2"
    sky = [node("center", [0.0, 0.0], locked=True), node("F", -1.0)]
    parts = {
        "bulge": ("sersic galaxy model", sersic),
        "disc": ("exponential galaxy model", disc),
        "sky": ("flat sky model", sky),
        "odd": ("wedge sersic galaxy model", []),
    }
    models = {name: {"name": name, "model_type": kind, "window": WINDOW} for name, (kind, _) in parts.items()}
    nodes = [{"name": name, "identity": name, "nodes": own} for name, (_, own) in parts.items()]
    parameters = {"name": "all", "identity": "0", "nodes": nodes}
    return {"name": "all", "model_type": "group model", "window": WINDOW, "models": models, "parameters": parameters}


def dumped(document: dict[str, Any]) -> str:
    """YAML without aliases, as of a state whose parts are made one by one."""
    return yaml.dump(json.loads(json.dumps(document)))


def imported(text: str, image: str = "d.fits") -> ModelImport:
    return import_model(ImportSource("AstroPhot.yaml", text, image=image))


def test_units_and_angles_are_pixels_and_degrees() -> None:
    found = imported(dumped(state()))
    bulge, disc, sky = found.request["components"]
    values = bulge["parameters"]
    # x = -0.5 + (-4.1)/(-0.2), and x is mirrored, so that 30 degrees through one side are as many through the other.
    assert (values["x"], values["y"]) == pytest.approx((20.0, 30.0))
    assert values["pa"] == pytest.approx(150.0)
    assert values["r_e"] == pytest.approx(8.0)
    assert values["n"] == {"value": 2.5, "min": 0.5, "max": 4.0}
    assert values["i_e"] == {"value": pytest.approx(10**1.5 * SCALE**2), "fixed": True}
    assert values["q"] == 0.7
    assert disc["parameters"]["q"] == "= bulge.q"
    # Half of the light of a disc exp(-r/h) is within R_e: 1 - (1 + x) exp(-x) = 1/2 at x = R_e/h.
    x = 15.0 / disc["parameters"]["h"]
    assert 1.0 - (1.0 + x) * math.exp(-x) == pytest.approx(0.5, abs=1e-12)
    assert disc["parameters"]["i_0"] * math.exp(-x) == pytest.approx(10**0.5 * SCALE**2)
    assert sky["parameters"]["i"] == pytest.approx(0.1 * SCALE**2)
    assert [row.text for row in found.left] == ["odd: wedge sersic galaxy model"]


def test_states_that_cannot_be_read_are_refused_in_a_sentence() -> None:
    with pytest.raises(ImportInvalid, match="names no image"):
        imported(dumped(state()), "")
    with pytest.raises(ImportInvalid, match="no window"):
        imported(dumped(state() | {"window": {}}))
    with pytest.raises(ImportInvalid, match="not square"):
        imported(dumped(state() | {"window": WINDOW | {"pixelscale": [[0.2, 0.0], [0.0, 0.3]]}}))
    with pytest.raises(ImportInvalid, match="no YAML"):
        imported("model_type: [a\n")
    with pytest.raises(ImportInvalid, match="repeats itself"):
        imported("model_type: &a [1]\nb: *a\n")
    with pytest.raises(ImportInvalid, match="nested"):
        imported("model_type: " + "[" * 100_000)
    with pytest.raises(ImportInvalid, match="pysersic"):
        imported("#ASDF 1.0.0\n%YAML 1.1\n")
    with pytest.raises(ImportInvalid, match="as YAML"):
        imported(b"\x89HDF\r\n".decode("utf-8", "replace"))
