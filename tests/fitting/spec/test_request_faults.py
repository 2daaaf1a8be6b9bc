"""Every fault of a request is found, with its place and what would be right."""

from copy import deepcopy
from typing import Any

import pytest

from fitting.spec import Fault, RequestInvalid, parse_request, read_request

GALAXY = "$.components[1].parameters"
EMPTY: dict[str, Any] = {}

PARAMETER: tuple[str | int, ...] = ("components", 1, "parameters")
IMAGE: tuple[str | int, ...] = ("images", 0)
R = "$.images[0]"

CASES: list[tuple[str, tuple[str | int, ...], Any, str, str]] = [
    # what is wrong, where it is put, value, path of the fault, words in it
    ("unknown key", ("colour",), 1, "$.colour", "unknown key"),
    ("unknown key of an image", (*IMAGE, "dta"), 1, f"{R}.dta", "one of: name, data"),
    (
        "unknown profile",
        ("components", 1, "profile"),
        "sombrero",
        "$.components[1].profile",
        "one of: flat_sky, plane_sky",
    ),
    ("unknown parameter", (*PARAMETER, "z"), 1, f"{GALAXY}.z", "one of: x, y, q"),
    ("unknown method", ("stages", 0, "method"), "simplex", "$.stages[0].method", "one of: lm"),
    ("unknown option", ("stages", 0, "steps"), 3, "$.stages[0].steps", "max_iterations, tolerance, restarts"),
    ("option out of range", ("stages", 0, "max_iterations"), 0, "$.stages[0].max_iterations", "at least 1"),
    ("unknown noise", ("noise",), "cauchy", "$.noise", "one of: gaussian, poisson, student_t"),
    ("a variance beside counts", ("noise",), "poisson", f"{R}.variance", "poisson noise"),
    ("an unknown noise with options", ("noise",), {"poisson": {"gain": 2}}, "$.noise", "gaussian, poisson"),
    (
        "a noise without freedom",
        ("noise",),
        {"student_t": {"degrees_of_freedom": 0}},
        "$.noise.student_t.degrees_of_freedom",
        "more than 0",
    ),
    ("unknown device", ("device",), "tpu", "$.device", "auto, cpu, gpu or cuda"),
    ("a seed that is no integer", ("seed",), 1.5, "$.seed", "whole number"),
    ("no image", ("images",), [], "$.images", "at least one"),
    ("no component", ("components",), [], "$.components", "at least one"),
    ("two images", ("images",), [{"data": "a"}, {"data": "b"}], "$.images[1].name", "already taken"),
    ("a taken name", ("components", 2, "name"), "a", "$.components[2].name", "already taken"),
    ("a name that is none", ("components", 2, "name"), "a b", "$.components[2].name", "letters, digits"),
    ("a name that is a keyword", ("components", 2, "name"), "lambda", "$.components[2].name", "cannot name"),
    ("a bare value above its limit", (*PARAMETER, "q"), 1.5, f"{GALAXY}.q", "0.01 to 1"),
    ("a value above its limit", (*PARAMETER, "q"), {"value": 1.5}, f"{GALAXY}.q.value", "outside"),
    ("beyond own limits", (*PARAMETER, "n"), {"value": 3, "max": 2}, f"{GALAXY}.n.value", "0.1 to 2"),
    ("a limit beyond the profile", (*PARAMETER, "q"), {"min": 2}, f"{GALAXY}.q.min", "beyond what"),
    ("limits swapped", (*PARAMETER, "n"), {"min": 3, "max": 2}, f"{GALAXY}.n.min", "not below max"),
    ("negative size", (*PARAMETER, "r_e"), -1, f"{GALAXY}.r_e", "outside its limits"),
    ("negative intensity", (*PARAMETER, "i_e"), -1, f"{GALAXY}.i_e", "at least 0"),
    ("a boolean for a number", (*PARAMETER, "q"), True, f"{GALAXY}.q", "not a parameter"),
    ("fixed without a value", (*PARAMETER, "q"), {"fixed": True}, f"{GALAXY}.q.value", "missing"),
    ("NaN", (*PARAMETER, "x"), float("nan"), f"{GALAXY}.x", "not a finite number"),
    ("infinity", (*IMAGE, "zero_point"), float("inf"), f"{R}.zero_point", "not a finite number"),
    ("an integer beyond floats", (*IMAGE, "zero_point"), 10**400, f"{R}.zero_point", "too large"),
    ("too few numbers", (*PARAMETER, "n"), {"prior": {"normal": [2]}}, f"{GALAXY}.n.prior.normal", "[mean, sigma]"),
    ("no width", (*PARAMETER, "n"), {"prior": {"normal": [2, 0]}}, f"{GALAXY}.n.prior.normal[1]", "more than 0"),
    (
        "no width, by name",
        (*PARAMETER, "n"),
        {"prior": {"normal": {"mean": 2, "sigma": -1}}},
        f"{GALAXY}.n.prior.normal.sigma",
        "more than 0",
    ),
    (
        "a number that is missing",
        (*PARAMETER, "n"),
        {"prior": {"normal": {"mean": 2}}},
        f"{GALAXY}.n.prior.normal.sigma",
        "missing",
    ),
    (
        "a number that no prior has",
        (*PARAMETER, "n"),
        {"prior": {"uniform": {"min": 1, "max": 2, "mean": 1}}},
        f"{GALAXY}.n.prior.uniform.mean",
        "one of: min, max",
    ),
    (
        "bounds swapped",
        (*PARAMETER, "n"),
        {"prior": {"uniform": [3, 2]}},
        f"{GALAXY}.n.prior.uniform[0]",
        "not below max",
    ),
    (
        "a logarithm of nothing",
        (*PARAMETER, "n"),
        {"prior": {"log_uniform": [0, 2]}},
        f"{GALAXY}.n.prior.log_uniform[0]",
        "more than 0",
    ),
    (
        "text in a prior",
        (*PARAMETER, "n"),
        {"prior": {"normal": ["2", 1]}},
        f"{GALAXY}.n.prior.normal[0]",
        "not a number",
    ),
    ("a prior that is a list", (*PARAMETER, "n"), {"prior": [2, 1]}, f"{GALAXY}.n.prior", "not a prior"),
    (
        "a prior off the limits",
        (*PARAMETER, "n"),
        {"prior": {"uniform": [20, 30]}},
        f"{GALAXY}.n.prior",
        "not below max",
    ),
    (
        "a value off its prior",
        (*PARAMETER, "n"),
        {"value": 1.5, "prior": {"uniform": [2, 3]}},
        f"{GALAXY}.n.value",
        "2 to 3",
    ),
    (
        "a bounded prior of a link",
        (*PARAMETER, "n"),
        {"value": "= b.n", "prior": {"uniform": [1, 3]}},
        f"{GALAXY}.n.prior",
        "takes no uniform prior",
    ),
    ("an unknown prior", (*PARAMETER, "n"), {"prior": {"cauchy": [2, 1]}}, f"{GALAXY}.n.prior", "unknown prior"),
    ("a link with limits", (*PARAMETER, "q"), {"value": "= b.q", "min": 0.1}, f"{GALAXY}.q", "takes no min"),
    ("a link that does not parse", (*PARAMETER, "q"), "= b.q +", f"{GALAXY}.q", "cannot be read"),
    ("text that is no link", (*PARAMETER, "q"), "b.q", f"{GALAXY}.q", 'begins with "="'),
    ("a link to nothing", (*PARAMETER, "q"), "= z.q", f"{GALAXY}.q", "no component 'z'"),
    ("a link to no parameter", (*PARAMETER, "q"), "= sky.q", f"{GALAXY}.q", "one of: i"),
    ("a link to itself", (*PARAMETER, "q"), "= a.q", f"{GALAXY}.q", "links to itself"),
    ("a linked value out of range", (*PARAMETER, "q"), "= b.q * 5", f"{GALAXY}.q", "is 3 at"),
    ("a linked value that is none", (*PARAMETER, "x"), "= 1 / (b.x - c.x)", f"{GALAXY}.x", "has no value"),
    ("data that name no plane", (*IMAGE, "data"), 7, f"{R}.data", "does not name an image plane"),
    ("two noise planes", (*IMAGE, "sigma"), "s.fits", f"{R}.sigma", "beside variance"),
    ("a variance that is not positive", (*IMAGE, "variance"), {"constant": 0}, f"{R}.variance.constant", "more than"),
    ("a PSF without width", (*IMAGE, "psf"), {"gaussian": EMPTY}, f"{R}.psf.gaussian.fwhm", "missing"),
    (
        "an oversampled PSF",
        (*IMAGE, "psf"),
        {"upload": "u", "oversampling": 40},
        f"{R}.psf.oversampling",
        "too large",
    ),
    (
        "an unknown convention",
        (*IMAGE, "psf"),
        {"upload": "u", "convention": "x"},
        f"{R}.psf.convention",
        "discrete or",
    ),
    ("an unknown PSF", (*IMAGE, "psf"), {"airy": EMPTY}, f"{R}.psf", "not understood"),
    ("an empty window", (*IMAGE, "window"), {"x": [5, 5]}, f"{R}.window.x", "holds no pixel"),
]


