"""Fuzz targets: what takes bytes from outside, the errors that it may answer with, and inputs to begin with.

Anything else that is raised is a finding, and so is an input that takes longer than `SLOW_SECONDS`.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SLOW_SECONDS = 10
"""A file of some kilobytes is read in milliseconds; what takes so long is made to."""
ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "found"
"""Inputs that once went wrong, a folder for each target: tried first, and by the tests."""


@dataclass(frozen=True)
class Target:
    """One door: `call` gets bytes and may raise `allowed` alone; `modules` are watched for branches taken."""

    name: str
    call: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    modules: tuple[str, ...]
    magic: bytes = b""

    def found(self) -> list[bytes]:
        """Inputs that once went wrong."""
        folder = FOUND / self.name
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def _describe(content: bytes) -> None:
    """As the sandbox reads an upload; then each of its planes."""
    from fitting.files import FileInvalid, describe_file, read_plane, recognise_planes

    with _File(content) as path:
        try:
            description = describe_file(path)
        except FileInvalid as error:
            _is_a_sentence(str(error))
            return
        json.dumps(description.model_dump(mode="json"))
        recognise_planes(description, None)
        for hdu in description.hdus[:4]:
            try:
                read_plane(path, hdu.index)
            except FileInvalid as error:
                _is_a_sentence(str(error))


class _File:
    """The bytes as a file, under one name for all of a process."""

    path = Path(tempfile.gettempdir()) / f"photfit-fuzz-{os.getpid()}"

    def __init__(self, content: bytes) -> None:
        self.path.write_bytes(content)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


def _is_a_sentence(text: str) -> None:
    """A refusal tells its reason, and no path of this machine."""
    assert len(text) > 10, f"no reason is given: {text!r}"
    assert str(_File.path) not in text, f"tells where the file lies: {text!r}"


def _request(content: bytes) -> None:
    from fitting.spec import RequestInvalid, read_request

    try:
        request = read_request(content)
    except RequestInvalid as error:
        _is_a_sentence(str(error))
        return
    # What was accepted says the same when it is read again.
    text = json.dumps(request.document(), allow_nan=False)
    assert read_request(text).document() == request.document(), "it means something else when it is read again"


def _expression(content: bytes) -> None:
    from fitting.spec import ExpressionInvalid, parse_expression

    text = content.decode("utf-8", "replace")
    try:
        expression = parse_expression(text)
    except ExpressionInvalid as error:
        _is_a_sentence(str(error))
        return
    again = parse_expression(expression.text)
    assert again.names == expression.names, "it links to other parameters when it is read again"


def _fits_seeds() -> list[bytes]:
    from astropy.io import fits

    rng = np.random.default_rng(1)
    image = rng.normal(10.0, 1.0, (8, 9)).astype(np.float32)
    made = []
    header = fits.Header([("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("CRVAL1", 150.0), ("CRVAL2", 2.0)])
    header.update(CD1_1=-5e-5, CD2_2=5e-5, MAGZERO=25.0, BUNIT="adu", GAIN=2.0, EXPTIME=100.0)
    for hdus in (
        [fits.PrimaryHDU(image, header)],
        [fits.PrimaryHDU(), fits.ImageHDU(image, name="SCI"), fits.ImageHDU(image**2, name="ERR")],
        [fits.PrimaryHDU(), fits.CompImageHDU((image * 100).astype(np.int16), compression_type="RICE_1")],
        [fits.PrimaryHDU(np.stack([image] * 3).astype(np.int16))],
        [fits.PrimaryHDU(), fits.BinTableHDU.from_columns([fits.Column("A", "E", array=image[0])])],
    ):
        target = io.BytesIO()
        fits.HDUList(hdus).writeto(target)
        made.append(target.getvalue())
    return made


def _asdf_seeds() -> list[bytes]:
    import asdf

    image = np.arange(12.0).reshape(3, 4)
    made = []
    for tree in ({"data": image}, {"roman": {"data": image, "err": image, "meta": {"exposure": {"type": "WFI"}}}}):
        target = io.BytesIO()
        asdf.AsdfFile(tree).write_to(target)
        made.append(target.getvalue())
    made.append(b"#ASDF 1.0.0\n%YAML 1.1\n--- {data: !core/ndarray-1.1.0 {source: 0, shape: [2, 2]}}\n...\n")
    return made


def _npz_seeds() -> list[bytes]:
    image = np.arange(12.0).reshape(3, 4)
    one, several, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(one, image)
    np.savez(several, data=image, err=image.astype(np.float32))
    np.savez_compressed(packed, data=image.astype(">i2"))
    with zipfile.ZipFile(empty := io.BytesIO(), "w") as archive:
        archive.writestr("data.npy", one.getvalue()[:100])
    return [one.getvalue(), several.getvalue(), packed.getvalue(), empty.getvalue()]


def _request_seeds() -> list[bytes]:
    made = [path.read_bytes() for path in sorted((ROOT / "examples").glob("*/request*.json"))]
    made += [path.read_bytes() for path in sorted((ROOT / "tests" / "cases").glob("*.json"))]
    return made


def _expression_seeds() -> list[bytes]:
    texts = (
        "= a.q",
        "= a.pa + 90",
        "= 2 * a.flux[r] ** -0.5 + sqrt(b.r_e)",
        '= a.flux["hst-i"] / pi',
        "= a.r_e.c0 - exp(log10(3e-5))",
        "= -(a.x - b.x) * cos(a.pa)",
        "= 9**9**9",
    )
    return [text.encode() for text in texts]


_READERS = ("fitting.files",)
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("fits", _describe, _fits_seeds, _READERS, b"SIMPLE  ="),
        Target("asdf", _describe, _asdf_seeds, (*_READERS, "asdf", "yaml"), b"#ASDF"),
        Target("npz", _describe, _npz_seeds, (*_READERS, "numpy.lib", "zipfile")),
        Target("request", _request, _request_seeds, ("fitting.spec",)),
        Target("expressions", _expression, _expression_seeds, ("fitting.spec",)),
    )
}
