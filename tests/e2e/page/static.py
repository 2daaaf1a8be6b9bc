"""The page's files without a service: a browser's requests to one host are answered from the folder."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from app.routes.page import FOLDER

HOST = "http://page.test"
_TYPES = {".js": "text/javascript", ".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"}


def serve_page(page: Page) -> None:
    """Answer the tab's requests to HOST, and go there."""
    page.route(f"{HOST}/**", _serve)
    page.goto(f"{HOST}/")


def _serve(route: Route) -> None:
    path = FOLDER / route.request.url.removeprefix(f"{HOST}/page/")
    if path.is_file():
        route.fulfill(body=path.read_bytes(), content_type=_TYPES[path.suffix])
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")
