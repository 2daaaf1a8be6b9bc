"""PSF images of components, `image_psf`: sampled as the image is, or refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.inputs import ImageData, load_images
from fitting.spec import RequestInvalid, parse_request

STAMP = np.exp(-0.5 * np.hypot(*(np.mgrid[:15, :15] - 7.0)) ** 2 / 2.0**2)


def loaded(folder: Path, cards: dict[str, Any], scale: float | None = 0.2) -> list[ImageData]:
    fits.PrimaryHDU(np.random.default_rng(1).normal(size=(30, 30))).writeto(folder / "d.fits")
    fits.PrimaryHDU(STAMP / STAMP.sum(), fits.Header(cards)).writeto(folder / "p.fits")
    image = {"data": "d.fits", "variance": {"constant": 1}} | ({} if scale is None else {"pixel_scale": scale})
    star = {"name": "p", "profile": "image_psf", "options": {"image": "p.fits"}}
    return load_images(parse_request({"images": [image], "components": [star]}), folder.joinpath)


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ({"OVERSAMP": 3, "DET_SAMP": 3}, "3 pixels of the PSF image make one"),
        ({"PIXELSCL": 0.05}, "4 pixels of the PSF image make one"),
        ({"PSF_SAMP": 0.7}, "1.43 of its pixels make one"),
    ],
)
def test_another_sampling_than_the_images_is_refused(tmp_path: Path, cards: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestInvalid) as raised:
        loaded(tmp_path, cards)
    (fault,) = raised.value.faults
    assert fault.path == "$.components[0].options.image"
    assert words in fault.message
    assert "at the image's sampling" in str(fault.expected)


@pytest.mark.parametrize("cards", [{}, {"OVERSAMP": 1}, {"PIXELSCL": 0.2}, {"EXTNAME": "DET_SAMP", "OVERSAMP": 4}])
def test_the_images_sampling_is_taken(tmp_path: Path, cards: dict[str, Any]) -> None:
    (image,) = loaded(tmp_path, cards)
    np.testing.assert_allclose(image.bases["p"][0], STAMP / STAMP.sum())
