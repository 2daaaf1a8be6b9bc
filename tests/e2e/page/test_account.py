"""Signing in on the page of a service with accounts."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.app.accounts import client_of, key_of
from tests.app.conftest import Service, free_port, started_broker
from tests.e2e.page.accessibility import violations
from tests.e2e.page.conftest import PATIENCE_MILLISECONDS, Tab

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def guarded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with accounts, and without workers."""
    broker = started_broker()
    made = Service(tmp_path_factory.mktemp("g"), free_port(), broker, {"PHOTFIT_ACCOUNTS": "true"})
    made.start()
    yield made
    made.stop()
    broker.stop()


@pytest.fixture
def outside(browser: Browser, guarded: Service) -> Iterator[Tab]:
    """A tab of someone who is not signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    tab = Tab(page, str(guarded.client.base_url).rstrip("/"))
    tab.forgive(401)
    page.on("console", tab.hear)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    yield tab
    context.close()
    assert tab.errors == []


def test_who_is_not_signed_in_is_asked_for_a_key_and_a_wrong_one_is_refused(outside: Tab) -> None:
    page = outside.open("fits")
    page.wait_for_url("**/#/account")
    expect(page.get_by_label("Key")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Key").fill("photfit_nosuch")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#key-fault")).not_to_be_empty()
    assert violations(page) == []


def test_a_key_signs_in_makes_another_revokes_it_and_signs_out(outside: Tab, guarded: Service) -> None:
    page = outside.open("account")
    page.get_by_label("Key").fill(key_of(guarded, "vera"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as")).to_contain_text("vera")
    page.get_by_label("Name").fill("my pipeline")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    assert violations(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke my pipeline").click()
    expect(page.get_by_text("my pipeline is revoked.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Key")).to_be_visible()


@pytest.mark.slow
def test_a_result_is_shared_by_a_link_looked_at_and_revoked(outside: Tab, guarded: Service, browser: Browser) -> None:
    outside.forgive(404)  # the image has no place on the sky
    key = key_of(guarded, "vera")
    guarded.start_worker()
    with client_of(guarded, key) as vera:
        fit = fitted(vera)
    page = outside.open("account")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as")).to_contain_text("vera")
    page = outside.open(f"fits/{fit}")
    page.get_by_role("tab", name="Downloads").click()
    page.get_by_text("Share it by a link").click()
    page.get_by_label("For whom").fill("the referee")
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("code.long").inner_text()
    assert violations(page) == []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    guest = context.new_page()
    guest.set_default_timeout(PATIENCE_MILLISECONDS)
    errors: list[str] = []
    guest.on("pageerror", lambda error: errors.append(str(error)))
    guest.goto(link)
    assert violations(guest) == []
    guest.get_by_role("button", name="Look at it").click()
    expect(guest.get_by_text("degrees of freedom").first).to_be_visible()
    guest.get_by_role("tab", name="Downloads").click()
    expect(guest.get_by_role("link", name="parameters.json")).to_be_visible()
    expect(guest.get_by_text("Share it by a link")).to_have_count(0)
    with guest.expect_download() as download:
        guest.get_by_role("link", name="csv", exact=True).first.click()
    assert "sky.i" in download.value.path().read_text()
    page.get_by_role("button", name="Revoke link: the referee").click()
    expect(page.get_by_text("it opens nothing any more")).to_be_visible()
    guest.goto(link)
    guest.get_by_role("button", name="Look at it").click()
    expect(guest.get_by_text("This link is over, or was revoked.")).to_be_visible()
    assert errors == []
    context.close()


def fitted(client: httpx.Client) -> str:
    """A finished fit of a sky."""
    content = io.BytesIO()
    np.save(content, np.random.default_rng(1).normal(10.0, 1.0, (32, 32)))
    upload = client.post("/v1/uploads", content=content.getvalue()).json()["id"]
    request = {
        "images": [{"data": upload, "variance": {"constant": 1.0}}],
        "components": [{"name": "sky", "profile": "flat_sky"}],
        "stages": [{"method": "lm"}],
    }
    address = client.post("/v1/fits", json=request).headers["location"]
    document = client.get(address, params={"wait": 60}).json()
    assert document["state"] == "succeeded", document
    return str(document["id"])
