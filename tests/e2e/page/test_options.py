"""Options of profiles as fields: nodes, grids, numbers and images that are chosen among the files, without JSON."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, find_sources, fit, request_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


def component(page: Page, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in request_of(page)["components"] if each["name"] == name)
    return found


def become(page: Page, profile: str) -> None:
    page.get_by_role("combobox", name="Profile", exact=True).select_option(profile)


def put(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).fill(text)
    page.get_by_label(label).press("Enter")


def test_options_of_profiles_are_fields_and_bring_their_parameters(tab: Tab) -> None:
    tab.forgive(422)
    page = tab.open()
    find_sources(page)
    name = page.locator(".tree [aria-current=true]").inner_text().split()[0]
    labels = page.locator(".parameter > label")
    become(page, "spline")
    put(page, "Radii of the nodes", "0, 4 12")
    assert component(page, name)["options"] == {"radii": [0, 4, 12]}
    expect(labels).to_have_text(["x", "y", "q", "pa", "i_1", "i_2", "i_3", "r_unit"])
    put(page, "Radii of the nodes", "4, 1")
    expect(page.get_by_text("does not rise")).to_be_visible()
    assert component(page, name)["options"] == {"radii": [0, 4, 12]}
    put(page, "Radii of the nodes", "four")
    expect(page.get_by_text("“four” is no list of numbers")).to_be_visible()
    become(page, "multi_gaussian")
    put(page, "How many Gaussians", "2")
    expect(labels).to_have_text(["x", "y", "q", "pa", "sigma_1", "i_1", "sigma_2", "i_2"])
    become(page, "formula")
    put(page, "Brightness at radius r", "a * exp(-r / b)")
    expect(labels).to_have_text(["x", "y", "q", "pa", "a", "b"])
    expect(page.locator(".parameter", has=page.locator("#parameter-b")).locator(".unit")).to_have_text("pixel")
    become(page, "multi_gaussian")
    fit(page)
    expect(page.get_by_text("sigma_2").first).to_be_attached()


def test_images_of_a_basis_are_chosen_among_the_files(tab: Tab) -> None:
    page = tab.open()
    find_sources(page, "three galaxies, blurred")
    name = page.locator(".tree [aria-current=true]").inner_text().split()[0]
    become(page, "basis")
    stamp = page.get_by_role("group", name="Images", exact=True).locator("select")
    value = stamp.first.locator("option", has_text="PSF").first.get_attribute("value")
    assert value is not None
    stamp.first.select_option(value)
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1"], timeout=ENOUGH_MILLISECONDS)
    stamp.nth(1).select_option(value)
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1", "c_2"])
    assert [image["upload"] for image in component(page, name)["options"]["images"]] == [value.split()[0]] * 2
    page.get_by_role("button", name="Remove", exact=True).nth(1).click()
    expect(page.locator(".parameter > label")).to_have_text(["x", "y", "c_1"])
    assert violations(page) == []
    page.get_by_role("group", name="What is shown").get_by_role("button", name="Model").click()
    expect(page.get_by_text("at these parameters", exact=False).first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
