"""Proposal of a request for an image: its sources, each a component with values that a fit can start from."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fitting.files import DEFAULT_LIMITS, FileInvalid, ReadLimits, describe_file, read_plane, recognise_planes
from fitting.inputs import ImageData, Locate, load_images
from fitting.proposing.detection import detect
from fitting.proposing.proposed_components import ProposedSource, components_of, describe_part, rounded
from fitting.proposing.proposed_scene import ProposedScene, propose_scene
from fitting.proposing.search_progress import SearchReport, SearchReporter
from fitting.proposing.sky import Sky
from fitting.proposing.sources import SourceList
from fitting.spec import PROFILES, Fault, FitRequest, Notice, ProposalSpec, RequestInvalid, parse_request
from fitting.spec.counts import counted, verb, was
from fitting.spec.notices import sentences

_ITERATIONS = 300
"""Of the proposed fit, at most: in crowded scenes n or q of faint components creeps to a limit for a hundred steps and
more."""
_IMAGE = "$.images[0]"
_NOISE = ("variance", "weight", "sigma")
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Variables of the environment by which people say how many threads products of matrices have (decision 0011)."""


@dataclass(frozen=True)
class Proposal:
    """A request that is ready to fit, and what it was made from.

    Attributes:
        planes: each plane of the file that was taken, as the request names it.
        sky: level in the middle of the image, its slopes for each pixel, and the rms of a pixel.
        footprints: how many pixels the sources' footprints cover, and what part of the used ones that is.
        left_out: sources that stand out and are not in the request.
        notices: what a careful reader should know.
    """

    request: FitRequest
    planes: dict[str, Any]
    sky: dict[str, float]
    sources: tuple[ProposedSource, ...]
    footprints: dict[str, float]
    left_out: int
    notices: tuple[Notice, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)

    def document(self) -> dict[str, Any]:
        """The proposal as JSON."""
        found = {key: item for key, item in asdict(replace(self, request=None)).items() if key != "request"}  # type: ignore[arg-type]
        words = {"warnings": list(self.warnings), "notices": [notice.document() for notice in self.notices]}
        return {"request": self.request.document(), **found, "sources": list(found["sources"]), **words}


def propose(
    spec: ProposalSpec, locate: Locate, limits: ReadLimits = DEFAULT_LIMITS, report: SearchReport | None = None
) -> Proposal:
    """Propose a request for an image.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> y, x = np.mgrid[:60, :80]
        >>> noise = np.random.default_rng(1).normal(size=(60, 80))
        >>> np.save(folder / "galaxy.npy", noise + 50.0 * np.exp(-((x - 41) ** 2 + (y - 22) ** 2) / 32.0))
        >>> proposal = propose(ProposalSpec.model_validate({"data": "galaxy.npy"}), lambda name: folder / name)
        >>> [(source.name, round(source.x), round(source.y)) for source in proposal.sources]
        [('g1', 41, 22)]
        >>> [component.profile for component in proposal.request.components]
        ['flat_sky', 'sersic']

    Args:
        locate: path of a file that the specification names; may raise LookupError or FileNotFoundError.
        report: told of each step; it may raise, which ends the search.

    Raises:
        RequestInvalid: with every fault of a file; JSON paths are those of the specification.
    """
    reporter = SearchReporter(report)
    try:
        reporter.tell("reading")
        spec, notices = _with_planes(spec, locate, limits)
        image = _load_image(spec, locate, limits)
        labels = _segmentation(spec, image, locate, limits)
        with _one_blas_thread():
            made = propose_for(image, spec, labels, reporter)
    except RequestInvalid as error:
        raise RequestInvalid(replace(fault, path=fault.path.replace(_IMAGE, "$")) for fault in error.faults) from None
    return replace(made, notices=(*notices, *made.notices))


def _one_blas_thread() -> AbstractContextManager[Any]:
    """One thread for small products of matrices, unless the environment says how many: six times as fast as two."""
    if any(os.environ.get(name) for name in _THREADS):
        return nullcontext()
    return threadpool_limits(limits=1, user_api="blas")


