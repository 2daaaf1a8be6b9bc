"""Exports: what is imported, exported and imported again is the same request; cards and regions as others read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaincinv

from fitting.formats import (
    EXPORTERS,
    ExportInvalid,
    ExportSource,
    ImageFacts,
    ImportInvalid,
    ImportSource,
    ModelExport,
    ModelImport,
    export_model,
    import_model,
)
from fitting.spec import parse_request
from fitting.spec.handling import EXPORT_FORMATS

SIZE = 60
FACTS = ImageFacts(10.0, 2.0, True, 1.0, 3.0, (SIZE, SIZE))
HEADER = """A) data.fits
C) none
D) psf.fits
E) 2
F) bad.txt
G) c.txt
H) 1 60 1 60
J) 24
K) 0.2 0.2
P) 0
"""
CROWD = """
0) sersic  # object type; component bulge
1) 31.3 29.6 1 0
3) 18.5 1
4) 5.5 1
5) 2.25 1
9) 0.7 1
10) 25 1
C0) 0.1 1
F1) 0.05 30 1 1
B2) 1.5 1
R0) power
R1) 0 0
R2) 10 1
R3) 40 1
R4) 0.5 1
R9) 20 1
R10) 10 1

0) sersic
1) 32.3 29.6 1 1
3) 20.5 1
4) 7 1
5) 1 0
9) 0.9 1
10) -25 1
To) 9

0) expdisk
1) 32.3 29.6 1 1
3) 20.5 1
4) 7 1
9) 0.9 1
10) -25 1
Ti) 9

0) moffat
1) 12.3 29.6 1 1
3) 20.5 1
4) 3 1
5) 3 1
9) 0.9 1
10) -25 1

0) nuker
1) 22.3 29.6 1 1
3) 20.5 1
4) 3 1
5) 3 1
6) 1.5 1
7) 0.2 1
9) 0.9 1
10) -25 1

0) psf
1) 22 33 1 1
3) 19 1

0) edgedisk
1) 22.3 29.6 1 1
3) 20.5 1
4) 3 1
5) 7 1
10) -25 1

0) sky
1) 1.5 1
2) 0.01 1
3) 0 1

