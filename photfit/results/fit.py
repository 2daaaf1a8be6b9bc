"""The fit: handle of one that runs, result of one that is done."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from photfit.results.fitted_image import FittedImage
from photfit.results.libraries import LibraryMissing, library
from photfit.results.plots import Plots

if TYPE_CHECKING:
    from astropy.nddata import CCDData
    from astropy.table import QTable

    from photfit.answers import FitAnswer, NoticeAnswer, State
    from photfit.results.covariance_matrix import CovarianceMatrix
    from photfit.results.fit_source import DocumentName, FitSource
    from photfit.results.fitted_values import FittedValue

_STATE_SECONDS = 0.5
"""For which a state that was asked for holds, so that a line that reads several things of a fit asks once. By hand."""


class NoResult(RuntimeError):
    """The fit has no result, or none yet; the message says why."""


class Fit:
    """One fit, in a service or of this process: its state while it runs, and what it found.

    >>> fit = client.fit("galaxy.fits", [Sersic("g"), FlatSky("sky")]).wait(progress=True)
    >>> fit.converged, fit["g.r_e"].value, fit["g.r_e"].uncertainty
    >>> fit.parameters["name", "value", "uncertainty", "unit"]
    >>> fit.model, fit.residual, fit.chains, fit.plot.corner(["g"])

    What it found is fetched when it is first asked for, and kept. Numbers as Python has them need nothing else;
    `parameters`, `derived`, `row`, `model` and `residual` need astropy, `covariance` NumPy, `chains` ArviZ: where one
    is missing the error says what to install.

    Attributes:
        source: where the fit lies.

    Raises:
        NoResult: of everything that a fit finds, while it has not.
    """

    def __init__(self, source: FitSource, answer: FitAnswer | None = None, *, brief: bool = False) -> None:
        self.source = source
        self._answer = answer if answer is not None else source.state()
        self._asked = time.monotonic()
        self._brief = brief  # as lists have it: with its first notices alone

    def __getstate__(self) -> dict[str, Any]:
        """What `pickle` and `copy` keep: where the fit lies. What was fetched of it is fetched again."""
        return {"source": self.source, "_answer": self._answer, "_asked": self._asked, "_brief": self._brief}

    @property
    def id(self) -> str:
        """Its id, by which a service finds it again; of a fit in this process ``local-`` and a number."""
        return self._answer.id

    @property
    def name(self) -> str:
        """What it was called; may be empty."""
        return self._answer.name

    @property
    def answer(self) -> FitAnswer:
        """State, progress, place in the queue, notices and error; asked for anew until the fit is finished."""
        stale = not self._answer.finished and time.monotonic() - self._asked > _STATE_SECONDS
        if stale or self._brief:
            self._take(self.source.state())
        return self._answer

    @property
    def state(self) -> State:
        """``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``, as it is now."""
        return self._answer.state if self._answer.finished else self.answer.state

    @property
    def error(self) -> str | None:
        """Why it failed, in a sentence; None where it did not."""
        error = self.answer.error
        return None if error is None else error.detail or error.title

    @property
    def notices(self) -> tuple[NoticeAnswer, ...]:
        """What a careful reader should know: each a code that stays, a sentence, and what it belongs to."""
        return self.answer.notices

    def wait(self, timeout: float | None = None, progress: bool | Callable[[FitAnswer], None] = False) -> Fit:
        """This fit, when it is finished: succeeded, failed or cancelled.

        Args:
            timeout: seconds; None waits without end.
            progress: True shows a bar in a terminal or a notebook, and lines of text elsewhere; or a function, called
                about once a second with the fit as it is.

        Raises:
            WaitTimeout: the time was over. Nothing is lost: the fit goes on, and may be waited for again.
        """
        if self._answer.finished:
            return self
        if callable(progress):
            self._take(self.source.wait(timeout, progress))
        elif progress:
            from photfit.results.progress_reports import shown_progress

            with shown_progress() as report:
                self._take(self.source.wait(timeout, report))
        else:
            self._take(self.source.wait(timeout, None))
        return self

    def cancel(self) -> Fit:
        """Ask for its end; what it has found is kept."""
        self._take(self.source.cancel())
        return self

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the fit: ``parameters``, ``covariance``, ``provenance``, ``request`` or ``best_fit``."""
        if name != "request":
            self._require_result()
        return self.source.document(name)

    @cached_property
    def request(self) -> dict[str, Any]:
        """The request, as JSON."""
        return self.document("request")

    @cached_property
    def best_fit(self) -> dict[str, Any]:
        """The request with every parameter where the fit ended, as JSON: to go on from there, or to draw the model."""
        return self.document("best_fit")

    @property
    def converged(self) -> bool:
        """Whether the last stage converged and the data determine every free parameter."""
        return bool(self._numbers["converged"])

    @property
    def message(self) -> str:
        """How it ended, in a line."""
        return str(self._numbers["message"])

    @property
    def chi2(self) -> float:
        """χ² of the data at the best fit."""
        return float(self._numbers["chi2"])

    @property
    def chi2_reduced(self) -> float:
        """χ² per degree of freedom."""
        return float(self._numbers["chi2_reduced"])

    @property
    def degrees_of_freedom(self) -> int:
        """Pixels less free parameters."""
        return int(self._numbers["degrees_of_freedom"])

    @property
    def n_pixels(self) -> int:
        """Pixels that were used."""
        return int(self._numbers["n_pixels"])

    @property
    def bic(self) -> float:
        """Bayesian information criterion: −2 ln L, up to a constant of the data, plus free parameters × ln pixels."""
        return float(self._numbers["bic"])

    @property
    def log_likelihood(self) -> float:
        """ln L at the best fit."""
        return float(self._numbers["log_likelihood"])

    def __getitem__(self, name: str) -> FittedValue:
        """One value: ``fit["g.r_e"]``, a derived one ``fit["g.magnitude"]``, of one image ``fit["g.i_e[r]"]``.

        Raises:
            KeyError: there is none; the message names those that come near.
        """
        from photfit.results.fitted_values import value_named

        return value_named(self._numbers, name)

    @cached_property
    def parameters(self) -> QTable:
        """The parameters, a row each.

        Columns: ``name, value, uncertainty, uncertainty_scaled`` (× √χ²ᵣ), ``uncertainty_bootstrap, interval_lower,
        interval_upper, interval_scaled_lower, interval_scaled_upper, q16, q50, q84`` (of the posterior), ``unit`` (of
        the row's numbers), ``free, at_limit``; what there is none of is masked. Goodness of fit is in ``meta``. `row`
        has the same values as quantities.
        """
        from photfit.results.fitted_values import values_table

        return values_table(self._numbers, "parameter", "fit.parameters")

    @cached_property
    def derived(self) -> QTable:
        """What follows from the parameters (fluxes, magnitudes, places on the sky), a row each; columns as there."""
        from photfit.results.fitted_values import values_table

        return values_table(self._numbers, "derived", "fit.derived")

    @property
    def row(self) -> QTable:
        """All values in one row, for a table of many fits: ``vstack([fit.row for fit in fits])``.

        Columns: ``id, name, converged, chi2_reduced, n_pixels``, then for each parameter and derived value its own
        name, a Quantity with the unit, and that with ``_err``, NaN where there is none. An image's data units,
        which astropy does not know, are a unit ``data`` of their own.
        """
        from photfit.results.fitted_values import values_row

        return values_row(self._numbers, {"id": self.id, "name": self.name})

    @cached_property
    def covariance(self) -> CovarianceMatrix:
        """Covariance of the parameters, a NumPy array (parameters, parameters), with ``names`` and ``correlation``."""
        library("numpy", "fit.covariance")
        from photfit.results.covariance_matrix import CovarianceMatrix

        document = self.document("covariance")
        return CovarianceMatrix.named(document["names"], document["matrix"])

    @cached_property
    def chains(self) -> Any:
        """The draws of the last stage that sampled, as ArviZ has them: (chain, draw) of each parameter in group
        ``posterior``, and ``sample_stats``. An `InferenceData` of ArviZ before 1.0, an xarray `DataTree` since.

        Raises:
            FileNotFoundError: no stage sampled.
            LibraryMissing: neither arviz nor xarray is there.
        """
        self._require_result()
        path = Path(self._folder.name, "chains.nc")
        path.write_bytes(self.source.content("chains.nc"))
        with contextlib.suppress(LibraryMissing):
            arviz = library("arviz", "fit.chains")
            if hasattr(arviz, "InferenceData"):
                return arviz.from_netcdf(path)
        library("h5netcdf", "fit.chains")
        try:
            return library("xarray", "fit.chains").load_datatree(path, engine="h5netcdf")
        except LibraryMissing:
            raise LibraryMissing("fit.chains needs ArviZ: pip install arviz", name="arviz") from None

    @cached_property
    def images(self) -> Mapping[str, FittedImage]:
        """The images by name, in the request's order: each with ``data``, ``model``, ``residual``, …"""
        names = [item["name"] for item in self._numbers["images"]]
        return MappingProxyType({name: FittedImage(self.source, name) for name in names})

    @property
    def model(self) -> CCDData:
        """The model of the one image, see `FittedImage.model`; of several ask ``fit.images["r"].model``."""
        return self._only_image("model").model

    @property
    def residual(self) -> CCDData:
        """Data minus model of the one image; of several ask ``fit.images["r"].residual``."""
        return self._only_image("residual").residual

    @property
    def plot(self) -> Plots:
        """The plots: ``plot.fit()``, ``.corner()``, ``.profile()``, ``.convergence()``, ``.trace()``, ``.rank()``."""
        self._require_result()
        return Plots(self.source)

    def __repr__(self) -> str:
        from photfit.results.progress_reports import headline

        line = headline(self._answer)
        if not self._answer.has_result:
            return f"<fit {line}>"
        ended = "converged" if self.converged else "not converged"
        return f"<fit {line}, {ended}, reduced chi-squared {self.chi2_reduced:.6g}>"

    def _repr_html_(self) -> str:
        from photfit.results.notebook_view import progress_html, result_html

        if not self.answer.has_result:
            return progress_html(self.answer)
        picture: bytes | None = None
        with contextlib.suppress(FileNotFoundError, LibraryMissing, OSError):
            picture = self.source.content("plots/fit.png")
        return result_html(self.answer, self._numbers, picture)

    @cached_property
    def _numbers(self) -> dict[str, Any]:
        return self.document("parameters")

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        """For files that a library reads as it goes; it is there as long as the fit."""
        return tempfile.TemporaryDirectory(prefix="photfit-")

    def _take(self, answer: FitAnswer) -> None:
        self._answer, self._asked, self._brief = answer, time.monotonic(), False

    def _require_result(self) -> None:
        answer = self._answer if self._answer.has_result else self.answer
        if answer.has_result:
            return
        if answer.finished:
            raise NoResult(f"this fit has no result: it {answer.state}{f': {self.error}' if self.error else ''}")
        raise NoResult(f"this fit is {answer.state} and has no result yet: wait() for it")

    def _only_image(self, plane: str) -> FittedImage:
        if len(self.images) != 1:
            raise NoResult(f"this fit has {len(self.images)} images: fit.images[{next(iter(self.images))!r}].{plane}")
        return next(iter(self.images.values()))
