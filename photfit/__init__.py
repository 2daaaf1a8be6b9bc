"""photfit in Python: models of objects, fits by a service or in this process, and their results.

>>> import photfit
>>> from photfit import FlatSky, Sersic
>>> fit = photfit.fit("galaxy.fits", [Sersic("g"), FlatSky("sky")], psf={"gaussian": {"fwhm": 3.2}})
>>> fit.parameters["name", "value", "uncertainty"]
>>> fit["g.r_e"].value, fit.model, fit.residual

`fit` and `model_image` run in this process and need the engine (``pip install 'photfit[worker]'``); `Client` has a
service do it and needs nothing else. Both give a `Fit`. Light: what is heavy (torch, astropy, matplotlib, ArviZ, even
pydantic and httpx) is imported where it is first used.

This package is also the command line, ``photfit``. The engine is `fitting`, the service is `app` (HTTP) and `worker`
(Celery), and `jobs` is what those two share.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from photfit.model import Component, Constraint, Link, Parameter, Stage
from photfit.model.methods import (
    Bootstrap,
    Ensemble,
    Gradient,
    Hmc,
    Importance,
    IterativeComponents,
    IterativeParameters,
    Lm,
    Mala,
    Metropolis,
    Nuts,
    Scipy,
    Svi,
)
from photfit.model.modifiers import Bending, Fourier, Rays, Rotation, Superellipse, Truncation, Warp, Wedges
from photfit.model.own_profile import profile
from photfit.model.profiles import (
    AiryPsf,
    Basis,
    BilinearSky,
    BrokenExponential,
    CoreSersic,
    DeVaucouleurs,
    EdgeOnDisk,
    EdgeOnRing,
    Einasto,
    Exponential,
    Ferrers,
    FlatSky,
    Formula,
    Gaussian,
    GaussianEllipsoid,
    GaussianPsf,
    GaussianRing,
    ImagePsf,
    Isothermal,
    King,
    ModifiedKing,
    Moffat,
    MoffatPsf,
    MultiGaussian,
    Nuker,
    Pixelated,
    PlaneSky,
    PointSource,
    Sersic,
    Spline,
)

if TYPE_CHECKING:
    from fitting.spec import RequestInvalid
    from fitting.spec.catalogues import decode_flags
    from photfit.client import (
        AsyncClient,
        AsyncFit,
        Client,
        MapOutcome,
        Refused,
        ServiceError,
        ServiceUnreachable,
        WaitTimeout,
    )
    from photfit.image_inputs import Image
    from photfit.local import fit, model_image
    from photfit.results import Fit, FittedValue, LibraryMissing, NoResult, fits_table

_LATER = {
    "AsyncClient": "photfit.client",
    "AsyncFit": "photfit.client",
    "Client": "photfit.client",
    "Fit": "photfit.results",
    "FittedValue": "photfit.results",
    "Image": "photfit.image_inputs",
    "LibraryMissing": "photfit.results",
    "MapOutcome": "photfit.client",
    "NoResult": "photfit.results",
    "Refused": "photfit.client",
    "RequestInvalid": "fitting.spec",
    "ServiceError": "photfit.client",
    "ServiceUnreachable": "photfit.client",
    "WaitTimeout": "photfit.client",
    "decode_flags": "fitting.spec.catalogues",
    "fit": "photfit.local",
    "fits_table": "photfit.results",
    "model_image": "photfit.local",
}
"""Where what is not imported at once is found: with `Client` comes an HTTP library, with the rest pydantic."""

__all__ = [
    "AiryPsf",
    "AsyncClient",
    "AsyncFit",
    "Basis",
    "Bending",
    "BilinearSky",
    "Bootstrap",
    "BrokenExponential",
    "Client",
    "Component",
    "Constraint",
    "CoreSersic",
    "DeVaucouleurs",
    "EdgeOnDisk",
    "EdgeOnRing",
    "Einasto",
    "Ensemble",
    "Exponential",
    "Ferrers",
    "Fit",
    "FittedValue",
    "FlatSky",
    "Formula",
    "Fourier",
    "Gaussian",
    "GaussianEllipsoid",
    "GaussianPsf",
    "GaussianRing",
    "Gradient",
    "Hmc",
    "Image",
    "ImagePsf",
    "Importance",
    "Isothermal",
    "IterativeComponents",
    "IterativeParameters",
    "King",
    "LibraryMissing",
    "Link",
    "Lm",
    "Mala",
    "MapOutcome",
    "Metropolis",
    "ModifiedKing",
    "Moffat",
    "MoffatPsf",
    "MultiGaussian",
    "NoResult",
    "Nuker",
    "Nuts",
    "Parameter",
    "Pixelated",
    "PlaneSky",
    "PointSource",
    "Rays",
    "Refused",
    "RequestInvalid",
    "Rotation",
    "Scipy",
    "Sersic",
    "ServiceError",
    "ServiceUnreachable",
    "Spline",
    "Stage",
    "Superellipse",
    "Svi",
    "Truncation",
    "WaitTimeout",
    "Warp",
    "Wedges",
    "decode_flags",
    "fit",
    "fits_table",
    "model_image",
    "profile",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
