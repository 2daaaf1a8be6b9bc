"""The model in the page: ellipses and numbers in step, keys, faults at their fields, previews, masks."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, THREE_GALAXIES, begin, request_of
from tests.e2e.serving import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def proposal(service: Service) -> dict[str, Any]:
    """The three galaxies as they were found."""
    with httpx.Client(base_url=service.url, timeout=60) as http:
        upload = http.post("/v1/uploads?filename=three.fits", content=THREE_GALAXIES.read_bytes()).json()["id"]
        found: dict[str, Any] = http.post(f"/v1/uploads/{upload}/propose", json={}).json()
    return found


@pytest.fixture
def page(tab: Tab, proposal: dict[str, Any]) -> Page:
    """The model view, g1 selected."""
    opened = tab.open("account")
    begin(opened, proposal["request"], proposal)
    expect(opened.locator("[data-component]")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    return opened


def request(page: Page) -> dict[str, Any]:
    """The request as the page keeps it."""
    return request_of(page)


def component(page: Page, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in request(page)["components"] if each["name"] == name)
    return found


def drag(page: Page, selector: str, right: float, down: float) -> None:
    """Drag the middle of an element by so many screen pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


def field(page: Page, name: str) -> float:
    return float(page.locator(f"#parameter-{name}").input_value())


def test_a_dragged_ellipse_and_its_numbers_stay_in_step(page: Page) -> None:
    x, y, r_e, pa = (field(page, name) for name in ("x", "y", "r_e", "pa"))
    drag(page, ".ellipse.selected .outline", 60, -30)
    zoom = 60 / (field(page, "x") - x)
    assert 1 < zoom < 20
    assert field(page, "y") - y == pytest.approx(30 / zoom, abs=0.1)
    assert component(page, "g1")["parameters"]["x"] == field(page, "x")
    drag(page, '[data-handle="major"]', -40, -40)
    assert field(page, "r_e") > r_e
    drag(page, '[data-handle="minor"]', 15, -15)
    assert field(page, "q") < 0.55
    page.locator("#parameter-pa").fill("90")
    page.locator("#parameter-pa").press("Enter")
    assert pa != 90
    expect(page.locator(".ellipse.selected .outline")).to_have_attribute("transform", re.compile(r"rotate\(90\)$"))


def test_everything_of_an_ellipse_is_done_by_keys(page: Page) -> None:
    before = component(page, "g2")["parameters"]
    page.locator('[data-component="g2"]').focus()
    for key in ("ArrowRight", "Shift+ArrowUp", "]", "+", "<"):
        page.keyboard.press(key)
    after = component(page, "g2")["parameters"]
    assert after["x"] == pytest.approx(before["x"] + 1, abs=0.01)
    assert after["y"] == pytest.approx(before["y"] + 10, abs=0.01)
    assert after["pa"] == pytest.approx(before["pa"] - 2, abs=0.1)
    assert after["r_e"] == pytest.approx(before["r_e"] * 1.05, abs=0.001)
    assert after["q"] == pytest.approx(before["q"] - 0.02, abs=0.001)
    page.keyboard.press("Delete")
    expect(page.locator("[data-component]")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-component]")).to_have_count(3)
    page.get_by_role("img", name="Data, image").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-component]")).to_have_count(4)


def test_a_double_click_adds_a_component_there(page: Page) -> None:
    box = page.locator(".pane").bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".ellipse.selected")).to_have_attribute("data-component", "s1")
    added = component(page, "s1")
    assert added["profile"] == "sersic"
    assert (added["parameters"]["x"], added["parameters"]["y"]) == pytest.approx((49, 49), abs=0.5)


def test_limits_fixing_links_and_priors_reach_the_request(page: Page) -> None:
    page.get_by_role("button", name="n is free; limits, link and prior").click()
    more = page.locator(".parameter .more")
    more.get_by_label("At most").fill("6")
    more.get_by_label("At most").press("Enter")
    more.locator("select").select_option("normal")
    assert component(page, "g1")["parameters"]["n"]["max"] == 6
    assert list(component(page, "g1")["parameters"]["n"]["prior"]) == ["normal"]
    more.get_by_role("button", name="fixed").click()
    assert component(page, "g1")["parameters"]["n"]["fixed"] is True
    more.get_by_role("button", name="linked").click()
    page.locator("#parameter-n").fill("= g2.n + 1")
    page.locator("#parameter-n").press("Enter")
    assert component(page, "g1")["parameters"]["n"] == "= g2.n + 1"


