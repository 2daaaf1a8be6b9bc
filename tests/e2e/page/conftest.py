"""The page in a real browser, before a real service. Without Chromium on the machine these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from tests.e2e.serving import Service, serving

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu")
PATIENCE_MILLISECONDS = 30_000


@dataclass
class Tab:
    """A browser's tab at the service, which remembers what went wrong in its console."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    forgiven: set[int] = field(default_factory=set)

    def open(self, view: str = "") -> Page:
        """Go to a view, such as ``fits``, with the page loaded anew."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/#/{view}")
        return self.page

    def forgive(self, status: int) -> None:
        """Expect answers of this status, which browsers report as errors by themselves."""
        self.forgiven.add(status)

    def hear(self, message: ConsoleMessage) -> None:
        expected = any(f"status of {status} " in message.text for status in self.forgiven)
        if message.type in ("error", "warning") and not expected:
            self.errors.append(f"{message.type}: {message.text}")


def chromium() -> str:
    """The machine's browser; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"needs one of {', '.join(_NAMES)}")
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=chromium(), args=list(_ARGUMENTS))
    yield running
    running.close()


@pytest.fixture(scope="package")
def service(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("p")) as running:
        yield running


@pytest.fixture
def tab(browser: Browser, service: Service) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    tab = Tab(page, service.url)
    page.on("console", tab.hear)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    yield tab
    context.close()
    assert tab.errors == []
