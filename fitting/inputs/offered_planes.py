"""Planes that an image's own file holds and the request leaves out: nothing is taken unasked, and nothing is silent."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fitting.files import HduOutline, Plane, plane_meaning
from fitting.spec import ImageSpec, Notice
from fitting.spec.counts import was

_NOISE = ("variance", "sigma", "weight")


def offered_planes(spec: ImageSpec, plane: Plane) -> tuple[Notice, ...]:
    """A notice that names them; none where there are none.

    A noise plane is offered where the request gives no noise at all, a mask and a PSF where it gives none. They are of
    the data's shape (the PSF is not), and in a file of several images of the data's EXTVER.

    Args:
        plane: the data as read.
    """
    wanted = {"mask", "psf"} - {key for key in ("mask", "psf") if getattr(spec, key) is not None}
    if all(getattr(spec, key) is None for key in _NOISE):
        wanted.update(_NOISE)
    found = list(_named(plane, wanted))
    if not found:
        return ()
    listed = ", ".join(f"{hdu.name} (HDU {hdu.index}, {key})" for key, hdu in found)
    key, first = found[0]
    reference = spec.data.model_copy(update={"hdu": first.index, "plane": None})
    sentence = (
        f"its file also holds {listed}, which the request does not give and which {was(len(found))} not used: "
        f'"{key}": {json.dumps(reference.model_dump())} would use {"it" if len(found) == 1 else "the first"}'
    )
    return (Notice("planes-offered", sentence),)


def _named(plane: Plane, wanted: set[str]) -> Iterator[tuple[str, HduOutline]]:
    same_version = [hdu for hdu in plane.beside if hdu.version == _version(plane)]
    for hdu in same_version:
        meaning = plane_meaning(hdu.name, {})
        if meaning is None or meaning.kind not in wanted or (hdu.plane is None and not hdu.psf_model):
            continue
        if (hdu.plane == plane.frame) == (meaning.kind != "psf"):
            yield meaning.kind, hdu


def _version(plane: Plane) -> int:
    value = plane.keywords.get("EXTVER", 1)
    return value if isinstance(value, int) else 1
