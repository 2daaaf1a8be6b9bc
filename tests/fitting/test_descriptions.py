"""Every method in each table that it needs a row of: what is missing is named.

A new method is its options and description in ``fitting/spec/methods/``, its algorithm in ``fitting/methods/``, a row
of the table beside each, and a row of `MINIMIZERS` or `SAMPLERS` in ``tests/fitting/methods/test_table.py``.
"""

from typing import Any

import pytest

from fitting.methods import METHOD_RUNNERS
from fitting.spec import METHODS
from fitting.spec.methods import Calls
from tests.fitting.methods.test_table import MINIMIZERS, SAMPLERS

FREE = 22
"""Free parameters, as three galaxies and a sky have them."""


def missing_of_method(name: str) -> list[str]:
    """What the method of that name lacks, a line each."""
    method = METHODS.get(name)
    if method is None:
        return ["a row of METHODS in fitting/spec/methods/table.py"]
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
        ("METHODS", "a row of METHODS in fitting/spec/methods/table.py"),
        ("METHOD_RUNNERS", "a row of METHOD_RUNNERS in fitting/methods/__init__.py"),
        ("SAMPLERS", "a row of MINIMIZERS or SAMPLERS in tests/fitting/methods/test_table.py"),
    ],
)
def test_the_row_that_a_method_lacks_is_named(table: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[str, Any] = dict(globals()[table])
    del rows["mala"]
    monkeypatch.setitem(globals(), table, rows)
    assert missing_of_method("mala") == [expected]
