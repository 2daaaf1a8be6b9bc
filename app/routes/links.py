"""/v1/fits/{id}/links and /v1/catalogues/{id}/links: read-only links for people without an account."""

from fastapi import APIRouter, Request, Response

from app.dependencies import AskerDep, ServicesDep
from app.domain import links
from app.models.accounts import LinkList, LinkRequest, MadeLink
from app.presenting.accounts import present_key, present_new_key

router = APIRouter(tags=["links"], max_body_size=64 << 10)


@router.get("/fits/{fit_id}/links", summary="Links to a fit")
def list_fit_links(fit_id: str, services: ServicesDep, asker: AskerDep) -> LinkList:
    """Every link to it, newest first, each by its first letters, with when it was last used and when it ends."""
    return LinkList(shares=[present_key(record) for record in links.list_links(services, asker, fit_id)])


@router.post("/fits/{fit_id}/links", status_code=201, summary="Share a fit by a link")
def share_fit(
    fit_id: str,
    request: Request,
    response: Response,
    services: ServicesDep,
    asker: AskerDep,
    body: LinkRequest | None = None,
) -> MadeLink:
    """A link that shows the fit, its images, plots and files to whoever has it, until it ends or is revoked, and lets
    nobody change anything. It is shown this once.
    """
    return _made(services, asker, fit_id, body, request, response)


@router.delete("/fits/{fit_id}/links/{key_id}", status_code=204, summary="Revoke a link to a fit")
def revoke_fit_link(fit_id: str, key_id: str, services: ServicesDep, asker: AskerDep) -> None:
    """From now on the link opens nothing, and who looks by it sees no more. It stays in the list."""
    links.revoke_link(services, asker, fit_id, key_id)


@router.get("/catalogues/{catalogue_id}/links", summary="Links to a catalogue")
def list_catalogue_links(catalogue_id: str, services: ServicesDep, asker: AskerDep) -> LinkList:
    """Every link to it, newest first, each by its first letters, with when it was last used and when it ends."""
    return LinkList(shares=[present_key(record) for record in links.list_links(services, asker, catalogue_id)])


@router.post("/catalogues/{catalogue_id}/links", status_code=201, summary="Share a catalogue by a link")
def share_catalogue(
    catalogue_id: str,
    request: Request,
    response: Response,
    services: ServicesDep,
    asker: AskerDep,
    body: LinkRequest | None = None,
) -> MadeLink:
    """A link that shows the catalogue, its table and rows to whoever has it, until it ends or is revoked, and lets
    nobody change anything. It is shown this once.
    """
    return _made(services, asker, catalogue_id, body, request, response)


@router.delete("/catalogues/{catalogue_id}/links/{key_id}", status_code=204, summary="Revoke a link to a catalogue")
def revoke_catalogue_link(catalogue_id: str, key_id: str, services: ServicesDep, asker: AskerDep) -> None:
    """From now on the link opens nothing, and who looks by it sees no more. It stays in the list."""
    links.revoke_link(services, asker, catalogue_id, key_id)


def _made(
    services: ServicesDep, asker: AskerDep, shows: str, body: LinkRequest | None, request: Request, response: Response
) -> MadeLink:
    asked = body or LinkRequest()
    made = links.make_link(services, asker, shows, asked.name, asked.days)
    response.headers["Cache-Control"] = "no-store"
    here = services.settings.public_url or str(request.base_url).rstrip("/")
    return MadeLink(**present_new_key(made).model_dump(), url=f"{here}/#/shared/{shows}/{made.secret}")
