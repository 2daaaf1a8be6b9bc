"""Files on which photfit was wrong, each with the right value: a galaxy of n 1.5, r_e 8, q 0.6, pa 30 at (50, 50)."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from fitting.files import describe_file, read_plane, recognise_planes
from fitting.inputs import load_images
from fitting.proposing import Proposal, propose
from fitting.spec import ProposalSpec, parse_request
from photfit.local import LocalFit, fit_here

CASES = Path(__file__).parent.parent / "cases" / "files"
SKY = {"name": "sky", "profile": "flat_sky"}
GALAXY = {"name": "g", "profile": "sersic", "parameters": {"x": 49, "y": 51, "q": 0.7, "pa": 20, "n": 1, "r_e": 6}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The cases, unpacked."""
    for path in CASES.iterdir():
        packed = path.suffix == ".gz"
        (tmp_path / path.name.removesuffix(".gz")).write_bytes(
            gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        )
    return tmp_path


def proposed(folder: Path, **spec: Any) -> Proposal:
    return propose(ProposalSpec.model_validate(spec), lambda name: folder / name)


def fitted(folder: Path, picture: dict[str, Any], **more: Any) -> tuple[LocalFit, dict[str, float]]:
    request = {"images": [picture], "components": [SKY, GALAXY], "stages": [{"method": "lm"}], **more}
    (folder / "request.json").write_text(json.dumps(request))
    made = fit_here(folder / "request.json", folder / "out", lambda _: None)
    return made, {row["name"]: row["value"] for row in made.parameters["parameters"] + made.parameters["derived"]}


def test_a_galactic_header_gives_icrs_and_angles_from_its_north(folder: Path) -> None:
    made = fit_here(folder / "sky_gal.json", folder / "out", lambda _: None)
    values = {row["name"]: row["value"] for row in made.parameters["parameters"]}
    assert (values["g.ra"], values["g.dec"]) == pytest.approx((150.0, 2.0), abs=2e-5)
    with fits.open(folder / "gal.fits") as hdus:
        wcs = WCS(hdus[0].header)
    turn = math.radians(30.0)
    # Of the major axis, 30 degrees from +y towards −x, on the sky as astropy has it.
    ends = [wcs.pixel_to_world(50.0 - step * math.sin(turn), 50.0 + step * math.cos(turn)).icrs for step in (0.0, 1.0)]
    expected = SkyCoord(ends[0]).position_angle(ends[1]).deg
    assert (values["g.pa"] - expected + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=0.3)
    assert "coordinates-turned" in [notice.code for notice in made.notices]


@pytest.mark.parametrize(("chip", "planes"), [(1, (2, 3)), (4, (5, 6)), ("SCI,2", (5, 6))])
def test_each_chip_has_its_own_planes(chip: int | str, planes: tuple[int, int], folder: Path) -> None:
    found = recognise_planes(describe_file(folder / "flt2.fits"), chip).hdus
    assert (found["sigma"], found["mask"]) == planes


def test_the_second_chip_is_one_galaxy_of_the_right_noise(folder: Path) -> None:
    found = proposed(folder, data="flt2.fits[4]")
    assert len(found.sources) == 1
    picture = {"data": "flt2.fits[4]", "sigma": "flt2.fits[5]", "mask": "flt2.fits[6]"}
    made, values = fitted(folder, picture)
    assert made.parameters["chi2_reduced"] == pytest.approx(1.0, abs=0.1)
    assert values["g.r_e"] == pytest.approx(8.0, abs=0.2)


def test_detected_pixels_of_rubin_are_not_masked(folder: Path) -> None:
    found = proposed(folder, data="calexp.fits")
    assert len(found.sources) == 1
    assert (found.sources[0].x, found.sources[0].y) == pytest.approx((50.0, 50.0), abs=0.5)
    assert any("of its header" in notice.sentence for notice in found.notices if notice.code == "mask-taken")
    (image,) = load_images(found.request, lambda name: folder / name)
    bad = fits.getdata(folder / "calexp.fits", "MASK") & (1 + 2 + 8 + 16 + 256)
    np.testing.assert_array_equal(image.mask, bad != 0)