def propose_for(
    image: ImageData,
    spec: ProposalSpec,
    labels: NDArray[np.int32] | None = None,
    reporter: SearchReporter | None = None,
) -> Proposal:
    """Propose a request for an image that is loaded already.

    Args:
        labels: footprints of known sources, (height, width); None where there is no map of them.
        reporter: tells of the steps; None tells nobody.

    Raises:
        RequestInvalid: a catalogue that the image cannot place.
    """
    reporter = reporter or SearchReporter()
    scene = propose_scene(image, spec, labels, reporter)
    reporter.tell("writing")
    found, image = scene.found, scene.image
    request = _request(scene.spec, scene)
    planes = request.document()["images"][0]
    covered = int((found.labels > 0).sum())
    sources = tuple(describe_part(item, image) for item in scene.named)
    return Proposal(
        request=request,
        planes={key: value for key, value in planes.items() if key in ("data", *_NOISE, "mask", "psf")},
        sky={"level": found.sky.level, "slope_x": found.sky.slope_x, "slope_y": found.sky.slope_y, "rms": found.rms},
        sources=sources,
        footprints={"pixels": covered, "fraction": round(covered / max(int((~image.mask).sum()), 1), 4)},
        left_out=found.left_out,
        notices=(*image.notices, *scene.notices, *_notices(scene)),
    )


def _with_planes(spec: ProposalSpec, locate: Locate, limits: ReadLimits) -> tuple[ProposalSpec, tuple[Notice, ...]]:
    """The specification with the planes that its file holds by name, where it says nothing of them itself."""
    try:
        planes = recognise_planes(describe_file(locate(spec.data.file), limits), spec.data.hdu)
    except (FileInvalid, LookupError, FileNotFoundError):
        return spec, ()  # loading the image tells what is wrong
    said = {key for key in spec.model_fields_set if key != "data"}
    said |= set(_NOISE) if said & set(_NOISE) else set()
    taken = {
        key: spec.data.model_copy(update={"hdu": hdu})
        for key, hdu in planes.hdus.items()
        if key not in said and (key != "data" or len(planes.hdus) > 1 or hdu != 0)
    }
    written = spec.model_dump(mode="json") | {key: value.model_dump(mode="json") for key, value in taken.items()}
    return ProposalSpec.model_validate(written), planes.notices


def _load_image(spec: ProposalSpec, locate: Locate, limits: ReadLimits) -> ImageData:
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 0}}
    request = parse_request({"images": [spec.image_document()], "components": [sky]})
    return load_images(request, locate, limits)[0]


def _segmentation(spec: ProposalSpec, image: ImageData, locate: Locate, limits: ReadLimits) -> NDArray[np.int32] | None:
    """The footprints in the window; None where there is no map of them."""
    if spec.segmentation is None:
        return None
    name = spec.segmentation.file
    (x, y), (height, width) = image.origin, image.data.shape

    def window(_: tuple[int, int]) -> tuple[slice, slice]:
        return slice(y, y + height), slice(x, x + width)

    try:
        plane = read_plane(locate(name), spec.segmentation.hdu, limits, number=spec.segmentation.plane, window=window)
    except FileInvalid as error:
        raise RequestInvalid([Fault("$.segmentation", f"{name!r} {error.message}", error.expected)]) from None
    except (LookupError, FileNotFoundError):
        message = f"there is no file {name!r}"
        raise RequestInvalid([Fault("$.segmentation", message, "an upload or a file that exists")]) from None
    labels = plane.data
    if plane.frame != image.frame:
        message, right = f"has the shape {plane.frame}", f"the shape of the data, {image.frame} (rows, columns)"
        raise RequestInvalid([Fault("$.segmentation", message, right)])
    if not ((labels == np.round(labels)) & (np.abs(labels) < 2**31)).all():
        message = "holds numbers that are not whole"
        raise RequestInvalid(
            [Fault("$.segmentation", message, "0 for the sky, and 1, 2, … for the pixels of each source")]
        )
    return np.maximum(labels, 0).astype(np.int32)


