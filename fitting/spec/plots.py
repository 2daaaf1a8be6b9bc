"""Plots and pictures: which a finished fit has, and what each can be asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from fitting.faults import UserFault
from fitting.spec.methods import METHODS

PlotOption = Literal["image", "parameters", "truth"]

PLANES: tuple[str, ...] = ("data", "model", "residual", "normalized_residual")
"""Planes of each image of a result."""

PLOT_FORMATS: tuple[str, ...] = ("png", "svg", "pdf")
"""Formats of every plot."""


@dataclass(frozen=True)
class PlotDescription:
    """A plot.

    Attributes:
        name: as in ``plots/{name}.png``.
        description: one sentence.
        takes: which choices of a reader mean something to it.
        needs: what a fit must have for it: ``stages``, or a stage that samples, ``chains``; None means nothing.
        documents, planes: files of a result that it is drawn from; planes are those of one image.
        components: whether it is drawn from the light of single components too.
    """

    name: str
    description: str
    takes: frozenset[PlotOption]
    needs: Literal["stages", "chains"] | None
    documents: tuple[str, ...] = ()
    planes: tuple[str, ...] = ()
    components: bool = False


PLOTS: MappingProxyType[str, PlotDescription] = MappingProxyType(
    {
        plot.name: plot
        for plot in (
            PlotDescription(
                "fit",
                "Data, model and normalised residual of one image.",
                frozenset({"image"}),
                None,
                ("request.json",),
                ("data", "model", "normalized_residual"),
            ),
            PlotDescription(
                "profile",
                "Surface brightness of each object of one image along its isophotes, data and model, and the residual.",
                frozenset({"image"}),
                None,
                ("request.json", "parameters.json"),
                PLANES,
                components=True,
            ),
            PlotDescription(
                "corner",
                "Every pair of parameters: ellipses of the covariance, outlines of the chains, true values if given.",
                frozenset({"parameters", "truth"}),
                "stages",
                ("request.json", "parameters.json", "covariance.json", "chains.nc"),
            ),
            PlotDescription(
                "convergence",
                "Reduced chi-squared against iteration, stage by stage.",
                frozenset(),
                "stages",
                ("parameters.json",),
            ),
            PlotDescription(
                "trace",
                "The draws of each chain in their order, and their distribution.",
                frozenset({"parameters", "truth"}),
                "chains",
                ("request.json", "parameters.json", "chains.nc"),
            ),
            PlotDescription(
                "rank",
                "How the chains share the ranks of all draws: flat where they agree.",
                frozenset({"parameters"}),
                "chains",
                ("request.json", "parameters.json", "chains.nc"),
            ),
        )
    }
)
"""Every plot, in the order in which a reader looks at them."""


@dataclass(frozen=True)
class PlotChoices:
    """What a reader chooses of a plot.

    Attributes:
        image: name of the image; None means the first.
        parameters: names, names of whole components, or patterns such as ``*.n``; empty means all.
        truth: true values by parameter, drawn beside the fitted ones.
    """

    image: str | None = None
    parameters: tuple[str, ...] = ()
    truth: Mapping[str, float] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether nothing but the image is chosen."""
        return not self.parameters and not self.truth


class PlotUnavailable(UserFault):
    """A fit cannot have a plot; the message says why, in words that follow "this fit"."""


class ChoiceInvalid(UserFault):
    """A reader chose something that a plot has not.

    Attributes:
        option: which choice.
        message, expected: what is wrong with it, and what would be right.
    """

    def __init__(self, option: PlotOption, message: str, expected: str = "") -> None:
        super().__init__(message)
        self.option, self.message, self.expected = option, message, expected

    def __reduce__(self) -> tuple[type[ChoiceInvalid], tuple[PlotOption, str, str]]:
        return type(self), (self.option, self.message, self.expected)


def read_choices(plot: PlotDescription, image: str | None, parameters: str | None, truth: str | None) -> PlotChoices:
    """Choices from their text.

    Args:
        parameters: names with commas between them.
        truth: ``name=value`` pairs with commas between them, or a JSON object.

    Raises:
        ChoiceInvalid: the plot does not take one of them, or its text cannot be read.
    """
    given: dict[PlotOption, str | None] = {"image": image, "parameters": parameters, "truth": truth}
    for option, text in given.items():
        if text is not None and option not in plot.takes:
            takes = ", ".join(sorted(plot.takes)) or "nothing"
            raise ChoiceInvalid(option, f"the plot {plot.name!r} takes no {option}", f"one of: {takes}")
    names = tuple(name.strip() for name in (parameters or "").split(",") if name.strip())
    return PlotChoices(image, names, {} if truth is None else _true_values(truth))


def _true_values(text: str) -> dict[str, float]:
    expected = '"a.x=67.9,a.n=2.1", or {"a.x": 67.9, "a.n": 2.1}'
    if text.lstrip().startswith("{"):
        try:
            pairs = list(json.loads(text).items())
        except ValueError as error:
            raise ChoiceInvalid("truth", f"is no JSON object: {error}", expected) from None
    else:
        pairs = [tuple(map(str.strip, pair.partition("=")[::2])) for pair in text.split(",") if pair.strip()]
    values = {}
    for name, value in pairs:
        try:
            values[name] = float(value)
        except (TypeError, ValueError):
            raise ChoiceInvalid("truth", f"{name[:80]!r} has no number", expected) from None
        if not math.isfinite(values[name]):
            raise ChoiceInvalid("truth", f"{name[:80]!r} is not finite", expected)
    return values


def samples(method: str) -> bool:
    """Whether a method leaves chains."""
    return method in METHODS and METHODS[method].samples


def plots_of(methods: Iterable[str]) -> tuple[str, ...]:
    """Names of the plots that a fit with stages of these methods has."""
    stages = tuple(methods)
    has = {None: True, "stages": bool(stages), "chains": any(map(samples, stages))}
    return tuple(plot.name for plot in PLOTS.values() if has[plot.needs])


Stretch = Literal["linear", "log", "asinh", "zscale"]

DEFAULT_SIZE = 1024
"""Pixels of a picture's longer side where a reader does not say."""
LARGEST_SIZE = 4096
"""Pixels of a picture's longer side, at most: 16 million in all; chosen by hand."""


@dataclass(frozen=True)
class PictureChoices:
    """A reader's choices.

    Attributes:
        hdu: number or EXTNAME; None means HDU 0 or the first that holds an image.
        stretch: from value to brightness between the cut levels; ``zscale`` is linear between IRAF's levels.
        low, high: values that are darkest and brightest, in the file's units; None lets the image decide.
        colormap: matplotlib's name.
        size: most pixels of the picture's longer side.
        plane: number, from 0, of the plane of a cube.
    """

    hdu: int | str | None = None
    stretch: Stretch = "asinh"
    low: float | None = None
    high: float | None = None
    colormap: str = "gray"
    size: int = DEFAULT_SIZE
    plane: int | None = None
