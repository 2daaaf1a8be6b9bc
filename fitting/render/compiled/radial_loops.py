"""Pixel means of radial profiles and of their derivative columns, compiled: what `fitting.render.radial` does by
tensors, with the same rules, orders and points, in loops whose numbers stay in a core's registers and caches.

Columns are those of `fitting.render.radial.radial_images`, all of unit amplitude: ∂I/∂ρ times δx, δy, δx², δxδy, δy²,
∂I/∂(shape parameters), I.

An instance is a row of numbers: x, y, A, 2B, C of its ellipse, and then its profile's constants.
"""

import math

import numpy as np
from numba import njit

from fitting.profiles.radial import RHO_FLOOR
from fitting.render.compiled.brightness_rows import Numbers, brightness_row, derivatives_row
from fitting.render.compiled.elementary import SUMS, VECTORS, logarithm
from fitting.render.compiled.kinds import SERSIC

_GEOMETRY = 5
"""Columns that belong to the geometry (`fitting.render.radial.GEOMETRY`)."""
_LEAST_RADIUS = RHO_FLOOR**0.5
"""Scale lengths; the radius of the least ρ."""
_CHORDS = 5
"""Chords of a pixel on which κ is looked at, along each axis, as in `fitting.render.radial.radial_plan`."""
_TOGETHER = 1024
"""Points of fixed pixels that are evaluated at a time, at least those of the highest order, 32²; by hand."""
_BLOCK = 6144
"""Samples of an image's rows that are made at a time, about: a dozen arrays of them fit into half a MiB. By hand."""
_LEAST_ROWS = 16
"""Rows that are made at a time, at least, beside the six that the stencil needs more. By hand."""
_FEW = 25
"""Points of a pixel up to which sums go over pixels side by side; above, over the points of one. By hand."""
_EDGE_X = (1.0, 0.0, -1.0, 0.0)
"""x from each corner of a pixel to the next, counter-clockwise, as in `fitting.render.radial.outline`."""
_EDGE_Y = (0.0, 1.0, 0.0, -1.0)
"""y from each corner to the next."""
_CORNER_X = (-0.5, 0.5, 0.5, -0.5)
"""x where an edge begins, pixels from the middle."""
_CORNER_Y = (-0.5, -0.5, 0.5, 0.5)
"""y where an edge begins."""


@njit(cache=True, **VECTORS)
def write_images(
    kind: int,
    instances: Numbers,
    frame: Numbers,
    margins: Numbers,
    taps: Numbers,
    pixels: Numbers,
    counts: Numbers,
    nodes: tuple[Numbers, Numbers],
    edges: Numbers,
    rays: Numbers,
    images: Numbers,
) -> None:
    """Fill `images` (instances, height, width) with pixel means; see `write_columns`."""
    for i in range(len(instances)):
        at, constants = instances[i, :5], instances[i, 5:]
        _stencil_image(kind, at, constants, frame, margins[i], taps[margins[i]], images[i])
        _central_values(
            kind, at, constants, frame, pixels, counts[i], edges[counts[i, -2]], rays[counts[i, -1]], images[i]
        )
        _fixed_values(kind, at, constants, frame, pixels, counts[i], nodes, images[i])


@njit(cache=True, **VECTORS)
def write_columns(
    kind: int,
    instances: Numbers,
    frame: Numbers,
    margins: Numbers,
    taps: Numbers,
    pixels: Numbers,
    counts: Numbers,
    nodes: tuple[Numbers, Numbers],
    edges: Numbers,
    rays: Numbers,
    columns: Numbers,
) -> None:
    """Fill `columns` (instances, columns, height, width) with pixel means of the derivative columns.

    Args:
        kind: number of the profile (`brightness_rows`).
        instances: (instances, 5 + constants).
        frame: first column, first row, width, height.
        margins: of each instance's stencil, (instances,).
        taps: of the stencil of each margin, the middle one first, (margins, 4).
        pixels: x and y of those that quadrature serves, class after class, (pixels, 2).
        counts: where in `pixels` those of each class of an instance begin, and the end; then the numbers of its rules
            on edges and on rays, (instances, classes + 3).
        nodes: of the fixed rules: where each begins, and the points' x, y and weights.
        edges: of each rule on edges the lengths, and constant and slope by the foot of places and of weights.
        rays: of each rule on rays ln λ² and weights.
    """
    for i in range(len(instances)):
        at, constants = instances[i, :5], instances[i, 5:]
        _stencil_columns(kind, at, constants, frame, margins[i], taps[margins[i]], columns[i])
        _central_columns(
            kind, at, constants, frame, pixels, counts[i], edges[counts[i, -2]], rays[counts[i, -1]], columns[i]
        )
        _fixed_columns(kind, at, constants, frame, pixels, counts[i], nodes, columns[i])


