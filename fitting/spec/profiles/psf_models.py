"""Descriptions of point-spread functions of known formula, to be fitted to a star's image; no PSF blurs them."""

from fitting.spec.profiles.first_shape import StarShape
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.shared_parameters import FLUX, PA, Q, X, Y, length

_NEARLY_ROUND = 0.95
"""Where a fit starts: at q = 1 itself nothing would depend on pa, and no step in it would have a meaning."""
_ELLIPSE = (X, Y, Q.model_copy(update={"default": _NEARLY_ROUND}), PA.model_copy(update={"default": 0.0}))
_FWHM = length("fwhm", "Full width at half maximum, along the major axis.")

GAUSSIAN_PSF = ProfileDescription(
    name="gaussian_psf",
    description="Gaussian point-spread function.",
    parameters=(*_ELLIPSE, _FWHM, FLUX),
    formula="I(R) = flux exp(-R^2/2 s^2) / (2 pi q s^2), s = fwhm / (8 ln 2)^(1/2)",
    source="by definition",
    first_shape=StarShape(),
    blurred=False,
    psf_model=True,
)

MOFFAT_PSF = ProfileDescription(
    name="moffat_psf",
    description="Moffat point-spread function.",
    parameters=(
        *_ELLIPSE,
        ParameterDescription(
            name="beta",
            unit="",
            description="Steepness of the wings.",
            min=1.05,
            max=50.0,
            lowest=1.001,
            highest=1000.0,
            scale="log",
            default=3.0,
        ),
        _FWHM,
        FLUX,
    ),
    formula="I(R) = flux (beta - 1)/(pi q a^2) (1 + R^2/a^2)^-beta, a = fwhm / 2 (2^(1/beta) - 1)^(1/2)",
    source="Moffat 1969, A&A 3, 455",
    first_shape=StarShape(),
    blurred=False,
    psf_model=True,
)

AIRY_PSF = ProfileDescription(
    name="airy_psf",
    description="Airy pattern: diffraction by a circular aperture.",
    parameters=(*_ELLIPSE, _FWHM, FLUX),
    formula="I(R) = flux k^2/(4 pi q) [2 J_1(k R)/(k R)]^2, k = 3.2327/fwhm",
    source="Airy 1835, Transactions of the Cambridge Philosophical Society 5, 283",
    first_shape=StarShape(),
    blurred=False,
    psf_model=True,
)