def faults_of(document: object) -> tuple[Fault, ...]:
    with pytest.raises(RequestInvalid) as caught:
        parse_request(document)
    return caught.value.faults


def put(document: dict[str, Any], place: tuple[str | int, ...], value: Any) -> None:
    target: Any = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value


@pytest.mark.parametrize(
    ("place", "value", "path", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_fault_is_reported_at_its_place_and_alone(
    document: dict[str, Any], place: tuple[str | int, ...], value: Any, path: str, words: str
) -> None:
    put(document, place, value)
    (fault,) = faults_of(document)
    assert fault.path == path
    assert words in str(fault)


def test_faults_everywhere_are_reported_together(document: dict[str, Any]) -> None:
    expected = set()
    for place, value, path in [
        (("components", 1, "parameters", "q"), 1.5, f"{GALAXY}.q"),
        (("components", 1, "parameters", "x"), "= z.x", f"{GALAXY}.x"),
        (("components", 3, "profile"), "sombrero", "$.components[3].profile"),
        (("components", 2, "parameters", "pa"), "= b.pa", "$.components[2].parameters.pa"),
        (("images", 0, "mask"), 3, "$.images[0].mask"),
        (("noise",), "cauchy", "$.noise"),
    ]:
        put(document, place, value)
        expected.add(path)
    assert {fault.path for fault in faults_of(document)} == expected


def test_links_in_a_circle_are_named_along_it(document: dict[str, Any]) -> None:
    for index, link in ((1, "= b.x"), (2, "= c.x + 1"), (3, "= a.x")):
        put(document, ("components", index, "parameters", "x"), link)
    (fault,) = faults_of(document)
    assert "a.x -> b.x -> c.x -> a.x" in fault.message


def test_a_link_to_a_faulty_component_is_not_called_unknown(document: dict[str, Any]) -> None:
    put(document, ("components", 1, "parameters", "x"), "= b.x")
    put(document, ("components", 2, "profile"), "sombrero")
    assert [fault.path for fault in faults_of(document)] == ["$.components[2].profile"]


def test_a_long_chain_of_links_is_followed(document: dict[str, Any]) -> None:
    galaxies = [{"name": f"g{i}", "profile": "sersic", "parameters": {"x": f"= g{i + 1}.x"}} for i in range(1500)]
    galaxies.append({"name": "g1500", "profile": "sersic", "parameters": {"x": 1}})
    document["components"] = galaxies
    assert len(parse_request(document).components) == 1501


def test_a_deeply_nested_document_is_refused(document: dict[str, Any]) -> None:
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    document["images"][0]["data"] = nested
    assert "deep" in faults_of(document)[0].message


def test_a_huge_document_is_refused(document: dict[str, Any]) -> None:
    document["name"] = [0] * 1_000_000
    assert "values" in faults_of(document)[0].message


@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * 20_000])
def test_text_that_no_store_can_hold_is_refused(document: dict[str, Any], text: str) -> None:
    document["name"] = text
    (fault,) = faults_of(document)
    assert fault.path == "$.name"


@pytest.mark.parametrize("value", [b"x", object(), {1: 2}, (1, 2), {"a"}])
def test_what_json_does_not_have_is_refused(document: dict[str, Any], value: object) -> None:
    document["name"] = value
    assert faults_of(document)


@pytest.mark.parametrize("document", [None, 1, "x", [], EMPTY, float("nan")])
def test_a_document_that_is_no_request_is_refused(document: object) -> None:
    assert faults_of(deepcopy(document))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b'{"name": NaN}', b'{"seed": 1e999}', b"[" * 100_000, b'{"name": "\\ud800"}']
)
def test_text_that_is_no_request_is_refused(text: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_request(text)
