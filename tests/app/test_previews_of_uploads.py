"""Uploads as pictures."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from tests.app.conftest import Service
from tests.app.images import SIDE, fits_bytes, kernel, noise


@pytest.fixture(scope="module")
def preview(service: Service) -> str:
    """Where the picture of a file with two images and a table-less first HDU is."""
    content = fits_bytes([("NOTHING", None), ("SCI", noise()), ("PSF", kernel(7))])
    return service.client.post("/v1/uploads", content=content).headers["location"] + "/preview.png"


def test_the_first_image_is_a_picture(service: Service, preview: str) -> None:
    response = service.client.get(preview)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    assert imread(io.BytesIO(response.content)).shape == (SIDE, SIDE, 4)


@pytest.mark.parametrize("hdu", ["2", "psf"])
def test_an_hdu_is_chosen_by_number_or_name(service: Service, preview: str, hdu: str) -> None:
    response = service.client.get(preview, params={"hdu": hdu})
    assert imread(io.BytesIO(response.content)).shape[:2] == (7, 7)


def test_every_choice_changes_the_picture(service: Service, preview: str) -> None:
    choices: list[dict[str, object]] = [
        {},
        {"stretch": "linear"},
        {"stretch": "log"},
        {"stretch": "zscale"},
        {"low": 9.5},
        {"high": 10.5},
        {"colormap": "magma"},
        {"size": 16},
    ]
    pictures = [service.client.get(preview, params=chosen).content for chosen in choices]
    assert len(set(pictures)) == len(choices)


def test_a_picture_that_the_client_has_is_a_304(service: Service, preview: str) -> None:
    tag = {"If-None-Match": service.client.get(preview).headers["etag"]}
    assert service.client.get(preview, headers=tag).status_code == 304
    assert service.client.get(preview, params={"low": 1}, headers=tag).status_code == 200


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"hdu": "0"}, "query.hdu"),
        ({"hdu": "nosuch"}, "query.hdu"),
        ({"colormap": "nosuch"}, "query.colormap"),
        ({"low": 3, "high": 2}, "query.high"),
        ({"stretch": "sqrt"}, "query.stretch"),
        ({"size": 5000}, "query.size"),
        ({"low": "nan"}, "query.low"),
    ],
)
def test_a_choice_that_cannot_be_drawn_is_told(
    service: Service, preview: str, query: dict[str, object], place: str
) -> None:
    response = service.client.get(preview, params=query)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    (fault,) = response.json()["faults"]
    assert fault["path"] == place
    assert fault["expected"]


def test_a_large_image_is_averaged(service: Service) -> None:
    content = fits_bytes([("SCI", np.ones((300, 1200), dtype=np.float32))])
    address = service.client.post("/v1/uploads", content=content).headers["location"]
    response = service.client.get(f"{address}/preview.png", params={"size": 100})
    assert imread(io.BytesIO(response.content)).shape[:2] == (25, 100)
