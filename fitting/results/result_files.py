"""Result files: JSON documents, FITS planes and a log in a folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits

from fitting.chains import write_chains
from fitting.files import windowed_header
from fitting.results.best_fit import best_fit_document
from fitting.results.provenance import provenance_document
from fitting.results.result import FitResult, ImageResult, covariance_document, parameters_document
from fitting.spec.counts import counted

CHAINS = "chains.nc"
PLANES = ("data", "model", "residual", "normalized_residual")
_UNSAFE = ("BSCALE", "BZERO", "BLANK", "CHECKSUM", "DATASUM", "XTENSION", "PCOUNT", "GCOUNT", "EXTNAME", "EXTEND")


def write_result(result: FitResult, folder: Path, files: Mapping[str, str] | None = None) -> None:
    """Write parameters.json, covariance.json, provenance.json, chains.nc where there are any, request.json,
    best-fit.json, log.txt and images/{image}/{plane}.fits under `folder`.

    Args:
        result: of a run.
        folder: made where it is not there.
        files: what the two requests call the files that the fit's own calls otherwise: paths as seen from where they
            will lie.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "parameters.json", parameters_document(result))
    _write_json(folder / "covariance.json", covariance_document(result))
    if result.sampled is not None:
        units = {parameter.name: parameter.unit for parameter in result.parameters}
        sampled = result.sampled
        write_chains(sampled.chains, sampled.diagnostics, folder / CHAINS, method=sampled.method, units=units)
    _write_json(folder / "request.json", result.request.with_references(files or {}).document())
    _write_json(folder / "best-fit.json", best_fit_document(result, files))
    _write_json(folder / "provenance.json", provenance_document(result))
    (folder / "log.txt").write_text(run_log(result), encoding="utf-8")
    for image in result.images:
        write_image(image, folder / "images" / image.name, history(result))


def write_image(image: ImageResult, folder: Path, made: Sequence[str]) -> None:
    """Write one image's planes, and component/NAME.fits of each component that was kept; `made` says how, in each."""
    folder.mkdir(parents=True, exist_ok=True)
    for plane in PLANES:
        _write_plane(image, getattr(image, plane), folder / f"{plane}.fits", np.float64, made)
    for name, light in image.components.items():
        (folder / "component").mkdir(exist_ok=True)
        _write_plane(image, light, folder / "component" / f"{name}.fits", np.float32, made)


def history(result: FitResult) -> list[str]:
    """How the images of a result were made, for their headers."""
    made = result.provenance
    lines = [f"photfit {made['photfit']}"]
    if "fit" in made:
        lines.append(f"photfit fit: {made['fit']}")
    if "request_sha256" in made:
        # The hash fills a line of its own: one that is longer would be broken in the middle.
        lines += ["photfit request, SHA-256:", made["request_sha256"]]
    methods = ", ".join(stage.method for stage in result.stages) or "none"
    return [*lines, f"photfit stages: {methods}; reduced chi-squared {result.chi2_reduced:.6f}"]


def run_log(result: FitResult) -> str:
    """What happened, line by line."""
    lines = [f"{key}: {value}" for key, value in result.provenance.items() if isinstance(value, str | int)]
    lines += [f"{name}: {release}" for name, release in result.provenance["libraries"].items()]
    lines += [f"warning: {warning}" for warning in result.warnings]
    for number, stage in enumerate(result.stages, start=1):
        before, after = stage.chi2_reduced
        lines.append(
            f"stage {number}, {stage.method}: reduced chi-squared {before:.6f} to {after:.6f} "
            f"in {counted(stage.iterations, 'iteration')}, {counted(stage.evaluations, 'evaluation')}, "
            f"{stage.seconds:.3f} s; {stage.message}"
        )
    of_pixels = f"{result.chi2_reduced:.6f} of {counted(result.n_pixels, 'pixel')}"
    lines.append(f"result: {result.message}; reduced chi-squared {of_pixels}")
    return "\n".join(lines) + "\n"


def _write_plane(
    image: ImageResult, plane: np.ndarray, path: Path, dtype: type[np.floating], made: Sequence[str]
) -> None:
    header = fits.Header() if image.header is None else _plane_header(image)
    if path.stem == "normalized_residual":
        header.remove("BUNIT", ignore_missing=True)
    header.add_history(f"photfit: {path.stem} of image {image.name}")
    for line in made:
        header.add_history(line)
    fits.PrimaryHDU(plane.astype(dtype), header).writeto(path, overwrite=True, output_verify="silentfix")


def _plane_header(image: ImageResult) -> fits.Header:
    """The data's header, without what describes its storage, as it is of the window."""
    assert image.header is not None
    header = windowed_header(image.header, image.origin, image.data.shape[:2])
    for key in _UNSAFE:
        header.remove(key, ignore_missing=True, remove_all=True)
    return header


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")
