"""PSFs that change over the image, from files as PSFEx, STDPSF, stpsf and cubes have them, at positions."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files import FileInvalid, describe_file, read_plane, recognise_planes
from fitting.inputs import ImageData, load_images
from fitting.problem import Problem
from fitting.spec import RequestInvalid, parse_request

Array = NDArray[np.float64]
SIDE = 200


def spot(sigma_x: float, sigma_y: float, step: float, size: tuple[int, int], dx: float = 0.0, dy: float = 0.0) -> Array:
    """A pixel's response: a Gaussian of these widths (pixels), at steps of a part of a pixel about (N − 1)/2."""
    y, x = np.mgrid[: size[0], : size[1]]
    x, y = ((x - 0.5 * (size[1] - 1)) * step - dx) / sigma_x, ((y - 0.5 * (size[0] - 1)) * step - dy) / sigma_y
    return np.asarray(np.exp(-0.5 * (x * x + y * y)) / (2.0 * math.pi * sigma_x * sigma_y))


def widths(x: float, y: float) -> tuple[float, float]:
    """Of the Gaussian at a position, pixels."""
    return 1.4 + 0.002 * x, 1.5 + 0.0015 * y


PSFEX = {"POLNAME1": "X_IMAGE", "POLNAME2": "Y_IMAGE", "POLZERO1": 120.5, "POLSCAL1": 230.0, "POLZERO2": 90.0,
         "POLSCAL2": 180.0}  # fmt: skip


def psfex_planes(degree: int, seed: int = 3) -> Array:
    """Planes of a polynomial: a Gaussian, and changes of it of some per cent."""
    random = np.random.default_rng(seed)
    terms = (degree + 1) * (degree + 2) // 2
    base = spot(1.5, 1.5, 0.5, (25, 25))
    y, x = np.mgrid[:25, :25] - 12.0
    changes = [base * 0.1 * (random.normal() * x / 5 + random.normal() * y / 5 + random.normal() * (x * x - 9) / 25)
               for _ in range(terms - 1)]  # fmt: skip
    return np.stack([base, *changes])


def write_psfex(path: Path, planes: Array, step: float = 0.5, **cards: Any) -> None:
    """As PSFEx does: a table of one row with a vector of planes × height × width."""
    terms, height, width = planes.shape
    degree = round((math.sqrt(8 * terms + 1) - 3) / 2)
    column = fits.Column("PSF_MASK", f"{planes.size}E", dim=f"({width},{height},{terms})", array=planes[None])
    table = fits.BinTableHDU.from_columns([column], name="PSF_DATA")
    table.header.update({"POLNAXIS": 2, "POLGRP1": 1, "POLGRP2": 1, "POLNGRP": 1, "POLDEG1": degree, **PSFEX})
    table.header.update({"PSF_SAMP": step, "PSF_FWHM": 3.5, "PSFNAXIS": 3, "PSFAXIS1": width, "PSFAXIS2": height,
                         "PSFAXIS3": terms, **cards})  # fmt: skip
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, overwrite=True)


def psfex_at(planes: Array, x: float, y: float) -> Array:
    """GalSim's formula (galsim.des.DES_PSFEx): Σ x^nx y^ny, nx rising fastest, of positions counted from 1."""
    degree = round((math.sqrt(8 * len(planes) + 1) - 3) / 2)
    u, v = (x + 1.0 - PSFEX["POLZERO1"]) / PSFEX["POLSCAL1"], (y + 1.0 - PSFEX["POLZERO2"]) / PSFEX["POLSCAL2"]  # type: ignore[operator]
    terms = [u**nx * v**ny for ny in range(degree + 1) for nx in range(degree + 1 - ny)]
    found = np.tensordot(np.array(terms), planes, (0, 0))
    return np.asarray(found / found.sum())


def loaded(folder: Path, window: dict[str, list[int]] | None = None, **beside: Any) -> ImageData:
    np.save(folder / "d.npy", np.zeros((SIDE, SIDE)))
    image: dict[str, Any] = {"data": "d.npy", "variance": {"constant": 1.0}}
    image |= {"psf": {"path": "psf.fits", **beside}} | ({"window": window} if window else {})
    components = [{"name": "s", "profile": "point_source", "parameters": {"x": 5, "y": 5, "flux": 1}}]
    request = parse_request({"images": [image], "components": components})
    assert parse_request(request.document()) == request
    return load_images(request, folder.joinpath)[0]


