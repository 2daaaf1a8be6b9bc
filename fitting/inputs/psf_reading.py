"""PSFs of a request as stamps: a formula's, an image's, those at the nodes of a grid, and a model's of a file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import map_coordinates

from fitting.files import PolynomialPsf, SampledPsf
from fitting.inputs.image_data import Array, StampGrid
from fitting.inputs.plane_reading import Reading
from fitting.inputs.psf_checks import (
    even_notice,
    header_sampling,
    psf_centroid,
    recentred,
    sampling_notice,
    stamp_notices,
)
from fitting.inputs.psf_stamps import (
    MAX_SIDE,
    OFF_BY,
    PsfInvalid,
    fine_kernel,
    gaussian_stamp,
    moffat_stamp,
    normalise_stamp,
)
from fitting.spec import GaussianPsf, ImagePsf, MoffatPsf, Notice, PlaneReference, PsfGrid
from fitting.spec.images.image_spec import MOST_FINE, MOST_NODES, GaussianShape, MoffatShape, Psf

Cut = tuple[slice, slice]
_BLENDED = 3e-4
"""Of the peak: how well a polynomial's PSF is blended from those at nodes, between them."""
_SAME = 1e-5
"""Of the peak: a model whose stamps differ by less over the image is one stamp."""
_MOST_INTERVALS = 16
"""Between nodes along an axis, at most, so that they are at most `MOST_NODES`."""
_WHOLE = 1e-3
"""Samplings that differ by less from a whole number are that."""
_REACH = 1.0
"""POLSCALs from its zero point to which a polynomial is believed: stars of the fit lie within 0.5."""


@dataclass(frozen=True)
class LoadedPsf:
    """A PSF as it was read: what `ImageData` says of it, with the defaults of its file filled in."""

    stamp: Array | None = None
    grid: StampGrid | None = None
    convention: str = "discrete"
    oversampling: int = 1
    form: GaussianShape | MoffatShape | None = None


def read_psf(psf: Psf | None, scale: float | None, cut: Cut | None, reading: Reading) -> LoadedPsf:
    """The PSF of an image; without a stamp where it has none, or `reading` has faults of it.

    Args:
        scale: of the image, arcsec a pixel, as far as it is known.
        cut: rows and columns of the image that are fitted; None where the image has faults.
    """
    match psf:
        case GaussianPsf():
            return LoadedPsf(gaussian_stamp(psf), None, psf.convention, 1, psf.gaussian)
        case MoffatPsf():
            return LoadedPsf(moffat_stamp(psf), None, psf.convention, 1, psf.moffat)
        case PsfGrid():
            return _given_grid(psf, scale, cut, reading)
        case ImagePsf():
            known = len(reading.faults)
            model = reading.psf_model("psf", psf.image)
            if len(reading.faults) > known or (model is not None and cut is None):
                return LoadedPsf()
            if model is not None and cut is not None:
                return _model_psf(model, psf, scale, cut, reading)
            return _single(psf, scale, cut, reading)
    return LoadedPsf()


def _single(psf: ImagePsf, scale: float | None, cut: Cut | None, reading: Reading) -> LoadedPsf:
    """One image for the whole frame."""
    found = _image_stamp("psf", psf.image, psf, psf.asked_oversampling, scale, reading)
    if found is None:
        return LoadedPsf()
    stamp, oversampling = found
    if cut is not None:
        _tell_size(stamp, oversampling, cut, reading)
    return LoadedPsf(stamp, None, psf.convention, oversampling)


