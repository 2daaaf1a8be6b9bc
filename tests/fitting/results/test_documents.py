"""The result as JSON and as files."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from fitting.results import FitResult, covariance_document, parameters_document, write_result
from fitting.spec import Notice, parse_request
from tests.fitting.results.test_derived import header
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic

MODEL = [flat_sky(), sersic()]
DATA = noisy(rendered(MODEL))
ORIGIN = (4, 6)


@pytest.fixture(scope="module")
def result() -> FitResult:
    mask = np.zeros(DATA.shape, dtype=bool)
    mask[3, 7] = True
    data = np.where(mask, np.nan, DATA)
    bad = Notice("pixels-not-finite", "one pixel is bad", "image image")
    image = image_of(data, mask=mask, header=header(), origin=ORIGIN, zero_point=22.5, notices=(bad,))
    start = [flat_sky(), sersic(x=24.3, y=25.6, pa=-145.0)]
    return fitted(start, image)


@pytest.fixture(scope="module")
def folder(result: FitResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("result") / "new"
    write_result(result, place)
    return place


def plane(folder: Path, name: str) -> fits.PrimaryHDU:
    with fits.open(folder / "images" / "image" / f"{name}.fits") as opened:
        return opened[0].copy()


def test_the_parameters_document_has_the_contracts_keys(result: FitResult) -> None:
    document = parameters_document(result)
    promised = (
        "converged message chi2 chi2_reduced degrees_of_freedom n_pixels bic log_likelihood parameters derived stages"
    )
    assert set(promised.split()) <= document.keys()
    for key in ("name", "value", "uncertainty", "uncertainty_scaled", "interval", "unit", "free", "at_limit"):
        assert all(key in row for row in document["parameters"])
    for key in ("method", "iterations", "evaluations", "seconds", "chi2_reduced", "converged", "message"):
        assert all(key in row for row in document["stages"])


def test_statistics_are_those_of_the_residuals(result: FitResult) -> None:
    document = parameters_document(result)
    image = result.images[0]
    used = ~image.mask
    chi2 = float(((image.data - image.model)[used] ** 2 / image.variance[used]).sum())
    assert document["chi2"] == pytest.approx(chi2, rel=1e-9)
    assert document["n_pixels"] == 41 * 41 - 1
    assert document["degrees_of_freedom"] == 41 * 41 - 1 - 8
    assert document["chi2_reduced"] == pytest.approx(chi2 / (41 * 41 - 9), rel=1e-9)
    assert document["bic"] == pytest.approx(chi2 + 8 * np.log(41 * 41 - 1), rel=1e-9)
    assert document["log_likelihood"] == pytest.approx(-0.5 * (chi2 + (41 * 41 - 1) * np.log(2 * np.pi)), rel=1e-9)


def test_position_angles_are_given_within_half_a_turn(result: FitResult) -> None:
    (angle,) = [parameter.value for parameter in result.parameters if parameter.name == "g.pa"]
    assert angle == pytest.approx(35.0, abs=2.0)


def test_documents_are_strict_json_that_the_files_hold(result: FitResult, folder: Path) -> None:
    for name, document in (("parameters", parameters_document(result)), ("covariance", covariance_document(result))):
        assert json.loads((folder / f"{name}.json").read_text()) == json.loads(json.dumps(document, allow_nan=False))


def test_the_request_is_written_so_that_it_parses_again(result: FitResult, folder: Path) -> None:
    assert parse_request(json.loads((folder / "request.json").read_text())) == result.request


def test_the_log_says_what_happened(result: FitResult, folder: Path) -> None:
    log = (folder / "log.txt").read_text()
    for phrase in ("one pixel is bad", "stage 1, lm", result.message, f"{result.chi2_reduced:.6f}"):
        assert phrase in log


def test_the_planes_hold_what_their_names_say(result: FitResult, folder: Path) -> None:
    data, model, residual = (plane(folder, name).data for name in ("data", "model", "residual"))
    used = ~result.images[0].mask
    assert np.array_equal(model, result.images[0].model)
    assert model.dtype == np.dtype(">f8")
    assert residual[used] == pytest.approx((data - model)[used], abs=1e-4)
    normalized = plane(folder, "normalized_residual").data
    assert normalized[used] == pytest.approx((data - model)[used], abs=1e-4)
    assert np.isnan(normalized[~used]).all()
    assert np.isfinite(model).all()


def test_the_light_of_each_component_is_kept(folder: Path) -> None:
    parts = [plane(folder, f"component/{name}").data for name in ("sky", "g")]
    assert sum(parts) == pytest.approx(plane(folder, "model").data, rel=1e-5)


def test_planes_of_a_window_keep_their_place_on_the_sky(folder: Path) -> None:
    cut = WCS(plane(folder, "model").header).all_pix2world([[10.0, 12.0]], 0)
    full = WCS(header()).all_pix2world([[10.0 + ORIGIN[0], 12.0 + ORIGIN[1]]], 0)
    assert cut == pytest.approx(full, abs=1e-10)


def test_an_image_without_a_header_is_written_too(tmp_path: Path) -> None:
    write_result(fitted(MODEL, image_of(DATA), stages=[]), tmp_path)
    assert plane(tmp_path, "data").data == pytest.approx(DATA)


def test_storage_keywords_of_the_data_do_not_reach_the_planes(tmp_path: Path) -> None:
    scaled = header()
    scaled["BSCALE"], scaled["BZERO"], scaled["BLANK"], scaled["OBJECT"] = 2.0, 32768.0, -1, "NGC 1"
    write_result(fitted(MODEL, image_of(DATA, header=scaled), stages=[]), tmp_path)
    written = plane(tmp_path, "data")
    assert written.data == pytest.approx(DATA)
    assert "BZERO" not in written.header
    assert written.header["OBJECT"] == "NGC 1"
