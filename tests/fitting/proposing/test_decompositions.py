"""Galaxies of one part and of two: what BIC makes of them, beside images that the engine renders."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter

from benchmarks.fields import rendered
from fitting.first_values import Galaxy, stamp_sigma, unit_flux
from fitting.inputs import ImageData, load_images
from fitting.inputs.psf_stamps import moffat_stamp
from fitting.proposing import propose
from fitting.proposing.decompositions import Decomposition, ModelChoice, decompose
from fitting.proposing.fine_drawing import FineStamp
from fitting.run import run
from fitting.spec import MoffatPsf, parse_proposal

SIDE = 101
CASES = Path(__file__).resolve().parents[2] / "cases"
PSF = moffat_stamp(MoffatPsf.model_validate({"moffat": {"fwhm": 3.0, "beta": 3.0}}))
EMPTY = ImageData("image", np.zeros((SIDE, SIDE)), np.ones((SIDE, SIDE)), np.zeros((SIDE, SIDE), bool), PSF)


def sersic(
    random: np.random.Generator, n: float, r_e: float, q: float, flux: float = 1.0, pa: float = 40.0
) -> dict[str, float]:
    return {"x": 50.3, "y": 49.6, "q": q, "pa": pa, "n": n, "r_e": r_e, "i_e": flux / unit_flux(q, n, r_e)}


def galaxy(seed: int, kind: str) -> list[dict[str, float]]:
    """A galaxy of one Sérsic, or a bulge of B/T 0.2 to 0.8 and a disc."""
    random = np.random.default_rng([seed, 7])
    pa = float(random.uniform(0.0, 180.0))
    if kind == "single":
        n = float(np.exp(random.uniform(np.log(0.6), np.log(5.0))))
        return [sersic(random, n, float(random.uniform(3.0, 12.0)), float(random.uniform(0.25, 1.0)), pa=pa)]
    share, size = float(random.uniform(0.2, 0.8)), float(random.uniform(6.0, 14.0))
    bulge = sersic(random, 4.0, size * float(random.uniform(0.15, 0.5)), float(random.uniform(0.6, 1.0)), share, pa)
    return [bulge, sersic(random, 1.0, size, float(random.uniform(0.25, 0.95)), 1.0 - share, pa)]


def image_of(seed: int, kind: str, snr: float) -> np.ndarray:
    light = sum(rendered([part], EMPTY) for part in galaxy(seed, kind))
    light *= snr / np.sqrt((light**2).sum())
    return light + np.random.default_rng([seed, 8]).normal(size=light.shape)


def decomposed(seed: int, kind: str, snr: float) -> Decomposition:
    main = galaxy(seed, kind)[-1]
    start = Galaxy(50.5, 49.4, 0.8, main["pa"] + 10.0, 2.0, 1.2 * main["r_e"], 1.0)
    stamp = FineStamp((slice(0, SIDE), slice(0, SIDE)), PSF)
    data = image_of(seed, kind, snr)
    return decompose(start, data, np.ones_like(data), stamp, ModelChoice(points=True, blur=stamp_sigma(PSF)))


@pytest.mark.parametrize(
    ("n", "r_e", "q"), [(1.0, 3.0, 0.5), (4.0, 3.0, 0.5), (4.0, 10.0, 0.3), (2.0, 1.0, 0.3), (6.0, 3.0, 0.8)]
)
def test_fine_drawings_are_those_of_the_engine(n: float, r_e: float, q: float) -> None:
    parameters = sersic(np.random.default_rng(0), n, r_e, q)
    exact = rendered([parameters], EMPTY)
    drawn = FineStamp((slice(0, SIDE), slice(0, SIDE)), PSF).draw(Galaxy(**parameters))
    assert np.abs(drawn - exact).max() < 6e-3 * exact.max()
    # χ² that it costs at a signal to noise of 1000 with the best amplitude: less than BIC asks for a parameter.
    drawn *= (drawn * exact).sum() / (drawn**2).sum()
    assert ((drawn - exact) ** 2).sum() / (exact**2).sum() * 1000.0**2 < 3.0


@pytest.mark.parametrize(("n", "r_e", "q"), [(1.0, 3.0, 0.5), (4.0, 5.0, 0.3), (2.0, 8.0, 0.9)])
def test_derivatives_of_drawings_are_their_differences(n: float, r_e: float, q: float) -> None:
    stamp, step = FineStamp((slice(5, 90), slice(3, 99)), PSF), 1e-4
    stretch, turn = -np.log(q), np.radians(2.0 * 40.0)
    values = np.array([50.3, 49.6, np.log(r_e), np.log(n), stretch * np.cos(turn), stretch * np.sin(turn)])

    def drawn(at: np.ndarray) -> np.ndarray:
        x, y, size, index, cosine, sine = at
        pa = np.degrees(np.arctan2(sine, cosine)) / 2.0
        return stamp.draw(Galaxy(x, y, np.exp(-np.hypot(cosine, sine)), pa, np.exp(index), np.exp(size), 2.0))

    start = Galaxy(50.3, 49.6, q, 40.0, n, r_e, 2.0)
    for own, plane in zip(np.eye(6) * step, stamp.derivatives(start), strict=True):
        difference = (drawn(values + own) - drawn(values - own)) / (2.0 * step)
        assert np.abs(plane - difference).max() < 2e-3 * np.abs(difference).max()


def test_a_drawn_star_is_the_spline_of_the_psf() -> None:
    stamp, (x, y), step = FineStamp((slice(40, 90), slice(3, 99)), PSF), (50.3, 41.6), 1e-4
    half = PSF.shape[0] // 2
    rows, columns = np.mgrid[40:90, 3:99]
    places = [rows - y + half + 6, columns - x + half + 6]
    spline = spline_filter(np.pad(PSF, 6), order=5)
    expected = map_coordinates(spline, places, order=5, prefilter=False, mode="constant")
    assert np.abs(stamp.draw_point(x, y) - expected).max() < 1e-6 * expected.max()
    by_x, by_y = stamp.point_derivatives(x, y)
    for plane, (dx, dy) in ((by_x, (step, 0.0)), (by_y, (0.0, step))):
        difference = (stamp.draw_point(x + dx, y + dy) - stamp.draw_point(x - dx, y - dy)) / (2.0 * step)
        assert np.abs(plane - difference).max() < 1e-6 * np.abs(difference).max()


@pytest.mark.parametrize("snr", [150.0, 1000.0])
@pytest.mark.parametrize("seed", range(4))
def test_one_sersic_stays_one(seed: int, snr: float) -> None:
    assert decomposed(seed, "single", snr).form == "sersic"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_bulge_and_a_disc_are_both_found(seed: int) -> None:
    found = decomposed(seed, "both", 1000.0)
    bulge, disc = galaxy(seed, "both")
    assert found.form == "bulge_disc"
    share = found.parts[0].light.flux / found.flux
    assert share == pytest.approx(bulge["i_e"] * unit_flux(bulge["q"], 4.0, bulge["r_e"]), abs=0.1)
    assert found.parts[1].light.r_e == pytest.approx(disc["r_e"], rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("snr", [80.0, 300.0, 1000.0])
def test_sixty_single_galaxies_are_hardly_ever_two(snr: float) -> None:
    assert sum(decomposed(seed, "single", snr).form != "sersic" for seed in range(100, 160)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("snr", "least"), [(150.0, 15), (300.0, 40), (1000.0, 57)])
def test_of_sixty_bulges_and_discs_most_are_both(snr: float, least: int) -> None:
    assert sum(len(decomposed(seed, "both", snr).parts) == 2 for seed in range(100, 160)) >= least


@pytest.mark.parametrize("options", [{}, {"target": "centre"}])
def test_a_star_on_a_galaxy_is_a_star_and_its_host(options: dict[str, Any]) -> None:
    psf = {"path": str(CASES / "AGN_psf.fits")}
    made = propose(parse_proposal({"psf": psf, **options}, str(CASES / "AGN.fits"), "path"), Path)
    # The noise is white; before the host is described, its light beside the star looks like correlated noise.
    assert "noise-correlated" not in [notice.code for notice in made.notices]
    request = made.request
    _, star, host = request.components
    assert [star.profile, host.profile] == ["point_source", "sersic"]
    result = run(request, load_images(request, Path))
    value = {item.name: item for item in (*result.parameters, *result.derived)}
    # A star of 2e4 and one disc with r_e 8 at (40.2, 39.6).
    for name, truth in (
        (f"{star.name}.flux", 2e4),
        (f"{host.name}.x", 40.2),
        (f"{host.name}.y", 39.6),
        (f"{host.name}.r_e", 8.0),
        (f"{host.name}.n", 1.0),
    ):
        uncertainty = value[name].uncertainty
        assert uncertainty is not None
        assert abs(value[name].value - truth) < 3.0 * uncertainty, name
    assert result.converged


def test_correlated_noise_is_said_and_does_not_part_a_galaxy(tmp_path: Path) -> None:
    light = sum(rendered([part], EMPTY) for part in galaxy(3, "single"))
    noise = gaussian_filter(np.random.default_rng(5).normal(size=light.shape), 1.0)
    np.save(tmp_path / "image.npy", light * 150.0 / np.sqrt((light**2).sum()) + noise / noise.std())
    np.save(tmp_path / "psf.npy", PSF)
    options = {"psf": {"path": str(tmp_path / "psf.npy")}, "target": "centre", "variance": {"constant": 1.0}}
    made = propose(parse_proposal(options, str(tmp_path / "image.npy"), "path"), Path)
    assert [component.name for component in made.request.components] == ["sky", "target"]
    (notice,) = [notice for notice in made.notices if notice.code == "noise-correlated"]
    # A Gaussian of sigma 1 makes 4 π pixels worth one.
    told = float(notice.sentence.split("correlated, ")[1].split()[0])
    assert told == pytest.approx(4.0 * np.pi, rel=0.3)
