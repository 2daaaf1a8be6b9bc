"""Library: fits and model images of arrays and files, in this process, for Python."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.spec import Fault, FitRequest, RequestInvalid, parse_request
from photfit.answers import FitAnswer
from photfit.image_inputs import ImageInputs, fetched_file, gather_images, is_url
from photfit.local.engine import run_request
from photfit.local.local_source import LocalSource, RunningFit
from photfit.model import Component, Constraint, Stage, request_document
from photfit.results import Fit, library, shown_progress
from photfit.stopping import GentleStop
from photfit.submission import locate_from

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fitting.methods.progress import Progress
    from fitting.results import FitResult

Components = Sequence[Component | Mapping[str, Any]] | Component | Mapping[str, Any]
"""Components of a model: objects, or dicts as a request has them."""
Stages = Sequence[Stage | Mapping[str, Any] | str] | Stage | Mapping[str, Any] | str | None
"""Stages of a fit: objects, names of methods, or dicts as a request has them."""


def fit(  # noqa: PLR0913 - what a request may say, by name
    image: Any,
    components: Components,
    *,
    psf: Any = None,
    variance: Any = None,
    sigma: Any = None,
    weight: Any = None,
    mask: Any = None,
    pixel_scale: float | None = None,
    zero_point: float | None = None,
    window: Mapping[str, Sequence[int]] | None = None,
    stages: Stages = None,
    constraints: Sequence[Constraint | Mapping[str, Any]] = (),
    progress: bool | Callable[[FitAnswer], None] = False,
    **members: Any,
) -> Fit:
    """Fit a model to an image, here and now.

    >>> fit = photfit.fit(array, [Sersic("g"), FlatSky("sky")], variance=variances, psf={"gaussian": {"fwhm": 3.2}})
    >>> fit["g.n"].value, fit["g.n"].uncertainty

    Args:
        image: array (height, width), `CCDData` or `NDData`, HDU, path, URL or ``(path, hdu)``; an `Image`, or a list of
            several of those.
        components: of the model; parameters that they leave out are found in the image.
        psf: array, path, HDU, or ``{"gaussian": {"fwhm": 3.2}}``; None means that nothing is blurred.
        variance, sigma, weight: noise of each pixel, array, path, number, or ``{"gain": …, "read_noise": …}``; at most
            one of them; none is estimated from the image, and said so among the fit's notices.
        mask: True, or not 0, where a pixel is left out.
        pixel_scale: arcsec per pixel; None takes the header's.
        zero_point: magnitude of one data unit; None takes the header's.
        window: the part to fit, half open, such as ``{"x": [0, 99]}``.
        stages: run in order, such as ``["lm", Nuts(samples=500)]``; None means ``lm``.
        constraints: between parameters.
        progress: True shows a bar, or a function is called with the fit as it is.
        members: of the request beside those: ``name``, ``frame``, ``seed``, ``noise``, ``groups``, ``device``.

    Returns:
        The fit, finished. Ctrl-C ends it with what it has found; twice, at once.

    Raises:
        RequestInvalid: something is wrong with what was given; ``faults`` lists all of it.
        TypeError, ValueError: an image, or a plane beside it, is none.
        LibraryMissing: the engine is not installed.
        OutOfMemory: this machine's memory does not suffice.
    """
    planes = {"variance": variance, "sigma": sigma, "weight": weight, "mask": mask, "psf": psf}
    inputs = gather_images(image, **planes, pixel_scale=pixel_scale, zero_point=zero_point, window=window)
    document = request_document(inputs.images, components, stages=stages, constraints=constraints, **members)
    request = parse_request(document)
    with _reporting(progress) as report:
        return Fit(LocalSource(request, _run(request, inputs, RunningFit(request, report))))


def model_image(
    components: Components,
    shape: Sequence[int] | None = None,
    *,
    like: Any = None,
    psf: Any = None,
    pixel_scale: float | None = None,
    zero_point: float | None = None,
    **members: Any,
) -> NDArray[np.float64]:
    """The image that a model makes, with nothing fitted: each pixel the integral of the light over it, then blurred.

    >>> photfit.model_image([Sersic("g", x=50, y=50, q=0.7, pa=30, n=2, r_e=8, flux=1e4)], (100, 100)).sum()

    Args:
        components: of the model, each parameter with a value or a link.
        shape: (height, width) of the image.
        like: an image in the place of a shape, for its shape, scale and coordinates: array, CCDData, HDU or path.
        psf: as of `fit`.
        pixel_scale: arcsec per pixel, where components are in frame ``sky`` and there are no coordinates.
        zero_point: magnitude of one data unit, where components have magnitudes.
        members: of the request beside those, such as ``frame``.

    Returns:
        float64 (height, width), data units.

    Raises:
        RequestInvalid: as `fit`; and where a parameter has no value.
        TypeError: neither a shape nor an image was given, or both.
        LibraryMissing: the engine is not installed.
    """
    if (shape is None) == (like is None):
        raise TypeError("give either a shape (height, width) or an image to draw the model like")
    if shape is not None and not (isinstance(shape, Sequence) and len(shape) == 2):
        raise TypeError(f"{shape!r} is no shape: give (height, width)")
    data = library("numpy", "photfit.model_image").zeros(tuple(shape)) if shape is not None else like
    scales = {"pixel_scale": pixel_scale, "zero_point": zero_point}
    inputs = gather_images(data, variance=1.0, psf=psf, **scales)
    request = parse_request(request_document(inputs.images, components, stages=[], **members))
    faults = [
        Fault(f"{row.name}", "has no value", "a value or a link: a model image is drawn of what is given")
        for row in request.rows()
        if row.expression is None and row.spec.value is None and row.description.default is None
    ]
    if faults:
        raise RequestInvalid(faults)
    (drawn,) = _run(request, inputs, RunningFit(request, None)).images
    return drawn.model


def _run(request: FitRequest, inputs: ImageInputs, running: RunningFit) -> FitResult:
    """The result, of files that are there and of those that are in memory."""
    with tempfile.TemporaryDirectory(prefix="photfit-") as folder, _gentle_stop() as stop:
        for name, content in inputs.files.items():
            Path(folder, name).write_bytes(content)

        def locate(name: str) -> Path:
            if is_url(name):
                return fetched_file(name, Path(folder))
            return Path(folder, name) if name in inputs.files else locate_from(Path(), name)

        def report(progress: Progress) -> None:
            running.take(progress)

        return run_request(request, locate, report, stop)


@contextlib.contextmanager
def _reporting(progress: bool | Callable[[FitAnswer], None]) -> Iterator[Callable[[FitAnswer], None] | None]:
    if progress is True:
        with shown_progress() as report:
            yield report
    else:
        yield progress if callable(progress) else None


@contextlib.contextmanager
def _gentle_stop() -> Iterator[Callable[[], bool]]:
    """Whether the fit should end: signals are taken in the main thread alone, as Python has it."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def tell(words: str) -> None:
        sys.stderr.write(f"{words}\n")

    stop = GentleStop(tell)
    with stop.watching():
        yield stop.look
