"""The page's documents: every file comes from the service itself, under a policy that lets nothing else in."""

import re

import pytest

from tests.app.conftest import Service


@pytest.mark.parametrize("address", ["/", "/docs", "/help"])
def test_a_document_loads_only_what_the_service_has(service: Service, address: str) -> None:
    page = service.client.get(address)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert "<script>" not in page.text
    loaded = re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) > 4
    assert [name for name in loaded if service.client.get(name).status_code != 200] == []
    assert all(name.startswith("/page/") for name in loaded)


def test_there_is_one_page_of_routes(service: Service) -> None:
    assert service.client.get("/redoc").status_code == 404
