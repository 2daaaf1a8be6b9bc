"""What a machine can check of WCAG 2.1 AA on a view, by axe-core."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_EVERYTHING = {"runOnly": {"type": "tag", "values": _TAGS}}
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def violations(page: Page) -> list[str]:
    """What axe finds: everything in the light theme, and contrast in the dark one."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = Axe().run(page, options=_EVERYTHING).response["violations"]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += Axe().run(page, options=_COLOURS).response["violations"]
    return [f"{each['id']}: {each['help']}: {node['html'][:200]}" for each in found for node in each["nodes"]]
