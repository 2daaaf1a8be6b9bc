"""Planes of a file, recognised by name and shape."""

import pytest

from fitting.files import FileDescription, HduDescription, recognise_planes

SQUARE, STAMP = (50, 60), (21, 21)


def described(*hdus: tuple[str, tuple[int, ...]]) -> FileDescription:
    return FileDescription(
        format="fits",
        hdus=tuple(
            HduDescription(index=place, name=name, kind="image", shape=shape, is_image=len(shape) == 2, sum=1.0)
            for place, (name, shape) in enumerate(hdus)
        ),
    )


@pytest.mark.parametrize(
    ("hdus", "expected"),
    [
        ([("", SQUARE)], {"data": 0}),
        ([("", ()), ("SCI", SQUARE), ("ERR", SQUARE), ("DQ", SQUARE)], {"data": 1, "sigma": 2, "mask": 3}),
        ([("DATA", SQUARE), ("VARIANCE", SQUARE), ("PSF", STAMP)], {"data": 0, "variance": 1, "psf": 2}),
        ([("DATA", SQUARE), ("PSF", (20, 24))], {"data": 0, "psf": 1}),
        ([("IVAR", SQUARE), ("sci", SQUARE)], {"data": 1, "weight": 0}),
        ([("", SQUARE), ("", STAMP)], {"data": 0}),
        ([("", SQUARE), ("VAR", SQUARE), ("ERR", SQUARE)], {"data": 0, "variance": 1}),
    ],
)
def test_planes_are_recognised(hdus: list[tuple[str, tuple[int, ...]]], expected: dict[str, int]) -> None:
    assert recognise_planes(described(*hdus), None).hdus == expected


@pytest.mark.parametrize(("name", "shape"), [("MASK", STAMP), ("PSF", (50, 20)), ("PSF", SQUARE), ("VAR", (60, 50))])
def test_a_name_with_the_wrong_shape_is_told(name: str, shape: tuple[int, int]) -> None:
    planes = recognise_planes(described(("SCI", SQUARE), (name, shape)), None)
    assert planes.hdus == {"data": 0}
    (warning,) = planes.warnings
    assert name in warning


def test_the_data_may_be_named() -> None:
    file = described(("SCI", SQUARE), ("OTHER", SQUARE), ("MASK", SQUARE))
    assert recognise_planes(file, "other").hdus == {"data": 1, "mask": 2}
    assert recognise_planes(file, 1).hdus == {"data": 1, "mask": 2}
