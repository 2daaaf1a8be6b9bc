"""What images must have for a request's frame, and what is said where they do not."""

from dataclasses import replace
from typing import Any

import pytest

from fitting.inputs import ImageData
from fitting.inputs.frame_faults import frame_faults
from tests.fitting.images.sky import BANDS, galaxy, request_of, sky

G, R, _ = BANDS
BARE = replace(G, header=None, pixel_scale=None, zero_point=None)


@pytest.mark.parametrize(
    ("component", "image", "path", "words"),
    [
        (galaxy(), BARE, "$.images[0].data", "no world coordinates"),
        (galaxy(ra=None, dec=None, x=3.0, y=4.0), BARE, "$.images[0].pixel_scale", "is needed"),
        (sky(), BARE, "$.images[0].pixel_scale", "is needed"),
        (galaxy(flux=None, magnitude=20.0), replace(G, zero_point=None), "$.images[0].zero_point", "magnitudes"),
    ],
)
def test_an_image_lacks_something(component: dict[str, Any], image: ImageData, path: str, words: str) -> None:
    (fault,) = frame_faults(request_of(component, names=("g",)), [image])
    assert fault.path == path
    assert words in fault.message


def test_pixels_of_different_grids_are_not_mixed() -> None:
    request = request_of(galaxy(ra=None, dec=None, x=3.0, y=4.0), names=("g", "r"))
    (fault,) = frame_faults(request, [G, R])
    assert fault.path == "$.images[1].data"
    assert not list(frame_faults(request, [G, replace(G, name="r")]))


def test_images_that_have_everything_have_no_fault() -> None:
    assert not list(frame_faults(request_of(galaxy(), sky()), BANDS))
