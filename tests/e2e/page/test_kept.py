"""Nothing is lost on the page, and what it shows is what is fitted: drafts, undo, tabs, masks, fields, dead ends."""

from __future__ import annotations

import io
import re
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, THREE_GALAXIES, begin, request_of
from tests.e2e.page.test_model import component, drag, field
from tests.e2e.serving import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def proposal(service: Service) -> dict[str, Any]:
    with httpx.Client(base_url=service.url, timeout=60) as http:
        upload = http.post("/v1/uploads?filename=three.fits", content=THREE_GALAXIES.read_bytes()).json()["id"]
        found: dict[str, Any] = http.post(f"/v1/uploads/{upload}/propose", json={}).json()
    return found


@pytest.fixture
def page(tab: Tab, proposal: dict[str, Any]) -> Page:
    """The model view with the three galaxies as they were found."""
    opened = tab.open("account")
    begin(opened, proposal["request"], proposal)
    expect(opened.locator("[data-component]")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    return opened


def undo(page: Page) -> None:
    page.get_by_role("button", name="Undo").click()


def type_in(page: Page, name: str, text: str) -> None:
    page.locator(f"#parameter-{name}").fill(text)
    page.locator(f"#parameter-{name}").press("Enter")


def test_a_drag_is_one_step_and_undo_outlasts_a_reload(page: Page) -> None:
    before = component(page, "g1")["parameters"]
    page.mouse.move(*_place(page, ".ellipse.selected .outline"))
    page.mouse.down()
    for step in range(30):
        page.mouse.move(*_place(page, ".pane", 2.0 * step, step))
    page.mouse.up()
    assert component(page, "g1")["parameters"]["x"] != before["x"]
    page.reload()
    expect(page.locator("[data-component]")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    undo(page)
    assert component(page, "g1")["parameters"] == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@pytest.mark.slow
def test_undo_works_from_a_field_that_holds_nothing_of_its_own(page: Page) -> None:
    before = field(page, "n")
    type_in(page, "n", "2.5")
    page.locator("#parameter-q").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#parameter-n")).to_have_value(f"{before:.7g}")


def test_strokes_are_undone_one_by_one_and_reach_the_fit_without_another_click(page: Page, tab: Tab) -> None:
    tab.forgive(404)  # a picture that is asked for in the moment of the end
    page.get_by_role("button", name="Paint a mask").click()
    expect(page.locator("[data-component]")).to_have_count(3)
    drag(page, ".pane", 0, 60)
    drag(page, ".pane", 60, 0)
    expect(page.get_by_text("2 strokes are part of the model")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("1 stroke is part of the model")).to_be_visible()
    page.get_by_role("button", name="Fit", exact=True).click()
    page.wait_for_url("**/#/fits/*")
    with httpx.Client(base_url=tab.url, timeout=60) as http:
        fit = page.url.rsplit("/", 1)[1]
        image = http.get(f"/v1/fits/{fit}/request").json()["images"][0]
        mask = np.load(io.BytesIO(http.get(f"/v1/uploads/{image['mask']['upload']}/pixels.npy").content))
    rows, columns = np.nonzero(mask)
    assert np.ptp(rows) > np.ptp(columns) > 0, "the upright stroke alone"


def test_what_a_field_cannot_read_stops_the_fit_there_and_a_comma_is_understood(page: Page) -> None:
    type_in(page, "n", "1,5")
    expect(page.locator("#parameter-n")).to_have_value("1.5")
    assert component(page, "g1")["parameters"]["n"] == 1.5
    type_in(page, "pa", "abc")
    expect(page.locator("#parameter-pa-fault")).to_contain_text("“abc” is no number")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.locator("#parameter-pa")).to_be_focused()
    assert "/fits/" not in page.url
    type_in(page, "pa", "30")
    name = page.get_by_label("Name", exact=True)
    name.fill("Disc 1")
    name.press("Enter")
    expect(page.locator("#name-fault")).to_contain_text("Disc_1")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(name).to_be_focused()
    name.fill("g2")
    expect(page.locator("#name-fault")).to_contain_text("another component g2")
    assert "/fits/" not in page.url


def test_another_file_leaves_the_model_that_was_there(page: Page, proposal: dict[str, Any]) -> None:
    page.get_by_label("Name of the fit").fill("tuned by hand")
    page.get_by_label("Name of the fit").press("Enter")
    begin(page, {**proposal["request"], "name": "another"})
    expect(page.get_by_label("Name of the fit")).to_have_value("another")
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_role("button", name=re.compile("^tuned by hand")).click()
    expect(page.get_by_label("Name of the fit")).to_have_value("tuned by hand")
    undo(page)
    expect(page.get_by_label("Name of the fit")).not_to_have_value("tuned by hand")


def test_two_tabs_see_each_others_changes(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("[data-component]")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
    other.locator('[data-component="g2"]').focus()
    other.keyboard.press("Delete")
    expect(page.locator("[data-component]")).to_have_count(2)
    page.locator('[data-component="g3"]').focus()
    before = component(page, "g3")["parameters"]["x"]
    page.keyboard.press("ArrowRight")
    expect(other.locator("[data-component=g3]")).to_have_attribute(
        "aria-label", re.compile(f"centre {before + 1:.1f},")
    )
    assert request_of(page) == request_of(other)
    other.close()


@pytest.mark.slow
def test_renaming_and_deleting_reach_constraints_links_and_groups(page: Page, proposal: dict[str, Any]) -> None:
    request = proposal["request"]
    linked = [
        {**each, "parameters": {**each["parameters"], "pa": "= g1.pa + 10"}} if each["name"] == "g2" else each
        for each in request["components"]
    ]
    bound = {"expression": "g1.x - g2.x", "min": -50, "max": 50}
    begin(page, {**request, "components": linked, "constraints": [bound], "groups": {"both": ["g1", "g2"]}})
    page.locator('[data-component="g1"]').focus()
    page.get_by_label("Name", exact=True).fill("disc")
    page.get_by_label("Name", exact=True).press("Enter")
    now = request_of(page)
    assert now["constraints"][0]["expression"] == "disc.x - g2.x"
    assert now["groups"] == {"both": ["disc", "g2"]}
    assert component(page, "g2")["parameters"]["pa"] == "= disc.pa + 10"
    angle = component(page, "disc")["parameters"]["pa"]
    page.get_by_role("button", name="Delete disc").click()
    expect(
        page.get_by_text("disc is deleted; 1 linked to disc is free now, 1 of its constraints is gone.")
    ).to_be_visible()
    assert request_of(page)["constraints"] == []
    assert component(page, "g2")["parameters"]["pa"] == pytest.approx(angle + 10)


def test_a_request_that_cannot_be_fitted_is_refused_in_its_dialog(page: Page, tab: Tab) -> None:
    tab.forgive(422)
    before = request_of(page)
    page.get_by_role("button", name="Request").click()
    text = page.locator("textarea")
    for written, told in (
        ('{"images":[],"components":[]}', "A request has"),
        ('{"images":[{"data":"upl_none"}],"components":[{"name":"x","profile":"sersic"}]}', "upl_none"),
        ('{"images":', "JSON"),
    ):
        text.fill(written)
        page.get_by_role("button", name="Use this request").click()
        expect(page.get_by_role("alert").filter(has_text=told)).to_be_visible()
    page.keyboard.press("Escape")
    assert request_of(page) == before


def test_a_view_that_cannot_be_drawn_says_so_and_the_draft_can_be_forgotten(page: Page) -> None:
    page.evaluate("""async () => {
      const { changeRequest } = await import("/page/js/draft.js");
      changeRequest((before) => ({ ...before, components: [{ name: "x" }] }));
    }""")
    expect(page.get_by_text("This view could not be drawn.")).to_be_visible()
    page.get_by_role("link", name="Fits").click()
    expect(page.get_by_role("heading", name="Fits")).to_be_visible()
    page.get_by_role("link", name="Model").click()
    page.get_by_role("button", name="Forget this draft").click()
    expect(page.get_by_text("Drop an image here")).to_be_visible()


@pytest.mark.parametrize("address", ["fits/50%", "toString", pytest.param("compare/x", marks=pytest.mark.slow)])
def test_no_address_is_a_dead_end(tab: Tab, address: str) -> None:
    tab.forgive(404)
    page = tab.open(address)
    expect(page.get_by_role("link", name="Start", exact=True)).to_be_visible()
    expect(page.locator("main")).not_to_be_empty()


@pytest.mark.slow
def test_copying_works_on_plain_http(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read"])
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Request").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("JSON copied.")).to_be_visible()


@pytest.mark.slow
def test_another_profile_keeps_size_and_light(page: Page) -> None:
    type_in(page, "n", "1")
    before = component(page, "g1")["parameters"]
    page.get_by_label("Component g1").locator("select").first.select_option("exponential")
    after = component(page, "g1")["parameters"]
    # The exponential is the Sérsic profile of n = 1: r_e = 1.678 h, i_0 = exp(b_1) i_e (Graham & Driver 2005).
    assert after["h"] == pytest.approx(before["r_e"] / 1.67835, rel=1e-4)
    assert after["i_0"] == pytest.approx(before["i_e"] * np.exp(1.67835), rel=1e-4)


def _place(page: Page, selector: str, right: float = 0.0, down: float = 0.0) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + down
