"""What a person does on the page, in a word each."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
THREE_GALAXIES = EXAMPLES / "three_galaxies" / "three_galaxies.fits"
ENOUGH_MILLISECONDS = 60_000

_DROP = """([text, name]) => {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
}"""

_BEGIN = """async ([request, proposal]) => {
  const { startDraft, flush } = await import("/page/js/draft.js");
  startDraft({ request, proposal });
  await flush();
  location.hash = "#/model";
}"""
_REQUEST = """async () => {
  const { getDraft } = await import("/page/js/draft.js");
  const { settled } = await import("/page/js/settling.js");
  return settled(getDraft());
}"""


def drop(page: Page, content: bytes, name: str) -> None:
    """Drop a file on the start view."""
    expect(page.get_by_text("Drop an image here")).to_be_visible()
    page.evaluate(_DROP, [base64.b64encode(content).decode("ascii"), name])


def begin(page: Page, request: dict[str, Any], proposal: dict[str, Any] | None = None) -> None:
    """Begin a model of a request, as the views do, and show it."""
    page.evaluate(_BEGIN, [request, proposal])


def request_of(page: Page) -> dict[str, Any]:
    """The request of the model that the tab has before it, as the service would take it."""
    found: dict[str, Any] = page.evaluate(_REQUEST)
    return found


def find_sources(page: Page, example: str = "three galaxies") -> None:
    """Open an example's image with what was found in it."""
    page.get_by_role("button", name=f"Find the sources of {example}", exact=True).click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)


def fit(page: Page) -> None:
    """Press fit, and wait for the result."""
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("degrees of freedom").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)


def open_corner(page: Page) -> None:
    """Show the corner plot of a result."""
    page.get_by_role("tab", name="Corner").click()
    expect(page.locator("canvas.corner")).to_be_visible()


def open_example(page: Page, example: str) -> None:
    """Open an example with its own model."""
    page.get_by_role("button", name=f"Open the model of {example}", exact=True).click()
    expect(page.locator(".ellipse").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
