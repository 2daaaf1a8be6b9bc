"""The engine as a library: arrays in; a fit with tables, planes, chains and plots out."""

from __future__ import annotations

import builtins
import copy
import json
import pickle
import signal
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.table import QTable, vstack
from astropy.wcs import WCS
from scipy.integrate import dblquad

import photfit
from fitting.spec.plots import PLOTS
from photfit import Exponential, Fit, FlatSky, Gaussian, Image, LibraryMissing, Nuts, RequestInvalid, Sersic
from photfit.results import NoResult

TRUTH = {"g.x": 18.3, "g.y": 15.8, "g.q": 0.7, "g.pa": 30.0, "g.n": 1.5, "g.r_e": 5.0, "g.i_e": 40.0, "sky.i": 5.0}
PSF = {"gaussian": {"fwhm": 2.5}}


def galaxy_of(truth: dict[str, float]) -> list[Any]:
    named = {name.removeprefix("g."): value for name, value in truth.items() if name.startswith("g.")}
    return [Sersic("g", **named), FlatSky("sky", i=truth["sky.i"])]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def variance() -> np.ndarray:
    return photfit.model_image(galaxy_of(TRUTH), (32, 36), psf=PSF) / 4 + 1


@pytest.fixture(scope="module")
def data(variance: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(3).normal(size=variance.shape) * np.sqrt(variance)
    return np.asarray(photfit.model_image(galaxy_of(TRUTH), variance.shape, psf=PSF) + noise)


@pytest.fixture(scope="module")
def header() -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.0, 2.0], [18.0, 16.0]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    return wcs.to_header()


@pytest.fixture(scope="module")
def sampled(data: np.ndarray, variance: np.ndarray) -> Fit:
    stages: list[Any] = ["lm", Nuts(warmup=20, samples=15, chains=2)]
    model = [Sersic("g"), FlatSky("sky")]
    return photfit.fit(data, model, variance=variance, psf=PSF, stages=stages, seed=1, name="one")


def test_a_notebook_is_six_lines_from_an_array_to_tables_and_chains(data: np.ndarray, variance: np.ndarray) -> None:
    from photfit import FlatSky, Nuts, Sersic, fit

    found = fit(
        data, [Sersic("g"), FlatSky("sky")], variance=variance, psf=PSF, stages=["lm", Nuts(samples=9, warmup=9)]
    )
    table, covariance, chains = found.parameters, found.covariance, found.chains
    inside, left_over, plot = found.model, found.residual, found.plot.corner(["g.n", "g.r_e"])

    assert isinstance(table, QTable)
    assert list(table["name"]) == list(covariance.names) == list(TRUTH)
    assert chains["posterior"]["g.n"].shape == (4, 9)
    assert np.allclose(inside.data + left_over.data, data)
    assert plot.content.startswith(b"\x89PNG")


def test_the_fit_finds_what_was_put_in(sampled: Fit) -> None:
    assert sampled.state == "succeeded"
    for name, true in TRUTH.items():
        value = sampled[name]
        assert value.uncertainty is not None
        assert abs(float(value) - true) < 4 * value.uncertainty, name
    assert 0.9 < sampled.chi2_reduced < 1.1
    assert sampled.chi2 == pytest.approx(sampled.chi2_reduced * sampled.degrees_of_freedom)
    assert sampled.n_pixels == 32 * 36


def test_values_come_with_their_units(sampled: Fit) -> None:
    assert sampled["g.r_e"].quantity.unit == units.pix
    assert sampled["g.pa"].quantity.to_value(units.rad) == pytest.approx(np.radians(sampled["g.pa"].value or 0))
    assert (sampled["g.i_e"].quantity * units.pix).unit == sampled["g.flux"].quantity.unit
    rows = vstack([sampled.row, sampled.row])
    assert rows["g.r_e"].unit == units.pix
    assert rows["g.r_e_err"][1].value == sampled["g.r_e"].uncertainty
    assert "g.flux" in sampled.derived["name"]
    assert sampled.parameters["q50"][4] == (sampled["g.n"].quantiles or {})["0.5"]


