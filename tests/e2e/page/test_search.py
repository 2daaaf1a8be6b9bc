"""The search for sources on the page: for one galaxy or all, with a model, neighbours and limits of one's choice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.test_searches import crowded
from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, EXAMPLES, THREE_GALAXIES, drop

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

_BULGE_DISC = EXAMPLES / "bulge_disc" / "bulge_disc.fits"
_SIDE = 99
"""Pixels of the example's image along each axis."""


def chooser(page: Page, label: str) -> Locator:
    return page.get_by_role("combobox", name=label, exact=True)


def search(page: Page) -> None:
    page.get_by_role("button", name="Find the sources", exact=True).click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)


def names(page: Page) -> list[str | None]:
    return sorted(str(each.get_attribute("data-component")) for each in page.locator("[data-component]").all())


@pytest.mark.slow
def test_a_clicked_galaxy_is_the_target_and_the_others_are_masked(tab: Tab) -> None:
    page = tab.open()
    drop(page, THREE_GALAXIES.read_bytes(), THREE_GALAXIES.name)
    page.wait_for_url("**/#/files/*")
    button = page.get_by_role("button", name="Find the sources", exact=True)
    expect(button).to_be_enabled()
    chooser(page, "The fit is for").select_option("place")
    chooser(page, "Its neighbours are").select_option("mask")
    expect(button).to_be_disabled()
    pane = page.locator(".pane")
    expect(pane.locator("svg")).to_be_attached()
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    assert box is not None
    zoom = 0.97 * min(box["width"], box["height"]) / _SIDE
    middle = (_SIDE - 1) / 2
    # Two pixels beside the brightest galaxy, which is at (67.9, 65.5).
    page.mouse.click(
        box["x"] + box["width"] / 2 + (70 - middle) * zoom, box["y"] + box["height"] / 2 - (65 - middle) * zoom
    )
    expect(page.locator(".target")).to_be_visible()
    assert float(page.get_by_label("x of the galaxy").input_value()) == pytest.approx(70, abs=0.6)
    assert float(page.get_by_label("y of the galaxy").input_value()) == pytest.approx(65, abs=0.6)
    assert violations(page) == []
    search(page)
    assert "target" in names(page)
    expect(page.get_by_text("masked, drawn in red")).to_be_visible()
    expect(page.locator(".masked-shape").first).to_be_attached()
    assert violations(page) == []
    page.get_by_role("button", name="Unmask").click()
    expect(page.locator(".masked-shape")).to_have_count(0)


@pytest.mark.slow
def test_the_galaxy_in_the_middle_gets_the_model_that_was_chosen(tab: Tab) -> None:
    page = tab.open()
    drop(page, _BULGE_DISC.read_bytes(), _BULGE_DISC.name)
    chooser(page, "The fit is for").select_option("centre")
    chooser(page, "It is").select_option("sersic")
    search(page)
    assert [name for name in names(page) if name.startswith("target")] == ["target"]


def test_a_limit_that_cannot_be_is_said_beside_it(tab: Tab) -> None:
    tab.forgive(422)
    page = tab.open()
    drop(page, THREE_GALAXIES.read_bytes(), THREE_GALAXIES.name)
    page.get_by_label("Sources at most").fill("0")
    page.get_by_label("Sources at most").blur()
    page.get_by_role("button", name="Find the sources", exact=True).click()
    expect(page.locator(".fault")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.get_by_label("Sources at most").fill("2")
    page.get_by_label("Sources at most").blur()
    search(page)
    assert len(names(page)) == 2


@pytest.mark.slow
def test_a_long_search_tells_how_far_it_is_survives_a_reload_and_is_stopped(tab: Tab) -> None:
    page = tab.open()
    drop(page, crowded(1200, 400), "crowded.fits")
    page.wait_for_url("**/#/files/*")
    page.get_by_label("Sources at most").fill("400")
    page.get_by_label("Sources at most").blur()
    page.get_by_role("button", name="Find the sources", exact=True).click()
    counted = page.get_by_text(re.compile(r"Measuring source [0-9]+ of [0-9]+, round 1"))
    expect(counted).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    assert 0 <= int(page.locator("progress").get_attribute("value") or -1) < 400
    assert violations(page) == []
    page.reload()
    expect(page.get_by_text("Looking for sources…")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    expect(page.get_by_label("Sources at most")).to_have_value("400")
    expect(page.get_by_text(re.compile("round [0-9]"))).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    page.get_by_role("button", name="Stop the search").click()
    expect(page.get_by_role("button", name="Find the sources", exact=True)).to_be_enabled(timeout=ENOUGH_MILLISECONDS)
    found = page.request.get(f"{tab.url}/v1/searches?limit=1").json()["searches"][0]
    assert found["state"] == "cancelled"
    page.reload()
    expect(page.get_by_role("button", name="Find the sources", exact=True)).to_be_enabled()
    expect(page.get_by_text("Looking for sources…")).to_have_count(0)


@pytest.mark.slow
def test_a_search_that_ended_while_the_page_was_away_is_gone_on_with(tab: Tab) -> None:
    page = tab.open()
    drop(page, THREE_GALAXIES.read_bytes(), THREE_GALAXIES.name)
    page.wait_for_url("**/#/files/*")
    address = page.url
    page.get_by_role("button", name="Find the sources", exact=True).click()
    page.wait_for_function("() => sessionStorage.getItem('photfit.sources')")
    page.goto(f"{tab.url}/#/fits")
    begun = page.evaluate("() => JSON.parse(sessionStorage.getItem('photfit.sources')).id")
    ended = page.request.get(f"{tab.url}/v1/searches/{begun}?wait=60").json()
    assert ended["state"] == "succeeded"
    page.goto(address)
    page.get_by_role("button", name="Go on with what it found").click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
