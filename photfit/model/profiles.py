"""Profiles as classes, one each, with their own parameters as keyword arguments.

Units are those of frame ``pixel``. In a request of frame ``sky`` lengths are in arcsec, intensities in data
units per arcsec², and a centre is ``ra``, ``dec``.

Made by `make docs` from the tables of fitting.spec: change it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from photfit.model.component import Component, Modifiers
from photfit.model.links import ParameterReference
from photfit.model.parameter import Value

__all__ = [
    "AiryPsf",
    "Basis",
    "BilinearSky",
    "BrokenExponential",
    "CoreSersic",
    "DeVaucouleurs",
    "EdgeOnDisk",
    "EdgeOnRing",
    "Einasto",
    "Exponential",
    "Ferrers",
    "FlatSky",
    "Formula",
    "Gaussian",
    "GaussianEllipsoid",
    "GaussianPsf",
    "GaussianRing",
    "ImagePsf",
    "Isothermal",
    "King",
    "ModifiedKing",
    "Moffat",
    "MoffatPsf",
    "MultiGaussian",
    "Nuker",
    "Pixelated",
    "PlaneSky",
    "PointSource",
    "Sersic",
    "Spline",
]


class FlatSky(Component):
    """A constant background.

        I(x, y) = i

    Source: by definition.

    Args:
        name: of the component; left out it is called as its profile.
        i: data/pixel. Sky level.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "flat_sky"
    i: ParameterReference

    def __init__(self, name: str | None = None, *, i: Value = None, images: Sequence[str] | None = None) -> None:
        super().__init__(name, {"i": i}, images=images)


class PlaneSky(Component):
    """A background that is a tilted plane about the centre of the image (of its window).

        I(x, y) = i + di_dx (x - x_c) + di_dy (y - y_c)

    Source: by definition; GALFIT's sky (Peng et al. 2010, AJ 139, 2097).

    Args:
        name: of the component; left out it is called as its profile.
        i: data/pixel. Sky level at the centre of the image.
        di_dx: data/pixel/pixel. Gradient along FITS axis 1. Begins at 0.
        di_dy: data/pixel/pixel. Gradient along FITS axis 2. Begins at 0.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "plane_sky"
    i: ParameterReference
    di_dx: ParameterReference
    di_dy: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        i: Value = None,
        di_dx: Value = None,
        di_dy: Value = None,
        images: Sequence[str] | None = None,
    ) -> None:
        super().__init__(name, {"i": i, "di_dx": di_dx, "di_dy": di_dy}, images=images)


class BilinearSky(Component):
    """Bilinear interpolation in a grid of nodes over the image: "options": {"nodes": [3, 3]}.

        I(x, y) = sum over nodes of i_row_column, weighted by (1 - |distance|) along both axes, in node spacings

    Source: by definition.

    Args:
        name: of the component; left out it is called as its profile.
        nodes: option; nodes. Usually [3, 3].
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones i_0_0, i_0_1, i_0_2, i_1_0, i_1_1, i_1_2, i_2_0, i_2_1,
            i_2_2.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "bilinear_sky"
    i_0_0: ParameterReference
    i_0_1: ParameterReference
    i_0_2: ParameterReference
    i_1_0: ParameterReference
    i_1_1: ParameterReference
    i_1_2: ParameterReference
    i_2_0: ParameterReference
    i_2_1: ParameterReference
    i_2_2: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        nodes: Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(name, {**parameters}, {"nodes": nodes, **(options or {})}, images=images)


