"""The version that the service says it is."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


@cache
def version() -> str:
    """photfit's version as installed; `0+source` where it runs from a source tree that was not installed."""
    try:
        return installed_version("photfit")
    except PackageNotFoundError:
        return "0+source"
