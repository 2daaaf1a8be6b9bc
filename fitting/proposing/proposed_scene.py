"""Scene of a proposal: the sources that a request will have, what it masks, and why, from an image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.first_values import stamp_sigma
from fitting.inputs import ImageData, shaped_mask
from fitting.proposing.decompositions import Form
from fitting.proposing.defects import SaturatedStar, bad_lines, saturated_stars
from fitting.proposing.detection import Detection
from fitting.proposing.known_sources import from_catalogue, from_positions, from_segmentation
from fitting.proposing.neighbours import mask_of, settle_neighbours
from fitting.proposing.proposed_components import NamedPart, name_parts
from fitting.proposing.scene import image_kernel
from fitting.proposing.search_progress import SearchReporter
from fitting.proposing.sources import Decomposing, Source, SourceList, find_sources, measure_sources, source_at
from fitting.proposing.target_window import target_place, target_slack, window_around
from fitting.spec import Fault, MaskShape, Notice, ProposalSpec, RequestInvalid
from fitting.spec.images.image_spec import Window

Labels = NDArray[np.int32]
Place = tuple[float, float]
Shape = dict[str, Any]

_WANTED: dict[str, Form | None] = {
    "auto": None,
    "sersic": "sersic",
    "bulge_disc": "bulge_disc",
    "point": "point",
    "point_host": "point_host",
}
_WORDS = {
    "sersic": "one Sérsic",
    "bulge_disc": "a bulge (n = 4) and an exponential disc",
    "point": "a star",
    "point_host": "a star and a host galaxy",
}
_TWO_PARTS = "bulge_disc", "point_host"
_FOOTPRINT = 1.5
"""Radius of the mask of a source that was not measured, in radii of its footprint; chosen by hand."""
_CORRELATED = 1.5
"""Pixels worth one independent one, from which noise is told to be correlated."""
_MOST_SHAPES = 500
"""Sources that are masked at most, the most significant first."""


@dataclass(frozen=True)
class ProposedScene:
    """What a request is written from.

    Attributes:
        spec: with the window that was put around the target.
        image: cut to it, what is masked out of it.
        shapes: of the mask, beside those that were asked for.
    """

    spec: ProposalSpec
    image: ImageData
    found: SourceList
    named: tuple[NamedPart, ...]
    shapes: tuple[Shape, ...]
    notices: tuple[Notice, ...]


def propose_scene(
    image: ImageData, spec: ProposalSpec, labels: Labels | None, reporter: SearchReporter
) -> ProposedScene:
    """Look at an image as the specification says.

    Args:
        labels: footprints of known sources, (height, width); None where there is no map of them.
        reporter: tells of the steps.

    Raises:
        RequestInvalid: a target, a limit, a model or a catalogue that the image cannot serve.
    """
    _check(spec, image)
    reporter.tell("defects")
    notices: list[Notice] = []
    at, slack = target_place(spec, image), target_slack(spec, image)
    shapes, told = _defects(spec, image, at)
    notices += told
    image = _masked(image, shapes)
    part = image
    if at is not None and spec.window is None and not image.mask.all():
        part = window_around(image, at, spec.threshold, slack)
        across = part.origin[0] - image.origin[0], part.origin[1] - image.origin[1]
        at = at[0] - across[0], at[1] - across[1]
        if part is not image:
            spec = _with_window(spec, part)
            if labels is not None:
                height, width = part.data.shape
                labels = labels[across[1] : across[1] + height, across[0] : across[0] + width]
            shapes = [shape for shape in shapes if _mask_of_shape(part, shape).any()]
            notices.append(_window_notice(spec))
    looked = _sources_in(spec, part, labels, at, slack, reporter)
    return _scene(spec, part, looked, at, slack, shapes, notices)


def _check(spec: ProposalSpec, image: ImageData) -> None:
    faults = []
    if spec.limit is not None and spec.limit.magnitude is not None and image.zero_point is None:
        message = "is a magnitude, and no zero point is known"
        faults.append(Fault("$.limit.magnitude", message, "zero_point, or snr"))
    if spec.model in ("point", "point_host") and image.psf is None:
        faults.append(Fault("$.model", f"{spec.model!r} needs a PSF, and there is none", "psf, or another model"))
    if faults:
        raise RequestInvalid(faults)


def _defects(spec: ProposalSpec, image: ImageData, at: Place | None) -> tuple[list[Shape], list[Notice]]:
    """Shapes of what is saturated and of bad columns and rows, and sentences about them."""
    if not spec.mask_defects or image.mask.all():
        return [], []
    lines, stars = bad_lines(image), saturated_stars(image)
    shapes, notices = list(lines), []
    for star in stars:
        shapes += _star_shapes(star, image, at)
    if stars:
        places = _places([(star.x + image.origin[0], star.y + image.origin[1]) for star in stars])
        sentence = f"{_number(len(stars), 'saturated star')} with halo and spikes masked, at {places}"
        notices.append(Notice("saturated-masked", sentence))
    if lines:
        columns = [shape["box"]["x"] for shape in lines if "x" in shape["box"] and _is_column(shape)]
        rows = [shape["box"]["y"] for shape in lines if not _is_column(shape)]
        which = [f"{word} {_ranges(ranges)}" for word, ranges in (("columns", columns), ("rows", rows)) if ranges]
        notices.append(Notice("lines-masked", f"bad {' and '.join(which)} masked, off from those beside them"))
    return shapes, notices


def _is_column(shape: Shape) -> bool:
    box = shape["box"]
    return "y" not in box or ("x" in box and box["x"][1] - box["x"][0] < box["y"][1] - box["y"][0])


def _star_shapes(star: SaturatedStar, image: ImageData, at: Place | None) -> list[Shape]:
    """What of a saturated star is masked: all of it, but of one that is the target itself its core alone."""
    place = {"x": round(star.x + image.origin[0], 3), "y": round(star.y + image.origin[1], 3)}
    on_target = at is not None and math.dist(at, (star.x, star.y)) < star.radius + 2.0
    radius = star.core if on_target else star.radius
    return [{"ellipse": {**place, "a": round(radius, 2)}}, *(() if on_target else star.spikes)]


def _masked(image: ImageData, shapes: Sequence[Shape]) -> ImageData:
    """The image without the pixels of the shapes; as it is where nothing would be left."""
    if not shapes:
        return image
    mask = image.mask.copy()
    for shape in shapes:
        mask |= _mask_of_shape(image, shape)
    return image if mask.all() else replace(image, mask=mask)


def _mask_of_shape(image: ImageData, shape: Shape) -> NDArray[np.bool_]:
    return shaped_mask([MaskShape.model_validate(shape)], image.data.shape, image.origin)


def _with_window(spec: ProposalSpec, part: ImageData) -> ProposalSpec:
    x, y = part.origin
    height, width = part.data.shape
    return spec.model_copy(update={"window": Window(x=(x, x + width), y=(y, y + height))})


def _window_notice(spec: ProposalSpec) -> Notice:
    assert spec.window is not None
    assert spec.window.x is not None
    assert spec.window.y is not None
    x, y = spec.window.x, spec.window.y
    sentence = f"a window was put around the target: x {x[0]} to {x[1] - 1}, y {y[0]} to {y[1] - 1}"
    return Notice("window-around-target", sentence)


def _sources_in(
    spec: ProposalSpec,
    image: ImageData,
    labels: Labels | None,
    at: Place | None,
    slack: float,
    reporter: SearchReporter,
) -> SourceList:
    decomposing = None
    listed = spec.positions is not None or spec.catalogue is not None or labels is not None
    # A list says which sources there are: none of them is parted unasked.
    if at is not None or spec.model not in ("auto", "sersic") or (spec.model == "auto" and not listed):
        decomposing = Decomposing(_WANTED[spec.model], points=spec.stars, at=at, slack=slack)
    if spec.positions is not None:
        seeds = from_positions(image, spec.positions)
    elif spec.catalogue is not None:
        seeds = from_catalogue(image, spec.catalogue)
    elif labels is not None:
        seeds = from_segmentation(image, labels)
    else:
        return find_sources(image, spec.threshold, spec.most_sources, decomposing, at, reporter)
    footprints = np.zeros(image.data.shape, dtype=np.int32) if labels is None else labels
    found = measure_sources(image, seeds[: spec.most_sources], footprints, spec.threshold, decomposing, reporter)
    over = [Detection(seed.x, seed.y, 0.0, seed.area, 0.0, seed.label) for seed in seeds[spec.most_sources :]]
    return replace(found, left=(*found.left, *over))


def _scene(
    spec: ProposalSpec,
    image: ImageData,
    found: SourceList,
    at: Place | None,
    slack: float,
    shapes: list[Shape],
    notices: list[Notice],
) -> ProposedScene:
    """Choose what of the sources is fitted and what is masked."""
    blur = 0.0 if image.psf is None else stamp_sigma(image.psf) / image.psf_oversampling
    kernel = None if image.psf is None else image_kernel(image.psf, image.psf_oversampling)
    sources = [source if spec.stars else replace(source, point=None) for source in found.sources]
    target = None
    if at is not None:
        name = source_at({str(place): source.galaxy for place, source in enumerate(sources)}, at, blur, slack)
        target = None if name is None else sources[int(name)]
        if target is None:
            notices.append(_no_target(at, sources, image))
    taken, dropped = _limited(spec, image, [source for source in sources if source is not target])
    if dropped:
        sentence = (
            f"{_number(len(dropped), 'source')} fainter than the limit {'was' if len(dropped) == 1 else 'were'} found"
        )
        notices.append(Notice("sources-below-limit", sentence))
    masked: list[Shape] = []
    if target is None:
        fitted = taken
    else:
        around = settle_neighbours(spec.neighbours, target, taken, found.rms, blur, kernel, image.origin)
        fitted = list(around.fitted)
        masked += around.shapes
        notices.append(_neighbours_notice(spec, len(taken), len(fitted), len(masked)))
    if spec.neighbours in ("auto", "mask"):
        masked += [
            {"ellipse": _moved(mask_of(source, found.rms, blur, kernel, target), image.origin)} for source in dropped
        ]
    chosen = _within(spec.max_components, [*([] if target is None else [target]), *fitted])
    target = None if target is None else chosen[0]
    if _masks_what_is_left(spec):
        masked += list(_footprints(found.left, image, chosen, target))
    named = name_parts(chosen, target, stars=spec.stars)
    notices += _model_notices(spec, found, named)
    masked = masked[:_MOST_SHAPES]
    if masked and target is None:
        notices.append(Notice("neighbours-masked", f"{_number(len(masked), 'source')} beyond the limit masked"))
    return ProposedScene(spec, _masked(image, masked), found, tuple(named), (*shapes, *masked), tuple(notices))


def _within(most: int, sources: list[Source]) -> list[Source]:
    """Sources with no more components than asked for: the last keep theirs singly where two each would be too many."""
    kept, room = [], most - len(sources)
    for source in sources:
        parts = 1 if source.decomposition is None else len(source.decomposition.parts)
        kept.append(source if parts - 1 <= max(room, 0) else replace(source, decomposition=None))
        room -= parts - 1 if kept[-1] is source else 0
    return kept


def _masks_what_is_left(spec: ProposalSpec) -> bool:
    """Whether sources that were not measured are masked: always where that is asked for, else those beyond a limit."""
    listed = spec.positions is not None or spec.catalogue is not None or spec.segmentation is not None
    return spec.neighbours == "mask" or (spec.neighbours == "auto" and not listed)


def _limited(spec: ProposalSpec, image: ImageData, sources: list[Source]) -> tuple[list[Source], list[Source]]:
    """Sources within the limit, and those that are too faint for it."""
    least_flux = 0.0
    if spec.limit is not None and spec.limit.magnitude is not None and image.zero_point is not None:
        least_flux = 10.0 ** (-0.4 * (spec.limit.magnitude - image.zero_point))
    snr = 0.0 if spec.limit is None or spec.limit.snr is None else spec.limit.snr
    taken = [source for source in sources if source.snr >= snr and source.flux >= least_flux]
    return taken, [source for source in sources if source not in taken]


def _footprints(
    left: Sequence[Detection], image: ImageData, chosen: Sequence[Source], target: Source | None
) -> Iterator[Shape]:
    """Circles about sources that were not measured, but for those that would cover the centre of one that is fitted."""
    for item in left:
        radius = _FOOTPRINT * math.sqrt(max(item.area, 9) / math.pi) + 1.0
        centres = [(source.galaxy.x, source.galaxy.y) for source in chosen]
        if target is not None and math.dist((item.x, item.y), (target.galaxy.x, target.galaxy.y)) < target.galaxy.r_e:
            continue
        if all(math.dist((item.x, item.y), centre) > radius + 2.0 for centre in centres):
            place = {"x": round(item.x + image.origin[0], 2), "y": round(item.y + image.origin[1], 2)}
            yield {"ellipse": {**place, "a": round(radius, 2)}}


def _moved(ellipse: Shape, origin: tuple[int, int]) -> Shape:
    return {**ellipse, "x": round(ellipse["x"] + origin[0], 3), "y": round(ellipse["y"] + origin[1], 3)}


def _no_target(at: Place, sources: Sequence[Source], image: ImageData) -> Notice:
    x, y = at[0] + image.origin[0], at[1] + image.origin[1]
    sentence = f"nothing stands out at the target, x {x:.6g}, y {y:.6g}"
    if sources:
        nearest = min(sources, key=lambda source: math.dist(at, (source.galaxy.x, source.galaxy.y)))
        away = math.dist(at, (nearest.galaxy.x, nearest.galaxy.y))
        place = f"x {nearest.galaxy.x + image.origin[0]:.1f}, y {nearest.galaxy.y + image.origin[1]:.1f}"
        sentence += f": the nearest source is {away:.1f} pixels away, at {place}"
    return Notice("no-target", sentence)


def _neighbours_notice(spec: ProposalSpec, number: int, fitted: int, masked: int) -> Notice:
    if spec.neighbours == "ignore":
        sentence = f"{_number(number, 'neighbour')} of the target ignored: their light is in nobody's model"
        return Notice("neighbours-ignored", sentence)
    sentence = f"of {_number(number, 'neighbour')} of the target {fitted} fitted along with it, {masked} masked"
    return Notice("neighbours-masked", sentence if number else "the target has no neighbours")


def _model_notices(spec: ProposalSpec, found: SourceList, named: Sequence[NamedPart]) -> Iterator[Notice]:
    """By which model each decomposed source is described, and by how much its BIC is better."""
    told = set()
    for item in named:
        decomposition = item.source.decomposition
        if decomposition is None or id(item.source) in told:
            continue
        told.add(id(item.source))
        names = [other.name for other in named if other.source is item.source]
        if len(names) == 1 and not item.target:
            continue
        others = [f"{_WORDS[form]}: {by:+.4g}" for form, by in decomposition.bic.items() if form != decomposition.form]
        if spec.model == "auto" and decomposition.form == "sersic" and not set(decomposition.bic) & {*_TWO_PARTS}:
            sentence = f"{names[0]}: one Sérsic is enough: what it leaves is noise, and two parts were not tried"
        elif spec.model != "auto":
            sentence = f"{', '.join(names)}: {_WORDS[decomposition.form]} was asked for"
        else:
            why = f"is what BIC prefers (BIC of {'; '.join(others)})"
            sentence = f"{', '.join(names)}: {_WORDS[decomposition.form]} {why}"
        yield Notice("model-chosen", sentence, f"component {names[0]}")
    if told and found.noise_pixels > _CORRELATED:
        sentence = (
            f"the noise is correlated, {found.noise_pixels:.2g} pixels being worth one: χ² was divided by that in "
            f"choosing models, and a fit's uncertainties are about {found.noise_pixels**0.5:.2g} times too small"
        )
        yield Notice("noise-correlated", sentence)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _places(places: Sequence[Place]) -> str:
    told = "; ".join(f"x {x:.1f}, y {y:.1f}" for x, y in places[:5])
    return told if len(places) <= 5 else f"{told} and {len(places) - 5} more"


def _ranges(ranges: Sequence[Sequence[int]]) -> str:
    told = [str(first) if last == first + 1 else f"{first} to {last - 1}" for first, last in ranges]
    return ", ".join(told[:10]) + (f" and {len(told) - 10} more" if len(told) > 10 else "")
