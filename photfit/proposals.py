"""Proposals of requests: options of the command as the service takes them, and what was found, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fitting.spec import PlaneReference
from fitting.spec.counts import counted
from photfit.client import Client
from photfit.failures import UserMistake

PLANES = ("variance", "weight", "sigma", "mask", "psf", "segmentation")


def options_document(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given on the command line, as the body of a proposal. Raises UserMistake."""
    options = {key: value for key, value in given.items() if value is not None and value != ()}
    for key in PLANES:
        if str(options.get(key, "")).lstrip().startswith("{"):
            options[key] = _json(key, options[key])
    if "window" in options:
        options["window"] = _window(options["window"])
    if "target" in options:
        options["target"] = _target(options["target"])
    if "limits" in options:
        options["limit"] = _limit(options.pop("limits"))
    if "positions" in options:
        options["positions"] = [_position(text) for text in options["positions"]]
    return options


def split_image(image: str) -> tuple[str, dict[str, int | str]]:
    """File of ``FILE[HDU][PLANE]``, and `hdu` and `plane` as far as they are said."""
    reference = PlaneReference.model_validate(image)
    said = {"hdu": reference.hdu, "plane": reference.plane}
    return reference.file, {key: value for key, value in said.items() if value is not None}


def propose_by_service(client: Client, image: str, options: dict[str, Any]) -> dict[str, Any]:
    """Upload the image and the files that the options name, and let the service propose. Raises ServiceError."""
    file, place = split_image(image)
    body = options | place
    for key in PLANES:
        if isinstance(body.get(key), str) and not body[key].startswith("["):
            other_file, place_of_plane = split_image(body[key])
            body[key] = {"upload": client.upload(_existing(other_file)).id} | place_of_plane
    return client.propose(client.upload(_existing(file)).id, body)


def proposal_lines(proposal: Mapping[str, Any]) -> Iterator[str]:
    """What was found, a line each."""
    sources = proposal["sources"]
    stars = sum(source["star"] for source in sources)
    galaxies = len(sources) - stars - sum(source.get("part") == "bulge" for source in sources)
    sky = proposal["sky"]
    planes = [key for key in proposal["planes"] if key != "data"]
    found = f"{counted(galaxies, 'galaxy')} and {counted(stars, 'star')}"
    yield f"{found} on a sky of {sky['level']:.6g} ± {sky['rms']:.3g} a pixel"
    yield "with " + (", ".join(planes) if planes else "no variance, mask or PSF")
    for source in sources[:20]:
        shape = "star" if source["star"] else f"r_e {source['r_e']:.3g}, q {source['q']:.2f}, n {source['n']:.2g}"
        magnitude = source.get("magnitude")
        light = f"flux {source['flux']:.4g}" if magnitude is None else f"magnitude {magnitude:.2f}"
        yield f"  {source['name']}: x {source['x']:.1f}, y {source['y']:.1f}, {light}, S/N {source['snr']:.0f}, {shape}"
    if len(sources) > 20:
        yield f"  … and {len(sources) - 20} more"
    for warning in proposal["warnings"]:
        yield f"warning: {warning}"


def _existing(file: str) -> Path:
    path = Path(file).expanduser()
    if not path.is_file():
        raise UserMistake(f"there is no file {path}")
    return path


def _json(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        option = key.replace("_", "-")
        raise UserMistake(f"--{option} {text} is not JSON: {error.msg} at column {error.colno}") from error


def _window(text: str) -> dict[str, list[int]]:
    try:
        (x0, x1), (y0, y1) = ((int(end) for end in part.split(":")) for part in text.split(","))
    except ValueError as error:
        raise UserMistake(f"--window {text} is not X0:X1,Y0:Y1, such as 0:99,0:99") from error
    return {"x": [x0, x1], "y": [y0, y1]}


def _target(text: str) -> str | list[float] | dict[str, float]:
    """A place as the service takes it; words stay, and are judged where all else is."""
    try:
        if "=" in text:
            return {key.strip(): float(value) for key, value in (part.split("=") for part in text.split(","))}
        if "," in text:
            x, y = (float(part) for part in text.split(","))
            return [x, y]
    except ValueError as error:
        raise UserMistake(f'--target {text} is none of "centre", X,Y and ra=DEGREES,dec=DEGREES') from error
    return text


def _limit(texts: Sequence[str]) -> dict[str, float]:
    limit: dict[str, float] = {}
    for text in texts:
        key, _, value = text.rpartition("=")
        try:
            limit[key or "number"] = int(value) if key in ("", "number") else float(value)
        except ValueError as error:
            raise UserMistake(f"--limit {text} is none of 20, snr=10 and magnitude=23") from error
    return limit


def _position(text: str) -> list[float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserMistake(f"--position {text} is not X,Y, such as 49.5,50") from error
    return [x, y]
