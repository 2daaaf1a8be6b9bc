"""/, /docs and /help, the web page: static files from app/page, under a policy that loads nothing from elsewhere."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).resolve().parent.parent / "page"
ADDRESS = "/page"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/")
def front() -> Response:
    """The one document of the page; its views are told apart by the fragment of the address."""
    return FileResponse(FOLDER / "index.html", headers=HEADERS)


@router.get("/docs")
def reference() -> Response:
    """Every route, to read about and to try out."""
    return FileResponse(FOLDER / "reference.html", headers=HEADERS)


@router.get("/help")
def explanations() -> Response:
    """What notices, errors and flags mean, each under its code."""
    return FileResponse(FOLDER / "help.html", headers=HEADERS)


class PageFiles(StaticFiles):
    """The page's scripts, styles and pictures, each with the policy and an entity tag."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 304 where the browser has it."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response
