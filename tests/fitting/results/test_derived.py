"""Derived values: fluxes, magnitudes, sizes and positions on the sky, with their uncertainties."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from scipy.special import gamma, gammaincinv

from fitting.results import FitResult
from fitting.results.derived import Derived
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, uncertainties_of, values_of

MODEL = [flat_sky(), sersic()]
DATA = noisy(rendered(MODEL))


def header(ra: float = 150.1, dec: float = 2.2) -> fits.Header:
    """A gnomonic projection of 0.3 arcsec pixels, turned by 30 degrees."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [12.0, 30.0]
    scale, cosine, sine = 0.3 / 3600.0, np.cos(np.radians(30.0)), np.sin(np.radians(30.0))
    wcs.wcs.cd = scale * np.array([[-cosine, sine], [sine, cosine]])
    return wcs.to_header()


def derived(result: FitResult) -> dict[str, Derived]:
    return {row.name: row for row in result.derived}


def flux_of(values: dict[str, float]) -> float:
    """2π q r_e² i_e n e^b b^{−2n} Γ(2n)."""
    n, q, r_e, i_e = (values[f"g.{name}"] for name in ("n", "q", "r_e", "i_e"))
    b = gammaincinv(2.0 * n, 0.5)
    return float(2.0 * np.pi * q * r_e**2 * i_e * n * np.exp(b) * b ** (-2.0 * n) * gamma(2.0 * n))


def propagated(result: FitResult, function: object) -> float:
    """Uncertainty of a function of the values by finite differences and the covariance."""
    values, names = values_of(result), result.covariance.names
    slope = []
    for name in names:
        step = 1e-5 * max(abs(values[name]), 1.0)
        up, down = (function(values | {name: values[name] + sign * step}) for sign in (1.0, -1.0))  # type: ignore[operator]
        slope.append((up - down) / (2.0 * step))
    return float(np.sqrt(np.array(slope) @ result.covariance.matrix @ np.array(slope)))


def test_flux_and_its_uncertainty_follow_the_formula() -> None:
    result = fitted(MODEL, image_of(DATA))
    row = derived(result)["g.flux"]
    assert row.value == pytest.approx(flux_of(values_of(result)), rel=1e-9)
    assert row.uncertainty == pytest.approx(propagated(result, flux_of), rel=1e-5)
    assert row.unit == "data"


def test_flux_is_the_light_of_the_model() -> None:
    result = fitted([sersic(x=60.3, y=60.1, r_e=3.0, n=1.0)], image_of(np.zeros((121, 121))), stages=[])
    assert derived(result)["g.flux"].value == pytest.approx(result.images[0].model.sum(), rel=1e-5)


def test_magnitude_follows_the_zero_point() -> None:
    result = fitted(MODEL, image_of(DATA, zero_point=22.5))
    rows = derived(result)
    flux, magnitude = rows["g.flux"], rows["g.magnitude"]
    assert magnitude.value == pytest.approx(22.5 - 2.5 * np.log10(flux.value))
    assert flux.uncertainty is not None
    assert magnitude.uncertainty == pytest.approx(2.5 / np.log(10.0) * flux.uncertainty / flux.value)


def test_size_on_the_sky_follows_the_pixel_scale() -> None:
    result = fitted(MODEL, image_of(DATA, pixel_scale=0.25))
    row = derived(result)["g.r_e_arcsec"]
    assert row.value == pytest.approx(0.25 * values_of(result)["g.r_e"])
    assert row.uncertainty == pytest.approx(0.25 * uncertainties_of(result)["g.r_e"])


def test_without_scale_zero_point_and_header_there_is_only_the_flux() -> None:
    assert list(derived(fitted(MODEL, image_of(DATA)))) == ["g.flux"]


@pytest.mark.parametrize(("ra", "dec"), [(150.1, 2.2), (0.0, 70.0), (359.9999, -45.0)])
def test_sky_position_and_its_uncertainty_follow_the_wcs(ra: float, dec: float) -> None:
    result = fitted(MODEL, image_of(DATA, header=header(ra, dec)))
    wcs, rows, values = WCS(header(ra, dec)), derived(result), values_of(result)
    expected = wcs.all_pix2world([[values["g.x"], values["g.y"]]], 0)[0]
    assert [rows["g.ra"].value, rows["g.dec"].value] == pytest.approx(expected.tolist(), abs=1e-10)

    def coordinate(axis: int) -> object:
        def position(at: dict[str, float]) -> float:
            # From the reference point's far side, where right ascension has no jump.
            sky = wcs.all_pix2world([[at["g.x"], at["g.y"]]], 0)[0]
            return float((sky[axis] - expected[axis] + 180.0) % 360.0)

        return position

    for axis, name in enumerate(("g.ra", "g.dec")):
        assert rows[name].uncertainty == pytest.approx(propagated(result, coordinate(axis)), rel=1e-4)


def test_sky_position_of_a_window_is_that_of_the_full_frame() -> None:
    whole = derived(fitted(MODEL, image_of(DATA, header=header())))
    part = derived(fitted(MODEL, image_of(DATA[6:38, 4:39], header=header(), origin=(4, 6))))
    assert part["g.ra"].value == pytest.approx(whole["g.ra"].value, abs=0.3 / 3600 * 0.02)
    assert part["g.dec"].value == pytest.approx(whole["g.dec"].value, abs=0.3 / 3600 * 0.02)


def test_an_unreadable_wcs_costs_the_sky_position_alone() -> None:
    broken = header()
    broken["CTYPE1"] = "RA---XYZ"
    assert "g.flux" in derived(fitted(MODEL, image_of(DATA, header=broken)))


def test_negative_light_has_a_flux_and_no_magnitude() -> None:
    component = sersic(i_e={"value": -5.0, "min": -100.0})
    rows = derived(fitted([component], image_of(rendered([component])), stages=[]))
    assert rows["g.flux"].value < 0.0
    assert "g.magnitude" not in rows


def test_values_of_a_fixed_component_have_no_uncertainty() -> None:
    fixed = {name: {"value": value, "fixed": True} for name, value in sersic()["parameters"].items()}
    rows = derived(fitted([flat_sky(), sersic(**fixed)], image_of(DATA, zero_point=20.0, header=header())))
    assert {name: row.uncertainty for name, row in rows.items()} == dict.fromkeys(rows)