class Sersic(Component):
    """Sérsic galaxy with elliptical isophotes.

        I(R) = i_e exp(-b_n [(R/r_e)^(1/n) - 1]), with b_n from gamma(2n, b_n) = Gamma(2n)/2

    Source: Sérsic 1968, Atlas de galaxias australes; Ciotti & Bertin 1999, A&A 352, 447 (b_n, here solved exactly).

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        n: Sérsic index: 1 is exponential, 4 is de Vaucouleurs. From 0.1 to 20.
        r_e: pixel. Half-light semi-major axis. From 0.001 to 100000.
        i_e: data/pixel. Surface brightness at r_e. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "sersic"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    n: ParameterReference
    r_e: ParameterReference
    i_e: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        n: Value = None,
        r_e: Value = None,
        i_e: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "n": n,
                "r_e": r_e,
                "i_e": i_e,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Exponential(Component):
    """Exponential disc.

        I(R) = i_0 exp(-R/h)

    Source: Freeman 1970, ApJ 160, 811, equation 1.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        h: pixel. Scale length; the half-light radius is 1.678 h. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "exponential"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    h: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        h: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "h": h,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class DeVaucouleurs(Component):
    """De Vaucouleurs galaxy: a Sérsic profile of index 4.

        I(R) = i_e exp(-7.66925 [(R/r_e)^(1/4) - 1])

    Source: de Vaucouleurs 1948, Annales d'Astrophysique 11, 247.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        r_e: pixel. Half-light semi-major axis. From 0.001 to 100000.
        i_e: data/pixel. Surface brightness at r_e. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "de_vaucouleurs"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    r_e: ParameterReference
    i_e: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        r_e: Value = None,
        i_e: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "r_e": r_e,
                "i_e": i_e,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Gaussian(Component):
    """Gaussian.

        I(R) = i_0 exp(-4 ln(2) (R/fwhm)^2)

    Source: Peng et al. 2010, AJ 139, 2097, equation 9.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        fwhm: pixel. Full width at half maximum along the major axis. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "gaussian"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    fwhm: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        fwhm: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "fwhm": fwhm,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Moffat(Component):
    """Moffat function. Its total flux is infinite for beta <= 1.

        I(R) = i_0 [1 + (R/r_d)^2]^-beta, r_d = fwhm / (2 sqrt(2^(1/beta) - 1))

    Source: Moffat 1969, A&A 3, 455.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        beta: Exponent: the wings fall as R^(-2 beta). From 0.2 to 100.
        fwhm: pixel. Full width at half maximum along the major axis. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "moffat"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    beta: ParameterReference
    fwhm: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        beta: Value = None,
        fwhm: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "beta": beta,
                "fwhm": fwhm,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Nuker(Component):
    """Nuker law: two power laws and the break between them. Its total flux is infinite for beta <= 2.

        I(R) = i_b 2^((beta - gamma)/alpha) (R/r_b)^-gamma [1 + (R/r_b)^alpha]^((gamma - beta)/alpha)

    Source: Lauer et al. 1995, AJ 110, 2622, equation 3.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        alpha: Sharpness of the break. From 0.1 to 100.
        beta: Slope outside the break, I ~ R^-beta. From 0.05 to 20.
        gamma: Slope inside the break, I ~ R^-gamma. From -1 to 1.9.
        r_b: pixel. Break radius. From 0.001 to 100000.
        i_b: data/pixel. Surface brightness at r_b. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "nuker"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    alpha: ParameterReference
    beta: ParameterReference
    gamma: ParameterReference
    r_b: ParameterReference
    i_b: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        alpha: Value = None,
        beta: Value = None,
        gamma: Value = None,
        r_b: Value = None,
        i_b: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "alpha": alpha,
                "beta": beta,
                "gamma": gamma,
                "r_b": r_b,
                "i_b": i_b,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class King(Component):
    """King profile (classic): a core and a truncation.

        I(R) = i_0 ([w(R) - w(r_t)]/[1 - w(r_t)])^2 for R < r_t, else 0; w(R) = [1 + (R/r_c)^2]^(-1/2)

    Source: King 1962, AJ 67, 471, equation 14.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        r_t: pixel. Truncation radius, where the profile ends. From 0.001 to 100000.
        r_c: pixel. Core radius. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "king"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    r_t: ParameterReference
    r_c: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        r_t: Value = None,
        r_c: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "r_t": r_t,
                "r_c": r_c,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class ModifiedKing(Component):
    """King profile with a free exponent (modified); alpha = 2 is the classic one.

        I(R) = i_0 ([w(R) - w(r_t)]/[1 - w(r_t)])^alpha for R < r_t, else 0; w(R) = [1 + (R/r_c)^2]^(-1/alpha)

    Source: Elson 1999, in Globular Clusters, p. 209; Peng et al. 2010, AJ 139, 2097, equation 12.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        r_t: pixel. Truncation radius, where the profile ends. From 0.001 to 100000.
        alpha: Exponent; 2 is the classic King profile. From 0.2 to 20.
        r_c: pixel. Core radius. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "modified_king"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    r_t: ParameterReference
    alpha: ParameterReference
    r_c: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        r_t: Value = None,
        alpha: Value = None,
        r_c: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "r_t": r_t,
                "alpha": alpha,
                "r_c": r_c,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Ferrers(Component):
    """Modified Ferrers profile: a bar, nearly flat inside, that ends at r_out.

        I(R) = i_0 [1 - (R/r_out)^(2 - beta)]^alpha for R < r_out, else 0

    Source: Peng et al. 2010, AJ 139, 2097, equation 11.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        alpha: How sharply it ends; larger is gentler. From 0.2 to 20.
        beta: Central slope. From -10 to 1.9.
        r_out: pixel. Outer radius, where the profile ends. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "ferrers"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    alpha: ParameterReference
    beta: ParameterReference
    r_out: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        alpha: Value = None,
        beta: Value = None,
        r_out: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "alpha": alpha,
                "beta": beta,
                "r_out": r_out,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class CoreSersic(Component):
    """Core-Sérsic galaxy: a Sérsic profile whose centre is a shallower power law.

        I(R) = i_b 2^(-gamma/alpha) [1 + (r_b/R)^alpha]^(gamma/alpha) exp(b_n {(2^(1/alpha) r_b/r_e)^(1/n) -
        [(R^alpha + r_b^alpha)/r_e^alpha]^(1/(alpha n))})

    Source: Graham et al. 2003, AJ 125, 2951, equations 5 and 6; Trujillo et al. 2004, AJ 127, 1917, equation 5.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        n: Sérsic index: 1 is exponential, 4 is de Vaucouleurs. From 0.1 to 20.
        r_b: pixel. Break radius, where the power law goes over into the Sérsic profile. From 0.001 to 100000.
        alpha: Sharpness of the break. From 0.1 to 100.
        gamma: Slope of the inner power law, I ~ R^-gamma. From -1 to 1.9.
        r_e: pixel. Half-light semi-major axis of the Sérsic profile without the core. From 0.001 to 100000.
        i_b: data/pixel. Surface brightness at r_b. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "core_sersic"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    n: ParameterReference
    r_b: ParameterReference
    alpha: ParameterReference
    gamma: ParameterReference
    r_e: ParameterReference
    i_b: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        n: Value = None,
        r_b: Value = None,
        alpha: Value = None,
        gamma: Value = None,
        r_e: Value = None,
        i_b: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "n": n,
                "r_b": r_b,
                "alpha": alpha,
                "gamma": gamma,
                "r_e": r_e,
                "i_b": i_b,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Einasto(Component):
    """Einasto's law as a surface brightness (not the projection of a density): its logarithmic slope is -2
    (R/r_s)^alpha. The Sérsic galaxy of index 1/alpha in other parameters.

        I(R) = i_s exp(-(2/alpha) [(R/r_s)^alpha - 1])

    Source: Einasto 1965, Trudy Astrofiz. Inst. Alma-Ata 5, 87; Navarro et al. 2004, MNRAS 349, 1039, equations 4
    and 5; Merritt et al. 2006, AJ 132, 2685 (all of a density).

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        alpha: Exponent, by which the slope steepens outwards; 1 is exponential, 2 Gaussian. From 0.05 to 10.
        r_s: pixel. Scale radius, where the logarithmic slope is -2. From 0.001 to 100000.
        i_s: data/pixel. Surface brightness at r_s. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "einasto"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    alpha: ParameterReference
    r_s: ParameterReference
    i_s: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        alpha: Value = None,
        r_s: Value = None,
        i_s: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "alpha": alpha,
                "r_s": r_s,
                "i_s": i_s,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class BrokenExponential(Component):
    """Exponential disc that bends to another scale length.

        I(R) = S i_0 exp(-R/h_1) {1 + exp[alpha (R - r_b)]}^k, k = (1/h_1 - 1/h_2)/alpha, S = [1 + exp(-alpha
        r_b)]^-k

    Source: Erwin, Pohlen & Beckman 2008, AJ 135, 20, equation 6.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        h_2: pixel. Scale length outside the break. From 0.001 to 100000.
        r_b: pixel. Break radius. From 0.001 to 100000.
        alpha: 1/pixel. Sharpness of the break, an inverse length. From 0.001 to 1000.
        h_1: pixel. Scale length inside the break. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "broken_exponential"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    h_2: ParameterReference
    r_b: ParameterReference
    alpha: ParameterReference
    h_1: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        h_2: Value = None,
        r_b: Value = None,
        alpha: Value = None,
        h_1: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "h_2": h_2,
                "r_b": r_b,
                "alpha": alpha,
                "h_1": h_1,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Isothermal(Component):
    """Softened (pseudo-)isothermal sphere, density ~ 1/(r^2 + r_c^2), projected; of infinite flux.

        I(R) = i_0 / sqrt(1 + (R/r_c)^2)

    Source: Kormann, Schneider & Bartelmann 1994, A&A 284, 285, section 3.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        r_c: pixel. Core radius. From 0.001 to 100000.
        i_0: data/pixel. Central surface brightness. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "isothermal"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    r_c: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        r_c: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {"x": x, "y": y, "q": q, "pa": pa, "r_c": r_c, "i_0": i_0, "ra": ra, "dec": dec, **parameters},
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class GaussianRing(Component):
    """Elliptical ring whose brightness is a Gaussian of the distance from its crest.

        I(R) = i_r exp(-(R - r_ring)^2 / (2 sigma_r^2))

    Source: Erwin 2015, ApJ 799, 226, section 4.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1.
        pa: degree. Position angle of the major axis, counter-clockwise from +y.
        sigma_r: pixel. Standard deviation across the ring, along the major axis. From 0.001 to 100000.
        r_ring: pixel. Radius of the crest. From 0.001 to 100000.
        i_r: data/pixel. Surface brightness of the crest. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        flux: data. Total flux, before the PSF and out to infinity. From 0 to any.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "gaussian_ring"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    sigma_r: ParameterReference
    r_ring: ParameterReference
    i_r: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        sigma_r: Value = None,
        r_ring: Value = None,
        i_r: Value = None,
        ra: Value = None,
        dec: Value = None,
        flux: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "sigma_r": sigma_r,
                "r_ring": r_ring,
                "i_r": i_r,
                "ra": ra,
                "dec": dec,
                "flux": flux,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Spline(Component):
    """Free-form galaxy: intensities at radii along the major axis, a smooth curve between them: "options": {"radii":
    [0, 2, 5, 10, 20]}.

        ln I(R) = natural cubic spline through ln i_k at radii[k] r_unit; straight lines inside and outside, never
        rising outside

    Source: de Boor 1978, A Practical Guide to Splines; Stone et al. 2023, MNRAS 525, 6377.

    Args:
        name: of the component; left out it is called as its profile.
        radii: option; radii. Usually [0.0, 2.0, 5.0, 10.0, 20.0].
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, q, pa, i_1, i_2, i_3, i_4, i_5, r_unit, ra, dec.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "spline"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    i_1: ParameterReference
    i_2: ParameterReference
    i_3: ParameterReference
    i_4: ParameterReference
    i_5: ParameterReference
    r_unit: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        radii: Sequence[float] | None = None,
        options: Mapping[str, Any] | None = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {**parameters},
            {"radii": radii, **(options or {})},
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class MultiGaussian(Component):
    """Sum of concentric Gaussians of one shape (MGE): "options": {"gaussians": 3}. For axis ratios of their own, link
    the centres of several `gaussian` components.

        I(R) = sum over k of i_k exp(-R^2 / 2 sigma_k^2)

    Source: Emsellem, Monnet & Bacon 1994, A&A 285, 723; Cappellari 2002, MNRAS 333, 400.

    Args:
        name: of the component; left out it is called as its profile.
        gaussians: option; gaussians. Usually 3.
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, q, pa, sigma_1, i_1, sigma_2, i_2, sigma_3, i_3, ra,
            dec.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "multi_gaussian"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    sigma_1: ParameterReference
    i_1: ParameterReference
    sigma_2: ParameterReference
    i_2: ParameterReference
    sigma_3: ParameterReference
    i_3: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        gaussians: int | None = None,
        options: Mapping[str, Any] | None = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {**parameters},
            {"gaussians": gaussians, **(options or {})},
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class Formula(Component):
    """Galaxy with elliptical isophotes whose brightness is a formula of the radius r: "options": {"brightness": "i_0 *
    exp(-(r / h) ** c)", "symbols": {"c": {"min": 0.2, "max": 4, "default": 1}}}; units follow from the formula, or
    are said there.

        I(R) = the brightness of the options at r = R

    Source: the request.

    Args:
        name: of the component; left out it is called as its profile.
        brightness: option; brightness. Usually 'i_0 * exp(-r / h)'.
        symbols: option; symbols. Usually [].
        bend: option; bend.
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, q, pa, h, i_0, ra, dec, flux, magnitude.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "formula"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    h: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    flux: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        brightness: str | None = None,
        symbols: Mapping[str, Any] | None = None,
        bend: str | None = None,
        options: Mapping[str, Any] | None = None,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {**parameters},
            {"brightness": brightness, "symbols": symbols, "bend": bend, **(options or {})},
            geometry=geometry,
            convolve=convolve,
            images=images,
        )


class EdgeOnDisk(Component):
    """Exponential disc seen edge on.

        I(u, v) = i_0 (|u|/h) K_1(|u|/h) sech^(2/n)(n v / 2 z_0), u along and v across the plane

    Source: van der Kruit & Searle 1981, A&A 95, 105; van der Kruit 1988, A&A 192, 117; Erwin 2015, ApJ 799, 226.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        pa: degree. Position angle of the plane, counter-clockwise from +y.
        n: Vertical shape: 1 is sech^2, 2 is sech, large is exponential. From 0.5 to 20. Begins at 1.
        h: pixel. Exponential scale length in the plane. From 0.001 to 100000.
        z_0: pixel. Vertical scale height; GALFIT's h_s is twice this. From 0.001 to 100000.
        i_0: data/pixel. Surface brightness at the centre. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "edge_on_disk"
    x: ParameterReference
    y: ParameterReference
    pa: ParameterReference
    n: ParameterReference
    h: ParameterReference
    z_0: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        pa: Value = None,
        n: Value = None,
        h: Value = None,
        z_0: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        convolve: bool = True,
        images: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            name,
            {"x": x, "y": y, "pa": pa, "n": n, "h": h, "z_0": z_0, "i_0": i_0, "ra": ra, "dec": dec},
            convolve=convolve,
            images=images,
        )


