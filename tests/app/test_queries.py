"""Queries that say more than they may, or say it at length."""

from http.client import HTTPConnection
from urllib.parse import quote

import pytest

from tests.app.conftest import Service


@pytest.mark.parametrize(
    ("address", "name"),
    [("/v1/fits?name=a&name=b", "name"), ("/v1/uploads?limit=3&limit=3", "limit"), ("/uws/fits?LAST=1&LAST=2", "LAST")],
)
def test_a_parameter_of_one_value_that_is_given_twice_is_refused(service: Service, address: str, name: str) -> None:
    response = service.client.get(address)
    assert response.status_code == 422
    assert [fault["path"] for fault in response.json()["faults"]] == [f"query.{name}"]


@pytest.mark.parametrize("address", ["/v1/fits?state=queued&state=running&label=a&label=b", "/v1/fits?other=1&other=2"])
def test_a_list_may_be_repeated_and_so_may_what_nobody_reads(service: Service, address: str) -> None:
    assert service.client.get(address).status_code == 200


def test_the_longest_query_that_a_plot_takes_is_read(service: Service) -> None:
    tile = quote("\N{MAHJONG TILE EAST WIND}")
    connection = HTTPConnection("127.0.0.1", service.port, timeout=30)
    address = f"/v1/fits/fit_none/plots/corner.png?truth={tile * 16_000}&parameters={tile * 8_000}"
    connection.request("GET", address)
    response = connection.getresponse()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status in (404, 422)
    connection.close()