@njit(cache=True, **SUMS)
def write_sums(columns: Numbers, weights: Numbers, sums: Numbers) -> None:
    """Fill `sums` (instances, columns) with the sums over pixels of `weights` times each of `columns` (instances,
    columns, pixels). A row of `weights` (rows, pixels) is that of as many instances in a row as there are to each.
    """
    together = columns.shape[0] // len(weights)
    for i in range(columns.shape[0]):
        weight = weights[i // together]
        for j in range(columns.shape[1]):
            column, total = columns[i, j], 0.0
            for p in range(len(weight)):
                total += column[p] * weight[p]
            sums[i, j] = total


@njit(cache=True, **VECTORS)
def write_brightness(kind: int, constants: Numbers, radii: Numbers, scale: float, light: Numbers) -> None:
    """Fill `light` with the brightness of unit amplitude at radii, in the unit of the scale length; both (points,)."""
    log_rho = np.empty(len(radii))
    for i in range(len(radii)):
        log_rho[i] = 2.0 * logarithm(max(abs(radii[i]) / scale, _LEAST_RADIUS))
    brightness_row(kind, constants, log_rho, light, len(radii))


@njit(**VECTORS)
def _ellipses_of_row(
    q: float, sine: float, cosine: float, margin: float, dx: Numbers, dy: float, least: Numbers
) -> None:
    """κ of the pixels of a row, as `fitting.render.radial.radial_plan.analytic_ellipse` has it."""
    stretch = 1.0 / (q * q)
    xx, yy = sine * sine + cosine * cosine * stretch, cosine * cosine + sine * sine * stretch
    xy = sine * cosine * (stretch - 1.0)
    least[:] = np.inf
    for chord in range(2 * _CHORDS):
        along_x = chord < _CHORDS
        straight = xx if along_x else yy
        slope, width = -xy / straight, 2.0 / (q * straight)
        place = (chord % _CHORDS) / (_CHORDS - 1) - 0.5
        for i in range(len(dx)):
            off = (dy if along_x else dx[i]) + place
            near = max(abs(off) - margin, 0.0)
            real = 2.0 * (math.copysign(near, off) * slope - (dx[i] if along_x else dy))
            real -= min(max(real, -2.0 * margin), 2.0 * margin)
            squared = (near * width) ** 2
            distances = math.sqrt((real - 1.0) ** 2 + squared) + math.sqrt((real + 1.0) ** 2 + squared)
            least[i] = min(least[i], distances)
    for i in range(len(dx)):
        least[i] = 0.5 * (least[i] + math.sqrt(max(least[i] * least[i] - 4.0, 0.0)))


@njit(cache=True, **VECTORS)
def write_classes(
    shape: Numbers,
    box: Numbers,
    limits: Numbers,
    ellipses: Numbers,
    radii: Numbers,
    log_errors: Numbers,
    served: Numbers,
) -> None:
    """Fill `served` (rows, columns) with the classes of pixels, as `fitting.render.radial.radial_plan` chooses them
    where there is no break.

    Args:
        shape: x, y, q, sine and cosine of the position angle, a pixel's stretched side, and one where the centre is
            smooth (else zero).
        box: the first column and row.
        limits: ln of the errors that are allowed near and elsewhere, how far near goes, margin, and how far from the
            centre the stencil begins, in stretched sides.
        ellipses: the least κ of each order, (orders,).
        radii, log_errors: of the smoothness, (radii,) and (rules, radii).
    """
    x, y, q, sine, cosine, size = shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]
    dx, least = np.arange(served.shape[1]) + (box[0] - x), np.full(served.shape[1], np.inf)
    orders = len(ellipses)
    for row in range(served.shape[0]):
        dy = box[1] + row - y
        if shape[6] == 0.0:
            _ellipses_of_row(q, sine, cosine, limits[3], dx, dy, least)
        for i in range(len(dx)):
            radius = math.hypot(-dx[i] * sine + dy * cosine, (dx[i] * cosine + dy * sine) / q)
            tolerance = limits[0] if math.hypot(dx[i], dy) <= limits[2] else limits[1]
            after = min(max(int(np.searchsorted(radii, radius)), 1), len(radii) - 1)
            left = radii[after - 1]
            share = min((radius - left) / (radii[after] - left), 1.0)
            outside = radius > 2.0 * size if shape[6] == 1.0 else least[i] >= ellipses[0]
            found = 1 if outside else 0
            for order in range(orders + 1):
                before = log_errors[order, after - 1]
                enough = before + share * (log_errors[order, after] - before) <= tolerance
                if order < orders:
                    found = order + 1 if enough and least[i] >= ellipses[order] else found
                elif enough and radius - limits[3] >= limits[4] * size:
                    found = orders + 3
            served[row, i] = found