T0) radial
T4) 9 1
T5) 3 0
"""
CONSTRAINTS = """1 n 0.7 to 5
2_4 x offset
1 x -1 1
4_5 re ratio
1-4 y -9 3
1/4 re 1 9
1 mag -2 2
2-3 mag -2 2
"""


def imported(text: str, beside: Mapping[str, str], name: str = "a.feedme") -> ModelImport:
    source = ImportSource(name, text, text_beside=beside.get, facts=lambda _: FACTS)
    return import_model(source)


def exported(request: Mapping[str, Any], format_: str = "galfit", **more: Any) -> ModelExport:
    parsed = parse_request(dict(request))
    given = {"exposure": FACTS.exposure, "shape": FACTS.shape} | more
    return export_model(ExportSource(parsed, parsed.images[0].name, **given), format_)


def texts(export: ModelExport) -> dict[str, str]:
    return {name: content.decode() for name, content in export.files.items()}


def again(export: ModelExport) -> ModelImport:
    files = texts(export)
    return imported(files[export.main], files, export.main)


def unlike(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Where two documents differ by more than rounding in the twelfth digit."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from unlike(one.get(key), other.get(key), f"{place}.{key}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from unlike(*pair, f"{place}[{number}]")
    elif isinstance(one, float) and isinstance(other, float):
        if not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
            yield f"{place}: {one} {other}"
    elif one != other:
        yield f"{place}: {one} {other}"


def left(export: ModelExport) -> list[str]:
    return [f"{row.what}: {row.why_not}" for row in export.rows if row.why_not is not None]


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return list(unlike({**one, "name": ""}, {**other, "name": ""}))


def test_all_formats_have_a_writer() -> None:
    assert tuple(EXPORTERS) == EXPORT_FORMATS


def test_a_feedme_of_all_kinds_comes_back_as_the_same_request() -> None:
    first = imported(HEADER + CROWD, {"c.txt": CONSTRAINTS, "bad.txt": "3 4\n4 4\n5 4\n3 5\n"})
    export = exported(first.request)
    second = again(export)
    assert not first.left
    assert not second.left
    assert not left(export)
    assert not same(first.request, second.request)
    assert first.request["components"][0]["name"] == "bulge"


NUMBERS = {
    "x": st.floats(5, 55), "q": st.floats(0.1, 1.0), "pa": st.floats(-89, 89), "n": st.floats(0.5, 8.0),
    "length": st.floats(0.5, 30.0), "mag": st.floats(12.0, 28.0), "power": st.floats(1.2, 9.0),
}  # fmt: skip
ROUNDED = {key: item.map(lambda value: round(value, 4)) for key, item in NUMBERS.items()}


@st.composite
def feedmes(draw: st.DrawFn) -> tuple[str, str]:
    """A model of some objects with limits and links, as GALFIT's files."""
    objects, lines = [HEADER], []
    kinds = draw(
        st.lists(
            st.sampled_from(["sersic", "sersic2", "devauc", "expdisk1", "gaussian", "moffat", "psf"]),
            min_size=1,
            max_size=4,
        )
    )
    for number, kind in enumerate(kinds, start=1):
        free = [str(draw(st.integers(0, 1))) for _ in range(7)]
        objects += [f"\n0) {kind}", f"1) {draw(ROUNDED['x'])} {draw(ROUNDED['x'])} {free[0]} {free[1]}"]
        objects.append(f"3) {draw(ROUNDED['mag'])} {free[2]}")
        if kind != "psf":
            objects += [f"4) {draw(ROUNDED['length'])} {free[3]}", f"9) {draw(ROUNDED['q'])} {free[4]}"]
            objects.append(f"10) {draw(ROUNDED['pa'])} {free[5]}")
        if kind.startswith("sersic"):
            n = draw(ROUNDED["n"])
            objects.append(f"5) {n} {free[6]}")
            if free[6] == "1" and draw(st.booleans()):
                lines.append(f"{number} n {round(n * 0.8, 4)} to {round(n * 1.1, 4)}")
        if kind == "moffat":
            objects.append(f"5) {draw(ROUNDED['power'])} {free[6]}")
        if kind != "psf" and draw(st.booleans()):
            objects.append(f"C0) {round(draw(st.floats(-0.5, 0.9)), 3)} 1")
    if len(kinds) > 1 and draw(st.booleans()):
        lines.append("_".join(str(number + 1) for number in range(len(kinds))) + " y offset")
    objects += ["\n0) sky", f"1) {round(draw(st.floats(-3, 3)), 4)} 1", "2) 0 0", "3) 0 0"]
    return "\n".join(objects) + "\n", "\n".join(lines)


@settings(max_examples=20, deadline=None)
@given(feedmes())
def test_feedmes_come_back_as_the_same_request(files: tuple[str, str]) -> None:
    first = imported(files[0], {"c.txt": files[1], "bad.txt": "3 4\n"})
    assert not same(first.request, again(exported(first.request)).request)


@st.composite
def imfit_models(draw: st.DrawFn) -> str:
    """An imfit model of some sets of functions."""
    lines = ["GAIN 4.7", "READNOISE 3.1"]

    def line(name: str, value: float, low: float, high: float) -> str:
        behind = draw(st.sampled_from(["", "   fixed", f"   {low},{high}"]))
        return f"{name}  {value}{behind}"

    for _ in range(draw(st.integers(1, 3))):
        lines += [line("X0", draw(ROUNDED["x"]), 1.0, 60.0), line("Y0", draw(ROUNDED["x"]), 1.0, 60.0)]
        for name in draw(
            st.lists(st.sampled_from(["Sersic", "Exponential", "Gaussian", "Moffat"]), min_size=1, max_size=2)
        ):
            lines += [f"FUNCTION {name}", line("PA", draw(ROUNDED["pa"]), -90.0, 89.5)]
            lines.append(line("ell", round(draw(st.floats(0.0, 0.9)), 4), 0.0, 0.95))
            if name == "Sersic":
                lines.append(line("n", draw(ROUNDED["n"]), 0.4, 9.0))
            lines.append(line("I", round(draw(st.floats(0.1, 500.0)), 4), 0.05, 600.0))
            lines.append(line("r", draw(ROUNDED["length"]), 0.3, 50.0))
            if name == "Moffat":
                lines.append(line("beta", draw(ROUNDED["power"]), 1.1, 10.0))
    lines += ["FUNCTION FlatSky", line("I_sky", round(draw(st.floats(-3, 3)), 4), -5.0, 5.0)]
    return "\n".join(lines) + "\n"


