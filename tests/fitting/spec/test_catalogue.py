"""The tables of profiles and methods, as they are served."""

import json
import subprocess
import sys

import pytest

from fitting.spec import METHODS, PROFILES, methods_document, profiles_document


def test_profiles_are_json_with_units_limits_and_sources() -> None:
    written = {profile["name"]: profile for profile in json.loads(json.dumps(profiles_document()))}
    assert set(written) == set(PROFILES) >= {"flat_sky", "sersic", "exponential", "moffat", "nuker", "king"}
    angle = next(item for item in written["sersic"]["parameters"] if item["name"] == "pa")
    assert (angle["unit"], angle["scale"], angle["period"]) == ("degree", "cyclic", 180.0)
    assert all(profile["formula"] and profile["source"] for profile in written.values())


@pytest.mark.parametrize("name", PROFILES)
def test_default_limits_lie_within_what_the_profile_can_have(name: str) -> None:
    for item in PROFILES[name].parameters:
        assert item.lowest is None or (item.min is not None and item.min >= item.lowest)
        assert item.highest is None or (item.max is not None and item.max <= item.highest)


def test_methods_are_json_with_the_defaults_of_their_options() -> None:
    written = {method["name"]: method for method in json.loads(json.dumps(methods_document()))}
    assert set(written) == set(METHODS)
    assert written["lm"]["options"]["max_iterations"]["default"] == 100
    assert written["lm"]["options"]["tolerance"]["default"] == 1e-9


def test_the_specification_loads_no_arrays() -> None:
    code = "import sys, fitting.spec; print(sorted({'torch', 'numpy', 'astropy', 'matplotlib'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == "[]"
