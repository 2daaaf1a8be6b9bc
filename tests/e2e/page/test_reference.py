"""The page of every route, at /docs: offline, under the page's policy, and to try out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.page.conftest import Tab

pytestmark = pytest.mark.e2e


def test_every_route_is_shown_and_can_be_tried_with_no_other_host(tab: Tab) -> None:
    elsewhere: list[str] = []

    def hear(request: Request) -> None:
        if not request.url.startswith((tab.url, "data:", "blob:")):
            elsewhere.append(request.url)

    tab.page.on("request", hear)
    tab.page.goto(f"{tab.url}/docs")
    routes = tab.page.locator(".opblock")
    expect(routes.first).to_be_visible()
    document = tab.page.request.get(f"{tab.url}/openapi.json").json()
    assert routes.count() == sum(len(operations) for operations in document["paths"].values())

    health = tab.page.locator(".opblock", has_text="/healthz").first
    health.locator(".opblock-summary").click()
    health.get_by_role("button", name="Try it out").click()
    health.get_by_role("button", name="Execute").click()
    expect(health.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")
    assert elsewhere == []