@settings(max_examples=20, deadline=None)
@given(imfit_models())
def test_imfit_models_come_back_as_the_same_request(text: str) -> None:
    source = ImportSource(
        "m.dat", text, command="imfit 'data.fits[1:60,1:60]' --psf p.fits --mask m.fits", facts=lambda _: FACTS
    )
    first = import_model(source)
    assert not same(first.request, again(exported(first.request, "imfit")).request)


def test_a_shared_centre_is_shared_across_a_tilted_sky() -> None:
    text = (
        "X0 30 10,50\nY0 31 10,50\nFUNCTION Sersic\nPA 20\nell 0.2\nn 2\nI_e 5\nr_e 6\n"
        "FUNCTION TiltedSkyPlane\nI_0 3\nm_x 0.1\nm_y -0.2\nFUNCTION Exponential\nPA 20\nell 0.2\nI_0 5\nh 6\n"
    )
    source = ImportSource("m.dat", text, command="imfit data.fits --gain 4", facts=lambda _: FACTS)
    first = import_model(source)
    second = again(exported(first.request, "imfit"))
    parts = [{item["name"]: item for item in found.request["components"]} for found in (first, second)]
    assert parts[1].keys() == parts[0].keys()
    for name, item in parts[0].items():
        assert item["parameters"] == pytest.approx(parts[1][name]["parameters"]) if name[0] == "p" else True
        assert (
            not name.startswith("e") or parts[1][name]["parameters"]["x"] == item["parameters"]["x"] == "= sersic_1.x"
        )


@pytest.mark.parametrize(
    ("profile", "shape", "brightness"),
    [
        ("sersic", {"n": 3.3, "r_e": 5.0}, lambda r: math.exp(-gammaincinv(6.6, 0.5) * ((r / 5.0) ** (1 / 3.3) - 1.0))),
        ("exponential", {"h": 3.0}, lambda r: math.exp(-r / 3.0)),
        ("gaussian", {"fwhm": 4.0}, lambda r: math.exp(-4.0 * math.log(2.0) * (r / 4.0) ** 2)),
        ("moffat", {"fwhm": 4.0, "beta": 2.5}, lambda r: (1.0 + (r / (2.0 / math.sqrt(2.0**0.4 - 1.0))) ** 2) ** -2.5),
    ],
)
def test_totals_become_amplitudes_of_imfit(profile: str, shape: dict[str, float], brightness: Any) -> None:
    whole = 2.0 * math.pi * 0.6 * quad(lambda r: r * brightness(r), 0.0, np.inf, limit=400)[0]
    component = {
        "name": "a",
        "profile": profile,
        "parameters": {"x": 1.0, "y": 2.0, "q": 0.6, "pa": 3.0, "flux": 90.0, **shape},
    }
    text = texts(exported({"images": [{"data": "d.fits"}], "components": [component]}, "imfit"))
    line = next(line for line in text["bestfit_parameters_imfit.dat"].splitlines() if line.startswith("I_"))
    assert float(line.split()[1]) == pytest.approx(90.0 / whole, rel=1e-7)


def request_of_two() -> dict[str, Any]:
    image = {
        "data": "d.fits",
        "zero_point": 25.0,
        "pixel_scale": 0.2,
        "variance": {"constant": 2.0},
        "psf": {"gaussian": {"fwhm": 2.0}},
    }
    shape = {"x": 20.0, "y": 30.0, "q": 0.5, "pa": 120.0, "r_e": 4.0}
    a = {
        "name": "a",
        "profile": "sersic",
        "parameters": shape | {"n": {"value": 4.0, "fixed": True}, "i_e": {"value": 3.0, "prior": {"normal": [3, 1]}}},
    }
    b = {
        "name": "b",
        "profile": "sersic",
        "parameters": shape | {"x": "= a.x", "y": "= a.y + a.q", "n": 1.0, "flux": 800.0},
    }
    return {"images": [image], "components": [a, b, {"name": "s", "profile": "flat_sky", "parameters": {"i": 0.25}}]}


