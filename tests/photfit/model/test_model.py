"""Models as objects: components, links, parameters, modifiers and stages become the JSON that a request has."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photfit
from fitting.spec import GEOMETRY, METHODS, PROFILES, RequestInvalid, parse_request
from photfit import Constraint, Exponential, FlatSky, Fourier, Lm, Nuts, Parameter, PointSource, Sersic, Superellipse
from photfit.model import Component, request_document

ROOT = Path(__file__).resolve().parents[3]
GENERATOR = runpy.run_path(str(ROOT / "docs" / "generate_model.py"))
IMAGE = {"data": "galaxy.fits", "psf": "psf.fits"}


def requested(*components: Any, **members: Any) -> dict[str, Any]:
    """A request of these components, read and written once, so that the engine has agreed to it."""
    return parse_request(request_document([IMAGE], components, **members)).document()


def parameters_of(document: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return dict(document["components"][place]["parameters"])


def test_the_classes_are_those_of_the_tables() -> None:
    stale = [name for name, text in GENERATOR["modules"]().items() if text != (GENERATOR["FOLDER"] / name).read_text()]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("table", [PROFILES, GEOMETRY, METHODS], ids=["profiles", "modifiers", "methods"])
def test_every_row_of_the_tables_has_its_class_at_the_front(table: dict[str, Any]) -> None:
    names = [GENERATOR["class_name"](name) for name in table]
    assert set(names) <= set(photfit.__all__)


@pytest.mark.parametrize("name", PROFILES)
def test_every_parameter_of_a_profile_can_be_given_by_name_and_linked_to(name: str) -> None:
    profile = PROFILES[name]
    make = getattr(photfit, GENERATOR["class_name"](name))
    options = {"image": {"image": "psf.fits"}, "basis": {"images": ["a.fits", "b.fits", "c.fits"]}}
    chosen = {"image_psf": {"image": "psf.fits"}, "basis": options["basis"]}.get(name)
    given = {item.name: max(item.min or 0.0, 1.0) for item in profile.parameters if not item.held}
    component: Component = make("a", **given, **({"options": chosen} if chosen else {}))
    assert component.document()["parameters"] == given
    assert [str(getattr(component, key)) for key in given] == [f"= a.{key}" for key in given]


def test_a_parameter_is_given_in_any_way() -> None:
    galaxy = Sersic(
        "g",
        x=np.float32(10.5),
        y=(20, 15, None),
        q=Parameter(0.5, fixed=True),
        n=Parameter(2.5, min=0.5, prior={"normal": (2, np.int64(1))}),
        r_e={"value": 8, "max": 40},
        i_e=Parameter(-1, min=None),
    )
    assert parameters_of(requested(galaxy)) == {
        "x": 10.5,
        "y": {"value": 20, "min": 15},
        "q": {"value": 0.5, "fixed": True},
        "n": {"value": 2.5, "min": 0.5, "prior": {"normal": [2, 1]}},
        "r_e": {"value": 8, "max": 40},
        "i_e": {"value": -1, "min": None},
    }


def test_links_follow_components_whatever_these_are_called_in_the_end() -> None:
    bulge, disc = Sersic(), Sersic()
    ring = Exponential("ring", x=bulge.x, y=disc.y - 0.5, pa=-disc.pa + 90, h=2 * np.sqrt(bulge.r_e * disc.r_e))
    document = requested(bulge, disc, ring, constraints=[Constraint(bulge.x - disc.x, min=-1, max=1)])
    assert [each["name"] for each in document["components"]] == ["sersic_1", "sersic_2", "ring"]
    assert parameters_of(document, 2) == {
        "x": "= sersic_1.x",
        "y": "= sersic_2.y - 0.5",
        "pa": "= -sersic_2.pa + 90",
        "h": "= 2 * sqrt(sersic_1.r_e * sersic_2.r_e)",
    }
    assert document["constraints"] == [{"expression": "sersic_1.x - sersic_2.x", "min": -1, "max": 1}]


def test_the_arithmetic_of_links_keeps_its_meaning() -> None:
    a = Sersic("a")
    written = [(a.n - (a.q - 1)), 2 ** (a.n + 1), (a.n + 1) ** 2, -(a.n**2), (-a.n) ** 2, 1 / (a.n * a.q), abs(a.n)]
    n, q = 3.0, 0.25
    meant = [n - (q - 1), 2 ** (n + 1), (n + 1) ** 2, -(n**2), (-n) ** 2, 1 / (n * q), abs(n)]
    from fitting.spec import parse_expression

    found = [parse_expression(str(link)).value({"a.n": n, "a.q": q}) for link in written]
    assert found == meant


def test_modifiers_bring_their_parameters() -> None:
    galaxy = Sersic(
        "g", geometry=[Superellipse(c0=0.1), Fourier([2], fourier_2_amplitude=0.05), "bending"], bending_2=1
    )
    document = requested(galaxy)["components"][0]
    assert document["geometry"] == ["superellipse", {"fourier": [2]}, {"bending": [2]}]
    assert document["parameters"] == {"c0": 0.1, "fourier_2_amplitude": 0.05, "bending_2": 1}
    assert str(galaxy.fourier_2_phase) == "= g.fourier_2_phase"


def test_dicts_stand_beside_objects_and_stages_are_named_or_made() -> None:
    star = {"name": "star", "profile": "point_source", "parameters": {"x": 3}}
    document = requested(star, FlatSky(i=Parameter(2)), stages=["lm", Nuts(samples=5, chains=2), {"method": "hmc"}])
    assert [each["name"] for each in document["components"]] == ["star", "flat_sky"]
    assert document["stages"] == [{"method": "lm"}, {"method": "nuts", "samples": 5, "chains": 2}, {"method": "hmc"}]
    assert requested(star)["stages"] == [{"method": "lm"}]
    assert requested(star, stages=[])["stages"] == []


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (lambda: Sersic("a", re=3), 'Sersic "a", parameters.re: sersic has no such parameter'),
        (lambda: Sersic("a", q=2), 'Sersic "a", parameters.q: 2 is outside its limits (expected 0.01 to 1)'),
        (lambda: PointSource("a b"), "PointSource \"a b\", name: 'a b' cannot name a component"),
        (lambda: Sersic(geometry=["bent"]), "Sersic, geometry[0]: unknown geometry 'bent'"),
        (lambda: Lm(max_iterations=0), "Lm, max_iterations: 0 is too small (expected at least 1)"),
    ],
)
def test_a_mistake_is_told_where_it_is_made(mistake: Any, sentence: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        mistake()
    assert str(caught.value).startswith(sentence)
    assert len(caught.value.faults) == 1


def test_what_is_no_component_is_said_so() -> None:
    with pytest.raises(TypeError, match="3 is no component: give one such as Sersic"):
        request_document([IMAGE], [3])  # type: ignore[list-item]
    with pytest.raises(AttributeError, match="Sersic has no parameter re; did you mean r_e"):
        _ = Sersic("a").re
    with pytest.raises(TypeError, match="a link is made of parameters and numbers"):
        _ = Sersic("a").x + "b.x"  # type: ignore[operator]


def test_importing_photfit_is_light() -> None:
    code = "import photfit, sys; photfit.Sersic; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, cwd=ROOT)
    heavy = {"torch", "numpy", "astropy", "pydantic", "httpx", "matplotlib", "arviz_base"}
    assert done.returncode == 0, done.stderr
    assert not heavy & set(eval(done.stdout))