def test_a_fault_stands_at_its_field(page: Page, tab: Tab) -> None:
    tab.forgive(422)
    page.locator("#parameter-q").fill("2")
    page.locator("#parameter-q").press("Enter")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.locator("#parameter-q")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".parameter .fault")).to_contain_text("2")


def test_a_preview_shows_the_residual_and_leaves_nothing_behind(page: Page, tab: Tab) -> None:
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        before = len(http.get("/v1/fits?limit=100").json()["fits"])
        page.get_by_role("button", name="Residual / σ").click()
        expect(page.get_by_text("at these parameters").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        page.get_by_role("button", name="Data", exact=True).click()
        expect(page.get_by_text("Drawing the model")).to_be_hidden()
        assert len(http.get("/v1/fits?limit=100").json()["fits"]) == before


def test_a_painted_mask_becomes_a_plane_of_the_request(page: Page, tab: Tab) -> None:
    page.get_by_role("button", name="Paint a mask").click()
    drag(page, ".pane", 0, 60)
    expect(page.get_by_text("stroke is part of the model")).to_be_visible()
    upload = request(page)["images"][0]["mask"]["upload"]
    mask = np.load(io.BytesIO(httpx.get(f"{tab.url}/v1/uploads/{upload}/pixels.npy", timeout=60).content))
    assert mask.shape == (99, 99)
    assert mask[46, 49] == 1
    assert 30 < mask.sum() < 300


def test_a_mask_is_painted_over_an_image_that_is_shown_in_blocks(tab: Tab) -> None:
    """4301 pixels are shown as 2151, and the mask is of the image's own shape; one that was there stays."""
    height, width = 401, 4301
    earlier = np.zeros((height, width), dtype=np.uint8)
    earlier[10, 21] = 1
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        uploads = [
            http.post("/v1/uploads?filename=a.npy", content=npy(plane)).json()["id"]
            for plane in (np.random.default_rng(1).normal(size=(height, width)).astype(np.float32), earlier)
        ]
    image = {"name": "image", "data": {"upload": uploads[0]}, "mask": {"upload": uploads[1]}}
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 0.0}}
    request_document = {"images": [image], "components": [sky], "stages": [{"method": "lm"}]}
    page = tab.open("account")
    begin(page, request_document)
    page.get_by_role("button", name="Paint a mask").click(timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_text("In blocks of 2 × 2 pixels")).to_be_visible()
    drag(page, ".pane", 60, 0)
    expect(page.get_by_text("1 stroke is part of the model")).to_be_visible()
    painted = request(page)["images"][0]
    assert painted["mask"] == {"upload": uploads[1]}, "what is painted beside a file's mask leaves it as it is"
    assert [list(shape) for shape in painted["mask_shapes"]] == [["polygon"]]
    page.get_by_role("button", name="Erase").click()
    drag(page, ".pane", 60, 0)
    page.get_by_role("button", name="Paint a mask").click()
    drag(page, ".pane", 60, 0)
    expect(page.get_by_text("3 strokes are part of the model")).to_be_visible()
    upload = request(page)["images"][0]["mask"]["upload"]
    mask = np.load(io.BytesIO(httpx.get(f"{tab.url}/v1/uploads/{upload}/pixels.npy", timeout=60).content))
    assert mask.shape == (height, width)
    assert mask[10:12, 20:22].all(), "the block of what was masked before"
    assert mask[:100].sum() == 4
    rows, columns = np.nonzero(mask[100:])
    assert rows.mean() == pytest.approx(100.0, abs=4.0)
    assert columns.min() == pytest.approx(2150.0, abs=20.0)


def npy(plane: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, plane)
    return file.getvalue()


def test_the_request_is_edited_as_json(page: Page) -> None:
    page.get_by_role("button", name="Request").click()
    text = page.locator("textarea")
    written = json.loads(text.input_value())
    written["components"] = written["components"][:2]
    text.fill(json.dumps(written))
    page.get_by_role("button", name="Use this request").click()
    expect(page.locator("[data-component]")).to_have_count(1)
    page.get_by_role("button", name="Request").click()
    page.get_by_role("button", name="Python").click()
    assert "from photfit.client import Client" in page.locator("textarea").input_value()


