"""Pixel values that every radial profile is held to: `python -m tests.references.make_radial_table` makes the table.

For each shape of `SHAPES`, four axis ratios with a centre and a position angle of their own. The arrays:

    case_profile, case_shape  (cases,): name, and place in its tuple of shapes
    cases                     (cases, 6): x, y, q, pa, frame side, integral over the frame
    pixel_case                (pixels,): which case a pixel belongs to
    pixel_x, pixel_y          (pixels,)
    pixel_value               (pixels,): integral over the pixel, to 1e-7
    pixel_nearby              (pixels,): the largest value of it and the pixels around it
"""

from pathlib import Path

import numpy as np

from tests.references.make_sersic_table import ANGLES, NEAR, OFFSETS, elliptical_radius
from tests.references.pixel_quadrature import integrals
from tests.references.radial_formulas import ENDS, FORMULAS, SHAPES, Array

TABLE = Path(__file__).with_name("radial_table.npz")
RATIOS = (0.1, 0.35, 0.7, 1.0)
FAR_SAMPLE = 24
SIDE = 61
FRAME = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2)


def main() -> None:
    """Write the table."""
    generator = np.random.default_rng(31)
    names, numbers, cases, owners, pixels, values, nearby = [], [], [], [], [], [], []
    for name, shapes in SHAPES.items():
        for number, shape in enumerate(shapes):
            for q in RATIOS:
                offset = OFFSETS[generator.integers(len(OFFSETS))]
                place = (SIDE // 2 + offset[0], SIDE // 2 + offset[1], q, float(generator.choice(ANGLES)))
                chosen = chosen_pixels(name, shape, place, generator)
                around = around_pixels(name, shape, place, chosen)
                frame = integral(name, shape, place, FRAME, np.zeros(len(FRAME), dtype=int))
                owners.append(np.full(len(chosen), len(cases)))
                names.append(name)
                numbers.append(number)
                cases.append((*place, SIDE, float(frame[0])))
                pixels.append(chosen)
                values.append(around[:, 4])
                nearby.append(around.max(axis=1))
        print(name, flush=True)
    np.savez_compressed(
        TABLE,
        case_profile=np.array(names),
        case_shape=np.array(numbers, dtype=np.int16),
        cases=np.array(cases),
        pixel_case=np.concatenate(owners).astype(np.int16),
        pixel_x=np.concatenate(pixels)[:, 0].astype(np.int16),
        pixel_y=np.concatenate(pixels)[:, 1].astype(np.int16),
        pixel_value=np.concatenate(values),
        pixel_nearby=np.concatenate(nearby),
    )


def integral(name: str, shape: dict[str, float], place: tuple[float, ...], pixels: Array, owner: Array) -> Array:
    """∬ of a profile over `pixels` (count, 2), summed by owner (count,): (owners,)."""
    x0, y0, q, pa = place

    def brightness(x: Array, y: Array) -> Array:
        return FORMULAS[name](elliptical_radius(x - x0, y - y0, q, pa), **shape)

    return integrals(brightness, pixels[:, 0].astype(float), pixels[:, 1].astype(float), owner)


def around_pixels(name: str, shape: dict[str, float], place: tuple[float, ...], chosen: Array) -> Array:
    """Values (count, 9) of each pixel and those around it; itself in the middle."""
    steps = np.array([(a, b) for b in (-1, 0, 1) for a in (-1, 0, 1)])
    every = (chosen[:, None] + steps).reshape(-1, 2)
    unique, place_of = np.unique(every, axis=0, return_inverse=True)
    return integral(name, shape, place, unique, np.arange(len(unique)))[place_of.ravel()].reshape(-1, 9)


def chosen_pixels(
    name: str, shape: dict[str, float], place: tuple[float, ...], generator: np.random.Generator
) -> Array:
    """Pixels (count, 2) of x, y: all within two of the centre, some within five, a sample of the others where there is
    light, and some that the profile's end crosses.
    """
    x0, y0, q, pa = place
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(columns - x0, rows - y0)
    light = FORMULAS[name](elliptical_radius(columns - x0, rows - y0, q, pa), **shape)
    bright = light > 1e-4 * np.partition(light, -9, axis=None)[-9]
    groups = [(distance <= 2.0, 16), ((distance <= NEAR) & bright, 16), (bright & (distance > NEAR), FAR_SAMPLE)]
    special = shape.get("r_b", shape.get(ENDS.get(name, "")))
    if special is not None:
        radius = elliptical_radius(columns - x0, rows - y0, q, pa)
        groups.append((np.abs(radius - special) < 0.7, 16))
    index = [
        generator.choice(found, min(count, found.size), replace=False)
        for mask, count in groups
        if (found := np.flatnonzero(mask)).size
    ]
    chosen = np.unique(np.concatenate(index))
    return np.stack((chosen % SIDE, chosen // SIDE), axis=1)


if __name__ == "__main__":
    main()
