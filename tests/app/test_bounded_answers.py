"""An answer about a fit stays short: its planes are linked by a template where they are many."""

from datetime import UTC, datetime

import pytest

from app.presenting.fits import present_fit, present_line
from fitting.spec import Notice
from fitting.spec.plots import PLANES
from jobs.storage.schema import FitRecord


def record(images: int, components: int, notices: int = 0) -> FitRecord:
    """A finished fit of so many images and components."""
    request = {
        "images": [{"name": f"i{number}", "data": "upl_1"} for number in range(images)],
        "components": [{"name": f"c{number}", "profile": "flat_sky"} for number in range(components)],
        "stages": [{"method": "lm"}],
    }
    return FitRecord(
        id="fit_1",
        owner="vera",
        name="a",
        labels=[],
        state="succeeded",
        request=request,
        queue="cpu",
        device="cpu",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        attempt=1,
        version=1,
        notices=[Notice("image-masked", "a long sentence about an image " * 5)] * notices,
        result_bytes=1,
    )


@pytest.mark.parametrize(("images", "components"), [(200, 100), (10, 2000), (1, 2000)])
def test_a_fit_of_many_planes_answers_in_little(images: int, components: int) -> None:
    fit = present_fit(record(images, components))
    assert len(fit.model_dump_json()) < 200_000
    assert set(fit.links.images) == {f"i{number}" for number in range(images)}


def test_a_fit_of_few_planes_links_each() -> None:
    links = present_fit(record(2, 3)).links
    assert list(links.images["i1"]) == [*PLANES, "component/c0", "component/c1", "component/c2"]
    assert links.previews["i1"]["component/c2"] == "/v1/fits/fit_1/images/i1/component/c2.png"


def test_a_component_is_linked_in_the_images_that_show_it() -> None:
    made = record(2, 1)
    made.request["components"][0]["images"] = ["i1"]
    links = present_fit(made).links
    assert "component/c0" not in links.images["i0"]
    assert "component/c0" in links.images["i1"]


def test_the_template_gives_the_links_that_are_listed() -> None:
    links = present_fit(record(2, 3)).links
    for template, listed in ((links.plane, links.images), (links.preview, links.previews)):
        for image, planes in listed.items():
            for plane, address in planes.items():
                assert template.replace("{image}", image).replace("{+plane}", plane) == address


def test_a_line_of_a_list_is_short_whatever_the_fit() -> None:
    line = present_line(record(200, 100, notices=200))
    assert len(line.model_dump_json()) < 4000
    assert line.warnings[-1] == "197 more: see /v1/fits/fit_1"
    assert list(line.links.previews) == ["i0"]
    assert "model" in line.links.previews["i0"]
