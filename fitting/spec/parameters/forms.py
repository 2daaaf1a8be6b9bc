"""Forms of a component's parameters other than the profile's: ra and dec, flux, magnitude.

In frame ``sky`` a centre is ``ra, dec`` (degrees), lengths are in arcsec and intensities in data units per arcsec²; the
sky's plane has x towards west and y towards north, so that angles run from north through east. In either frame a
profile's one amplitude may be given as total ``flux`` or as ``magnitude``. Each form stands in the place of one of the
profile's own parameters, so that a component has as many parameters as its profile, in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal

from fitting.spec.modifiers import GEOMETRY, ModifierSpec
from fitting.spec.profiles import PROFILES, ParameterDescription, ProfileDescription

Frame = Literal["pixel", "sky"]

RA = ParameterDescription(name="ra", unit="degree", description="Right ascension of the centre, ICRS.")
DEC = ParameterDescription(
    name="dec",
    unit="degree",
    description="Declination of the centre, ICRS.",
    min=-90.0,
    max=90.0,
    lowest=-90.0,
    highest=90.0,
)
FLUX = ParameterDescription(
    name="flux", unit="data", description="Total flux, before the PSF and out to infinity.", min=0.0, scale="log"
)
MAGNITUDE = ParameterDescription(
    name="magnitude", unit="mag", description="Total magnitude: zero point - 2.5 log10(flux).", min=-60.0, max=80.0
)
_ABOVE = 1e-3
"""What keeps a total that may not sink to a bound off it, in the bound's unit; chosen by hand."""
_SKY_UNITS = {
    "pixel": "arcsec", "1/pixel": "1/arcsec", "data/pixel": "data/arcsec2", "data/pixel/pixel": "data/arcsec3",
}  # fmt: skip
_SKY_TEXTS = {"di_dx": "Gradient towards west.", "di_dy": "Gradient towards north."}
_SKY_PLACES = {"x": RA, "y": DEC}
AMPLITUDE_UNITS = frozenset(
    {"data/pixel", "data/arcsec2", "data/pixel/pixel", "data/arcsec3", "data", "mag"}
)  # fmt: skip
"""Units of what differs between bands: left out of a request of several images, it gets a value in each."""


def amplitude(profile: ProfileDescription) -> ParameterDescription | None:
    """The one parameter that the light of a profile with a known total is proportional to, or None."""
    found = [item for item in profile.parameters if item.unit in ("data/pixel", "data")]
    known = len(found) == 1 and (profile.total or (found[0].unit == "data" and found[0].name == "flux"))
    return found[0] if known else None


def alternatives(profile: ProfileDescription) -> dict[str, tuple[ParameterDescription, ...]]:
    """Forms that may stand in the place of a parameter, by its name."""
    found: dict[str, tuple[ParameterDescription, ...]] = {
        name: (form,) for name, form in _SKY_PLACES.items() if profile.parameter(name) is not None
    }
    parameter = amplitude(profile)
    if parameter is not None:
        found[parameter.name] = tuple(form for form in (FLUX, MAGNITUDE) if form.name != parameter.name)
    return found


def knows_total(profile: str, geometry: Iterable[ModifierSpec]) -> bool:
    """Whether a profile's total is known with that geometry."""
    names = {item.name for item in geometry}
    return "warp" not in names or (PROFILES[profile].smooth and all(GEOMETRY[name].total_with_warp for name in names))


def any_form(profile: ProfileDescription, name: str) -> ParameterDescription | None:
    """The parameter of that name in any form that a request of any frame may use, or None."""
    parameter = profile.parameter(name)
    if parameter is not None:
        return parameter
    forms = (form for several in alternatives(profile).values() for form in several)
    return next((form for form in forms if form.name == name), None)


def every_form(profile: ProfileDescription) -> tuple[ParameterDescription, ...]:
    """All parameters that a request may use, the profile's own first."""
    return (*profile.parameters, *(form for several in alternatives(profile).values() for form in several))


def every_name(profile: ProfileDescription) -> tuple[str, ...]:
    """All names that a request may use, the profile's own first."""
    return tuple(form.name for form in every_form(profile))


def described_in(profile: ProfileDescription, frame: Frame, given: Collection[str]) -> ProfileDescription:
    """The profile's parameters in the forms that a request uses.

    Args:
        frame: of the request.
        given: names that the request gives; they decide between the forms. Without any, a centre in frame ``sky`` is
            ``ra, dec`` and everything else the profile's own.
    """
    names = frozenset(given) & frozenset(every_name(profile))
    return _description_in(profile, frame, names - frozenset(profile.names) | (names & {"x", "y"}))


@lru_cache(maxsize=1024)
def _description_in(profile: ProfileDescription, frame: Frame, given: frozenset[str]) -> ProfileDescription:
    on_sky = frame == "sky" and not given & {"x", "y"}
    forms = alternatives(profile)
    parameters = []
    for parameter in profile.parameters:
        if parameter.name in _SKY_PLACES:
            parameters.append(_SKY_PLACES[parameter.name] if on_sky else parameter)
            continue
        form = next((item for item in forms.get(parameter.name, ()) if item.name in given), parameter)
        least = least_with_total(profile, form.name, given)
        if least is not None:
            low = least + _ABOVE
            form = form.model_copy(update={"min": max(low, form.min or low), "lowest": low})
        unit = _SKY_UNITS.get(form.unit, form.unit) if frame == "sky" else form.unit
        if unit != form.unit:
            text = _SKY_TEXTS.get(form.name, form.description)
            form = form.model_copy(update={"unit": unit, "description": text})
        parameters.append(form)
    return profile.model_copy(update={"parameters": tuple(parameters)})


def least_with_total(profile: ProfileDescription, name: str, given: Collection[str]) -> float | None:
    """What a parameter must exceed since the total that is given would be infinite; None where that is no matter."""
    if profile.finite_above is None or profile.parameter("outer_truncation") is not None:
        return None
    bounded, bound = profile.finite_above
    return bound if name == bounded and any(total in given for total in ("flux", "magnitude")) else None