def call_once() -> None:
    """Call all loops, by which they are compiled, or taken from the disk: for a small galaxy without pixels near its
    centre, in arrays of the types that they have in fits.
    """
    instances = np.array([[4.0, 4.0, 0.1, 0.0, 0.1, 0.5, 1.7, -1.7, 2.0, -0.8, 0.8]])
    frame, margins, counts = np.array([0, 0, 9, 9]), np.ones(1, dtype=np.int64), np.zeros((1, 10), dtype=np.int64)
    pixels, nodes = np.zeros((0, 2), dtype=np.int64), (np.arange(7), np.zeros((3, 6)))
    rules = np.eye(4), pixels, counts, nodes, np.zeros((1, 5, 2)), np.zeros((1, 3, 1))
    write_images(SERSIC, instances, frame, margins, *rules, np.empty((1, 9, 9)))
    write_columns(SERSIC, instances, frame, margins, *rules, np.empty((1, _GEOMETRY + 2, 9, 9)))
    write_sums(np.ones((1, 1, 4)), np.ones((1, 4)), np.empty((1, 1)))
    write_brightness(SERSIC, instances[0, 5:], np.ones(3), 1.0, np.empty(3))
    shape, limits = np.array([4.0, 4.0, 0.5, 0.0, 1.0, 2.0, 0.0]), np.array([-1.0, -1.0, 6.0, 0.1, 7.0])
    table = np.arange(3.0), np.zeros((8, 3)), np.empty((9, 9), dtype=np.int64)
    write_classes(shape, np.array([0, 0]), limits, np.ones(6), *table)


@njit(**VECTORS)
def _place_block(at: Numbers, frame: Numbers, margin: int, first: int, rows: int, dx: Numbers, dy: Numbers) -> None:
    """Offsets from the centre of samples: of so many rows, wider than the frame by the margin, row after row."""
    wide = frame[2] + 2 * margin
    left, low = frame[0] - margin - at[0], frame[1] - margin + first - at[1]
    for number in range(rows):
        row_x, row_y = dx[number * wide :], dy[number * wide :]
        for i in range(wide):
            row_x[i], row_y[i] = left + i, low + number


@njit(**VECTORS)
def _down_columns(samples: Numbers, wide: int, margin: int, taps: Numbers, count: int, means: Numbers) -> None:
    """Means down the columns of samples that begin `margin` rows above."""
    # Rows as arrays of their own: an index that might be negative would keep the loops from becoming vectors.
    one, two = samples[wide:], samples[2 * wide :]
    if margin == 3:
        three, four, five, six = samples[3 * wide :], samples[4 * wide :], samples[5 * wide :], samples[6 * wide :]
        for i in range(count):
            means[i] = (
                taps[0] * three[i]
                + taps[1] * (two[i] + four[i])
                + taps[2] * (one[i] + five[i])
                + taps[3] * (samples[i] + six[i])
            )
    else:
        for i in range(count):
            means[i] = taps[0] * one[i] + taps[1] * (samples[i] + two[i])