def found_of_two() -> dict[str, Any]:
    rows = [
        ("a.x", 20.0, 0.01), ("a.y", 30.0, 0.02), ("a.q", 0.5, 0.03), ("a.pa", 120.0, 1.5), ("a.r_e", 4.0, None),
        ("a.n", 4.0, None), ("a.i_e", 3.0, 0.3), ("b.x", 20.0, 0.01), ("b.y", 30.5, 0.02), ("b.q", 0.5, 0.03),
        ("b.pa", 120.0, 1.5), ("b.r_e", 4.0, 0.2), ("b.n", 1.0, 0.1), ("b.flux", 800.0, 8.0), ("s.i", 0.25, 0.005),
    ]  # fmt: skip
    parameters = [
        {"name": name, "value": value, "uncertainty": sigma, "at_limit": False} for name, value, sigma in rows
    ]
    derived = [{"name": "a.magnitude", "value": 17.25, "uncertainty": 0.04}]
    goodness = {"chi2": 3600.0, "chi2_reduced": 1.25, "degrees_of_freedom": 2880, "converged": True}
    return {"parameters": parameters, "derived": derived, "provenance": {"photfit": "1"}, **goodness}


def planes(folder: Path) -> Any:
    for number, name in enumerate(("data", "model", "residual")):
        fits.writeto(folder / f"{name}.fits", np.full((SIZE, SIZE), number, dtype=float))
    return lambda name: folder / f"{name}.fits"


def test_an_image_block_reads_as_galfits_own(tmp_path: Path) -> None:
    export = exported(request_of_two(), "imgblock", found=found_of_two(), plane=planes(tmp_path))
    (tmp_path / "imgblock.fits").write_bytes(export.files["imgblock.fits"])
    with fits.open(tmp_path / "imgblock.fits") as block:
        assert [hdu.data is None or int(hdu.data.mean()) for hdu in block] == [True, 0, 1, 2]
        header = block[2].header
    cards = {
        "COMP_1": "sersic", "1_XC": "21.0000 +/- 0.0100", "1_YC": "31.0000 +/- 0.0200", "1_MAG": "17.2500 +/- 0.0400",
        "1_RE": "*4.0000* +/- *0.0000*", "1_N": "[4.0000]", "1_AR": "0.5000 +/- 0.0300", "1_PA": "-60.0000 +/- 1.5000",
        "2_XC": "{21.0000}", "2_YC": "[31.5000]", "COMP_3": "sky", "3_SKY": "0.2500 +/- 0.0050", "3_DSDX": "[0.0000]",
        "3_XC": "[30.5000]", "CHISQ": 3600.0, "NDOF": 2880, "CHI2NU": 1.25, "DATAIN": "d.fits",
        "FITSECT": "[1:60,1:60]",
    }  # fmt: skip
    assert {key: header[key] for key in cards} == cards
    # A flux of 800 ± 8 at 25 is 25 − 2.5 log10(800) ± 1.0857 · 0.01.
    assert header["2_MAG"] == f"{25.0 - 2.5 * math.log10(800.0):.4f} +/- 0.0109"
    assert header["MAGZPT"] == pytest.approx(25.0 - 2.5)


def test_what_galfit_has_not_is_said() -> None:
    said = " | ".join(left(exported(request_of_two())))
    for part in ("a.i_e prior", "b.y link", "images.psf", "images.variance"):
        assert part in said
    sky = {"name": "s", "profile": "flat_sky", "parameters": {"i": 1.0}}
    with pytest.raises(ExportInvalid, match="frame pixel"):
        exported({"images": [{"data": "d.fits"}], "frame": "sky", "components": [sky]})
    with pytest.raises(ExportInvalid, match="no value yet"):
        exported({"images": [{"data": "d.fits"}], "components": [{"name": "a", "profile": "sersic"}]})


