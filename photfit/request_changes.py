"""Changes of a request that the command line asks for: values, what stays fixed, stages, and the image."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fitting.spec import did_you_mean
from photfit.failures import UserMistake

_NAME = re.compile(r"(?P<component>\w+)\.(?P<parameter>\w+)(\[(?P<image>[^\]]+)\])?\Z")
_PLANES = ("data", "variance", "weight", "sigma", "mask", "psf")


@dataclass(frozen=True)
class RequestChanges:
    """What is changed of a request before it is read.

    Attributes:
        values: texts ``g.n=4``, ``g.x="= h.x"``, ``g.n={"value": 4, "max": 6}``, ``seed=7``.
        fixed: names ``g.pa``.
        stages: texts ``nuts`` or ``nuts:samples=500,warmup=200``; empty keeps the request's.
        image: file in the place of the one image's, in each plane that names the same file; None keeps it.
    """

    values: Sequence[str] = ()
    fixed: Sequence[str] = ()
    stages: Sequence[str] = ()
    image: str | None = None

    def applied(self, document: Any) -> Any:
        """The request, changed. Raises UserMistake where a change does not go with it."""
        if not isinstance(document, Mapping):
            return document  # what is wrong with it is said where requests are read
        changed: dict[str, Any] = json.loads(json.dumps(document))
        for text in self.values:
            name, equals, value = text.partition("=")
            if not equals:
                raise UserMistake(f"--set {text}: expected NAME=VALUE, such as g.n=4")
            _set(changed, name.strip(), _value(value.strip()))
        for name in self.fixed:
            parameters, key = _place(changed, name, "--fix")
            given = parameters.get(key)
            parameters[key] = {**given, "fixed": True} if isinstance(given, dict) else _fixed(given)
        if self.stages:
            changed["stages"] = [_stage(text) for text in self.stages]
        if self.image is not None:
            _replace_image(changed, self.image)
        return changed


def _set(document: dict[str, Any], name: str, value: Any) -> None:
    if "." not in name:
        document[name] = value
        return
    parameters, key = _place(document, name, "--set")
    given = parameters.get(key)
    if isinstance(given, dict) and not isinstance(value, dict | str):
        given = {each: item for each, item in given.items() if each not in ("expression", "by_image")}
        parameters[key] = {**given, "value": value}
    else:
        parameters[key] = value


def _place(document: Mapping[str, Any], name: str, option: str) -> tuple[dict[str, Any], str]:
    """The parameters of a component, and the name of one of them."""
    found = _NAME.match(name.strip())
    if found is None:
        raise UserMistake(f"{option} {name}: expected COMPONENT.PARAMETER, such as g.n")
    if found["image"] is not None:
        raise UserMistake(
            f"{option} {name}: values of single images are set together: "
            f'{found["component"]}.{found["parameter"]}={{"by_image": {{"{found["image"]}": …}}}}'
        )
    components = [each for each in document.get("components", ()) if isinstance(each, dict)]
    by_name = {each["name"]: each for each in components if isinstance(each.get("name"), str)}
    if found["component"] not in by_name:
        near = did_you_mean(found["component"], by_name)
        raise UserMistake(
            f"{option} {name}: there is no component {found['component']!r}{near}; there are {', '.join(by_name)}"
        )
    parameters = by_name[found["component"]].setdefault("parameters", {})
    if not isinstance(parameters, dict):
        raise UserMistake(f"{option} {name}: the parameters of {found['component']} are no object")
    return parameters, found["parameter"]


def _fixed(given: Any) -> dict[str, Any]:
    if given is None:
        return {"fixed": True}
    if isinstance(given, str):
        raise UserMistake(f"--fix: a parameter that is linked ({given}) is not fixed: --set it to a value first")
    return {"value": given, "fixed": True}


def _value(text: str) -> Any:
    """JSON, or a link, or a word as it stands."""
    if text.startswith("="):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, float) and not math.isfinite(value):
        raise UserMistake(f"--set: {text} is not a finite number")
    return value


def _stage(text: str) -> dict[str, Any]:
    method, _, options = text.partition(":")
    stage: dict[str, Any] = {"method": method.strip()}
    for option in filter(None, options.split(",")):
        name, equals, value = option.partition("=")
        if not equals:
            raise UserMistake(f"--stage {text}: expected METHOD or METHOD:OPTION=VALUE,…, such as nuts:samples=500")
        stage[name.strip()] = _value(value.strip())
    return stage


def _replace_image(document: dict[str, Any], file: str) -> None:
    images = document.get("images")
    if not isinstance(images, list) or len(images) != 1 or not isinstance(images[0], dict):
        raise UserMistake(f"images beside the request, such as {file}, take the place of its one image: it has several")
    image = images[0]
    before = _file_of(image.get("data"))
    for plane in _PLANES:
        given = image.get(plane)
        if plane == "data" or (before is not None and _file_of(given) == before):
            image[plane] = _with_file(given, file)


def _file_of(plane: Any) -> str | None:
    if isinstance(plane, str):
        return plane.partition("[")[0]
    if isinstance(plane, dict):
        named = plane.get("path", plane.get("upload"))
        return named if isinstance(named, str) else None
    return None


def _with_file(plane: Any, file: str) -> Any:
    if isinstance(plane, dict) and ("path" in plane or "upload" in plane):
        return {**{key: item for key, item in plane.items() if key not in ("path", "upload")}, "path": file}
    bracket = plane.partition("[")[1:] if isinstance(plane, str) else ("", "")
    return file if "[" in file else file + "".join(bracket)
