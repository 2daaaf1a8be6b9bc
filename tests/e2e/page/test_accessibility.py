"""What a machine can check of WCAG 2.1 AA: axe-core finds nothing on any view, light or dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import Tab
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, find_sources, fit

# The running fit is looked at by test_first_fit.py, each time; all other views here, with the slow tests.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

WIDTHS = (375, 1440, 2560)
"""Pixels of a phone, a laptop and a wide screen."""


def test_every_view_can_be_used_by_everyone(tab: Tab) -> None:
    page = tab.open()
    found: list[str] = []

    def look(view: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found.extend(f"{view}, {width}: {violation}" for violation in violations(page))
            sideways = page.evaluate("document.documentElement.scrollWidth")
            if sideways > width:
                found.append(f"{view}, {width}: scrolls sideways, to {sideways}")
        page.set_viewport_size({"width": 1440, "height": 900})

    _shown(page, "Or begin with an example")
    look("start")
    page.get_by_role("button", name="Help").click()
    look("help")
    page.keyboard.press("Escape")
    find_sources(page)
    page.get_by_role("button", name="q is free; limits, link and prior").click()
    for panel in page.locator(".side details > summary").all():
        panel.click()
    look("model")
    page.get_by_role("button", name="Add a stage").click()
    look("methods")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Request").click()
    look("request")
    page.keyboard.press("Escape")
    for _ in range(2):
        fit(page)
        page.get_by_role("button", name="Fit again from here").click()
    page.go_back()
    page.get_by_label("Fold by component").check()
    for name in ("Profile", "Correlations", "Corner", "Stages", "Downloads"):
        page.get_by_role("tab", name=name).click()
        look(f"result, {name}")
    tab.open("fits")
    _shown(page, "Asked for")
    look("fits")
    chosen = page.locator(".fits input[type=checkbox]:enabled")
    for at in range(2):
        chosen.nth(at).check()
    page.get_by_role("button", name="Compare two").click()
    _shown(page, "Two fits compared")
    look("compare")
    tab.open("account")
    _shown(page, "without accounts")
    look("account")
    upload = page.request.get(f"{tab.url}/v1/uploads").json()["uploads"][0]
    tab.open(f"files/{upload['id']}")
    _shown(page, "This is")
    look("planes")
    assert not found, "\n".join(found)


def _shown(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