def star(image: ImageData, x: float, y: float) -> Array:
    """A star of unit flux in the image, all of it."""
    components = [{"name": "s", "profile": "point_source", "parameters": {"x": x, "y": y, "flux": 1.0}}]
    problem = Problem(parse_request({"images": [{"data": "d", "psf": "p"}], "components": components}), [image])
    light: Array = problem.model(problem.start())[0][0].numpy()
    return light


def codes(image: ImageData) -> list[str]:
    return [notice.code for notice in image.notices]


@pytest.mark.slow
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_a_model_of_psfex_is_its_polynomial_at_positions(tmp_path: Path, degree: int) -> None:
    planes = psfex_planes(degree)
    write_psfex(tmp_path / "psf.fits", planes)
    image = loaded(tmp_path)
    assert (image.psf_convention, image.psf_oversampling) == ("effective", 2)
    assert codes(image) == ["psf-model"]
    for x, y in [(15, 17), (100, 100), (33, 150), (180, 62)]:
        exact = 4.0 * psfex_at(planes, x, y)[::2, ::2]  # the pixels' centres are every second sample
        seen = star(image, x, y)[y - 6 : y + 7, x - 6 : x + 7]
        assert np.abs(seen - exact).max() <= 2e-3 * exact.max()


def test_a_model_of_psfex_on_steps_that_are_no_part_of_a_pixel(tmp_path: Path) -> None:
    step = 0.7
    sigma = spot(1.5, 1.7, step, (27, 27))
    write_psfex(tmp_path / "psf.fits", np.stack([sigma, 0.2 * sigma, -0.1 * sigma]), step)
    image = loaded(tmp_path)
    assert image.psf_oversampling == 2
    exact = spot(1.5, 1.7, 1.0, (13, 13), 0.3, -0.2)
    assert np.abs(star(image, 60.3, 79.8)[74:87, 54:67] - exact).max() <= 1e-3 * exact.max()
    assert "1.429 samples to a pixel, put on 2 to a pixel by splines" in image.notices[0].sentence


def test_groups_of_psfexs_polynomial_multiply(tmp_path: Path) -> None:
    planes = psfex_planes(2)  # six terms: degrees 2 in x and 1 in y, each in its own group
    write_psfex(tmp_path / "psf.fits", planes, POLGRP2=2, POLNGRP=2, POLDEG1=2, POLDEG2=1)
    x, y = 61, 140
    u, v = (x + 1.0 - 120.5) / 230.0, (y + 1.0 - 90.0) / 180.0
    exact = np.tensordot(np.array([1, u, u * u, v, u * v, u * u * v]), planes, (0, 0))
    seen = star(loaded(tmp_path), x, y)[y - 6 : y + 7, x - 6 : x + 7]
    assert seen == pytest.approx(4.0 * (exact / exact.sum())[::2, ::2], abs=2e-3 * float(seen.max()))


X, Y = (10.0, 90.0, 190.0), (20.0, 170.0)


def grid_planes(step: float, size: tuple[int, int]) -> Array:
    return np.stack([spot(*widths(x, y), step, size) for y in Y for x in X])


def write_stdpsf(path: Path, planes: Array) -> None:
    header = fits.Header({"NXPSFS": 3, "NYPSFS": 2})
    header.update({f"IPSFX{place:02d}": int(x + 1) for place, x in enumerate(X, 1)})
    header.update({f"JPSFY{place:02d}": int(y + 1) for place, y in enumerate(Y, 1)})
    fits.PrimaryHDU(planes.astype("f4"), header).writeto(path, overwrite=True)


def write_stpsf(path: Path, planes: Array) -> None:
    """As psf_grid of stpsf does; here of positions x slowest."""
    order = [(x, y) for x in X for y in Y]
    cards = {f"DET_YX{place}": str((y, x)) for place, (x, y) in enumerate(order)}
    mixed = np.stack([planes[Y.index(y) * len(X) + X.index(x)] for x, y in order])
    fits.PrimaryHDU(mixed, fits.Header(cards | {"OVERSAMP": 4, "DET_SAMP": 1})).writeto(path, overwrite=True)


def write_keyed(path: Path, planes: Array) -> None:
    cards: dict[str, Any] = {"OVERSAMP": 4}
    for place, (x, y) in enumerate([(x, y) for y in Y for x in X], 1):
        cards |= {f"X{place}": x + 1, f"Y{place}": y + 1}
    fits.PrimaryHDU(planes, fits.Header(cards)).writeto(path, overwrite=True)


