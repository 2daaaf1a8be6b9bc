"""Proposals: from an upload to a request that the service takes as it is."""

from typing import Any

import numpy as np
import pytest

from app.models.proposals import Proposal
from fitting.spec import parse_proposal, parse_request
from photfit import Client
from photfit.client import Refused
from tests.app.conftest import EXAMPLES, Service, wait_until
from tests.app.images import fits_bytes, noise


@pytest.fixture(scope="module")
def psf_upload(working_service: Service) -> str:
    return working_service.upload(EXAMPLES / "three_galaxies_psf" / "three_galaxies_psf.fits")


def propose(service: Service, upload: str, body: Any = None) -> dict[str, Any]:
    response = service.client.post(f"/v1/uploads/{upload}/propose", json={} if body is None else body)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    Proposal.model_validate(document)
    return document


def test_a_proposal_is_a_request_that_can_be_fitted_as_it_is(working_service: Service, psf_upload: str) -> None:
    proposal = propose(working_service, psf_upload)
    parse_request(proposal["request"])
    assert [source["name"] for source in proposal["sources"]] == ["g1", "g2", "g3"]
    assert proposal["planes"]["variance"] == {"upload": psf_upload, "hdu": 1}
    created = working_service.client.post("/v1/fits", json=proposal["request"])
    assert created.status_code == 202, created.text
    fit = created.json()
    wait_until(
        lambda: working_service.client.get(f"/v1/fits/{fit['id']}").json()["state"] == "succeeded", 60, "the fit"
    )
    parameters = working_service.client.get(f"/v1/fits/{fit['id']}/parameters").json()
    assert parameters["chi2_reduced"] == pytest.approx(1.012325, abs=1e-5)


def test_a_body_is_not_needed(working_service: Service, psf_upload: str) -> None:
    response = working_service.client.post(f"/v1/uploads/{psf_upload}/propose")
    assert response.status_code == 200
    assert len(response.json()["sources"]) == 3


def test_the_client_waits_for_a_search_and_tells_of_it(working_service: Service, psf_upload: str) -> None:
    told: list[dict[str, Any]] = []
    with Client(str(working_service.client.base_url)) as client:
        found = client.propose(psf_upload, {"max_components": 1}, told.append)
        with pytest.raises(Refused, match=r"\$\.segmentation") as refused:
            client.propose(psf_upload, {"segmentation": 0})
    assert found == propose(working_service, psf_upload, {"max_components": 1})
    assert told[-1]["state"] == "succeeded"
    assert refused.value.status == 422


def test_options_are_heard(working_service: Service, psf_upload: str) -> None:
    proposal = propose(working_service, psf_upload, {"hdu": 0, "variance": 1, "psf": "[2]", "max_components": 1})
    assert len(proposal["sources"]) == 1
    assert proposal["left_out"] > 0


def test_a_field_without_sources_brings_the_sky_and_says_so(working_service: Service) -> None:
    upload = working_service.client.post("/v1/uploads", content=fits_bytes([("SCI", noise(64))])).json()["id"]
    proposal = propose(working_service, upload)
    assert [component["name"] for component in proposal["request"]["components"]] == ["sky"]
    assert "sky alone" in " ".join(proposal["warnings"])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"thresold": 3}, "$.thresold"),
        ({"psf": {"upload": "upl_none"}}, "$.psf"),
        ({"mask": 2}, "$.mask"),
        ([], "$"),
    ],
)
def test_a_mistake_is_a_problem_with_its_place(
    working_service: Service, psf_upload: str, body: Any, place: str
) -> None:
    response = working_service.client.post(f"/v1/uploads/{psf_upload}/propose", json=body)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["path"] for fault in response.json()["faults"]] == [place]


def test_an_unknown_upload_is_not_found(working_service: Service) -> None:
    assert working_service.client.post("/v1/uploads/upl_none/propose", json={}).status_code == 404


def test_an_image_of_nan_is_a_fault(working_service: Service) -> None:
    content = fits_bytes([("SCI", np.full((20, 20), np.nan))])
    upload = working_service.client.post("/v1/uploads", content=content).json()["id"]
    response = working_service.client.post(f"/v1/uploads/{upload}/propose", json={})
    assert response.status_code == 422
    assert "no finite pixel" in response.text


def test_the_examples_of_the_document_are_sound(working_service: Service) -> None:
    document = working_service.client.get("/openapi.json").json()
    body = document["paths"]["/v1/uploads/{upload_id}/propose"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        parse_proposal(example["value"], "upl_1", "upload")
