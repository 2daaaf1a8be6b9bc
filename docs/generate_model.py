"""Writes the classes of photfit/model that stand for profiles, modifiers and methods, from the tables of the same."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fitting.spec.methods import METHODS, MethodDescription
from fitting.spec.modifiers import GEOMETRY, ModifierDescription
from fitting.spec.parameters.forms import every_form
from fitting.spec.profiles import PROFILES, ParameterDescription, ProfileDescription

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "photfit" / "model"
NOTE = "Made by `make docs` from the tables of fitting.spec: change it there."
UNITS = """Units are those of frame ``pixel``. In a request of frame ``sky`` lengths are in arcsec, intensities in data
units per arcsec², and a centre is ``ra``, ``dec``."""
WIDTH = 116
"""Characters of a line of a docstring, its indentation included: four fewer than the linter allows."""
_COMMON = {"name", "geometry", "convolve", "images", "role", "options"}
"""Arguments that are no option of a profile, though one may be called so."""


def profiles() -> Iterator[str]:
    """A class for each profile."""
    yield '"""Profiles as classes, one each, with their own parameters as keyword arguments.'
    yield f'\n{UNITS}\n\n{NOTE}\n"""\n'
    yield "from __future__ import annotations\n\nfrom collections.abc import Mapping, Sequence"
    yield "from typing import Any, ClassVar, Literal\n"
    yield "from photfit.model.component import Component, Modifiers"
    yield "from photfit.model.links import ParameterReference\nfrom photfit.model.parameter import Value\n"
    names = [class_name(name) for name in PROFILES]
    yield f"__all__ = {sorted(names)!r}\n"
    for profile in PROFILES.values():
        yield from _profile_class(profile)


def _profile_class(profile: ProfileDescription) -> Iterator[str]:
    forms = every_form(profile)
    options = {} if profile.options is None else profile.options.model_json_schema()["properties"]
    chosen = {key: schema for key, schema in options.items() if key not in _COMMON}
    fixed = () if options else forms
    yield f"class {class_name(profile.name)}(Component):"
    text = [profile.description, "", f"    {profile.formula}", "", f"Source: {profile.source}.", "", "Args:"]
    text += ["    name: of the component; left out it is called as its profile."]
    text += [f"    {parameter.name}: {_meaning(parameter)}" for parameter in fixed]
    text += [f"    {key}: option; {_option_meaning(schema)}" for key, schema in chosen.items()]
    if options:
        listed = ", ".join(parameter.name for parameter in forms)
        text += ["    options: all options of the profile, as a request has them."]
        text += [f"    parameters: by the options; with the usual ones {listed}."]
    if profile.elliptical:
        text += [
            "    geometry: modifiers of the isophotes, such as ``Fourier([1, 3])``; the parameters that they bring"
        ]
        text += ["        may stand among these."]
    if profile.blurred:
        text += ["    convolve: whether the point-spread function acts on it."]
    text += ["    images: names of the images in which it is seen; None means all."]
    if profile.psf_model:
        text += ['    role: "psf" makes it the point-spread function of its images.']
    yield _docstring(text)
    yield f"    profile: ClassVar[str] = {profile.name!r}"
    yield from (f"    {parameter.name}: ParameterReference" for parameter in forms)
    arguments = ["self", "name: str | None = None", "*"]
    arguments += [f"{parameter.name}: Value = None" for parameter in fixed]
    arguments += [f"{key}: {_type(schema)} | None = None" for key, schema in chosen.items()]
    arguments += ["options: Mapping[str, Any] | None = None"] if options else []
    arguments += ["geometry: Modifiers = ()"] if profile.elliptical else []
    arguments += ["convolve: bool = True"] if profile.blurred else []
    arguments += ["images: Sequence[str] | None = None"]
    arguments += ['role: Literal["light", "psf"] | None = None'] if profile.psf_model else []
    more = bool(options) or profile.elliptical
    arguments += ["**parameters: Value"] if more else []
    given = [f"{parameter.name!r}: {parameter.name}" for parameter in fixed] + (["**parameters"] if more else [])
    passed = ["name", "{" + ", ".join(given) + "}"]
    if options:
        passed += ["{" + ", ".join([*(f"{key!r}: {key}" for key in chosen), "**(options or {})"]) + "}"]
    passed += ["geometry=geometry"] if profile.elliptical else []
    passed += ["convolve=convolve"] if profile.blurred else []
    passed += ["images=images"] + (["role=role"] if profile.psf_model else [])
    yield f"    def __init__({', '.join(arguments)}) -> None:\n        super().__init__({', '.join(passed)})\n\n"


def modifiers() -> Iterator[str]:
    """A class for each modifier of isophotes."""
    yield f'"""Modifiers of isophotes as classes, one each.\n\n{NOTE}\n"""\n'
    yield "from __future__ import annotations\n\nfrom typing import Any, ClassVar\n"
    yield "from photfit.model.isophotes import IsophoteModifier\nfrom photfit.model.parameter import Value\n"
    yield f"__all__ = {sorted(map(class_name, GEOMETRY))!r}\n"
    for modifier in GEOMETRY.values():
        yield from _modifier_class(modifier)