def write_tabled(path: Path, planes: Array) -> None:
    places = np.array([(x, y) for y in Y for x in X])
    columns = [fits.Column("x", "D", array=places[:, 0]), fits.Column("y", "D", array=places[:, 1])]
    hdus = [fits.PrimaryHDU(planes, fits.Header({"OVERSAMP": 4})), fits.BinTableHDU.from_columns(columns)]
    fits.HDUList(hdus).writeto(path, overwrite=True)


def write_photutils(path: Path, planes: Array) -> None:
    places = np.array([(x, y) for y in Y for x in X])
    cube = fits.ImageHDU(planes, fits.Header({"OVERSAMP": 4}), name="PSF")
    fits.HDUList([fits.PrimaryHDU(), cube, fits.ImageHDU(places, name="GRID_XYPOS")]).writeto(path, overwrite=True)


WRITERS = {"stdpsf": write_stdpsf, "stpsf": write_stpsf, "keyed": write_keyed, "tabled": write_tabled,
           "photutils": write_photutils}  # fmt: skip


def blended(x: float, y: float, dx: float, dy: float) -> Array:
    """Bilinear blend of the nodes' Gaussians at (x, y), on the 13 × 13 pixels about it, off by (dx, dy)."""
    i, j = int(x >= X[1]), 0
    u, v = (x - X[i]) / (X[i + 1] - X[i]), (y - Y[j]) / (Y[j + 1] - Y[j])
    nodes = [(i, 0, (1 - u) * (1 - v)), (i + 1, 0, u * (1 - v)), (i, 1, (1 - u) * v), (i + 1, 1, u * v)]
    return np.asarray(sum(share * spot(*widths(X[a], Y[b]), 1.0, (13, 13), dx, dy) for a, b, share in nodes))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_cube_is_blended_between_its_positions(tmp_path: Path, kind: str) -> None:
    WRITERS[kind](tmp_path / "psf.fits", grid_planes(0.25, (81, 81)))
    image = loaded(tmp_path)
    assert (image.psf_convention, image.psf_oversampling) == ("effective", 4)
    assert codes(image) == ["psf-model"]
    for x, y in [(50, 60), (120, 100), (90, 20)]:
        exact = blended(x + 0.3, y - 0.4, 0.3, -0.4)
        seen = star(image, x + 0.3, y - 0.4)[y - 6 : y + 7, x - 6 : x + 7]
        assert np.abs(seen - exact).max() <= 2e-3 * exact.max()


def test_stpsfs_even_arrays_are_centred_between_samples(tmp_path: Path) -> None:
    write_stpsf(tmp_path / "psf.fits", grid_planes(0.25, (80, 80)))
    image = loaded(tmp_path)
    assert codes(image) == ["psf-model"]
    exact = blended(50.3, 59.6, 0.3, -0.4)
    assert np.abs(star(image, 50.3, 59.6)[54:67, 44:57] - exact).max() <= 2e-3 * exact.max()


def test_light_of_galaxies_is_blurred_by_the_psf_at_their_place(tmp_path: Path) -> None:
    """A narrow Gaussian galaxy: the square of its width and the response's add up."""
    write_stdpsf(tmp_path / "psf.fits", grid_planes(0.25, (81, 81)))
    image = loaded(tmp_path)
    sigma = 2.0
    parameters = {"x": 90, "y": 20, "q": 1, "pa": 0, "flux": 100, "fwhm": sigma * math.sqrt(8 * math.log(2))}
    components = [{"name": "g", "profile": "gaussian", "parameters": parameters}]
    problem = Problem(parse_request({"images": [{"data": "d", "psf": "p"}], "components": components}), [image])
    light = problem.model(problem.start())[0][0].numpy()
    a, b = (math.hypot(width, sigma) for width in widths(90, 20))
    exact = 100.0 * spot(a, b, 1.0, (25, 25))
    assert np.abs(light[8:33, 78:103] - exact).max() <= 2e-3 * exact.max()


def test_the_request_goes_before_the_file(tmp_path: Path) -> None:
    write_stdpsf(tmp_path / "psf.fits", grid_planes(0.5, (41, 41)))
    image = loaded(tmp_path, oversampling=2, convention="discrete")
    assert (image.psf_convention, image.psf_oversampling) == ("discrete", 2)
    assert codes(image) == ["psf-sampling", "psf-model"]


def test_only_what_matters_to_a_window_is_kept(tmp_path: Path) -> None:
    write_stdpsf(tmp_path / "psf.fits", grid_planes(0.25, (81, 81)))
    image = loaded(tmp_path, {"x": [20, 60], "y": [30, 60]})
    assert image.psf_grid is not None
    assert image.psf_grid.x == X[:2]


