"""Planes for looking at: pixels as arrays, the sky, and which plane is what."""

import io
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from tests.app.conftest import EXAMPLES, Service
from tests.app.images import fits_bytes


@pytest.fixture(scope="module")
def upload(service: Service) -> str:
    return service.upload(EXAMPLES / "bulge_disc" / "bulge_disc.fits")


def array(service: Service, address: str) -> NDArray[np.float32]:
    answer = service.client.get(address)
    assert answer.status_code == 200, answer.text
    found: NDArray[np.float32] = np.load(io.BytesIO(answer.content))
    return found


def test_pixels_are_those_of_the_file(service: Service, upload: str) -> None:
    found = array(service, f"/v1/uploads/{upload}/pixels.npy?hdu=DATA")
    assert found.dtype == np.dtype("<f4")
    np.testing.assert_allclose(found, fits.getdata(EXAMPLES / "bulge_disc" / "bulge_disc.fits", "DATA"), rtol=1e-6)


def test_binned_pixels_are_means_of_blocks(service: Service, upload: str) -> None:
    whole = array(service, f"/v1/uploads/{upload}/pixels.npy")
    binned = array(service, f"/v1/uploads/{upload}/pixels.npy?bin=7")
    assert binned.shape == tuple(-(-side // 7) for side in whole.shape)
    np.testing.assert_allclose(binned[0, 0], np.nanmean(whole[:7, :7]), rtol=1e-5)


def test_pixels_are_not_sent_twice(service: Service, upload: str) -> None:
    address = f"/v1/uploads/{upload}/pixels.npy?bin=4"
    tag = service.client.get(address).headers["etag"]
    assert service.client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert service.client.get(f"{address}&hdu=1", headers={"If-None-Match": tag}).status_code == 200


def test_a_plane_that_is_not_there_is_a_fault_of_the_query(service: Service, upload: str) -> None:
    answer = service.client.get(f"/v1/uploads/{upload}/pixels.npy?hdu=NONE")
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["path"] == "query.hdu"


def test_planes_are_recognised(service: Service, upload: str) -> None:
    found: dict[str, Any] = service.client.get(f"/v1/uploads/{upload}/planes").json()
    assert set(found["planes"]) == {"data", "variance", "mask", "psf"}


def test_the_sky_is_told_where_the_header_has_it(service: Service, upload: str) -> None:
    found = service.client.get(f"/v1/uploads/{upload}/sky?hdu=DATA").json()
    assert (found["ra"], found["dec"]) == pytest.approx((150.1163, 2.2058), abs=1e-4)
    plain = service.upload(EXAMPLES / "three_galaxies" / "three_galaxies.fits")
    assert service.client.get(f"/v1/uploads/{plain}/sky").json() is None


def test_a_header_is_told_card_by_card(service: Service, upload: str) -> None:
    found = service.client.get(f"/v1/uploads/{upload}/header?hdu=DATA").json()["cards"]
    header = fits.getheader(EXAMPLES / "bulge_disc" / "bulge_disc.fits", "DATA")
    assert [card["keyword"] for card in found] == [card.keyword for card in header.cards]
    assert {card["keyword"]: card["value"] for card in found}["NAXIS1"] == header["NAXIS1"]
    assert service.client.get(f"/v1/uploads/{upload}/header?hdu=NONE").status_code == 422


def test_the_examples_can_be_fetched_and_nothing_else(service: Service) -> None:
    examples = service.client.get("/v1/examples").json()["examples"]
    assert "three_galaxies" in [example["name"] for example in examples]
    for example in examples:
        for address in (example["request"], example["picture"], *example["images"].values()):
            assert service.client.get(address).status_code == 200
    for address in ("three_galaxies/truth.json", "three_galaxies/..%2f..%2fpyproject.toml", "nothing/request.json"):
        assert service.client.get(f"/v1/examples/{address}").status_code == 404


def test_planes_of_a_cube_are_had_by_their_number(service: Service) -> None:
    cube = np.arange(3.0 * 40 * 50).reshape(3, 40, 50)
    answer = service.client.post("/v1/uploads", params={"filename": "cube.fits"}, content=fits_bytes([("CUBE", cube)]))
    assert answer.status_code == 201
    (hdu,) = [hdu for hdu in answer.json()["description"]["hdus"] if hdu["name"] == "CUBE"]
    assert (hdu["is_image"], hdu["n_planes"]) == (False, 3)
    address = answer.json()["links"]["self"]
    np.testing.assert_array_equal(array(service, f"{address}/pixels.npy?hdu=CUBE&plane=2"), cube[2])
    assert service.client.get(f"{address}/preview.png?hdu=CUBE&plane=1").status_code == 200
    assert service.client.get(f"{address}/sky?hdu=CUBE&plane=1").json() is None
    for query in ("hdu=CUBE", "hdu=CUBE&plane=3"):
        refusal = service.client.get(f"{address}/pixels.npy?{query}")
        assert (refusal.status_code, refusal.json()["faults"][0]["path"]) == (422, "query.hdu")