@njit(**VECTORS)
def _along_rows(
    samples: Numbers, wide: int, margin: int, taps: Numbers, count: int, means: Numbers, image: Numbers
) -> None:
    """Means along rows of samples that begin `margin` columns before, into rows of an image."""
    if margin == 3:
        for i in range(count - 6):
            means[i] = (
                taps[0] * samples[i + 3]
                + taps[1] * (samples[i + 2] + samples[i + 4])
                + taps[2] * (samples[i + 1] + samples[i + 5])
                + taps[3] * (samples[i] + samples[i + 6])
            )
    else:
        for i in range(count - 2):
            means[i] = taps[0] * samples[i + 1] + taps[1] * (samples[i] + samples[i + 2])
    height, width = image.shape
    for number in range(height):
        row, own = image[number], means[number * wide :]
        for i in range(width):
            row[i] = own[i]


@njit(**VECTORS)
def _rows_of_block(frame: Numbers, margin: int) -> int:
    """Rows of the frame that are drawn at a time: all of a small one."""
    height = frame[3]
    most = max(_LEAST_ROWS, _BLOCK // (frame[2] + 2 * margin))
    blocks = (height + most - 1) // most
    return (height + blocks - 1) // blocks


@njit(**VECTORS)
def _stencil_image(
    kind: int, at: Numbers, constants: Numbers, frame: Numbers, margin: int, taps: Numbers, image: Numbers
) -> None:
    wide, most = frame[2] + 2 * margin, _rows_of_block(frame, margin)
    size = wide * (most + 2 * margin)
    dx, dy, rho, light = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for first in range(0, frame[3], most):
        rows = min(most, frame[3] - first)
        samples, inner = wide * (rows + 2 * margin), wide * rows
        _place_block(at, frame, margin, first, rows + 2 * margin, dx, dy)
        _points_of_rho(at, dx, dy, rho, dx, samples)
        brightness_row(kind, constants, dx, light, samples)
        _down_columns(light, wide, margin, taps, inner, dy)
        _along_rows(dy, wide, margin, taps, inner, dx, image[first : first + rows])


@njit(**VECTORS)
def _stencil_columns(
    kind: int, at: Numbers, constants: Numbers, frame: Numbers, margin: int, taps: Numbers, columns: Numbers
) -> None:
    shape = len(columns) - _GEOMETRY - 1
    wide, most = frame[2] + 2 * margin, _rows_of_block(frame, margin)
    size = wide * (most + 2 * margin)
    dx, dy, rho, log_rho = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    light, by_rho, by_shape = np.empty(size), np.empty(size), np.empty((shape, size))
    for first in range(0, frame[3], most):
        rows = min(most, frame[3] - first)
        samples, inner = wide * (rows + 2 * margin), wide * rows
        block = columns[:, first : first + rows]
        _place_block(at, frame, margin, first, rows + 2 * margin, dx, dy)
        _points_of_rho(at, dx, dy, rho, log_rho, samples)
        derivatives_row(kind, constants, log_rho, light, by_rho, by_shape, samples)
        for i in range(samples):
            by_rho[i] /= rho[i]
        _down_columns(light, wide, margin, taps, inner, log_rho)
        _along_rows(log_rho, wide, margin, taps, inner, rho, block[_GEOMETRY + shape])
        for own in range(shape):
            _down_columns(by_shape[own], wide, margin, taps, inner, log_rho)
            _along_rows(log_rho, wide, margin, taps, inner, rho, block[_GEOMETRY + own])
        _down_columns(by_rho, wide, margin, taps, inner, log_rho)
        for place in (0, 2):
            for i in range(inner):
                log_rho[i] *= dx[i]
            _along_rows(log_rho, wide, margin, taps, inner, rho, block[place])
        for i in range(samples):
            by_rho[i] *= dy[i]
        _down_columns(by_rho, wide, margin, taps, inner, log_rho)
        _along_rows(log_rho, wide, margin, taps, inner, rho, block[1])
        for i in range(inner):
            log_rho[i] *= dx[i]
        _along_rows(log_rho, wide, margin, taps, inner, rho, block[3])
        for i in range(samples):
            by_rho[i] *= dy[i]
        _down_columns(by_rho, wide, margin, taps, inner, log_rho)
        _along_rows(log_rho, wide, margin, taps, inner, rho, block[4])


@njit(**VECTORS)
def _points_of_rho(at: Numbers, dx: Numbers, dy: Numbers, rho: Numbers, log_rho: Numbers, count: int) -> None:
    a, b2, c = at[2], at[3], at[4]
    for i in range(count):
        rho[i] = (a * dx[i] + b2 * dy[i]) * dx[i] + (c * dy[i] * dy[i] + RHO_FLOOR)
    for i in range(count):
        log_rho[i] = logarithm(rho[i])


@njit(**VECTORS)
def _place_points(
    at: Numbers,
    pixels: Numbers,
    first: int,
    count: int,
    rule: Numbers,
    begin: int,
    points: int,
    dx: Numbers,
    dy: Numbers,
) -> None:
    """Offsets from the centre of all points of some pixels: point after point, of each all pixels."""
    for j in range(points):
        along, across = rule[0, begin + j] - at[0], rule[1, begin + j] - at[1]
        some, x, y = pixels[first:], dx[j * count :], dy[j * count :]
        for p in range(count):
            x[p], y[p] = some[p, 0] + along, some[p, 1] + across


@njit(**SUMS)
def _weighted_sum(weights: Numbers, begin: int, values: Numbers, count: int) -> float:
    total, own = 0.0, weights[begin:]
    for i in range(count):
        total += own[i] * values[i]
    return total


@njit(**SUMS)
def _sum(values: Numbers, count: int) -> float:
    total = 0.0
    for i in range(count):
        total += values[i]
    return total


@njit(**VECTORS)
def _sum_points(rule: Numbers, begin: int, points: int, values: Numbers, count: int, sums: Numbers) -> None:
    """Weighted sums of the points of each pixel."""
    if count == 1 and points > _FEW:
        sums[0] = _weighted_sum(rule[2], begin, values, points)
        return
    for p in range(count):
        sums[p] = 0.0
    for j in range(points):
        weight, own = rule[2, begin + j], values[j * count :]
        for p in range(count):
            sums[p] += weight * own[p]


@njit(**VECTORS)
def _fixed_values(
    kind: int,
    at: Numbers,
    constants: Numbers,
    frame: Numbers,
    pixels: Numbers,
    counts: Numbers,
    nodes: tuple[Numbers, Numbers],
    image: Numbers,
) -> None:
    starts, rule = nodes
    dx, dy, rho, log_rho, light = (
        np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER),
    )  # fmt: skip
    sums = np.empty(_TOGETHER)
    for order in range(len(starts) - 1):
        begin, points = starts[order], starts[order + 1] - starts[order]
        most = _TOGETHER // points if points <= _FEW else 1
        for first in range(counts[order + 1], counts[order + 2], most):
            count = min(most, counts[order + 2] - first)
            _place_points(at, pixels, first, count, rule, begin, points, dx, dy)
            _points_of_rho(at, dx, dy, rho, log_rho, count * points)
            brightness_row(kind, constants, log_rho, light, count * points)
            _sum_points(rule, begin, points, light, count, sums)
            _put(sums, pixels, first, count, frame, image)