def test_a_table_in_data_units_is_read_back_as_it_was_written(sampled: Fit, tmp_path: Path) -> None:
    row = sampled.row
    row.write(tmp_path / "row.ecsv", format="ascii.ecsv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = QTable.read(tmp_path / "row.ecsv", format="ascii.ecsv")
    assert read["g.i_e"].unit == row["g.i_e"].unit
    assert read["g.flux_err"].unit == row["g.flux_err"].unit


def test_the_covariance_knows_its_names(sampled: Fit) -> None:
    matrix = sampled.covariance
    document = sampled.document("covariance")
    assert np.array_equal(matrix, document["matrix"])
    assert np.allclose(matrix.correlation, document["correlation"])
    assert np.sqrt(np.diagonal(matrix)) == pytest.approx([sampled[name].uncertainty for name in matrix.names])
    part = matrix.of("g.r_e", "g.n")
    assert part.names == ("g.r_e", "g.n")
    assert part[0, 1] == matrix[5, 4]
    with pytest.raises(KeyError, match=r"does not have h\.n"):
        matrix.of("h.n")


def test_every_plot_of_the_table_is_a_method_that_takes_what_the_table_says(sampled: Fit) -> None:
    import inspect

    for name, plot in PLOTS.items():
        taken = set(inspect.signature(getattr(sampled.plot, name)).parameters) - {"format"}
        assert taken == set(plot.takes), name
        assert getattr(sampled.plot, name)().content.startswith(b"\x89PNG")


def test_a_picture_is_saved_in_the_format_of_its_name(sampled: Fit, tmp_path: Path) -> None:
    picture = sampled.plot.corner(["g.n"], truth={"g.n": 1.5}, format="svg")
    assert picture._repr_png_() is None
    assert "<svg" in (picture._repr_svg_() or "")
    assert picture.save(tmp_path / "corner.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(ValueError, match=r"plots are written as \.png"):
        picture.save(tmp_path / "corner.jpg")


def test_a_notebook_shows_picture_table_and_notices(sampled: Fit) -> None:
    shown = sampled._repr_html_()
    assert "data:image/png;base64," in shown
    assert "<td>g.r_e</td>" in shown
    assert all(notice.sentence.split("<")[0][:20] in shown for notice in sampled.notices)
    assert repr(sampled).startswith("<fit one succeeded, ")


def test_an_image_with_header_gives_planes_on_the_sky(
    data: np.ndarray, variance: np.ndarray, header: fits.Header
) -> None:
    image = CCDData(data, unit="electron", uncertainty=StdDevUncertainty(np.sqrt(variance)), wcs=WCS(header))
    found = photfit.fit(image, galaxy_of(TRUTH), psf=PSF)
    assert found.model.wcs.pixel_to_world(17, 15).ra.deg == pytest.approx(150.0, abs=1e-9)
    assert found["g.r_e_arcsec"].value == pytest.approx(0.2 * float(found["g.r_e"]), rel=1e-6)
    assert found.chi2_reduced == pytest.approx(1.0, abs=0.1)


def test_a_mask_leaves_pixels_out_and_a_window_cuts(data: np.ndarray, variance: np.ndarray) -> None:
    mask = np.zeros(data.shape, dtype=bool)
    mask[:3] = True
    found = photfit.fit(data, galaxy_of(TRUTH), variance=variance, mask=mask, psf=PSF, window={"x": [2, 30]}, stages=[])
    assert found.n_pixels == 29 * 28
    assert np.isnan(found.images["image"].normalized_residual.data[:3]).all()


def test_files_and_arrays_go_together(data: np.ndarray, variance: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "galaxy.npy", data)
    found = photfit.fit(tmp_path / "galaxy.npy", galaxy_of(TRUTH), variance=variance, psf=PSF)
    again = photfit.fit(data, found.best_fit["components"], variance=variance, psf=PSF, stages=[])
    assert again.chi2 == pytest.approx(found.chi2, rel=1e-9)


def test_several_images_are_told_apart_by_name(data: np.ndarray, variance: np.ndarray) -> None:
    images = [Image(data, name="r", variance=variance, psf=PSF), Image(2 * data, name="g", variance=4 * variance)]
    free = {"by_image": {"r": 10, "g": 20}}
    found = photfit.fit(images, [Sersic("g", x=18, y=16, i_e=free), FlatSky("sky", i=free)], frame="pixel")
    assert list(found.images) == ["r", "g"]
    assert found["sky.i[g]"].value == pytest.approx(2 * float(found["sky.i[r]"]), rel=0.05)
    assert found.images["g"].model.shape == data.shape
    with pytest.raises(NoResult, match=r"this fit has 2 images: fit\.images\['r'\]\.model"):
        _ = found.model


def test_a_model_image_is_the_integral_over_each_pixel() -> None:
    drawn = photfit.model_image(Exponential("d", x=4.2, y=3.1, q=0.6, pa=20, h=2.0, i_0=7), (8, 10))
    angle = np.radians(20 + 90)

    def light(y: float, x: float) -> float:
        along = (x - 4.2) * np.cos(angle) + (y - 3.1) * np.sin(angle)
        across = -(x - 4.2) * np.sin(angle) + (y - 3.1) * np.cos(angle)
        return float(7 * np.exp(-np.hypot(along, across / 0.6) / 2.0))

    for row, column in ((3, 4), (0, 9), (5, 2)):
        exact, _ = dblquad(light, column - 0.5, column + 0.5, row - 0.5, row + 0.5, epsabs=1e-9)
        assert drawn[row, column] == pytest.approx(exact, rel=1e-5)


def test_a_model_image_is_drawn_like_another(header: fits.Header) -> None:
    like = fits.PrimaryHDU(np.full((20, 24), np.pi), header)
    on_sky = photfit.model_image(Gaussian("s", ra=150.0, dec=2.0, q=1, pa=0, fwhm=0.8, flux=3), like=like, frame="sky")
    assert on_sky.shape == (20, 24)
    assert np.unravel_index(on_sky.argmax(), on_sky.shape) == (15, 17)
    with pytest.raises(TypeError, match="either a shape"):
        photfit.model_image(FlatSky(i=1))
    with pytest.raises(TypeError, match=r"5 is no shape: give \(height, width\)"):
        photfit.model_image(FlatSky(i=1), 5)  # type: ignore[arg-type]


def test_what_a_model_image_lacks_is_listed() -> None:
    with pytest.raises(RequestInvalid) as caught:
        photfit.model_image([Sersic("g", x=3, y=3, n=1, r_e=2, flux=1), FlatSky("sky", i=0)], (5, 5))
    assert [fault.path for fault in caught.value.faults] == ["g.q", "g.pa"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"components": [Sersic("g", x="= h.x")]}, "there is no component 'h'"),
        ({"components": 3}, "3 is no list of components"),
        ({"image": "nowhere.fits"}, "'nowhere.fits' cannot be read: No such file"),
        ({"image": object()}, "object is no image plane"),
        ({"variance": np.ones(3)}, r"image variance has the shape \(3,\): expected \(height, width\)"),
        ({"stages": 3}, "3 is no list of stages"),
        ({"components": Sersic}, "is no list of components"),
        ({"components": ["sersic"]}, "'sersic' is no component"),
        ({"stages": ["newton"]}, "unknown method 'newton'"),
        ({"sed": 1}, r"\$.sed: is an unknown key"),
        ({"image": [Image(np.ones((4, 4)))], "psf": PSF}, "psf belongs to one image"),
    ],
)
def test_a_bad_argument_is_a_sentence(data: np.ndarray, arguments: dict[str, Any], sentence: str) -> None:
    usual: dict[str, Any] = {"image": data, "components": [Sersic("g")]}
    with pytest.raises((RequestInvalid, TypeError, ValueError), match=sentence):
        photfit.fit(**(usual | arguments))


