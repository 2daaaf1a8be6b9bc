"""Several images through the whole service."""

from pathlib import Path

from tests.app.conftest import Service
from tests.app.test_whole_path import finished, part
from tests.fitting.images.files import FLUXES, write_bands


def test_three_bands_are_fitted_together(working_service: Service, tmp_path: Path) -> None:
    request = write_bands(tmp_path)
    for image in request["images"]:
        image["data"] = working_service.upload(tmp_path / f"{image['name']}.fits")
    response = working_service.client.post("/v1/fits", json=request)
    assert response.status_code == 202, response.text
    fit = finished(working_service, response.json())
    assert fit["state"] == "succeeded", fit
    document = part(working_service, fit, "parameters").json()
    rows = {row["name"]: row for row in document["parameters"]}
    for image, flux in FLUXES.items():
        assert abs(rows[f"a.flux[{image}]"]["value"] - flux) < 4.0 * rows[f"a.flux[{image}]"]["uncertainty"]
        assert part(working_service, fit, f"images/{image}/residual.fits").status_code == 200
    assert {"a.x[g]", "a.magnitude[r]"} - {row["name"] for row in document["derived"]} == {"a.magnitude[r]"}


def test_an_image_without_coordinates_is_refused_at_its_place(
    working_service: Service, seed_file: Path, tmp_path: Path
) -> None:
    request = write_bands(tmp_path)
    upload = working_service.upload(seed_file)
    for image in request["images"]:
        image["data"] = upload
    response = working_service.client.post("/v1/fits", json=request)
    assert response.status_code == 422
    assert {fault["path"] for fault in response.json()["faults"]} == {f"$.images[{index}].data" for index in range(3)}