@njit(**VECTORS)
def _put(sums: Numbers, pixels: Numbers, first: int, count: int, frame: Numbers, image: Numbers) -> None:
    for p in range(count):
        image[pixels[first + p, 1] - frame[1], pixels[first + p, 0] - frame[0]] = sums[p]


@njit(**VECTORS)
def _fixed_columns(
    kind: int,
    at: Numbers,
    constants: Numbers,
    frame: Numbers,
    pixels: Numbers,
    counts: Numbers,
    nodes: tuple[Numbers, Numbers],
    columns: Numbers,
) -> None:
    starts, rule = nodes
    shape = len(columns) - _GEOMETRY - 1
    dx, dy, rho, log_rho, light = (
        np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER), np.empty(_TOGETHER),
    )  # fmt: skip
    by_log, by_x, by_y, by_shape = (
        np.empty(_TOGETHER),
        np.empty(_TOGETHER),
        np.empty(_TOGETHER),
        np.empty((shape, _TOGETHER)),
    )
    sums = np.empty(_TOGETHER)
    for order in range(len(starts) - 1):
        begin, points = starts[order], starts[order + 1] - starts[order]
        most = _TOGETHER // points if points <= _FEW else 1
        for first in range(counts[order + 1], counts[order + 2], most):
            count = min(most, counts[order + 2] - first)
            several = count * points
            _place_points(at, pixels, first, count, rule, begin, points, dx, dy)
            _points_of_rho(at, dx, dy, rho, log_rho, several)
            derivatives_row(kind, constants, log_rho, light, by_log, by_shape, several)
            for i in range(several):
                by_rho = by_log[i] / rho[i]
                by_x[i], by_y[i] = by_rho * dx[i], by_rho * dy[i]
            _sum_points(rule, begin, points, by_x, count, sums)
            _put(sums, pixels, first, count, frame, columns[0])
            _sum_points(rule, begin, points, by_y, count, sums)
            _put(sums, pixels, first, count, frame, columns[1])
            for i in range(several):
                by_log[i] = by_x[i] * dx[i]
            _sum_points(rule, begin, points, by_log, count, sums)
            _put(sums, pixels, first, count, frame, columns[2])
            for i in range(several):
                by_log[i] = by_x[i] * dy[i]
            _sum_points(rule, begin, points, by_log, count, sums)
            _put(sums, pixels, first, count, frame, columns[3])
            for i in range(several):
                by_log[i] = by_y[i] * dy[i]
            _sum_points(rule, begin, points, by_log, count, sums)
            _put(sums, pixels, first, count, frame, columns[4])
            for own in range(shape):
                _sum_points(rule, begin, points, by_shape[own], count, sums)
                _put(sums, pixels, first, count, frame, columns[_GEOMETRY + own])
            _sum_points(rule, begin, points, light, count, sums)
            _put(sums, pixels, first, count, frame, columns[_GEOMETRY + shape])


