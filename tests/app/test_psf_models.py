"""Models of PSFs as uploads: kept, described, seen by the page's questions, and fitted with; never an error of ours."""

import io
from pathlib import Path

import numpy as np

from tests.app.conftest import Service
from tests.fitting.inputs.test_psf_models import grid_planes, psfex_planes, write_psfex, write_stdpsf


def uploaded(service: Service, path: Path) -> str:
    answer = service.client.post("/v1/uploads", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_models_of_psfs_are_uploads(service: Service, tmp_path: Path) -> None:
    write_psfex(tmp_path / "r.psf", psfex_planes(2))
    write_stdpsf(tmp_path / "std.fits", grid_planes(0.25, (41, 41)))
    pixels = io.BytesIO()
    np.save(pixels, np.random.default_rng(1).normal(size=(60, 60)))
    data = service.client.post("/v1/uploads", content=pixels.getvalue()).json()["id"]
    for name, hdu, words in (("r.psf", 1, "PSF model of PSFEx"), ("std.fits", 0, "STDPSF cube")):
        psf = uploaded(service, tmp_path / name)
        described = service.client.get(f"/v1/uploads/{psf}").json()["description"]["hdus"][hdu]
        assert (described["role"], words in described["role_reason"]) == ("psf", True)
        planes = service.client.get(f"/v1/uploads/{psf}/planes").json()
        assert planes["planes"] == {"psf": hdu}
        assert words in planes["warnings"][0]
        for way in ("preview.png", "pixels"):
            answer = service.client.get(f"/v1/uploads/{psf}/{way}", params={"hdu": hdu})
            assert answer.status_code < 500, answer.text
        image = {"data": data, "variance": {"constant": 1}, "psf": {"upload": psf}}
        component = {"name": "g", "profile": "sersic", "parameters": {"x": 30, "y": 30, "flux": 100}}
        answer = service.client.post("/v1/fits", json={"images": [image], "components": [component]})
        assert answer.status_code == 202, answer.text
        assert [notice["code"] for notice in answer.json()["notices"]][:1] == ["psf-model"]
        proposal = service.client.post(f"/v1/uploads/{data}/propose", json={"psf": {"upload": psf}})
        assert proposal.status_code == 200, proposal.text
