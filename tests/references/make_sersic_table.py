"""Exact pixel values that the engine is held to: `python -m tests.references.make_sersic_table` makes the table.

A case for every combination of n, r_e and q below, each with a centre and a position angle of its own, and blurred
images for a few. The arrays:

    cases            (cases, 8): x, y, q, pa, n, r_e, frame side, integral over the frame; i_e is 1
    pixel_case       (pixels,): which case a pixel belongs to
    pixel_x, pixel_y (pixels,)
    pixel_value      (pixels,): integral over the pixel
    kernel           (25, 25): a lopsided Moffat function
    blurred_cases    (blurred, 6): x, y, q, pa, n, r_e
    blurred_images   (blurred, 41, 41): pixel integrals on a frame 12 wider all round, convolved directly
"""

import itertools
from pathlib import Path

import numpy as np
from scipy.signal import convolve

from tests.references.sersic_pixels import Array, pixel_integral, rectangle_integral

TABLE = Path(__file__).with_name("sersic_table.npz")
INDICES = (0.5, 1.0, 2.5, 4.0, 8.0)
RADII = (1.0, 2.0, 5.0, 15.0, 50.0)
RATIOS = (0.1, 0.3, 0.6, 1.0)
ANGLES = (0.0, 33.0, 45.0, 71.3, 90.0, 118.0, 164.5)
OFFSETS = (
    (0.0, 0.0),
    (0.5, 0.5),
    (0.5, 0.13),
    (0.4995, 0.2),
    (-0.4993, 0.4996),
    (-0.31, 0.5004),
    (0.25, -0.25),
    (0.37, -0.08),
    (-0.12, 0.29),
)
"""Of the centre from a pixel's centre: on it, on a corner, on an edge, within a thousandth of one, and free."""
NEAR = 5.0
FAR_SAMPLE = 60
SIDE = 41
KERNEL_SIDE = 25
BLURRED = (
    (20.3, 19.6, 0.9, 20.0, 1.0, 3.0),
    (20.0, 20.0, 0.3, 65.0, 1.0, 10.0),
    (20.5, 20.5, 0.6, 110.0, 2.5, 4.0),
    (12.4996, 26.1, 0.4, 150.0, 2.5, 8.0),
    (20.1, 19.9, 0.8, 5.0, 4.0, 3.0),
    (38.7, 3.2, 0.5, 45.0, 4.0, 10.0),
    (19.7, 20.4, 0.7, 80.0, 6.0, 5.0),
    (20.5, 20.2, 0.3, 33.0, 6.0, 10.0),
)


def main() -> None:
    """Write the table."""
    generator = np.random.default_rng(20)
    cases, owners, pixels, values = [], [], [], []
    for number, (n, r_e, q) in enumerate(itertools.product(INDICES, RADII, RATIOS)):
        side = 2 * int(np.ceil(4.0 * r_e) + 6) + 1
        offset = OFFSETS[generator.integers(len(OFFSETS))]
        x, y = side // 2 + offset[0], side // 2 + offset[1]
        shape = (q, float(generator.choice(ANGLES)), n, r_e)
        chosen = chosen_pixels(x, y, *shape[:2], r_e, side, generator)
        frame = float(rectangle_integral(x, y, -0.5, side - 0.5, -0.5, side - 0.5, *shape, 1.0))
        cases.append((x, y, *shape, side, frame))
        owners.append(np.full(len(chosen), number))
        pixels.append(chosen)
        values.append(pixel_integral(x, y, chosen[:, 0], chosen[:, 1], *shape, 1.0))
    kernel = moffat_kernel()
    np.savez_compressed(
        TABLE,
        cases=np.array(cases),
        pixel_case=np.concatenate(owners).astype(np.int16),
        pixel_x=np.concatenate(pixels)[:, 0].astype(np.int16),
        pixel_y=np.concatenate(pixels)[:, 1].astype(np.int16),
        pixel_value=np.concatenate(values),
        kernel=kernel,
        blurred_cases=np.array(BLURRED),
        blurred_images=np.stack([blurred_image(case, kernel) for case in BLURRED]),
    )


def elliptical_radius(x: Array, y: Array, q: float, pa: float) -> Array:
    """Of offsets x, y from the centre, along the major axis, pixels."""
    sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))
    return np.asarray(np.hypot(-sine * x + cosine * y, (cosine * x + sine * y) / q))


def chosen_pixels(
    x: float, y: float, q: float, pa: float, r_e: float, side: int, generator: np.random.Generator
) -> Array:
    """Pixels (count, 2) of x, y: all near the centre, and a sample of those inside four half-light radii."""
    rows, columns = np.mgrid[:side, :side]
    near = np.hypot(columns - x, rows - y) <= NEAR
    inside = elliptical_radius(columns - x, rows - y, q, pa) <= 4.0 * r_e
    further = np.flatnonzero(inside & ~near)
    sample = generator.choice(further, min(FAR_SAMPLE, further.size), replace=False)
    index = np.concatenate((np.flatnonzero(near), np.sort(sample)))
    return np.stack((index % side, index // side), axis=1)


def moffat_kernel() -> Array:
    """A Moffat function with beta 3 and a full width of 3.5 pixels, flattened, turned and off its centre; sum 1."""
    y, x = np.mgrid[:KERNEL_SIDE, :KERNEL_SIDE] - KERNEL_SIDE // 2
    core = 3.5 / (2.0 * np.sqrt(2.0 ** (1.0 / 3.0) - 1.0))
    kernel = (1.0 + (elliptical_radius(x - 0.2, y + 0.3, 0.8, 25.0) / core) ** 2) ** -3.0
    return np.asarray(kernel / kernel.sum())


def blurred_image(case: tuple[float, ...], kernel: Array) -> Array:
    """Pixel integrals on the widened frame, convolved with the kernel by plain summation: (SIDE, SIDE)."""
    margin = KERNEL_SIDE // 2
    rows, columns = np.mgrid[-margin : SIDE + margin, -margin : SIDE + margin]
    x, y, q, pa, n, r_e = case
    sharp = pixel_integral(x, y, columns, rows, q, pa, n, r_e, 1.0)
    return np.asarray(convolve(sharp, kernel, mode="valid", method="direct"))


if __name__ == "__main__":
    main()
