"""Every profile and every method has a row in each table that needs one, and a description that says all: what is
missing is named.

A new radial profile is two files, ``fitting/spec/profiles/NAME.py`` (its description) and ``fitting/profiles/NAME.py``
(its brightness), a row of the table beside each, and a row of these tables of the tests: `FORMULAS` and `SHAPES` in
``tests/references/radial_formulas.py`` (`ENDS`, where it ends), the pixels that follow from them, and `TRUTH` in
``tests/fitting/first_values/test_first_shapes.py``.

A new method is two files, ``fitting/spec/methods/NAME.py`` (options and description) and
``fitting/methods/minimizers/NAME.py`` or ``fitting/methods/samplers/NAME.py`` (the algorithm), a row of `METHODS` and
of `METHOD_RUNNERS`, and a row of `MINIMIZERS` or `SAMPLERS` in ``tests/fitting/methods/test_table.py``.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from fitting.first_values import Galaxy
from fitting.methods import METHOD_RUNNERS
from fitting.problem.components.drawn_group import DRAWINGS
from fitting.profiles import RADIAL_PROFILES, SIZED_PROFILES, SURFACES, RadialProfile
from fitting.profiles.dimensions import PureNumbers
from fitting.profiles.radial import total_flux
from fitting.spec import METHODS, PROFILES
from fitting.spec.methods import Calls
from fitting.spec.profiles import ProfileDescription
from tests.fitting.first_values.test_first_shapes import NEEDS_FILES, TRUTH
from tests.fitting.methods.test_table import MINIMIZERS, SAMPLERS
from tests.references.make_radial_table import TABLE
from tests.references.radial_formulas import FORMULAS, SHAPES

GALAXY = Galaxy(x=30.4, y=29.2, q=0.6, pa=35.0, n=1.0, r_e=5.0, i_e=20.0)
WITHOUT_FIRST_SHAPE = {"sersic"}
"""What galaxies are measured as; skies start from the level of the image."""
FREE = 22
"""Free parameters, as three galaxies and a sky have them."""

with np.load(TABLE) as _table:
    WITH_PIXELS = frozenset(map(str, _table["case_profile"]))


def missing_of_profile(name: str) -> list[str]:
    """What the profile of that name lacks, a line each."""
    known = PROFILES.get(name)
    if known is None:
        return ["a row of PROFILES in fitting/spec/profiles/profile_table.py"]
    drawn = any(name in table for table in (RADIAL_PROFILES, SIZED_PROFILES, SURFACES, DRAWINGS))
    if not drawn and not (known.sky and known.names == ("i",)):
        return ["a row of RADIAL_PROFILES in fitting/profiles/__init__.py"]
    if name in SIZED_PROFILES and known.options is None:
        return ["options in its description"]
    words = ("description", "formula", "source")
    missing = [f"{field} in its description" for field in words if not getattr(known, field)]
    if name in RADIAL_PROFILES:
        missing += missing_of_radial(known, RADIAL_PROFILES[name])
    if name in SURFACES and set(known.names) != set(SURFACES[name].parameters):
        missing.append(f"the parameters of its surface in its description: {SURFACES[name].parameters}")
    if name in RADIAL_PROFILES or name in SIZED_PROFILES:
        missing += missing_of_references(name)
    missing += missing_first_values(known)
    return missing


def missing_of_radial(known: ProfileDescription, profile: RadialProfile) -> list[str]:
    """What the description of a profile lacks that its brightness asks for."""
    needed = ("x", "y", "q", "pa", *profile.shape, profile.scale, profile.amplitude)
    if sorted(needed) != sorted(known.names):
        return [f"the parameters of its brightness in its description: {needed}"]
    if len(profile.dimensions) != len(profile.shape):
        return ["a dimension for each of its shape parameters"]
    first = first_values(known)
    if not first.keys() >= set(needed):
        return []
    finite = math.isfinite(flux_of(profile, first))
    if finite and not known.total:
        return ["total=True in its description, since its flux is finite"]
    missing = ["total=False in its description, since its flux is infinite"] if known.total and not finite else []
    for name in profile.shape if finite else ():
        lowest = known.parameter(name).lowest  # type: ignore[union-attr]
        if lowest is not None and math.isinf(flux_of(profile, {**first, name: lowest})) and known.finite_above is None:
            missing.append(f"finite_above in its description, since its flux is infinite at {name} = {lowest:g}")
    if known.smooth and profile.break_radius(constants_of(profile, first)) is not None:
        missing.append("smooth=False in its description, since its brightness has a break radius")
    return missing


def missing_first_values(known: ProfileDescription) -> list[str]:
    """What is in the way of starting a fit without values."""
    if known.sky or known.name in WITHOUT_FIRST_SHAPE:
        return []
    if known.first_shape is None:
        return ["first_shape in its description"]
    missing = [
        f"a value of {item.name} in first_shape of its description, or a default"
        for item in known.parameters
        if item.name not in first_values(known)
    ]
    if known.name not in {*TRUTH, *NEEDS_FILES}:
        missing.append("a row of TRUTH in tests/fitting/first_values/test_first_shapes.py")
    return missing


def missing_of_references(name: str) -> list[str]:
    """What a radial profile is tested against."""
    missing = [
        f"a row of {table} in tests/references/radial_formulas.py"
        for table, rows in (("FORMULAS", FORMULAS), ("SHAPES", SHAPES))
        if name not in rows
    ]
    if name not in WITH_PIXELS:
        missing.append("pixels in tests/references/radial_table.npz: python -m tests.references.make_radial_table")
    return missing


def first_values(known: ProfileDescription) -> dict[str, float]:
    """Values of all parameters that have any, for the profile to look like a galaxy."""
    given = {item.name: item.default for item in known.parameters if item.default is not None}
    if known.first_shape is None:
        return {**given, **{name: getattr(GALAXY, name) for name in known.names if hasattr(GALAXY, name)}}
    options = known.options() if known.name in SIZED_PROFILES and known.options is not None else None
    return given | known.first_shape.values(GALAXY, options)


def flux_of(profile: RadialProfile, values: Mapping[str, float]) -> float:
    """Total flux at values by name."""
    q, scale, amplitude = (tensor(values[name]) for name in ("q", profile.scale, profile.amplitude))
    return float(total_flux(profile, q, [tensor(values[name]) for name in profile.shape], scale, amplitude))


def constants_of(profile: RadialProfile, values: Mapping[str, float]) -> torch.Tensor:
    """Constants at values by name."""
    shape = [tensor(values[name]) for name in profile.shape]
    scale, amplitude = tensor(values[profile.scale]), tensor(values[profile.amplitude])
    return profile.constants(PureNumbers.of(shape, profile.dimensions, scale, amplitude).shape)


def tensor(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


def rows_without(name: str, table: str) -> dict[str, Any]:
    """A table of this module's, without a row."""
    return {key: row for key, row in globals()[table].items() if key != name}