def _tell_size(stamp: Array, oversampling: int, cut: Cut, reading: Reading) -> None:
    """Tell where a PSF is wider than twice the image: what is beyond cannot matter."""
    height, width = ((size + oversampling - 1) // oversampling for size in stamp.shape)
    rows, columns = (part.stop - part.start for part in cut)
    if height > 2 * rows or width > 2 * columns:
        sentence = f"the PSF image covers {width} x {height} pixels, and what is fitted {columns} x {rows}"
        reading.notice(Notice("psf-larger-than-image", f"{sentence}: most of it matters to no pixel"), "psf")


def _given_grid(psf: PsfGrid, scale: float | None, cut: Cut | None, reading: Reading) -> LoadedPsf:
    """Images at the nodes of a grid."""
    numbered = sorted(enumerate(psf.grid), key=lambda item: (item[1].y, item[1].x))
    stamps: list[Array] = []
    oversampling = psf.asked_oversampling
    for place, node in numbered:
        found = _image_stamp(f"psf.grid[{place}].psf", node.psf, psf, oversampling, scale, reading)
        if found is None:
            continue
        stamp, oversampling = found
        if stamps and stamp.shape != stamps[0].shape:
            message = f"{node.psf.file!r} has the shape {stamp.shape}"
            reading.fault(f"psf.grid[{place}].psf", message, f"that of the others, {stamps[0].shape}")
        else:
            stamps.append(stamp)
    if len(stamps) < len(numbered):
        return LoadedPsf()
    grid = StampGrid(psf.columns, psf.rows, tuple(stamps))
    if cut is not None:
        _tell_outside(grid, cut, reading)
    return LoadedPsf(grid.middle, grid, psf.convention, oversampling or 1)


def _tell_outside(grid: StampGrid, cut: Cut, reading: Reading) -> None:
    """Tell where the image's middle is outside of the grid's nodes: positions may be of another frame."""
    outside = []
    for name, nodes, part in (("x", grid.x, cut[1]), ("y", grid.y, cut[0])):
        middle = 0.5 * (part.start + part.stop - 1)
        if len(nodes) > 1 and not nodes[0] <= middle <= nodes[-1]:
            outside.append(f"{name} {part.start} to {part.stop - 1} beside {nodes[0]:g} to {nodes[-1]:g}")
    if outside:
        sentence = f"the image lies outside of the positions of its PSFs ({', '.join(outside)}, counted from 0)"
        reading.notice(Notice("psf-positions", f"{sentence}: that of the nearest edge is used"), "psf")


def _image_stamp(
    key: str,
    reference: PlaneReference,
    psf: ImagePsf | PsfGrid,
    asked: int | None,
    scale: float | None,
    reading: Reading,
) -> tuple[Array, int] | None:
    """A PSF image as a stamp that sums to one, and its oversampling; None where it has a fault. What is odd about it
    is told.
    """
    plane = reading.plane(key, reference)
    if plane is None:
        return None
    try:
        oversampling, said = header_sampling(plane.header, asked, scale)
        stamp, total = normalise_stamp(fine_kernel(plane.data))
    except PsfInvalid as error:
        reading.fault(key, f"{reference.file!r}, HDU {plane.hdu}: {error.message}", error.expected)
        return None
    if abs(total - 1.0) > OFF_BY:
        sentence = f"the PSF image sums to {total:.6g} and was divided by that"
        reading.notice(Notice("psf-normalized", sentence), key)
    if said is not None:
        reading.notice(said, key)
    if stamp.shape != plane.data.shape and oversampling == 1:
        reading.notice(even_notice(plane.data.shape), key)
    offset = psf_centroid(stamp)
    for notice in stamp_notices(stamp, offset, psf.convention, oversampling, moved=psf.recentre):
        reading.notice(notice, key)
    return recentred(stamp, offset) if psf.recentre else stamp, oversampling


def _model_psf(
    model: PolynomialPsf | SampledPsf, psf: ImagePsf, scale: float | None, cut: Cut, reading: Reading
) -> LoadedPsf:
    """What a file's model makes of the PSF over the part of the image that is fitted."""
    where = f"{psf.image.file!r}, HDU {model.hdu}"
    try:
        sampling = _sampling(model, psf.asked_oversampling, scale, reading)
        oversampling = max(math.ceil(sampling - _WHOLE), 1)
        if oversampling > MOST_FINE or max(model.planes.shape[-2:]) * oversampling / sampling > MAX_SIDE:
            size = " x ".join(map(str, model.planes.shape[:0:-1]))
            message = f"its PSFs have {size} samples, {sampling:g} of them to a pixel"
            raise PsfInvalid(message, f"at most {MAX_SIDE} a side, {MOST_FINE} to a pixel")
        model = _on_samples(model, sampling / oversampling)
        node_x, node_y, stamps = (
            _polynomial_nodes(model, cut, reading)
            if isinstance(model, PolynomialPsf)
            else _sampled_nodes(model, oversampling, cut, reading)
        )
    except PsfInvalid as error:
        reading.fault("psf", f"{where}: {error.message}", error.expected)
        return LoadedPsf()
    offsets = [psf_centroid(stamp) for stamp in stamps]
    grid = StampGrid(node_x, node_y, tuple(stamps))
    convention = psf.asked_convention or "effective"
    _tell_model(model, grid, convention, sampling, oversampling, reading)
    middle = psf_centroid(grid.middle)
    for notice in stamp_notices(grid.middle, middle, convention, oversampling, moved=psf.recentre):
        reading.notice(notice, "psf")
    if psf.recentre:
        stamps = [recentred(stamp, offset) for stamp, offset in zip(stamps, offsets, strict=True)]
        grid = replace(grid, stamps=tuple(stamps))
    if isinstance(model, SampledPsf):
        _tell_outside(grid, cut, reading)
    if max(np.abs(stamp - stamps[0]).max() for stamp in stamps) <= _SAME * stamps[0].max():
        return LoadedPsf(grid.stamps[0], None, convention, oversampling)
    return LoadedPsf(grid.middle, grid, convention, oversampling)


def _sampling(model: PolynomialPsf | SampledPsf, asked: int | None, scale: float | None, reading: Reading) -> float:
    """Samples to a pixel: those asked for, else the file's own, else its header's, else one."""
    if model.sampling is None:
        sampling, said = header_sampling(model.header, asked, scale)
        if said is not None and asked is not None:
            reading.notice(said, "psf")
        return float(sampling)
    if asked is None:
        said = sampling_notice(model.header, None, model.sampling, scale, by_scale_alone=True)
        if said is not None:
            reading.notice(said, "psf")
        return model.sampling
    if abs(asked / model.sampling - 1.0) > _WHOLE:
        sentence = f"the PSF model has {model.sampling:.4g} samples to a pixel"
        reading.notice(Notice("psf-sampling", f'{sentence}, but it is used with "oversampling": {asked}'), "psf")
    return float(asked)


def _tell_model(
    model: PolynomialPsf | SampledPsf,
    grid: StampGrid,
    convention: str,
    sampling: float,
    oversampling: int,
    reading: Reading,
) -> None:
    kind = {"PSFEx": "a PSFEx model", "stpsf": "an stpsf grid", "STDPSF": "an STDPSF cube"}.get(
        model.kind, "a PSF cube"
    )
    parts = [f"the PSF is {kind} of {sampling:.4g} samples to a pixel"]
    if abs(sampling - oversampling) > _WHOLE * sampling:
        parts.append(f"put on {oversampling} to a pixel by splines")
    parts.append(f"taken at {len(grid.x)} x {len(grid.y)} positions about what is fitted")
    holds = "holds the pixel's response" if convention == "effective" else "is a kernel for pixel values"
    parts.append(f"and as one that {holds} ({convention})")
    reading.notice(Notice("psf-model", "; ".join([", ".join(parts), *model.notes])), "psf")


def _on_samples(model: PolynomialPsf | SampledPsf, step: float) -> PolynomialPsf | SampledPsf:
    """The model on samples that are `step` of its own apart, odd and about its middle; by quintic splines unless they
    are its own.
    """
    height, width = model.planes.shape[-2:]
    middle = (height // 2, width // 2)
    if abs(step - 1.0) <= _WHOLE and model.middle == middle[::-1]:
        planes = np.stack([fine_kernel(plane) for plane in model.planes])
    else:
        half = math.ceil(max(width, height) / 2 / step)
        offsets = np.arange(-half, half + 1) * step
        rows, columns = model.middle[1] + offsets, model.middle[0] + offsets
        places = np.broadcast_arrays(rows[:, None], columns)
        planes = np.stack(
            [
                np.zeros((len(rows), len(columns)))
                if not np.isfinite(plane).all()
                else map_coordinates(np.pad(plane, 6), np.stack(places) + 6.0, order=5, mode="constant")
                for plane in model.planes
            ]
        )
    return replace(model, planes=planes, middle=(planes.shape[2] // 2, planes.shape[1] // 2))


def _polynomial_nodes(
    model: PolynomialPsf, cut: Cut, reading: Reading
) -> tuple[tuple[float, ...], tuple[float, ...], list[Array]]:
    """Positions and stamps whose blend is the polynomial's PSF in what is fitted; within its own range."""
    ends: list[tuple[float, float]] = []
    for axis, (part, zero, scale) in enumerate(zip(cut[::-1], model.zero, model.scale, strict=True)):
        low, high = sorted((zero - 1.0 - _REACH * abs(scale), zero - 1.0 + _REACH * abs(scale)))
        first, last = float(part.start), float(part.stop - 1)
        if model.powers[:, axis].any() and not low <= first <= last <= high:
            name = "xy"[axis]
            sentence = f"the polynomial of the PSF model is of stars about {name} {zero - 1.0:g}, {abs(scale):g} wide"
            sentence = f"{sentence} (counted from 0), and the image has {name} {first:g} to {last:g}"
            reading.notice(
                Notice("psf-positions", f"{sentence}: beyond {low:g} to {high:g} the PSF stays the same"), "psf"
            )
            first, last = min(max(first, low), high), min(max(last, low), high)
        ends.append((first, last))
    stamps: dict[tuple[float, float], Array] = {}

    def stamp(x: float, y: float) -> Array:
        if (x, y) not in stamps:
            stamps[x, y] = normalise_stamp(model.at(x, y))[0]
        return stamps[x, y]

    intervals = [int(high > low and bool(model.powers[:, axis].any())) for axis, (low, high) in enumerate(ends)]
    while True:
        x, y = (np.linspace(low, high, many + 1) for (low, high), many in zip(ends, intervals, strict=True))
        off = _blend_errors(stamp, x, y)
        if max(off) <= _BLENDED or max(intervals) >= _MOST_INTERVALS:
            break
        intervals = [
            2 * many if many and wrong > 0.5 * _BLENDED else many for many, wrong in zip(intervals, off, strict=True)
        ]
    return tuple(map(float, x)), tuple(map(float, y)), [stamp(a, b) for b in map(float, y) for a in map(float, x)]


def _blend_errors(stamp: Callable[[float, float], Array], x: Array, y: Array) -> tuple[float, float]:
    """Of the peak, how far PSFs are from the mean of their neighbours, half-way between nodes, along x and along y."""
    worst = [0.0, 0.0]
    middles = ([float(v) for v in 0.5 * (nodes[1:] + nodes[:-1])] for nodes in (x, y))
    middle_x, middle_y = middles
    xs, ys = [float(v) for v in x], [float(v) for v in y]
    for axis, pairs in enumerate(
        (
            [((xs[k], b), (xs[k + 1], b), (m, b)) for k, m in enumerate(middle_x) for b in ys],
            [((a, ys[k]), (a, ys[k + 1]), (a, m)) for k, m in enumerate(middle_y) for a in xs],
        )
    ):
        for one, other, between in pairs:
            exact = stamp(*between)
            blend = 0.5 * (stamp(*one) + stamp(*other))
            worst[axis] = max(worst[axis], float(np.abs(blend - exact).max() / exact.max()))
    return worst[0], worst[1]


def _sampled_nodes(
    model: SampledPsf, oversampling: int, cut: Cut, reading: Reading
) -> tuple[tuple[float, ...], tuple[float, ...], list[Array]]:
    """The nodes around what is fitted, with the stamps there."""
    places = list(zip(model.x, model.y, strict=True))
    x, y = (tuple(sorted(set(axis))) for axis in (model.x, model.y))
    if len(set(places)) < len(places) or len(places) != len(x) * len(y):
        message = f"its {len(places)} positions are no grid of each of {len(x)} x with each of {len(y)} y"
        raise PsfInvalid(message, 'a grid; or {"grid": [{"x": …, "y": …, "psf": …}, …]} of chosen planes')
    half = max(model.planes.shape[-2:]) / 2 / oversampling
    near_x, near_y = (
        _around(nodes, part.start - half, part.stop - 1 + half) for nodes, part in ((x, cut[1]), (y, cut[0]))
    )
    if len(near_x) * len(near_y) > MOST_NODES:
        raise PsfInvalid(f"it has {len(near_x) * len(near_y)} PSFs in the image", f"at most {MOST_NODES}, or a window")
    number = {place: index for index, place in enumerate(places)}
    stamps, empty = _normalised(model, number)
    if empty:
        sentence = f"{empty} of the {len(places)} PSFs of the model are empty or not finite"
        reading.notice(Notice("psf-model-holes", f"{sentence}: the nearest other one was taken there"), "psf")
    return near_x, near_y, [stamps[a, b] for b, a in itertools.product(near_y, near_x)]


def _normalised(
    model: SampledPsf, number: Mapping[tuple[float, float], int]
) -> tuple[dict[tuple[float, float], Array], int]:
    """Stamps by position, each summing to one, and how many had none and got that of the nearest that has."""
    good: dict[tuple[float, float], Array] = {}
    fault: PsfInvalid | None = None
    for place, index in number.items():
        try:
            good[place] = normalise_stamp(model.planes[index])[0]
        except PsfInvalid as error:
            fault = error
    if not good:
        assert fault is not None
        raise fault
    filled = {
        place: good[place] if place in good else good[min(good, key=lambda other: math.dist(place, other))]
        for place in number
    }
    return filled, len(number) - len(good)


def _around(nodes: tuple[float, ...], first: float, last: float) -> tuple[float, ...]:
    """Those between two places, and the next on either side."""
    low = max((node for node in nodes if node <= first), default=nodes[0])
    high = min((node for node in nodes if node >= last), default=nodes[-1])
    return tuple(node for node in nodes if low <= node <= high)
