"""Files from outside, looked at in the sandbox; what goes wrong there becomes a problem that says what to change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app import inspection
from app.inspection import Checked
from app.problems import FileUnreadable, RequestFaulty, Unavailable
from app.sandbox import SandboxBusy, SandboxError
from app.services import Services
from fitting.spec import Fault, FitRequest

_EXPECTED = "files of moderate size, such as FITS, .npy, .npz, ASDF, TIFF or grey PNG"


def describe_file(services: Services, path: Path) -> dict[str, Any]:
    """What is in a file, as JSON. Raises FileUnreadable where it is no image, Unavailable where nobody could look."""
    try:
        found = services.sandbox.call(inspection.describe, path)
    except SandboxBusy as error:
        raise Unavailable(f"The file {error}.") from error
    except SandboxError as error:
        raise FileUnreadable(f"The file {error}.", expected=_EXPECTED) from error
    if isinstance(found, Fault):
        place = f"{found.path}: " if found.path else ""
        detail = f"The file cannot be used: {place}{found.message}. Expected: {found.expected}."
        raise FileUnreadable(detail, where=found.path, expected=found.expected or "")
    return found


def check_images(services: Services, request: FitRequest, files: Mapping[str, Path], new: frozenset[str]) -> Checked:
    """What there is to say of a sound request. Raises RequestFaulty with every fault that shows in the images."""
    try:
        checked = services.sandbox.call(inspection.check_images, request, files, new)
    except SandboxBusy as error:
        raise Unavailable(f"The request {error}.") from error
    except SandboxError as error:
        raise RequestFaulty([Fault("$.images", f"one of the files {error}", _EXPECTED)]) from error
    if checked.faults:
        raise RequestFaulty(checked.faults)
    return checked
