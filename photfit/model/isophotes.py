"""Modifiers of isophotes as objects: what `photfit.model.modifiers` has a class each for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from photfit.model.parameter import Value


class IsophoteModifier:
    """One modifier of a component's isophotes, with its setting and with values of the parameters that it brings.

    Attributes:
        modifier: its name in a request's ``geometry``.
        setting: what stands behind the name there; None is the usual one.
        parameters: those given, by name; they become the component's.
    """

    modifier: ClassVar[str] = ""

    def __init__(self, setting: Any, parameters: Mapping[str, Value]) -> None:
        self.setting = setting
        self.parameters = {name: value for name, value in parameters.items() if value is not None}

    def document(self) -> Any:
        """As a request has it."""
        from photfit.model.parameter import plain

        return self.modifier if self.setting is None else {self.modifier: plain(self.setting)}

    def __repr__(self) -> str:
        shown = [] if self.setting is None else [repr(self.setting)]
        shown += [f"{name}={value!r}" for name, value in self.parameters.items()]
        return f"{type(self).__name__}({', '.join(shown)})"
