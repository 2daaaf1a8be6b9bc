"""Component of a model: one profile with its parameters; what `photfit.model.profiles` has a class each for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from photfit.model.isophotes import IsophoteModifier
from photfit.model.links import Names, ParameterReference
from photfit.model.parameter import Value, parameter_document, plain

Modifiers: TypeAlias = Iterable["IsophoteModifier | str | Mapping[str, Any]"]
"""Modifiers of isophotes: objects such as ``Fourier([1, 3])``, or as a request's ``geometry`` has them."""


class Component:
    """One component: a profile, and its parameters by name. Those left out are found in the image.

    The classes of the profiles say which parameters there are; they take them as keyword arguments, in any of the ways
    of `Value`, and an attribute of that name is a reference to link others to (``disc.pa + 90``).

    Attributes:
        profile: its name in a request.
        name: of the component; None lets the request call it as its profile, with a number where there are several.

    Raises:
        RequestInvalid: a parameter that the profile does not have, a value beyond its limits, …; ``faults`` lists all.
    """

    profile: ClassVar[str] = ""

    def __init__(
        self,
        name: str | None,
        parameters: Mapping[str, Value],
        options: Mapping[str, Any] | None = None,
        *,
        geometry: Modifiers = (),
        convolve: bool = True,
        images: Sequence[str] | None = None,
        role: str | None = None,
    ) -> None:
        self.name = name
        modifiers = tuple(geometry)
        brought = [item.parameters for item in modifiers if isinstance(item, IsophoteModifier)]
        given = {key: value for each in (*brought, parameters) for key, value in each.items() if value is not None}
        chosen = {key: value for key, value in (options or {}).items() if value is not None}
        members = {
            "options": chosen or None,
            "geometry": list(modifiers) or None,
            "convolve": None if convolve else False,
            "images": None if images is None else list(images),
            "role": role,
        }
        self._members = {key: value for key, value in members.items() if value is not None}
        self._parameters = given
        self._known = self._checked()

    def document(self, names: Names | None = None) -> dict[str, Any]:
        """The component as a request has it.

        Args:
            names: what components are called there, its own and those that its links name.
        """
        return {
            "name": (names or {}).get(id(self), self.name or self.profile),
            "profile": self.profile,
            **{key: plain(value, names) for key, value in self._members.items()},
            "parameters": {key: parameter_document(value, names) for key, value in self._parameters.items()},
        }

    def __getattr__(self, name: str) -> ParameterReference:
        known = self.__dict__.get("_known", ())
        if name in known:
            return ParameterReference(self, name)
        near = difflib.get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else f": it has {', '.join(known)}"
        raise AttributeError(f"{type(self).__name__} has no parameter {name}{meant if known else ''}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._known})

    def __repr__(self) -> str:
        shown = [repr(self.name)] if self.name else []
        shown += [f"{key}={value!r}" for key, value in (*self._parameters.items(), *self._members.items())]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _checked(self) -> tuple[str, ...]:
        """The names of its parameters in all forms; raises where something is wrong with the component by itself."""
        from fitting.spec import RequestInvalid, read_component
        from fitting.spec.parameters.forms import every_name

        document = self.document()
        if "options" in document:
            document["options"] = _with_names_for_arrays(document["options"])
        try:
            return every_name(read_component(document).description)
        except RequestInvalid as invalid:
            kind = type(self).__name__
            raise invalid.within(kind if self.name is None else f'{kind} "{self.name}"') from None


def _with_names_for_arrays(value: Any) -> Any:
    """Options whose images are arrays as if these were files, as which a request will have them."""
    if isinstance(value, Mapping):
        return {key: _with_names_for_arrays(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names_for_arrays(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else "array"
