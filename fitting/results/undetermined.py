"""Notices of what the data leave open, and of limits that a request set too wide."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from fitting.inputs import ImageData
from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties import SizeLimit
from fitting.problem import Problem
from fitting.problem.coordinates import Values
from fitting.profiles import SURFACES, radial_profile
from fitting.results.covariance import Covariance, enough_data
from fitting.spec import ComponentSpec, FitRequest, Notice
from fitting.spec.counts import counted
from fitting.spec.parameter_rows import component_rows

_SMALL = 1.0
"""Scale length, in pixels of the PSF image, below which a kernel for pixel values blurs light too much: stars that were
fitted as Sérsic, Gaussian or Moffat functions end there, 0.1 to 0.2 pixel off
(`tests/fitting/results/test_undetermined.py`)."""


def clipped_limits(request: FitRequest) -> list[Notice]:
    """Notices of limits beyond what a profile can have."""
    notices = []
    for row in component_rows(request.components, request.frame_in_use, request.images):
        clipped = row.spec.clipped(row.description)
        if clipped:
            beyond = " and ".join(f"{key} {given:g}" for key, given, _ in clipped)
            taken = " and ".join(f"{own:g}" for *_, own in clipped)
            verbs = ("is", "was") if len(clipped) == 1 else ("are", "were")
            sentence = (
                f"{row.name}: {beyond} {verbs[0]} beyond what the profile can have, and {verbs[1]} taken as {taken}"
            )
            notices.append(Notice("limit-clipped", sentence, f"parameters {row.name}"))
    return notices


def undetermined_notices(
    problem: Problem,
    end: MinimizerResult,
    covariance: Covariance,
    limits: Sequence[SizeLimit] = (),
    unmoved: Collection[str] = (),
) -> list[Notice]:
    """Notices of the parameters without an uncertainty: too many for the pixels, not resolved, never moved by a search
    that found no minimum, not felt, or open.
    """
    free = len(problem.names) - len(covariance.at_limit) - len(covariance.unfelt)
    if not enough_data(problem, end, free):
        sizes = f"{counted(problem.pixels, 'pixel')} for {counted(free, 'parameter')}"
        sentence = f"{sizes}: nothing is determined, and nothing has an uncertainty"
        return [Notice("too-few-pixels", sentence)]
    told = [
        Notice(
            "unresolved",
            f"not resolved: {limit.length} < {limit.below:.2g} {limit.unit} (95 %), and its shape is undetermined, "
            f"with {limit.amplitude}; the uncertainty of its total flux is the one with the shape as given",
            f"parameters {', '.join((*limit.shape, limit.amplitude))}",
        )
        for limit in limits
    ]
    small = {name for limit in limits for name in (*limit.shape, limit.amplitude)}
    still = [name for name in covariance.unfelt if name in unmoved]
    if still:
        names = ", ".join(still)
        sentence = f"the fit ended before these left their start, so they have no uncertainty: {names}"
        told.append(Notice("unmoved", sentence, f"parameters {names}"))
    held = [name for name in covariance.unfelt if name not in small and name not in unmoved]
    if held:
        names = ", ".join(held)
        told.append(
            Notice("held", f"the data do not feel these, so they were left alone: {names}", f"parameters {names}")
        )
    rest = [name for name in covariance.undetermined if name not in covariance.unfelt]
    if rest:
        names = ", ".join(rest)
        told.append(
            Notice(
                "undetermined", f"the data do not determine {names}: other values fit as well", f"parameters {names}"
            )
        )
    return told


def lost_components(problem: Problem, covariance: Covariance) -> list[str]:
    """Components of whose position the data feel nothing."""
    unfelt = set(covariance.unfelt)
    names = [component.name for component in problem.request.components]
    return [name for name in names if unfelt >= {f"{name}.x", f"{name}.y"} or unfelt >= {f"{name}.ra", f"{name}.dec"}]


def smaller_than_pixel_notices(problem: Problem, images: Sequence[ImageData], physical: Tensor) -> list[Notice]:
    """Notices of components that ended smaller than a pixel under a PSF that is a kernel for pixel values.

    Such a kernel holds the response of the pixels to a star, and the light that it blurs was averaged over pixels
    before: what is as small as a star is broader in the model than in the data, wherever it lies in its pixel.

    Args:
        physical: values of the table's rows, (parameters,).
    """
    rows = Values(physical[None], physical.new_zeros(1), lambda: physical.new_zeros((1, len(physical), 0)))
    notices = []
    for image, view in zip(images, problem.views, strict=True):
        if image.psf is None or image.psf_convention != "discrete":
            continue
        native = view.native(rows).physical[0].cpu()
        small = [
            component.name
            for component in problem.request.seen_in(image.name)
            if component.role == "light" and component.description.blurred
            for values in [
                {name: native[view.index[f"{component.name}.{name}"]] for name in component.description.names}
            ]
            for length in [_scale_length(component, values)]
            if length is not None and length * image.psf_oversampling < _SMALL
        ]
        if small:
            names, many = ", ".join(small), len(small) > 1
            finer = "" if image.psf_oversampling == 1 else f", {image.psf_oversampling} times finer"
            off, s = 0.2 / image.psf_oversampling, "s" if many else ""
            stars = "they are no more than stars" if many else "it is no more than a star"
            sentence = (
                f"image {image.name}: {names} ended smaller than a pixel of the PSF{finer}. As a kernel for pixel "
                f"values (`discrete`) it blurs such light too much: position{s} may be off by up to {off:.1g} pixel, "
                f"and flux{'es' if many else ''} by some per cent. If {stars}, fit `point_source`; if the PSF is made "
                f'of stars as these pixels have them, give `"convention": "effective"` beside it'
            )
            notices.append(Notice("smaller-than-pixel", sentence, f"image {image.name}"))
    return notices


def _scale_length(component: ComponentSpec, values: dict[str, Tensor]) -> float | None:
    """Semi-axis along a component's major axis, pixels; None of what has none."""
    profile = radial_profile(component.profile, component.options)
    if profile is not None:
        return float(values[profile.scale])
    surface = SURFACES.get(component.profile)
    if surface is None:
        return None
    return float(surface.ellipse(torch.stack([values[name] for name in surface.parameters])[None])[2])