class EdgeOnRing(Component):
    """Ring seen edge on, as two Gaussians.

        I(u, v) = i_0 [G((u - r)/sigma_r) + G((u + r)/sigma_r)] G(v/sigma_z), G(t) = exp(-t^2/2)

    Source: Erwin 2015, ApJ 799, 226 (imfit's EdgeOnRing, where the nearer Gaussian counts alone).

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        pa: degree. Position angle of the plane, counter-clockwise from +y.
        r: pixel. Radius of the ring. From 0.001 to 100000.
        sigma_r: pixel. Dispersion of its width. From 0.001 to 100000.
        sigma_z: pixel. Dispersion of its height. From 0.001 to 100000.
        i_0: data/pixel. Surface brightness at either end, if these are far apart. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "edge_on_ring"
    x: ParameterReference
    y: ParameterReference
    pa: ParameterReference
    r: ParameterReference
    sigma_r: ParameterReference
    sigma_z: ParameterReference
    i_0: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        pa: Value = None,
        r: Value = None,
        sigma_r: Value = None,
        sigma_z: Value = None,
        i_0: Value = None,
        ra: Value = None,
        dec: Value = None,
        convolve: bool = True,
        images: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "pa": pa,
                "r": r,
                "sigma_r": sigma_r,
                "sigma_z": sigma_z,
                "i_0": i_0,
                "ra": ra,
                "dec": dec,
            },
            convolve=convolve,
            images=images,
        )


class GaussianEllipsoid(Component):
    """Gaussian ellipsoid in space, seen in projection.

        I = flux exp(-Q/2) / (2 pi |C|^(1/2)), Q = (u, v) C^-1 (u, v)^T, C the projected covariance

    Source: the projection of a Gaussian; Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's gaussian ellipsoid).

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        pa: degree. Position angle of the line of nodes, counter-clockwise from +y.
        inclination: degree. Angle of axis c to the line of sight. Begins at 30.
        azimuth: degree. Angle of axis a from the line of nodes. Begins at 0.
        sigma_a: pixel. Dispersion along axis a. From 0.001 to 100000.
        sigma_b: pixel. Dispersion along axis b. From 0.001 to 100000.
        sigma_c: pixel. Dispersion along axis c. From 0.001 to 100000.
        flux: data. Total flux. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "gaussian_ellipsoid"
    x: ParameterReference
    y: ParameterReference
    pa: ParameterReference
    inclination: ParameterReference
    azimuth: ParameterReference
    sigma_a: ParameterReference
    sigma_b: ParameterReference
    sigma_c: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        pa: Value = None,
        inclination: Value = None,
        azimuth: Value = None,
        sigma_a: Value = None,
        sigma_b: Value = None,
        sigma_c: Value = None,
        flux: Value = None,
        ra: Value = None,
        dec: Value = None,
        magnitude: Value = None,
        convolve: bool = True,
        images: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "pa": pa,
                "inclination": inclination,
                "azimuth": azimuth,
                "sigma_a": sigma_a,
                "sigma_b": sigma_b,
                "sigma_c": sigma_c,
                "flux": flux,
                "ra": ra,
                "dec": dec,
                "magnitude": magnitude,
            },
            convolve=convolve,
            images=images,
        )


