"""Proposals for one source: which it is, what becomes of its neighbours, limits and windows."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from benchmarks.fields import flux, rendered
from fitting.inputs import ImageData, load_images
from fitting.inputs.psf_stamps import moffat_stamp
from fitting.proposing import Proposal, propose
from fitting.run import run
from fitting.spec import MoffatPsf, RequestInvalid, parse_proposal

SIDE = 301
PSF = moffat_stamp(MoffatPsf.model_validate({"moffat": {"fwhm": 3.0, "beta": 3.0}}))
TARGET = {"x": 150.4, "y": 149.3, "q": 0.6, "pa": 40.0, "n": 1.6, "r_e": 7.0, "i_e": 12.0}
NEAR = {"x": 170.0, "y": 158.0, "q": 0.8, "pa": 10.0, "n": 1.2, "r_e": 3.0, "i_e": 10.0}
FAR = {"x": 105.0, "y": 190.0, "q": 0.7, "pa": 80.0, "n": 1.0, "r_e": 3.0, "i_e": 8.0}
REMOTE = {"x": 40.0, "y": 250.0, "q": 0.7, "pa": 80.0, "n": 1.0, "r_e": 5.0, "i_e": 30.0}
STAR = (192, 130, 4000.0)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = (SIDE, SIDE)
    empty = ImageData("image", np.zeros(shape), np.ones(shape), np.zeros(shape, bool), PSF)
    data = 50.0 + sum(rendered([item], empty) for item in (TARGET, NEAR, FAR, REMOTE))
    half, (x, y, light) = PSF.shape[0] // 2, STAR
    data[y - half : y + half + 1, x - half : x + half + 1] += light * PSF
    data += np.random.default_rng(3).normal(size=shape)
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg"}
    cards |= {"CRPIX1": 1.0, "CRPIX2": 1.0, "CRVAL1": 150.0, "CRVAL2": 2.0, "CDELT1": -1e-4, "CDELT2": 1e-4}
    header = fits.Header(cards)
    planes = [
        fits.PrimaryHDU(data, header),
        fits.ImageHDU(np.ones(shape), name="VARIANCE"),
        fits.ImageHDU(PSF, name="PSF"),
    ]
    path = tmp_path_factory.mktemp("field") / "field.fits"
    fits.HDUList(planes).writeto(path)
    return path


def proposal(path: Path, **options: Any) -> Proposal:
    return propose(parse_proposal(options, str(path), "path"), Path)


def names(made: Proposal) -> list[str]:
    return [component.name for component in made.request.components]


@pytest.mark.parametrize("target", ["centre", "center", [152, 147], {"ra": 149.984951, "dec": 2.014930}])
def test_the_target_is_fitted_to_the_truth_with_its_neighbours_settled(field: Path, target: Any) -> None:
    made = proposal(field, target=target)
    assert names(made)[:2] == ["sky", "target"]
    assert [source.target for source in made.sources] == [True] + [False] * (len(made.sources) - 1)
    window = made.request.images[0].window
    assert window is not None
    assert window.x is not None
    assert 80 < window.x[1] - window.x[0] < SIDE
    # The star and the galaxy that are near are fitted, what is remote lies outside of the window.
    assert 2 <= len(made.sources) <= 3
    result = run(made.request, load_images(made.request, Path))
    value = {item.name: item for item in (*result.parameters, *result.derived)}
    assert result.converged
    for name, truth in {**{key: TARGET[key] for key in ("x", "y", "q", "n", "r_e")}, "flux": flux(TARGET)}.items():
        found = value[f"target.{name}"]
        assert found.uncertainty is not None
        assert abs(found.value - truth) < 4.0 * found.uncertainty, name


@pytest.mark.parametrize(
    ("neighbours", "fitted", "shapes", "code"),
    [("fit", 3, 0, "neighbours-masked"), ("mask", 0, 3, "neighbours-masked"), ("ignore", 0, 0, "neighbours-ignored")],
)
def test_neighbours_are_fitted_masked_or_ignored(
    field: Path, neighbours: str, fitted: int, shapes: int, code: str
) -> None:
    made = proposal(field, target="centre", neighbours=neighbours, window={"x": [90, 230], "y": [80, 220]})
    assert len(made.sources) == 1 + fitted
    image = made.request.images[0]
    assert len(image.mask_shapes or ()) == shapes
    assert code in [notice.code for notice in made.notices]
    if neighbours == "mask":
        (loaded,) = load_images(made.request, Path)
        for item in (NEAR, FAR, {"x": STAR[0], "y": STAR[1]}):
            assert loaded.mask[round(item["y"]) - 80, round(item["x"]) - 90]
        assert not loaded.mask[149 - 80, 150 - 90]


def test_a_model_that_is_wanted_is_taken(field: Path) -> None:
    made = proposal(field, target="centre", model="bulge_disc", neighbours="mask")
    assert names(made) == ["sky", "target_bulge", "target_disc"]
    document = made.request.document()
    assert document["components"][1]["parameters"]["x"] == "= target_disc.x"
    result = run(made.request, load_images(made.request, Path))
    assert result.chi2 / result.degrees_of_freedom < 1.1


def test_where_there_is_no_source_it_is_said(field: Path) -> None:
    made = proposal(field, target=[60, 60])
    (notice,) = [notice for notice in made.notices if notice.code == "no-target"]
    assert "x 60, y 60" in notice.sentence
    assert not any(source.target for source in made.sources)
    run(made.request, load_images(made.request, Path))


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"target": [900, 3]}, "$.target"),
        ({"target": {"ra": 10.0, "dec": 60.0}}, "$.target"),
        ({"target": "middle"}, "$.target"),
        ({"limit": {"magnitude": 20}}, "$.limit.magnitude"),
        ({"limit": {}}, "$.limit"),
        ({"model": "point_host", "psf": None}, "$.model"),
        ({"neighbours": "drop"}, "$.neighbours"),
    ],
)
def test_what_cannot_be_is_a_fault_at_its_place(field: Path, options: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        proposal(field, **options)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_a_place_on_the_sky_needs_a_wcs(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.random.default_rng(1).normal(size=(50, 50)))
    with pytest.raises(RequestInvalid, match="no celestial WCS"):
        proposal(tmp_path / "image.npy", target={"ra": 1.0, "dec": 2.0})


def test_a_number_keeps_the_most_significant_and_masks_the_rest(field: Path) -> None:
    made = proposal(field, limit=2)
    assert len(made.sources) == 2
    assert math.dist((made.sources[0].x, made.sources[0].y), (STAR[0], STAR[1])) < 1.0 or made.left_out > 0
    (loaded,) = load_images(made.request, Path)
    kept = {(round(source.x), round(source.y)) for source in made.sources}
    for item in (TARGET, NEAR, FAR, REMOTE):
        place = round(item["x"]), round(item["y"])
        assert loaded.mask[place[1], place[0]] != any(math.dist(place, other) < 2.0 for other in kept)
    assert "sources-over-limit" in [notice.code for notice in made.notices]


def test_faint_sources_are_masked_beyond_a_limit(field: Path) -> None:
    bright = proposal(field, limit={"snr": 100.0})
    assert all(source.snr > 100.0 for source in bright.sources)
    assert len(bright.sources) < len(proposal(field).sources)
    by_magnitude = proposal(field, limit={"magnitude": 25.0 - 2.5 * math.log10(3000.0)}, zero_point=25.0)
    assert all(source.flux > 3000.0 for source in by_magnitude.sources)
    assert "sources-below-limit" in [notice.code for notice in by_magnitude.notices]
    assert by_magnitude.request.images[0].mask_shapes


def test_a_target_is_kept_whatever_the_limit(field: Path) -> None:
    made = proposal(field, target=[105, 190], limit=1, neighbours="mask")
    (source,) = made.sources
    assert math.dist((source.x, source.y), (FAR["x"], FAR["y"])) < 0.5


@pytest.mark.parametrize("kind", ["noise", "constant", "one pixel", "line", "negative", "with gaps", "tiny"])
@pytest.mark.parametrize("target", ["centre", [0, 0]])
def test_an_image_without_a_source_brings_the_sky_alone(kind: str, target: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(size=(90, 90))
    rows, columns = np.mgrid[:90, :90]
    hole = -200.0 * np.exp(-((columns - 44.0) ** 2 + (rows - 45.0) ** 2) / 18.0)
    data = {
        "noise": noise,
        "constant": np.full((90, 90), 7.0),
        "one pixel": noise[:1, :1],
        "line": noise[:1],
        "negative": noise + hole,
        "with gaps": np.where(np.random.default_rng(2).random((90, 90)) < 0.5, np.nan, noise),
        "tiny": noise[:3, :3],
    }[kind]
    np.save(tmp_path / "image.npy", data)
    made = proposal(tmp_path / "image.npy", target=target)
    assert names(made) == ["sky"]
    assert "no-target" in [notice.code for notice in made.notices]
    run(made.request, load_images(made.request, Path))


def test_an_image_that_is_masked_is_a_fault_and_no_traceback(field: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.ones((20, 20)))
    with pytest.raises(RequestInvalid, match="masks every pixel"):
        proposal(tmp_path / "image.npy", target="centre", mask_shapes=[{"box": {"x": [0, 20]}}])


def test_shapes_that_were_given_stay_beside_those_that_are_found(field: Path) -> None:
    given = [{"box": {"x": [0, 20]}}]
    made = proposal(field, limit=2, mask_shapes=given)
    shapes = made.request.document()["images"][0]["mask_shapes"]
    assert shapes[0] == given[0]
    assert len(shapes) > 1