def test_isophotes_are_modified_and_bring_their_parameters(page: Page, tab: Tab) -> None:
    page.get_by_label("Modify the isophotes").select_option("fourier")
    amplitude = page.locator("#parameter-fourier_3_amplitude")
    expect(amplitude).to_be_visible()
    assert component(page, "g1")["geometry"] == [{"fourier": [1, 3]}]
    amplitude.fill("0.1")
    amplitude.press("Enter")
    page.get_by_label("Setting of fourier").fill("3, 4")
    page.get_by_label("Setting of fourier").press("Enter")
    expect(page.locator("#parameter-fourier_4_amplitude")).to_be_visible()
    expect(page.locator("#parameter-fourier_1_amplitude")).to_have_count(0)
    assert component(page, "g1")["geometry"] == [{"fourier": [3, 4]}]
    assert component(page, "g1")["parameters"]["fourier_3_amplitude"] == 0.1
    tab.forgive(422)
    page.get_by_label("Setting of fourier").fill("4, 3")
    page.get_by_label("Setting of fourier").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="does not rise")).to_be_visible()
    assert component(page, "g1")["geometry"] == [{"fourier": [3, 4]}]


def test_a_truncation_begins_beyond_the_galaxy_and_goes_with_its_parameters(page: Page) -> None:
    page.get_by_label("Modify the isophotes").select_option("truncation")
    expect(page.locator("#parameter-outer_truncation")).to_be_visible()
    own = component(page, "g1")["parameters"]
    assert own["outer_truncation"] == pytest.approx(3.0 * field(page, "r_e"), rel=0.01)
    page.get_by_label("Component g1").locator("select").first.select_option("moffat")
    assert component(page, "g1")["geometry"] == [{"truncation": "outer"}]
    assert "outer_truncation" in component(page, "g1")["parameters"]
    page.get_by_label("Remove truncation").click()
    expect(page.locator("#parameter-outer_truncation")).to_have_count(0)
    assert "geometry" not in component(page, "g1")
    assert not [name for name in component(page, "g1")["parameters"] if "truncation" in name]


def test_a_star_has_no_isophotes_to_modify(page: Page) -> None:
    page.get_by_label("Component g1").locator("select").first.select_option("flat_sky")
    expect(page.get_by_label("Modify the isophotes")).to_have_count(0)


def test_a_profile_that_only_its_description_knows_is_chosen_and_has_its_fields(page: Page, tab: Tab) -> None:
    """`einasto` was added by its two files alone: nothing of the page names it."""
    page.get_by_label("Component g1").locator("select").first.select_option("einasto")
    for name in ("alpha", "r_s", "i_s"):
        expect(page.locator(f"#parameter-{name}")).to_be_visible()
    changed = component(page, "g1")
    assert changed["profile"] == "einasto"
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        answer = http.post("/v1/fits?dry_run=true", json=request(page))
    assert answer.status_code == 200, answer.text


@pytest.mark.slow
def test_a_profile_is_written_as_a_formula(page: Page, tab: Tab) -> None:
    page.get_by_label("Component g1").locator("select").first.select_option("formula")
    brightness = page.get_by_label("Brightness at radius r")
    expect(brightness).to_have_value("i_0 * exp(-r / h)")
    brightness.fill("i * exp(-(r / s) ** c)")
    brightness.press("Enter")
    for name in ("i", "s", "c"):
        expect(page.locator(f"#parameter-{name}")).to_be_visible()
    expect(page.locator("#parameter-h")).to_have_count(0)
    tab.forgive(422)
    page.locator("#parameter-c").fill("1")
    page.locator("#parameter-c").press("Enter")
    changed = component(page, "g1")
    assert changed["options"] == {"brightness": "i * exp(-(r / s) ** c)"}
    assert {"x", "y", "q", "pa"} <= changed["parameters"].keys() <= {"x", "y", "q", "pa", "c"}
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        answer = http.post("/v1/fits?dry_run=true", json=request(page))
    assert answer.status_code == 200, answer.text
    brightness.fill("i * exp(-r) * s / s")
    brightness.press("Enter")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="does not follow from the others")).to_be_visible()