def _modifier_class(modifier: ModifierDescription) -> Iterator[str]:
    yield f"class {class_name(modifier.name)}(IsophoteModifier):"
    text = [modifier.description, "", f"    {modifier.formula}", "", f"Source: {modifier.source}.", "", "Args:"]
    if modifier.setting is not None:
        usual = "" if modifier.usual is None else f"; left out it is {_shown(modifier.usual)}"
        text += [f"    setting: {modifier.expected}{usual}."]
    brought = modifier.parameters(modifier.usual_or_example)
    text += [f"    parameters: that it brings, of its setting; of {_shown(modifier.usual_or_example)} these:"]
    text += [f"        {parameter.name}: {_meaning(parameter)}" for parameter in brought]
    yield _docstring(text)
    yield f"    modifier: ClassVar[str] = {modifier.name!r}"
    setting = (
        "" if modifier.setting is None else "setting: Any, " if modifier.usual is None else "setting: Any = None, "
    )
    yield f"    def __init__(self, {setting}**parameters: Value) -> None:"
    yield f"        super().__init__({'setting' if setting else 'None'}, parameters)\n\n"


def methods() -> Iterator[str]:
    """A class for each method."""
    yield f'"""Methods as classes of stages, one each, with their options as keyword arguments.\n\n{NOTE}\n"""\n'
    yield "from __future__ import annotations\n\nfrom collections.abc import Mapping, Sequence"
    yield "from typing import Any, ClassVar, Literal\n\nfrom photfit.model.stage import Stage\n"
    yield f"__all__ = {sorted(map(class_name, METHODS))!r}\n"
    for method in METHODS.values():
        yield from _method_class(method)


def _method_class(method: MethodDescription[Any]) -> Iterator[str]:
    options: Mapping[str, Any] = method.options.model_json_schema().get("properties", {})
    yield f"class {class_name(method.name)}(Stage):"
    text = [method.description, "", "Args:"]
    text += [f"    {key}: {_option_meaning(schema)}" for key, schema in options.items()]
    yield _docstring(text)
    yield f"    method: ClassVar[str] = {method.name!r}"
    arguments = [f"{key}: {_type(schema)} | None = None" for key, schema in options.items()]
    yield f"    def __init__({', '.join(['self', '*', *arguments])}) -> None:"
    yield f"        super().__init__({{{', '.join(f'{key!r}: {key}' for key in options)}}})\n\n"


def class_name(name: str) -> str:
    """The class of a profile, modifier or method: ``flat_sky`` is FlatSky."""
    return "".join(word.capitalize() for word in name.split("_"))


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(list(value) if isinstance(value, tuple) else value)


def _meaning(parameter: ParameterDescription) -> str:
    """Unit, what it is, its usual limits and its first value."""
    unit = f"{parameter.unit}. " if parameter.unit else ""
    low, high = parameter.min, parameter.max
    limits = " From {} to {}.".format(*("any" if limit is None else f"{limit:g}" for limit in (low, high)))
    limits = "" if low is None and high is None else limits
    first = "" if parameter.default is None else f" Begins at {parameter.default:g}."
    return f"{unit}{parameter.description}{limits}{first}{'' if parameter.initialised else ' Must be given.'}"


def _option_meaning(schema: Mapping[str, Any]) -> str:
    text = schema.get("description", schema.get("title", "").lower() + ".")
    default = schema.get("default")
    return text if default is None else f"{text} Usually {default!r}."


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [_type(each) for each in schema["anyOf"] if each.get("type") != "null"]
        return "Any" if "Any" in kinds else " | ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if schema.get("type") == "array":
        items = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        return f"Sequence[{_type(items)}]"
    known = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "object": "Mapping[str, Any]"}
    return known.get(schema.get("type", ""), "Any")


def _docstring(lines: Iterable[str]) -> str:
    wrapped: list[str] = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        is_formula = indent == 4 and not line.lstrip().partition(":")[0].isidentifier()
        below = " " * (indent if is_formula else indent + 4 if indent else 0)
        wrapped += textwrap.wrap(line, WIDTH - 4, subsequent_indent=below, break_on_hyphens=False) or [""]
    body = textwrap.indent("\n".join(wrapped), "    ").strip()
    return f'    """{body}\n    """\n'.replace("\\", "\\\\")


def modules() -> dict[str, str]:
    """Every module: file name and text, formatted."""
    content = {"profiles": profiles(), "modifiers": modifiers(), "methods": methods()}
    return {f"{name}.py": _formatted("\n".join(lines) + "\n") for name, lines in content.items()}


def _formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    command = [ruff, "format", "--stdin-filename", FOLDER / "profiles.py", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    return done.stdout


def write_model() -> None:
    """Write every module."""
    for name, text in modules().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_model()
