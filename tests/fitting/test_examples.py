"""Examples in the docstrings of what others enter by: they run, and say what they say."""

import doctest
from importlib import import_module

import pytest

DOORS = [
    "fitting.files.file_reading",
    "fitting.first_values.completed_request",
    "fitting.inputs.image_reading",
    "fitting.proposing.proposal",
    "fitting.spec.request",
    "fitting.spec.validation",
]


@pytest.mark.parametrize("module", DOORS)
def test_its_examples_run(module: str) -> None:
    failed, attempted = doctest.testmod(import_module(module))
    assert attempted > 0
    assert failed == 0