@njit(**VECTORS)
def _ends_of_rays(
    at: Numbers,
    dx: float,
    dy: float,
    edge: Numbers,
    first: int,
    number: int,
    x: Numbers,
    y: Numbers,
    weights: Numbers,
    areas: Numbers,
) -> None:
    """Nodes first to first + number of the rule on each of a pixel's edges, x and y from the centre, the weights of dt;
    and twice the areas of the triangles that the edges span with the centre.
    """
    a, b, c = at[2], 0.5 * at[3], at[4]
    for e in range(4):
        corner_x, corner_y = dx + _CORNER_X[e], dy + _CORNER_Y[e]
        edge_x, edge_y = _EDGE_X[e], _EDGE_Y[e]
        areas[e] = corner_x * edge_y - corner_y * edge_x
        foot = -edge_x * (corner_x + b * corner_y / a) - edge_y * (corner_y + b * corner_x / c)
        foot = min(max(foot, 0.0), 1.0)
        rule, own_x, own_y, own_weights = edge[:, first:], x[e * number :], y[e * number :], weights[e * number :]
        for i in range(number):
            t = rule[0, i] + foot * rule[1, i]
            own_x[i], own_y[i] = corner_x + t * edge_x, corner_y + t * edge_y
            own_weights[i] = rule[2, i] + foot * rule[3, i]


