"""Cases in which photfit told too little of the sky: zero points, rotated and flat pixels, each with the right value.

One galaxy (r_e 5, q 0.7, pa 30 on the pixels), fitted by the command line's own path.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from photfit.local import fit_here

CASES = Path(__file__).parent.parent / "cases"


def fitted(name: str, folder: Path, **picture: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The result document, and its rows by name."""
    request = json.loads((CASES / f"{name}.json").read_text())
    request["images"][0] |= picture
    for key in ("data", "psf"):
        request["images"][0][key] = str(CASES / request["images"][0][key])
    (folder / "request.json").write_text(json.dumps(request))
    document = fit_here(folder / "request.json", folder / "out", lambda _: None).parameters
    return document, {row["name"]: row for row in document["parameters"] + document["derived"]}


def test_both_magnitudes_are_told_where_no_card_says_which(tmp_path: Path) -> None:
    document, rows = fitted("03_exptime", tmp_path)
    assert rows["g.magnitude"]["value"] == pytest.approx(15.757, abs=2e-3)
    scale = document["images"][0]["flux_scale"]
    assert (scale["zero_point"], scale["other_zero_point"], scale["exposure_time"]) == (25.0, 30.0, 100.0)
    assert "MAGZERO 25" in scale["sentence"]
    assert "EXPTIME of 100 s was not applied" in scale["sentence"]
    assert any("15.757 or 20.757" in warning for warning in document["warnings"])


def test_a_given_zero_point_ends_the_doubt(tmp_path: Path) -> None:
    document, rows = fitted("03_exptime", tmp_path, zero_point=30.0)
    assert rows["g.magnitude"]["value"] == pytest.approx(20.757, abs=2e-3)
    assert document["images"][0]["flux_scale"]["other_zero_point"] is None


@pytest.mark.parametrize("name", ["08_wcs_rot", "08_wcs_aniso"])
def test_the_sky_has_the_galaxys_axes_and_angle(name: str, tmp_path: Path) -> None:
    _, rows = fitted(name, tmp_path, zero_point=25.0)
    x, y, q, pa, r_e = (rows[f"g.{key}"]["value"] for key in ("x", "y", "q", "pa", "r_e"))
    wcs = WCS(fits.getheader(CASES / json.loads((CASES / f"{name}.json").read_text())["images"][0]["data"]))
    angle, turn = np.linspace(0.0, 2.0 * np.pi, 20001), np.radians(pa)
    u, v = r_e * np.cos(angle), r_e * q * np.sin(angle)
    edge = np.stack((x - u * np.sin(turn) + v * np.cos(turn), y + u * np.cos(turn) + v * np.sin(turn)), axis=-1)
    sky = SkyCoord(*wcs.all_pix2world(edge, 0).T, unit="deg")
    centre = SkyCoord(*wcs.all_pix2world([[x, y]], 0)[0], unit="deg")
    far = centre.separation(sky).to_value(units.arcsec)
    assert rows["g.r_e_arcsec"]["value"] == pytest.approx(far.max(), rel=1e-5)
    assert rows["g.r_e_minor_arcsec"]["value"] == pytest.approx(far.min(), rel=1e-5)
    assert rows["g.q_sky"]["value"] == pytest.approx(far.min() / far.max(), rel=1e-5)
    assert rows["g.pa_sky"]["value"] == pytest.approx(centre.position_angle(sky[far.argmax()]).deg % 180.0, abs=0.05)
    sides = 0.2 * (0.2 if name == "08_wcs_rot" else 0.4)
    mu = 25.0 - 2.5 * np.log10(rows["g.i_e"]["value"] / sides)
    assert rows["g.mu_e"]["value"] == pytest.approx(mu, abs=1e-4)
    for key in ("r_e_arcsec", "r_e_minor_arcsec", "q_sky", "pa_sky", "mu_e", "magnitude"):
        assert rows[f"g.{key}"]["uncertainty"] > 0.0
    if name == "08_wcs_aniso":
        assert [far.max(), far.min()] == pytest.approx([1.897, 0.737], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["08_wcs_rot", "08_wcs_aniso"])
def test_the_same_galaxy_fitted_on_the_sky_is_the_same(name: str, tmp_path: Path) -> None:
    _, rows = fitted(name, tmp_path)
    request = json.loads((tmp_path / "request.json").read_text())
    start = {"ra": 149.99999, "dec": 2.0, "q": 0.5, "pa": 60.0, "n": 1.0, "r_e": 1.5, "i_e": 300.0}
    request |= {
        "frame": "sky",
        "components": [request["components"][0], {"name": "g", "profile": "sersic", "parameters": start}],
    }
    (tmp_path / "sky.json").write_text(json.dumps(request))
    document = fit_here(tmp_path / "sky.json", tmp_path / "on_sky", lambda _: None).parameters
    on_sky = {row["name"]: row for row in document["parameters"] + document["derived"]}
    pairs = {
        "g.ra": "g.ra", "g.dec": "g.dec", "g.q": "g.q_sky", "g.pa": "g.pa_sky", "g.r_e": "g.r_e_arcsec",
        "g.x": "g.x", "g.y": "g.y", "g.q_pixel": "g.q", "g.pa_pixel": "g.pa", "g.r_e_pixel": "g.r_e",
        "g.i_e": "g.i_e_arcsec2", "g.i_e_pixel": "g.i_e", "g.r_e_minor_arcsec": "g.r_e_minor_arcsec",
    }  # fmt: skip
    for here, there in pairs.items():
        value, sigma = rows[there]["value"], rows[there]["uncertainty"]
        assert on_sky[here]["value"] == pytest.approx(value, abs=0.02 * sigma), here
        assert on_sky[here]["uncertainty"] == pytest.approx(sigma, rel=1e-3), here
