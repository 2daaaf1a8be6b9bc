"""Plots of a fit: drawn by photfit, shown by a notebook, saved to a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from photfit.results.fit_source import FitSource


class Picture:
    """A plot, which a notebook shows where it stands last in a cell.

    Attributes:
        content: the bytes.
        format: ``png``, ``svg`` or ``pdf``.
    """

    def __init__(self, name: str, draw: Callable[[str], bytes], format: str = "png") -> None:  # noqa: A002
        self.name = name
        self.format = format
        self.content = draw(format)
        self._draw = draw

    def save(self, path: str | Path) -> Path:
        """Write it to `path`, in the format that its suffix names: .png, .svg or .pdf.

        Raises:
            ValueError: it names another.
        """
        from fitting.spec.plots import PLOT_FORMATS

        target = Path(path)
        wanted = target.suffix.removeprefix(".").lower() or self.format
        if wanted not in PLOT_FORMATS:
            raise ValueError(f"{target} would be .{wanted}: plots are written as .{', .'.join(PLOT_FORMATS)}")
        target.write_bytes(self.content if wanted == self.format else self._draw(wanted))
        return target

    def _repr_png_(self) -> bytes | None:
        return self.content if self.format == "png" else None

    def _repr_svg_(self) -> str | None:
        return self.content.decode() if self.format == "svg" else None

    def __repr__(self) -> str:
        return f"<plot {self.name}, {self.format}, {len(self.content)} bytes: show it in a notebook, or save it>"


class Plots:
    """The plots that a fit can have; each returns a `Picture`.

    All take `format`, ``png``, ``svg`` or ``pdf``. Drawn here they need matplotlib, drawn by a service nothing.

    Raises:
        FileNotFoundError: this fit cannot have the plot; the message says why.
        ValueError: there is no such parameter or image.
    """

    def __init__(self, source: FitSource) -> None:
        self._source = source

    def fit(self, image: str | None = None, *, format: str = "png") -> Picture:  # noqa: A002
        """Data, model and normalised residual of one image, by default the first."""
        return self._picture("fit", format, image=image)

    def profile(self, image: str | None = None, *, format: str = "png") -> Picture:  # noqa: A002
        """Surface brightness of each object of one image along its isophotes, data and model, and the residual."""
        return self._picture("profile", format, image=image)

    def corner(
        self,
        parameters: Sequence[str] = (),
        truth: Mapping[str, float] | None = None,
        *,
        format: str = "png",  # noqa: A002
    ) -> Picture:
        """Every pair of parameters: ellipses of the covariance, outlines of the chains.

        Args:
            parameters: names, names of whole components, or patterns such as ``*.n``; none means all.
            truth: true values by name, drawn beside the fitted ones.
            format: of the picture.
        """
        return self._picture("corner", format, parameters=parameters, truth=truth)

    def convergence(self, *, format: str = "png") -> Picture:  # noqa: A002
        """Reduced χ² against iteration, stage by stage."""
        return self._picture("convergence", format)

    def trace(
        self,
        parameters: Sequence[str] = (),
        truth: Mapping[str, float] | None = None,
        *,
        format: str = "png",  # noqa: A002
    ) -> Picture:
        """The draws of each chain in their order, and their distribution; arguments as of `corner`."""
        return self._picture("trace", format, parameters=parameters, truth=truth)

    def rank(self, parameters: Sequence[str] = (), *, format: str = "png") -> Picture:  # noqa: A002
        """How the chains share the ranks of all draws: flat where they agree; `parameters` as of `corner`."""
        return self._picture("rank", format, parameters=parameters)

    def __repr__(self) -> str:
        from fitting.spec.plots import PLOTS

        return f"<plots of a fit: {', '.join(f'.{name}()' for name in PLOTS)}>"

    def _picture(
        self,
        name: str,
        format: str,  # noqa: A002
        *,
        image: str | None = None,
        parameters: Sequence[str] = (),
        truth: Mapping[str, float] | None = None,
    ) -> Picture:
        listed = [parameters] if isinstance(parameters, str) else list(parameters)
        given = {
            "image": image,
            "parameters": ",".join(listed) or None,
            "truth": json.dumps({key: float(value) for key, value in truth.items()}) if truth else None,
        }
        query = {key: text for key, text in given.items() if text is not None}

        def draw(chosen: str) -> bytes:
            return self._source.content(f"plots/{name}.{chosen}", query)

        return Picture(name, draw, format)
