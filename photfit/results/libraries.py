"""Libraries that are used where they are, and asked for by name where they are not."""

from __future__ import annotations

import importlib
from typing import Any


class LibraryMissing(ImportError):
    """A library that photfit can do without is needed for what was asked; the message says how to get it."""


def library(module: str, what: str, package: str | None = None) -> Any:
    """A module of a library that may be missing.

    Args:
        module: to import.
        what: needs it, as the sentence begins: ``fit.parameters``.
        package: what pip calls it, where that is not the module's first name.

    Raises:
        LibraryMissing: it is not installed.
    """
    wanted = package or module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = (error.name or wanted).partition(".")[0]
        named = wanted if missing == module.partition(".")[0] else missing
        raise LibraryMissing(f"{what} needs {named}: pip install {named}", name=missing) from error