def test_regions_are_where_the_components_are(tmp_path: Path) -> None:
    regions = pytest.importorskip("regions")
    request = request_of_two()
    request["images"][0] |= {
        "window": {"x": [10, 50], "y": [0, 60]},
        "mask_shapes": [{"ellipse": {"x": 5.0, "y": 6.0, "a": 3.0}}],
    }
    for format_, read in (("ds9", "ds9"), ("regions", "fits")):
        export = exported(request, format_)
        path = tmp_path / export.main
        path.write_bytes(export.files[export.main])
        first, *others = regions.Regions.read(str(path), format=read)
        assert len(others) == 3
        if format_ == "ds9":
            assert [item.meta["include"] for item in others] == [1, 0, 1]
        assert (first.center.x, first.center.y) == pytest.approx((20.0, 30.0))
        assert (first.width, first.height) == pytest.approx((8.0, 4.0))
        # Its major axis, at 120 degrees from up through left, holds this pixel and the minor one does not.
        inside = regions.PixCoord(20.0 - 3.0 * math.sin(math.radians(120)), 30.0 + 3.0 * math.cos(math.radians(120)))
        assert first.contains(inside)
    casa = texts(exported(request, "casa"))["photfit.crtf"].splitlines()
    assert casa[1] == "ellipse [[20pix, 30pix], [4pix, 2pix], 120deg] label='a'"
    assert casa[-2].startswith("-ellipse [[5pix, 6pix], [3pix, 3pix], 0deg]")
    assert casa[-1] == "centerbox [[29.5pix, 29.5pix], [40pix, 60pix]] label='window'"


def test_a_script_has_the_whole_request() -> None:
    export = exported(request_of_two(), "script")
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(export.files["fit_again.py"], "fit_again.py", "exec"), space)
    assert space["REQUEST"] == json.loads(json.dumps(parse_request(request_of_two()).document()))


def test_regions_come_back_as_starts_masks_and_window() -> None:
    pytest.importorskip("regions")
    request = request_of_two()
    masks = [
        {"ellipse": {"x": 5.0, "y": 6.0, "a": 3.0, "q": 0.5, "pa": 20.0}},
        {"polygon": [[1.0, 2.0], [5.0, 2.0], [3.0, 9.0]]},
    ]
    request["images"][0] |= {"window": {"x": [10, 50], "y": [0, 60]}, "mask_shapes": masks}
    for format_ in ("ds9", "casa"):
        export = exported(request, format_)
        found = import_model(ImportSource(export.main, texts(export)[export.main], image="d.fits"))
        assert not found.left
        image = found.request["images"][0]
        assert not list(unlike(image["window"], {"x": [10, 50], "y": [0, 60]}))
        assert not list(unlike([{k: v for k, v in shape.items() if v} for shape in image["mask_shapes"]], masks))
        a = found.request["components"][0]
        assert a["name"] == "a"
        assert not list(unlike(a["parameters"], {"x": 20.0, "y": 30.0, "r_e": 4.0, "q": 0.5, "pa": 120.0}))


def test_regions_that_only_leave_out_are_a_mask_under_a_sky() -> None:
    pytest.importorskip("regions")
    found = import_model(ImportSource("a.reg", "image\n-circle(11,21,4)\n", image="d.fits"))
    assert [each["profile"] for each in found.request["components"]] == ["flat_sky"]
    assert found.request["images"][0]["mask_shapes"][0]["ellipse"]["a"] == 4.0


def test_regions_that_cannot_be_taken_are_said() -> None:
    pytest.importorskip("regions")
    lines = [
        "# Region file format: DS9", "global color=green", "image", "circle(11,21,4) # text={m 1}", "annulus(3,4,1,2)",
        "box(5,5,2,2,0)", "fk5", 'circle(10:00:00,2:00:00,3")', "",
    ]  # fmt: skip
    text = "\n".join(lines)
    found = import_model(ImportSource("a.reg", text, image="d.fits"))
    assert [row.line for row in found.left] == [5, 6, 8]
    assert found.request["components"][0]["parameters"] == {"x": 10.0, "y": 20.0, "r_e": 4.0}
    with pytest.raises(ImportInvalid, match="names no image"):
        import_model(ImportSource("a.reg", text))