def test_progress_is_told_to_a_function(data: np.ndarray, variance: np.ndarray) -> None:
    told: list[Any] = []
    photfit.fit(data, [Sersic("g"), FlatSky("sky")], variance=variance, stages="lm", progress=told.append)
    assert {answer.state for answer in told} == {"running"}
    assert told[0].progress.method == "lm"


def test_progress_is_lines_where_no_bar_can_be(
    data: np.ndarray, variance: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    photfit.fit(data, galaxy_of(TRUTH), variance=variance, progress=True, name="mine")
    assert capsys.readouterr().err.startswith("mine running: lm (1 of 1), iteration 0, reduced chi-squared")


def test_ctrl_c_ends_a_fit_with_what_it_has_found(data: np.ndarray, variance: np.ndarray) -> None:
    def interrupt(answer: Any) -> None:
        if answer.progress.method == "nuts":
            signal.raise_signal(signal.SIGINT)

    stages = ["lm", Nuts(samples=100_000)]
    found = photfit.fit(data, galaxy_of(TRUTH), variance=variance, stages=stages, progress=interrupt)
    assert found.state == "cancelled"
    assert "kept is what had been found" in (found.error or "")
    assert found["g.n"].uncertainty is not None


def test_a_fit_runs_beside_the_main_thread(data: np.ndarray, variance: np.ndarray) -> None:
    found: list[Fit] = []
    thread = threading.Thread(target=lambda: found.append(photfit.fit(data, galaxy_of(TRUTH), variance=variance)))
    thread.start()
    thread.join(60)
    assert found[0].converged


def test_what_a_fit_lacks_is_said(data: np.ndarray, variance: np.ndarray) -> None:
    found = photfit.fit(data, galaxy_of(TRUTH), variance=variance)
    with pytest.raises(FileNotFoundError, match=r"no chains\.nc: none of its stages drew chains"):
        _ = found.chains
    with pytest.raises(FileNotFoundError, match="this fit has no chains"):
        found.plot.trace()
    with pytest.raises(KeyError, match=r"no value 'g\.re'; did you mean g\.r_e"):
        _ = found["g.re"]


@pytest.mark.parametrize(
    ("missing", "asked", "sentence"),
    [
        ("astropy", lambda fit: fit.row, "fit.row needs astropy: pip install astropy"),
        ("astropy", lambda fit: fit.model, "an image of a fit needs astropy: pip install astropy"),
        ("xarray", lambda fit: fit.chains, "fit.chains needs ArviZ: pip install arviz"),
        ("matplotlib", lambda fit: fit.plot.fit(), "the plot fit needs matplotlib: pip install matplotlib"),
    ],
)
def test_a_library_that_is_missing_is_asked_for_by_name(
    sampled: Fit, monkeypatch: pytest.MonkeyPatch, missing: str, asked: Any, sentence: str
) -> None:
    import importlib

    original = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return original(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(LibraryMissing) as caught:
        asked(Fit(sampled.source))
    assert str(caught.value) == sentence


def test_without_the_engine_a_local_fit_says_what_to_install(data: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("fitting.inputs"):
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LibraryMissing, match=r"this needs torch here: pip install 'photfit\[worker\]'"):
        photfit.fit(data, [FlatSky("sky")])


def test_documents_are_json(sampled: Fit) -> None:
    for name in ("parameters", "covariance", "provenance", "request", "best_fit"):
        assert json.loads(json.dumps(sampled.document(name), allow_nan=False))  # type: ignore[arg-type]
    assert sampled.request["components"][0]["parameters"] == {}
    assert sampled.best_fit["components"][0]["parameters"]["n"] == sampled["g.n"].value


def test_a_fit_travels_between_processes_and_is_kept(sampled: Fit) -> None:
    drawn = sampled.chains  # what was fetched of it stays behind
    for found in (pickle.loads(pickle.dumps(sampled)), copy.deepcopy(sampled), pickle.loads(pickle.dumps(sampled))):
        again = pickle.loads(pickle.dumps(found))
        assert (again.id, again.state, again.notices) == (sampled.id, sampled.state, sampled.notices)
        for name in ("parameters", "covariance", "provenance", "request", "best_fit"):
            assert again.document(name) == sampled.document(name)
        np.testing.assert_array_equal(again.model.data, sampled.model.data)
    np.testing.assert_array_equal(again.chains["posterior"]["g.n"], drawn["posterior"]["g.n"])
    assert again.plot.profile().save


@pytest.mark.parametrize("value", [4 * units.pix, 30 * units.deg, units.Quantity(3.0)])
def test_a_quantity_in_the_place_of_a_number_is_refused_in_words(value: Any) -> None:
    with pytest.raises(TypeError, match="is a quantity: give the number alone"):
        Sersic("g", r_e=value)
    with pytest.raises(TypeError, match="is a quantity"):
        photfit.fit(np.ones((9, 9)), [FlatSky("sky")], pixel_scale=value)