def _request(spec: ProposalSpec, scene: ProposedScene) -> FitRequest:
    picture = spec.image_document()
    if scene.shapes:
        picture["mask_shapes"] = [*picture.get("mask_shapes", ()), *scene.shapes]
    return parse_request(
        {
            "name": spec.title,
            "images": [picture],
            "components": [_sky_component(spec, scene.found.sky), *components_of(scene.named, scene.image)],
            "stages": [{"method": "lm", "max_iterations": _ITERATIONS}],
        }
    )


def _sky_component(spec: ProposalSpec, sky: Sky) -> dict[str, Any]:
    level = rounded(sky.level)
    tilted = spec.sky == "plane_sky" or (spec.sky == "auto" and sky.tilted)
    if tilted and "plane_sky" in PROFILES:
        slopes = {"di_dx": rounded(sky.slope_x), "di_dy": rounded(sky.slope_y)}
        return {"name": "sky", "profile": "plane_sky", "parameters": {"i": level, **slopes}}
    return {"name": "sky", "profile": "flat_sky", "parameters": {"i": level}}


def _notices(scene: ProposedScene) -> list[Notice]:
    """What a careful reader should know of the proposal."""
    spec, found = scene.spec, scene.found
    notices = []
    given = next((key for key in ("positions", "catalogue", "segmentation") if getattr(spec, key) is not None), None)
    stand = verb(found.left_out, "stands", "stand")
    masked = f"{verb(found.left_out, 'it was', 'they were')} masked"
    light = f"{verb(found.left_out, 'its', 'their')} light is in nobody's model"
    if found.left_out and given is None:
        limit = "the limit" if spec.limit is not None and spec.limit.number is not None else "max_components"
        sentence = f"{counted(found.left_out, 'source', before='more')} {stand} out: {limit} is {spec.most_sources}"
        notices.append(Notice("sources-over-limit", sentence))
    elif found.left_out and spec.neighbours == "mask":
        sentence = f"{counted(found.left_out, 'source')} {stand} out that the {given} leaves out: {masked}"
        notices.append(Notice("sources-not-listed", sentence))
    elif found.left_out:
        sentence = f"{counted(found.left_out, 'source')} {stand} out that the {given} leaves out: {light}"
        notices.append(Notice("sources-not-listed", sentence))
    if given in ("positions", "catalogue"):
        number = len(spec.positions or spec.catalogue or ())
        outside = number - len(found.sources)
        if outside > 0 and number <= spec.most_sources:
            which = f"{outside} of {counted(number, 'source')} of the {given}"
            sentence = f"{which} {verb(outside, 'lies', 'lie')} outside the image, and {was(outside)} left out"
            notices.append(Notice("positions-outside", sentence))
    if found.structures:
        number = found.structures
        sentence = (
            f"{counted(number, 'peak')} of galaxies {was(number)} taken for their structure (arms, rings, bars), not "
            f"for {verb(number, 'a source', 'sources')}: {verb(number, 'it does', 'they do')} not stand out of the "
            'ellipse about the galaxy\'s centre; "positions" measures what it names'
        )
        notices.append(Notice("structure-in-galaxies", sentence))
    if not found.sources:
        notices.append(_nothing_found(spec, scene.image, found))
    if found.sky.tilted and spec.sky == "flat_sky":
        sentence = "the sky is tilted: a plane_sky would describe it better"
        notices.append(Notice("sky-tilted", sentence, "component sky"))
    return notices


def _nothing_found(spec: ProposalSpec, image: ImageData, found: SourceList) -> Notice:
    below = detect(-found.light, image.variance, ~image.mask, 0.0, spec.threshold).sources
    if not below:
        sentence = f"no source stands out by {spec.threshold:g} sigma or more: the sky alone is proposed"
        return Notice("no-sources", sentence)
    sentence = (
        f"nothing stands out above the sky, but {counted(len(below), 'place')} {verb(len(below), 'does', 'do')} below "
        "it: is the image inverted, or its sky taken off with the sources?"
    )
    return Notice("image-inverted", sentence)