def test_an_image_beyond_the_positions_is_told(tmp_path: Path) -> None:
    write_psfex(tmp_path / "psf.fits", psfex_planes(2), POLZERO1=5000.0)
    assert "psf-positions" in codes(loaded(tmp_path))


def test_empty_nodes_are_filled_and_told(tmp_path: Path) -> None:
    planes = grid_planes(0.25, (81, 81))
    planes[0], planes[5] = 0.0, np.nan
    write_stdpsf(tmp_path / "psf.fits", planes)
    image = loaded(tmp_path)
    assert codes(image) == ["psf-model-holes", "psf-model"]
    assert image.psf_grid is not None
    assert np.array_equal(image.psf_grid.stamps[0], image.psf_grid.stamps[1])


def broken(folder: Path, kind: str) -> None:
    planes, psf = psfex_planes(1), folder / "psf.fits"
    if kind == "magnitude":
        write_psfex(psf, planes, POLNAME2="MAG_AUTO")
    elif kind == "terms":
        write_psfex(psf, planes, POLDEG1=2)
    elif kind == "step":
        write_psfex(psf, planes, PSF_SAMP=0.0)
    elif kind == "axes":
        write_psfex(psf, planes, PSFAXIS1=26)
    elif kind == "scale":
        write_psfex(psf, planes, POLSCAL1=0.0)
    elif kind == "keyword":
        write_psfex(psf, planes, POLNAXIS=3)
    elif kind == "number":
        write_stdpsf(psf, grid_planes(0.5, (21, 21)))
        fits.setval(psf, "IPSFX01", value="a")
    elif kind == "dark":
        write_psfex(psf, planes * np.array([-1.0, 1.0, 1.0])[:, None, None])
    elif kind == "two":
        write_psfex(psf, planes)
        with fits.open(psf) as hdus:
            fits.HDUList([*hdus, hdus[1].copy()]).writeto(psf, overwrite=True)
    elif kind == "nowhere":
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(grid_planes(0.5, (21, 21)), name="PSF")]).writeto(psf)
    elif kind == "no grid":
        write_stpsf(psf, grid_planes(0.5, (21, 21)))
        fits.setval(psf, "DET_YX0", value="(3, 4)")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("magnitude", "MAG_AUTO"),
        ("terms", "3 planes, and its polynomial 6 terms"),
        ("step", "PSF_SAMP is 0"),
        ("axes", "PSFAXIS"),
        ("scale", "POLSCAL"),
        ("keyword", "POLNAME3"),
        ("number", "cannot be read as PSF model"),
        ("dark", "positive sum|sums to"),
        ("two", "holds 2 PSF models"),
        ("nowhere", "nothing says where"),
        ("no grid", "are no grid"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(tmp_path: Path, kind: str, reason: str) -> None:
    broken(tmp_path, kind)
    with pytest.raises(RequestInvalid, match=reason) as refused:
        loaded(tmp_path)
    assert [fault.path for fault in refused.value.faults] == ["$.images[0].psf"]
    assert refused.value.faults[0].expected


@pytest.mark.parametrize("kind", ["psfex", *WRITERS])
def test_an_upload_is_described_as_the_model_that_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "psf.fits"
    if kind == "psfex":
        write_psfex(path, psfex_planes(1))
    else:
        WRITERS[kind](path, grid_planes(0.25, (41, 41)))
    description = describe_file(path)
    place = 1 if kind in ("psfex", "photutils") else 0
    assert description.hdus[place].role == "psf"
    assert not description.hdus[place].is_image
    planes = recognise_planes(description, None)
    assert planes.hdus == {"psf": place}
    assert "PSF" in planes.warnings[0]


def test_a_model_beside_an_image_is_its_psf(tmp_path: Path) -> None:
    write_psfex(tmp_path / "psf.fits", psfex_planes(1))
    with fits.open(tmp_path / "psf.fits") as hdus:
        data = fits.PrimaryHDU(np.ones((SIDE, SIDE)))
        fits.HDUList([data, hdus[1].copy()]).writeto(tmp_path / "both.fits")
    assert recognise_planes(describe_file(tmp_path / "both.fits"), None).hdus == {"data": 0, "psf": 1}


def test_a_model_is_no_image(tmp_path: Path) -> None:
    write_psfex(tmp_path / "psf.fits", psfex_planes(1))
    with pytest.raises(FileInvalid, match="PSF model of PSFEx"):
        read_plane(tmp_path / "psf.fits", 1)