def test_an_uncertainty_that_says_variance_is_one(folder: Path) -> None:
    found = proposed(folder, data="ccddata_var.fits")
    assert "variance" in found.planes
    made, values = fitted(folder, found.request.document()["images"][0])
    assert made.parameters["chi2_reduced"] == pytest.approx(1.0, abs=0.1)
    assert values["g.n"] == pytest.approx(1.5, abs=0.1)


def test_asinh_pixels_are_made_linear(folder: Path) -> None:
    made, values = fitted(folder, {"data": "ps1.fits"})
    assert values["g.n"] == pytest.approx(1.5, abs=0.1)
    assert values["g.r_e"] == pytest.approx(8.0, abs=0.2)
    assert "pixels-made-linear" in [notice.code for notice in made.notices]


def test_a_nameless_stamp_is_no_psf(folder: Path) -> None:
    planes = recognise_planes(describe_file(folder / "stamp.fits"), None)
    assert "psf" not in planes.hdus
    assert "plane-not-taken" in [notice.code for notice in planes.notices]


def test_a_psf_is_sampled_as_its_header_says(folder: Path) -> None:
    picture = {"data": "gal.fits", "variance": {"constant": 4.0}, "psf": "stpsf.fits"}
    (image,) = load_images(parse_request({"images": [picture], "components": [SKY]}), lambda name: folder / name)
    assert image.psf_oversampling == 3
    picture["psf"] = "stpsf.fits[DET_SAMP]"
    (image,) = load_images(parse_request({"images": [picture], "components": [SKY]}), lambda name: folder / name)
    assert image.psf_oversampling == 1


def test_the_zero_point_of_the_primary_header_is_found(folder: Path) -> None:
    (hdu,) = [hdu for hdu in describe_file(folder / "inh.fits").hdus if hdu.is_image]
    assert hdu.zero_point == 29.915
    _, values = fitted(folder, {"data": "inh.fits[N2]"})
    assert values["g.magnitude"] == pytest.approx(29.915 - 2.5 * math.log10(values["g.flux"]), abs=1e-6)


@pytest.mark.parametrize(("name", "keyword"), [("nanzp", "MAGZERO"), ("card_bunit", "BUNIT"), ("card_tab", None)])
def test_a_card_that_cannot_be_read_is_a_warning_and_results_are_written(
    name: str, keyword: str | None, folder: Path
) -> None:
    (hdu,) = describe_file(folder / f"{name}.fits").hdus
    assert hdu.zero_point is None
    assert any("cannot be read" in warning and (keyword or "") in warning for warning in hdu.warnings)
    made, values = fitted(folder, {"data": f"{name}.fits"})
    assert values["g.r_e"] == pytest.approx(8.0, abs=0.2)
    assert "cards-left-out" in [notice.code for notice in made.notices]
    (written,) = (folder / "out" / "images").glob("*/model.fits")
    with fits.open(written) as hdus:
        hdus.verify("exception")
        assert WCS(hdus[0].header).has_celestial


def test_every_coordinate_system_moves_with_the_window(folder: Path) -> None:
    window = {"x": [20, 101], "y": [10, 101]}
    fitted(folder, {"data": "altwcs.fits", "variance": {"constant": 4.0}, "window": window})
    (written,) = (folder / "out" / "images").glob("*/model.fits")
    here, there = fits.getheader(folder / "altwcs.fits"), fits.getheader(written)
    for key in (" ", "A"):
        expected = WCS(here, key=key).all_pix2world([[30.0, 40.0]], 0)
        np.testing.assert_allclose(WCS(there, key=key).all_pix2world([[10.0, 30.0]], 0), expected, atol=1e-10)
    assert there["LTV1"] == -20.0


def test_arrays_of_roman_are_read_by_their_names(folder: Path) -> None:
    description = describe_file(folder / "rdm_l2.asdf")
    named = {hdu.index: hdu.name for hdu in description.hdus}
    found = recognise_planes(description, None)
    planes = {key: named[hdu] for key, hdu in found.hdus.items()}
    assert planes == {"data": "ROMAN.DATA", "mask": "ROMAN.DQ"}
    assert any("ROMAN.ERR" in warning for warning in found.warnings), "no pixel of it is positive, which is said"
    assert read_plane(folder / "rdm_l2.asdf", "ROMAN.ERR").data.max() <= 0.0
    assert min(read_plane(folder / "rdm_l2.asdf", "ROMAN.DATA").data.shape) > 1
