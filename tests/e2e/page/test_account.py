"""Signing in on the page of a service with accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.app.accounts import key_of
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