@njit(**VECTORS)
def _central_values(
    kind: int,
    at: Numbers,
    constants: Numbers,
    frame: Numbers,
    pixels: Numbers,
    counts: Numbers,
    edge: Numbers,
    ray: Numbers,
    image: Numbers,
) -> None:
    number = int(edge[4, 0])
    ends = 4 * number
    x, y, weights, areas = np.empty(ends), np.empty(ends), np.empty(ends), np.empty(4)
    rho, log_rho, at_node, light, sums = np.empty(ends), np.empty(ends), np.empty(ends), np.empty(ends), np.empty(ends)
    for p in range(counts[0], counts[1]):
        dx, dy = pixels[p, 0] - at[0], pixels[p, 1] - at[1]
        _ends_of_rays(at, dx, dy, edge, 0, number, x, y, weights, areas)
        _points_of_rho(at, x, y, rho, log_rho, ends)
        sums[:] = 0.0
        for node in range(int(ray[2, 0])):
            for i in range(ends):
                at_node[i] = log_rho[i] + ray[0, node]
            brightness_row(kind, constants, at_node, light, ends)
            for i in range(ends):
                sums[i] += ray[1, node] * light[i]
        total = 0.0
        for e in range(4):
            total += areas[e] * _weighted_sum(weights, e * number, sums[e * number :], number)
        image[pixels[p, 1] - frame[1], pixels[p, 0] - frame[0]] = total


@njit(**VECTORS)
def _central_columns(
    kind: int,
    at: Numbers,
    constants: Numbers,
    frame: Numbers,
    pixels: Numbers,
    counts: Numbers,
    edge: Numbers,
    ray: Numbers,
    columns: Numbers,
) -> None:
    shape = len(columns) - _GEOMETRY - 1
    number, outline = int(edge[4, 0]), int(edge[4, 1])
    ends = 4 * max(number, outline)
    x, y, weights, areas = np.empty(ends), np.empty(ends), np.empty(ends), np.empty(4)
    rho, log_rho, at_node, light = np.empty(ends), np.empty(ends), np.empty(ends), np.empty(ends)
    by_log, by_shape, sums = np.empty(ends), np.empty((shape, ends)), np.empty((shape + 2, ends))
    moments = np.empty(len(columns))
    for p in range(counts[0], counts[1]):
        dx, dy = pixels[p, 0] - at[0], pixels[p, 1] - at[1]
        # The gradient by the centre: Gauss's theorem along the outline.
        _ends_of_rays(at, dx, dy, edge, number, outline, x, y, weights, areas)
        _points_of_rho(at, x, y, rho, log_rho, 4 * outline)
        brightness_row(kind, constants, log_rho, light, 4 * outline)
        flow_x = flow_y = 0.0
        for e in range(4):
            along = _weighted_sum(weights, e * outline, light[e * outline :], outline)
            flow_x += along * _EDGE_Y[e]
            flow_y -= along * _EDGE_X[e]
        half = -0.5 * at[3]
        determinant = 2.0 * (at[2] * at[4] - half * half)
        moments[0] = (at[4] * flow_x + half * flow_y) / determinant
        moments[1] = (half * flow_x + at[2] * flow_y) / determinant
        # All else: sums along rays, and then over their ends.
        _ends_of_rays(at, dx, dy, edge, 0, number, x, y, weights, areas)
        _points_of_rho(at, x, y, rho, log_rho, 4 * number)
        sums[:] = 0.0
        for node in range(int(ray[2, 0])):
            for i in range(4 * number):
                at_node[i] = log_rho[i] + ray[0, node]
            derivatives_row(kind, constants, at_node, light, by_log, by_shape, 4 * number)
            weight = ray[1, node]
            for i in range(4 * number):
                sums[0, i] += weight * by_log[i]
                sums[shape + 1, i] += weight * light[i]
            for own in range(shape):
                for i in range(4 * number):
                    sums[1 + own, i] += weight * by_shape[own, i]
        for e in range(4):
            for i in range(e * number, (e + 1) * number):
                weights[i] *= areas[e]
        for own in range(shape + 1):
            moments[_GEOMETRY + own] = _weighted_sum(weights, 0, sums[1 + own], 4 * number)
        for i in range(4 * number):
            by_rho = weights[i] / rho[i] * sums[0, i]
            at_node[i], light[i], by_log[i] = by_rho * x[i] * x[i], by_rho * x[i] * y[i], by_rho * y[i] * y[i]
        moments[2], moments[3], moments[4] = (
            _sum(at_node, 4 * number),
            _sum(light, 4 * number),
            _sum(by_log, 4 * number),
        )
        for column in range(len(columns)):
            columns[column, pixels[p, 1] - frame[1], pixels[p, 0] - frame[0]] = moments[column]