@pytest.mark.parametrize("name", sorted({*PROFILES, *RADIAL_PROFILES, *SIZED_PROFILES, *SURFACES, *DRAWINGS}))
def test_a_profile_lacks_nothing(name: str) -> None:
    assert missing_of_profile(name) == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("PROFILES", "a row of PROFILES in fitting/spec/profiles/profile_table.py"),
        ("RADIAL_PROFILES", "a row of RADIAL_PROFILES in fitting/profiles/__init__.py"),
        ("FORMULAS", "a row of FORMULAS in tests/references/radial_formulas.py"),
        ("SHAPES", "a row of SHAPES in tests/references/radial_formulas.py"),
        ("TRUTH", "a row of TRUTH in tests/fitting/first_values/test_first_shapes.py"),
    ],
)
def test_the_row_that_a_profile_lacks_is_named(table: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), table, rows_without("moffat", table))
    assert missing_of_profile("moffat") == [expected]


@pytest.mark.parametrize(
    ("name", "lacking", "expected"),
    [
        ("moffat", {"first_shape": None}, "first_shape in its description"),
        ("exponential", {"total": False}, "total=True in its description, since its flux is finite"),
        ("isothermal", {"total": True}, "total=False in its description, since its flux is infinite"),
        (
            "moffat",
            {"finite_above": None},
            "finite_above in its description, since its flux is infinite at beta = 0.2",
        ),
        ("king", {"smooth": True}, "smooth=False in its description, since its brightness has a break radius"),
        ("spline", {"options": None}, "options in its description"),
        ("airy_psf", {"source": ""}, "source in its description"),
    ],
)
def test_what_a_description_lacks_is_named(
    name: str, lacking: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {**PROFILES, name: PROFILES[name].model_copy(update=lacking)}
    monkeypatch.setitem(globals(), "PROFILES", rows)
    assert expected in missing_of_profile(name)


def missing_of_method(name: str) -> list[str]:
    """What the method of that name lacks, a line each."""
    method = METHODS.get(name)
    if method is None:
        return ["a row of METHODS in fitting/spec/methods/method_table.py"]
    missing = []
    if name not in METHOD_RUNNERS:
        missing.append("a row of METHOD_RUNNERS in fitting/methods/__init__.py")
    if method.calls(method.options(), FREE) == Calls():
        missing.append("calls in its description, so that it costs something")
    missing += [
        f"a description of its option {option}"
        for option, schema in method.options.model_json_schema()["properties"].items()
        if not schema.get("description")
    ]
    if name not in (*MINIMIZERS, *SAMPLERS, "bootstrap"):
        missing.append("a row of MINIMIZERS or SAMPLERS in tests/fitting/methods/test_table.py")
    return missing


@pytest.mark.parametrize("name", sorted(METHODS.keys() | METHOD_RUNNERS.keys()))
def test_a_method_lacks_nothing(name: str) -> None:
    assert missing_of_method(name) == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("METHODS", "a row of METHODS in fitting/spec/methods/method_table.py"),
        ("METHOD_RUNNERS", "a row of METHOD_RUNNERS in fitting/methods/__init__.py"),
        ("SAMPLERS", "a row of MINIMIZERS or SAMPLERS in tests/fitting/methods/test_table.py"),
    ],
)
def test_the_row_that_a_method_lacks_is_named(table: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), table, rows_without("mala", table))
    assert missing_of_method("mala") == [expected]