class PointSource(Component):
    """A star: the point-spread function itself. The image must have one.

        I(x, y) = flux PSF(x - x_0, y - y_0), a PSF image interpolated by B-splines of degree nine

    Source: by definition; Unser 1999, IEEE Signal Processing Magazine 16, 22 (the interpolation).

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        flux: data. Total flux. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "point_source"
    x: ParameterReference
    y: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        flux: Value = None,
        ra: Value = None,
        dec: Value = None,
        magnitude: Value = None,
        images: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            name, {"x": x, "y": y, "flux": flux, "ra": ra, "dec": dec, "magnitude": magnitude}, images=images
        )


class GaussianPsf(Component):
    """Gaussian point-spread function.

        I(R) = flux exp(-R^2/2 s^2) / (2 pi q s^2), s = fwhm / (8 ln 2)^(1/2)

    Source: by definition.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1. Begins at 0.95.
        pa: degree. Position angle of the major axis, counter-clockwise from +y. Begins at 0.
        fwhm: pixel. Full width at half maximum, along the major axis. From 0.001 to 100000.
        flux: data. Total flux. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        images: names of the images in which it is seen; None means all.
        role: "psf" makes it the point-spread function of its images.
    """

    profile: ClassVar[str] = "gaussian_psf"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    fwhm: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        fwhm: Value = None,
        flux: Value = None,
        ra: Value = None,
        dec: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        images: Sequence[str] | None = None,
        role: Literal["light", "psf"] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "fwhm": fwhm,
                "flux": flux,
                "ra": ra,
                "dec": dec,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            images=images,
            role=role,
        )


class MoffatPsf(Component):
    """Moffat point-spread function.

        I(R) = flux (beta - 1)/(pi q a^2) (1 + R^2/a^2)^-beta, a = fwhm / 2 (2^(1/beta) - 1)^(1/2)

    Source: Moffat 1969, A&A 3, 455.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1. Begins at 0.95.
        pa: degree. Position angle of the major axis, counter-clockwise from +y. Begins at 0.
        beta: Steepness of the wings. From 1.05 to 50. Begins at 3.
        fwhm: pixel. Full width at half maximum, along the major axis. From 0.001 to 100000.
        flux: data. Total flux. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        images: names of the images in which it is seen; None means all.
        role: "psf" makes it the point-spread function of its images.
    """

    profile: ClassVar[str] = "moffat_psf"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    beta: ParameterReference
    fwhm: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        beta: Value = None,
        fwhm: Value = None,
        flux: Value = None,
        ra: Value = None,
        dec: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        images: Sequence[str] | None = None,
        role: Literal["light", "psf"] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "beta": beta,
                "fwhm": fwhm,
                "flux": flux,
                "ra": ra,
                "dec": dec,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            images=images,
            role=role,
        )


class AiryPsf(Component):
    """Airy pattern: diffraction by a circular aperture.

        I(R) = flux k^2/(4 pi q) [2 J_1(k R)/(k R)]^2, k = 3.2327/fwhm

    Source: Airy 1835, Transactions of the Cambridge Philosophical Society 5, 283.

    Args:
        name: of the component; left out it is called as its profile.
        x: pixel. Centre along FITS axis 1; the first pixel's centre is 0.
        y: pixel. Centre along FITS axis 2; the first pixel's centre is 0.
        q: Axis ratio b/a of the isophotes. From 0.01 to 1. Begins at 0.95.
        pa: degree. Position angle of the major axis, counter-clockwise from +y. Begins at 0.
        fwhm: pixel. Full width at half maximum, along the major axis. From 0.001 to 100000.
        flux: data. Total flux. From 0 to any.
        ra: degree. Right ascension of the centre, ICRS.
        dec: degree. Declination of the centre, ICRS. From -90 to 90.
        magnitude: mag. Total magnitude: zero point - 2.5 log10(flux). From -60 to 80.
        geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring
            may stand among these.
        images: names of the images in which it is seen; None means all.
        role: "psf" makes it the point-spread function of its images.
    """

    profile: ClassVar[str] = "airy_psf"
    x: ParameterReference
    y: ParameterReference
    q: ParameterReference
    pa: ParameterReference
    fwhm: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        x: Value = None,
        y: Value = None,
        q: Value = None,
        pa: Value = None,
        fwhm: Value = None,
        flux: Value = None,
        ra: Value = None,
        dec: Value = None,
        magnitude: Value = None,
        geometry: Modifiers = (),
        images: Sequence[str] | None = None,
        role: Literal["light", "psf"] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {
                "x": x,
                "y": y,
                "q": q,
                "pa": pa,
                "fwhm": fwhm,
                "flux": flux,
                "ra": ra,
                "dec": dec,
                "magnitude": magnitude,
                **parameters,
            },
            geometry=geometry,
            images=images,
            role=role,
        )


class ImagePsf(Component):
    """An image of the point-spread function with corrections that are fitted: "options": {"image": "psf.fits",
    "zernike": 11}; also {"eigen": ["eigen.fits[0]"]}, and {"radius": 8} where the polynomials end before the
    image's nearest edge. A coefficient of 0.1 changes the kernel by a tenth of itself, in the mean square.

        K(x, y) = [P (1 + sum_j z_j Z_j(r/radius, theta)) + sum_k e_k E_k] / (its sum), P the image over its sum,
        Z_j = 0 outside the radius, theta from +x counter-clockwise

    Source: Noll 1976, JOSA 66, 207, equation 2 and table I (the polynomials and their indices).

    Args:
        name: of the component; left out it is called as its profile.
        image: option; .
        zernike: option; zernike. Usually 11.
        radius: option; radius.
        eigen: option; eigen. Usually [].
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, z_4, z_5, z_6, flux, ra, dec, magnitude.
        images: names of the images in which it is seen; None means all.
        role: "psf" makes it the point-spread function of its images.
    """

    profile: ClassVar[str] = "image_psf"
    x: ParameterReference
    y: ParameterReference
    z_4: ParameterReference
    z_5: ParameterReference
    z_6: ParameterReference
    flux: ParameterReference
    ra: ParameterReference
    dec: ParameterReference
    magnitude: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        image: Any | None = None,
        zernike: int | None = None,
        radius: float | None = None,
        eigen: Sequence[Any] | None = None,
        options: Mapping[str, Any] | None = None,
        images: Sequence[str] | None = None,
        role: Literal["light", "psf"] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(
            name,
            {**parameters},
            {"image": image, "zernike": zernike, "radius": radius, "eigen": eigen, **(options or {})},
            images=images,
            role=role,
        )


class Pixelated(Component):
    """A stamp of free pixels, laid down anywhere between pixels: "options": {"size": [3, 3]}.

        I(x, y) = i_row_column in the unit square of each pixel, the middle of the stamp at x, y

    Source: by definition.

    Args:
        name: of the component; left out it is called as its profile.
        size: option; size. Usually [3, 3].
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, i_0_0, i_0_1, i_0_2, i_1_0, i_1_1, i_1_2, i_2_0,
            i_2_1, i_2_2, ra, dec.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "pixelated"
    x: ParameterReference
    y: ParameterReference
    i_0_0: ParameterReference
    i_0_1: ParameterReference
    i_0_2: ParameterReference
    i_1_0: ParameterReference
    i_1_1: ParameterReference
    i_1_2: ParameterReference
    i_2_0: ParameterReference
    i_2_1: ParameterReference
    i_2_2: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        size: Sequence[int] | None = None,
        options: Mapping[str, Any] | None = None,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(name, {**parameters}, {"size": size, **(options or {})}, images=images)


class Basis(Component):
    """Sum of given images (eigen-images), moved and scaled: "options": {"images": ["eigen.fits[0]", "eigen.fits[1]"]},
    in pixels of the data. Images that hold the blur already want "convolve": false.

        I(x, y) = sum over k of c_k B_k(x - x_0, y - y_0), images interpolated by B-splines of degree nine

    Source: by definition; Unser 1999, IEEE Signal Processing Magazine 16, 22 (the interpolation).

    Args:
        name: of the component; left out it is called as its profile.
        options: all options of the profile, as a request has them.
        parameters: by the options; with the usual ones x, y, c_1, c_2, c_3, ra, dec.
        convolve: whether the point-spread function acts on it.
        images: names of the images in which it is seen; None means all.
    """

    profile: ClassVar[str] = "basis"
    x: ParameterReference
    y: ParameterReference
    c_1: ParameterReference
    c_2: ParameterReference
    c_3: ParameterReference
    ra: ParameterReference
    dec: ParameterReference

    def __init__(
        self,
        name: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        convolve: bool = True,
        images: Sequence[str] | None = None,
        **parameters: Value,
    ) -> None:
        super().__init__(name, {**parameters}, {**(options or {})}, convolve=convolve, images=images)
