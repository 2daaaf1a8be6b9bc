"""Provenance: what a result was made with and from, so that it can be made again."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any

import torch

from fitting import __version__
from fitting.results.result import FitResult
from fitting.spec import FitRequest
from fitting.spec.request import request_sha256

LIBRARIES = ("torch", "numpy", "scipy", "astropy")


@dataclass(frozen=True)
class InputFile:
    """One file that a request names.

    Attributes:
        name: as the request has it: an upload's id or a path.
        filename: what its sender called it.
        sha256: of its bytes, in hexadecimal.
        size: in bytes.
    """

    name: str
    filename: str
    sha256: str
    size: int


def surroundings(request: FitRequest, device: str) -> dict[str, Any]:
    """Versions, device, number type and seed of a run."""
    return {
        "photfit": __version__,
        "python": platform.python_version(),
        "libraries": dict(_versions()),
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.processor(),
        "threads": torch.get_num_threads(),
        "dtype": "float64",
        "seed": request.seed,
    }


@cache
def _versions() -> Mapping[str, str]:
    """Versions of the libraries; reading them takes a tenth of a small fit."""
    return {name: version(name) for name in LIBRARIES}


def with_origin(
    result: FitResult, request: FitRequest, inputs: Iterable[InputFile], **more: str | int | None
) -> FitResult:
    """The result with what it was made from: the request as it was asked for, its files and its hash.

    Args:
        result: of a run.
        request: before first values were filled in.
        inputs: every file that it names.
        more: such as the fit's id.
    """
    files = sorted(inputs, key=lambda item: item.name)
    planes = request.references()
    origin: Mapping[str, Any] = {
        "request_sha256": request_sha256(request, {item.name: item.sha256 for item in files}),
        "inputs": [
            asdict(item) | {"used_as": [place for place, plane in planes if plane.file == item.name]} for item in files
        ],
        **more,
    }
    return replace(result, provenance={**result.provenance, **origin}, original_request=request)


def provenance_document(result: FitResult) -> dict[str, Any]:
    """The JSON of ``GET /v1/fits/{id}/provenance``: with the request as it was asked for, and as it was run."""
    return {
        **result.provenance,
        "request": (result.original_request or result.request).document(),
        "completed_request": result.request.document(),
    }
