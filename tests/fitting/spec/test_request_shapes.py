"""What a request may look like, and that it survives being written and read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.spec import (
    Fault,
    FitRequest,
    GainNoise,
    ImagePsf,
    ImageSpec,
    ParameterSpec,
    ParameterTable,
    PlaneReference,
    RequestInvalid,
    parse_request,
    read_request,
)


def images(**changes: Any) -> dict[str, Any]:
    """A request of one sky on an image with these keys."""
    return {"images": [{"data": "d.fits", **changes}], "components": [{"name": "sky", "profile": "flat_sky"}]}


def one_image(**changes: Any) -> Any:
    return parse_request(images(**changes)).images[0]


@pytest.mark.parametrize(
    ("written", "file", "hdu"),
    [
        ("upl_1", "upl_1", None),
        ("a/b.fits[1]", "a/b.fits", 1),
        ("b.fits[SCI,2]", "b.fits", "SCI,2"),
        ("odd[1].fits", "odd[1].fits", None),
        ({"upload": "upl_1", "hdu": 0}, "upl_1", 0),
        ({"path": "x.fits[0]", "hdu": "DATA"}, "x.fits[0]", "DATA"),
    ],
)
def test_a_plane_is_named_by_text_or_object(written: Any, file: str, hdu: object) -> None:
    reference = one_image(data=written).data
    assert (reference.file, reference.hdu) == (file, hdu)


@pytest.mark.parametrize(
    "written",
    [
        "p.fits[PSF]",
        {"upload": "upl_1", "hdu": 3, "convention": "effective"},
        {"image": "p.fits", "convention": "effective"},
        {"path": "p.fits"},
    ],
)
def test_a_psf_image_takes_a_convention(written: Any) -> None:
    psf = one_image(psf=written).psf
    assert isinstance(psf, ImagePsf)
    assert psf.convention == ("effective" if isinstance(written, dict) and "convention" in written else "discrete")


@pytest.mark.parametrize(
    "psf", [{"gaussian": {"fwhm": 4.7}}, {"moffat": {"fwhm": 4.7, "beta": 3}, "convention": "effective"}]
)
def test_a_psf_is_given_by_a_formula(psf: Any) -> None:
    written = parse_request(images(psf=psf)).document()["images"][0]["psf"]
    assert written == {"convention": "discrete", **psf}


def test_noise_is_given_by_the_gain() -> None:
    noise = one_image(variance={"gain": 4.7, "read_noise": 4.3, "subtracted_sky": 130.1}).variance
    assert noise == GainNoise(gain=4.7, read_noise=4.3, subtracted_sky=130.1)


def test_references_are_listed_with_their_places() -> None:
    request = parse_request(images(weight="w.fits", mask="m.fits[1]", psf={"upload": "p", "convention": "effective"}))
    assert [(path, str(plane)) for path, plane in request.references()] == [
        ("$.images[0].data", "d.fits"),
        ("$.images[0].weight", "w.fits"),
        ("$.images[0].mask", "m.fits[1]"),
        ("$.images[0].psf", "p"),
    ]


def test_files_are_renamed_and_their_hdus_kept() -> None:
    request = parse_request(images(mask="m.fits[1]", psf={"path": "p.fits", "convention": "effective"}))
    renamed = request.with_references({"m.fits": "upl_m", "p.fits": "upl_p"})
    assert [str(plane) for _, plane in renamed.references()] == ["d.fits", "upl_m[1]", "upl_p"]
    assert parse_request(renamed.document()) == renamed


def test_stages_may_be_left_out() -> None:
    assert parse_request(images()).stages == ()


def test_an_object_that_links_is_a_link(document: dict[str, Any]) -> None:
    document["components"][2]["parameters"]["x"] = {"value": "= a.x"}
    assert parse_request(document).components[2].parameters["x"].expression == "= a.x"


def test_a_negative_intensity_is_allowed_by_a_negative_limit(document: dict[str, Any]) -> None:
    document["components"][1]["parameters"]["i_e"] = {"value": -3, "min": -10}
    assert ParameterTable.of(parse_request(document))["a.i_e"].min == -10.0


def test_the_table_lists_all_parameters_in_the_order_of_the_profile(document: dict[str, Any]) -> None:
    document["components"][1]["parameters"] = {"q": 0.5, "x": 3}
    table = ParameterTable.of(parse_request(document))
    assert table.names[:8] == ("sky.i", "a.x", "a.y", "a.q", "a.pa", "a.n", "a.r_e", "a.i_e")
    assert table.missing == ("a.y", "a.pa", "a.n", "a.r_e", "a.i_e")


def test_the_table_works_out_links_in_the_order_they_need(document: dict[str, Any]) -> None:
    document["components"][1]["parameters"]["pa"] = "= b.pa + 90"
    document["components"][2]["parameters"]["pa"] = "= c.pa / 2"
    table = ParameterTable.of(parse_request(document))
    assert [row.name for row in table.linked_rows] == ["b.pa", "a.pa"]
    assert table.values({"c.pa": 10.0})["a.pa"] == 95.0
    assert "a.pa" not in {row.name for row in table.free}


def test_values_are_replaced_and_limits_kept(document: dict[str, Any]) -> None:
    document["components"][1]["parameters"]["n"] = {"value": 2, "max": 4}
    table = ParameterTable.of(parse_request(document).with_values({"a.n": 3.0, "b.q": 0.2}))
    assert (table["a.n"].value, table["a.n"].max, table["b.q"].value) == (3.0, 4.0, 0.2)


def test_the_schema_describes_every_form() -> None:
    schema = FitRequest.model_json_schema()
    assert schema["$defs"]["ParameterSpec"]["anyOf"][0] == {"type": "number"}
    assert schema["$defs"]["PlaneReference"]["anyOf"][0] == {"type": "string"}


names = st.text("abcxyz_./[]0123456789", min_size=1, max_size=12)
hdus = st.one_of(st.none(), st.integers(0, 99), st.text("ABC_,12", min_size=1, max_size=6))
planes = st.one_of(
    names, st.builds(lambda key, file, hdu: {key: file, "hdu": hdu}, st.sampled_from(["upload", "path"]), names, hdus)
)
parameters = st.one_of(
    st.floats(0.2, 0.9),
    st.just("= sky.i / 100"),
    st.fixed_dictionaries({"value": st.floats(0.2, 0.9)}, optional={"fixed": st.booleans(), "max": st.floats(0.95, 1)}),
    st.just({}),
)
requests = st.builds(
    lambda data, noise, psf, q: {
        "images": [{"data": data, **noise, **({"psf": psf} if psf else {})}],
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 50}},
            {"name": "a", "profile": "sersic", "parameters": {"q": q}},
        ],
    },
    planes,
    st.dictionaries(st.sampled_from(["variance", "weight", "sigma"]), planes, max_size=1),
    st.one_of(st.none(), planes, st.just({"gaussian": {"fwhm": 2.0}})),
    parameters,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(requests)
def test_a_request_survives_json(document: dict[str, Any]) -> None:
    request = parse_request(document)
    assert parse_request(json.loads(json.dumps(request.document()))) == request
    assert read_request(json.dumps(request.model_dump(mode="json", exclude_unset=True))) == request


@settings(max_examples=200, deadline=None, derandomize=True)
@given(names, hdus)
def test_a_reference_survives_json(file: str, hdu: int | str | None) -> None:
    reference = PlaneReference(file=file, hdu=hdu)
    again = PlaneReference.model_validate(reference.model_dump(mode="json"))
    assert (again.file, again.hdu) == (file, hdu)


OTHER_KEYS = (
    "gaussian",
    "fwhm",
    "upload",
    "hdu",
    "constant",
    "gain",
    "auto",
    "profile",
    "parameters",
    "x",
    "q",
    "method",
)
KEYS = st.sampled_from([*FitRequest.model_fields, *ImageSpec.model_fields, *ParameterSpec.model_fields, *OTHER_KEYS])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["sersic", "flat_sky", "lm", "= a.x", "= a.", "a", "f.fits[1]"]),
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=30
)


def faults_of(document: object) -> tuple[Fault, ...]:
    """The faults of a document, none where it is sound; any other exception fails the test."""
    try:
        parse_request(document)
    except RequestInvalid as error:
        return error.faults
    return ()


@settings(max_examples=500, deadline=None, derandomize=True)
@given(JSON)
def test_any_json_is_parsed_or_refused(document: object) -> None:
    assert all(fault.path.startswith("$") and fault.message for fault in faults_of(document))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(JSON, st.sampled_from(["images", "components", "stages", "parameters", "image", "noise"]))
def test_any_json_in_the_place_of_a_part_is_parsed_or_refused(value: object, place: str) -> None:
    document = images()
    if place == "parameters":
        document["components"] = [{"name": "a", "profile": "sersic", "parameters": value}]
    elif place == "image":
        document["images"] = [value]
    else:
        document[place] = value
    assert all(fault.path.startswith("$.") for fault in faults_of(document))
