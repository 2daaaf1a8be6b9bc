"""Changes of a request from the command line: what each word does to the JSON."""

from __future__ import annotations

from typing import Any

import pytest

from photfit.failures import UserMistake
from photfit.fit_series import folders_of
from photfit.request_changes import RequestChanges

REQUEST: dict[str, Any] = {
    "images": [
        {
            "name": "r",
            "data": "a.fits[1]",
            "variance": {"path": "a.fits", "hdu": 2},
            "psf": "psf.fits",
            "mask": "m.fits",
        }
    ],
    "components": [
        {
            "name": "g",
            "profile": "sersic",
            "parameters": {"n": 2, "q": {"value": 0.5, "min": 0.1}, "x": "= h.x", "pa": {"expression": "h.pa"}},
        },
        {"name": "h", "profile": "sersic"},
    ],
}


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("g.n=4", "n", 4),
        ("g.n = 4.5", "n", 4.5),
        ("g.q=0.7", "q", {"value": 0.7, "min": 0.1}),
        ("g.x=7", "x", 7),
        ("g.pa=30", "pa", {"value": 30}),
        ("g.r_e== 2 * h.r_e", "r_e", "= 2 * h.r_e"),
        ('g.n={"value": 4, "max": 6}', "n", {"value": 4, "max": 6}),
        ("g.i_e=8", "i_e", 8),
    ],
)
def test_a_value_is_set(text: str, name: str, expected: Any) -> None:
    changed = RequestChanges(values=[text]).applied(REQUEST)
    assert changed["components"][0]["parameters"][name] == expected
    assert REQUEST["components"][0]["parameters"]["n"] == 2


def test_a_value_of_a_component_without_any_is_set() -> None:
    assert RequestChanges(values=["h.n=4"]).applied(REQUEST)["components"][1]["parameters"] == {"n": 4}


def test_members_of_the_request_are_set() -> None:
    changed = RequestChanges(values=["seed=7", "noise=student_t", 'labels=["a"]']).applied(REQUEST)
    assert (changed["seed"], changed["noise"], changed["labels"]) == (7, "student_t", ["a"])


def test_what_is_fixed_keeps_its_value() -> None:
    parameters = RequestChanges(values=["g.n=3"], fixed=["g.n", "g.q"]).applied(REQUEST)["components"][0]["parameters"]
    assert parameters["n"] == {"value": 3, "fixed": True}
    assert parameters["q"] == {"value": 0.5, "min": 0.1, "fixed": True}


def test_stages_take_the_place_of_the_requests() -> None:
    changed = RequestChanges(stages=["lm", "nuts:samples=500,metric=diagonal"]).applied({**REQUEST, "stages": []})
    assert changed["stages"] == [{"method": "lm"}, {"method": "nuts", "samples": 500, "metric": "diagonal"}]


def test_an_image_takes_the_place_of_the_file_in_every_plane_of_it() -> None:
    (image,) = RequestChanges(image="b.fits").applied(REQUEST)["images"]
    assert image["data"] == "b.fits[1]"
    assert image["variance"] == {"path": "b.fits", "hdu": 2}
    assert (image["psf"], image["mask"]) == ("psf.fits", "m.fits")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"values": ["g.n"]}, "expected NAME=VALUE"),
        ({"values": ["galaxy.n=4"]}, "there is no component 'galaxy'; there are g, h"),
        ({"values": ["g.n.m=4"]}, r"expected COMPONENT\.PARAMETER"),
        ({"values": ["g.i_e[r]=4"]}, "are set together"),
        ({"values": ["g.n=1e999"]}, "is not a finite number"),
        ({"fixed": ["g"]}, r"--fix g: expected COMPONENT\.PARAMETER"),
        ({"fixed": ["g.x"]}, "is linked"),
        ({"stages": ["nuts:500"]}, "METHOD:OPTION=VALUE"),
    ],
)
def test_a_change_that_does_not_go_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserMistake, match=sentence):
        RequestChanges(**changes).applied(REQUEST)


def test_an_image_for_a_request_of_several_is_refused() -> None:
    with pytest.raises(UserMistake, match="it has several"):
        RequestChanges(image="b.fits").applied({**REQUEST, "images": REQUEST["images"] * 2})


@pytest.mark.parametrize("document", [[], None, 3, {"images": 3}, {"components": [3, {"name": 4}]}])
def test_what_is_no_request_is_left_to_who_reads_it(document: Any) -> None:
    assert RequestChanges().applied(document) == document


def test_folders_of_images_differ() -> None:
    assert folders_of(["x/a.fits", "y/a.fits[1]", "b.fits.gz", "a.npy"]) == ["a", "a_2", "b", "a_3"]
