"""Extras: what else has to be installed for what a command does, asked for by name where it is not there."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

from photfit.failures import UserMistake

_CHECKED = {
    "server": ("fastapi", "celery", "sqlalchemy", "pydantic_settings", "uvicorn", "psutil"),
    "worker": ("torch", "celery", "sqlalchemy", "pydantic_settings", "astropy"),
}
"""Libraries of each extra by which it is known to be there."""
_MODULES = {"yaml": "pyyaml", "PIL": "pillow", "multipart": "python-multipart", "zmq": "pyzmq"}
"""Modules that are not called as their packages are."""
_EXTRAS = ("server", "worker", "postgres", "telemetry", "assistant")
"""In the order in which one is looked for that brings a library."""


def require_extras(*extras: str) -> None:
    """Raise UserMistake where ``server`` or ``worker`` is not installed, before a process is started that needs it."""
    missing = [module for extra in extras for module in _CHECKED[extra] if importlib.util.find_spec(module) is None]
    if missing:
        raise UserMistake(
            f"this needs {', '.join(dict.fromkeys(missing))} here: pip install 'photfit[{','.join(extras)}]'"
        )


def missing_library(error: ImportError) -> str | None:
    """What a failed import means to who runs a command; None where the module is photfit's own."""
    module = (error.name or "").partition(".")[0]
    if not module or module in ("photfit", "fitting", "app", "jobs", "worker"):
        return None
    package = _MODULES.get(module, module.replace("_", "-"))
    extra = next((extra for extra in _EXTRAS if package.lower() in set(_packages_of(extra))), None)
    remedy = f"'photfit[{extra}]'" if extra else package
    return f"this needs {module} here: pip install {remedy}"


def _packages_of(extra: str) -> Iterator[str]:
    try:
        lines = requires("photfit") or []
    except PackageNotFoundError:
        return
    for line in lines:
        requirement, _, condition = line.partition(";")
        if f'extra == "{extra}"' in condition:
            name = requirement.split("[")[0]
            yield "".join(letter for letter in name.split(">")[0].split("=")[0] if not letter.isspace()).lower()
