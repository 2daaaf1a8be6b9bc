"""Radial profile: surface brightness of data and model along isophotes, and the residual below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.finished_fit import Scale
from fitting.plots.isophotes import RadialBrightness
from fitting.plots.labels import power_text
from fitting.plots.sky_objects import SkyObject

Array = NDArray[np.float64]

MOST_OBJECTS = 12
"""The brightest so many are drawn."""

_COLUMNS = 4
"""Objects side by side, at most."""
_MAIN, _LOWER, _BETWEEN = 2.5, 0.85, 0.06
"""Heights of the upper and the lower panel, and the gap between them, inches."""
_LEFT, _RIGHT, _BOTTOM, _TOP, _RISE, _GAP = 0.72, 0.2, 0.55, 0.55, 0.5, 0.72
"""Margins, and the gaps between rows and columns, inches."""
_PULLS = 5.0
"""Largest range of the residual, standard deviations; what lies beyond is pointed at."""
_MODEL, _BAND = style.VERMILION, "#F3C9AE"
_PARTS = ((style.BLUE, "--"), (style.GREEN, "-."), (style.PURPLE, ":"), (style.ORANGE, (0, (5, 1, 1, 1, 1, 1))))


@dataclass(frozen=True)
class Units:
    """How brightness and radius are shown: mag/arcsec² where scale and zero point are known, else data units."""

    scale: Scale

    @property
    def magnitudes(self) -> bool:
        """Whether brightness is in mag/arcsec²."""
        return self.scale.pixel is not None and self.scale.zero_point is not None

    @property
    def radius_label(self) -> str:
        """Name of the horizontal axis."""
        return f"semi-major axis [{'pixel' if self.scale.pixel is None else 'arcsec'}]"

    @property
    def brightness_label(self) -> str:
        """Name of the vertical axis."""
        return "μ [mag arcsec⁻²]" if self.magnitudes else "brightness [data units per pixel]"

    def radius(self, pixels: Array) -> Array:
        """A radius as shown."""
        return pixels if self.scale.pixel is None else pixels * self.scale.pixel

    def brightness(self, values: Array) -> Array:
        """A brightness as shown; NaN where there is no logarithm of it."""
        positive = np.where(values > 0, values, np.nan)
        if self.scale.pixel is None or self.scale.zero_point is None:
            return np.asarray(positive, dtype=np.float64)
        return np.asarray(self.scale.zero_point - 2.5 * np.log10(positive / self.scale.pixel**2), dtype=np.float64)


def profile_figure(
    objects: Sequence[SkyObject],
    scale: Scale,
    title: str = "",
    format: str = "png",  # noqa: A002, as everywhere
) -> bytes:
    """One pair of panels for each object: its brightness over its radius, and (data - model)/error below."""
    return style.figure_bytes(profile_panels(objects, scale, title), format)


def profile_panels(objects: Sequence[SkyObject], scale: Scale, title: str = "") -> Figure:
    """The figure itself."""
    light = [float((each.profile.model * each.profile.pixels).sum()) for each in objects]
    shown = [objects[place] for place in sorted(np.argsort(light)[::-1][:MOST_OBJECTS].tolist())]
    columns = min(len(shown), _COLUMNS)
    rows = -(-len(shown) // columns)
    panel = 4.6 if columns == 1 else 3.0
    width = _LEFT + columns * panel + (columns - 1) * _GAP + _RIGHT
    pair = _MAIN + _BETWEEN + _LOWER
    height = _BOTTOM + rows * pair + (rows - 1) * (_RISE + _BOTTOM) + _TOP
    figure = style.new_figure(width, height)
    units = Units(scale)
    for place, each in enumerate(shown):
        left = (_LEFT + place % columns * (panel + _GAP)) / width
        floor = _BOTTOM + (rows - 1 - place // columns) * (pair + _RISE + _BOTTOM)
        lower = figure.add_axes((left, floor / height, panel / width, _LOWER / height))
        main = figure.add_axes(
            (left, (floor + _LOWER + _BETWEEN) / height, panel / width, _MAIN / height), sharex=lower
        )
        _draw(main, each, units)
        _draw_residual(lower, each.profile, units)
        main.set_title(each.name, fontsize=style.fitted_size(each.name, panel, style.TITLE), pad=4)
        if place % columns == 0:
            main.set_ylabel(units.brightness_label, fontsize=style.LABEL)
            lower.set_ylabel("residual / σ", fontsize=style.LABEL)
        if place + columns >= len(shown):
            lower.set_xlabel(units.radius_label, fontsize=style.LABEL)
    left_out = len(objects) - len(shown)
    heading = f"{title}: the brightest {len(shown)} of {len(objects)} objects" if left_out else title
    size = style.fitted_size(heading, width - 0.2, style.TITLE)
    figure.text(0.5, 1 - 0.05 / height, heading, fontsize=size, ha="center", va="top")
    return figure


def _draw(axes: Axes, each: SkyObject, units: Units) -> None:
    profile = each.profile
    radius = units.radius(profile.radius)
    low, high = (units.brightness(profile.model + sign * profile.error) for sign in (-1, 1))
    floor = units.brightness(np.maximum(profile.model * 1e-3, 1e-300))
    axes.fill_between(
        radius, np.where(np.isfinite(low), low, floor), high, color=_BAND, lw=0, label="model ± 1σ of the data"
    )
    axes.plot(radius, units.brightness(profile.model), color=_MODEL, lw=1.4, label="model", zorder=3)
    for (name, part), (colour, dashes) in zip(profile.parts.items(), _PARTS * len(profile.parts), strict=False):
        axes.plot(radius, units.brightness(part), color=colour, ls=dashes, lw=1.1, label=name, zorder=2)
    least = np.maximum(profile.data - profile.error, 1e-3 * profile.data)
    ends = units.brightness(least), units.brightness(profile.data + profile.error)
    axes.vlines(radius, *ends, color=style.INK, lw=0.8, zorder=4)
    label = "data ± 1σ" if each.alone else "data ± 1σ (all light)"
    axes.plot(radius, units.brightness(profile.data), "o", ms=2.6, color=style.INK, label=label, zorder=4)
    _scale_axes(axes, profile, units)
    style.quiet_axes(axes)
    axes.tick_params(labelbottom=False)
    axes.legend(fontsize=style.TICK - 1, frameon=False, loc="lower left", handlelength=2.2, labelspacing=0.3)


def _scale_axes(axes: Axes, profile: RadialBrightness, units: Units) -> None:
    """Radius by its logarithm; brightness by its logarithm, or in magnitudes that grow downwards."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    faintest = max(float(profile.model.min()), 0.5 * float(profile.error[-1]))
    brightest = float(max(profile.model.max(), profile.data.max()))
    limits = units.brightness(np.array([faintest / 2.0, brightest * 1.6]))
    if not units.magnitudes:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(base=10, numticks=7))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    if np.isfinite(limits).all():
        axes.set_ylim(float(limits[0]), float(limits[1]))


def _draw_residual(axes: Axes, profile: RadialBrightness, units: Units) -> None:
    radius = units.radius(profile.radius)
    reach = float(np.clip(np.nanmax(np.abs(profile.pulls), initial=0.0) * 1.15, 3.0, _PULLS))
    axes.axhspan(-1.0, 1.0, color=_BAND, lw=0)
    axes.axhline(0.0, color=_MODEL, lw=1.2)
    inside = np.abs(profile.pulls) <= reach
    axes.plot(radius[inside], profile.pulls[inside], "o", ms=2.6, color=style.INK)
    for sign, marker in ((1, "^"), (-1, "v")):
        beyond = ~inside & (np.sign(profile.pulls) == sign)
        axes.plot(radius[beyond], np.full(beyond.sum(), sign * 0.9 * reach), marker, ms=3.5, color=style.INK)
    axes.set_ylim(-reach, reach)
    axes.set_yticks([-2, 0, 2] if reach < 4 else [-4, 0, 4])
    style.quiet_axes(axes)
