"""Stages of a fit as objects: what `photfit.model.methods` has a class each for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from photfit.model.parameter import plain


class Stage:
    """One stage: a method, and those of its options that are not as usual.

    Attributes:
        method: its name in a request.
        options: those given, by name.

    Raises:
        RequestInvalid: an option beyond what it can be; ``faults`` lists all.
    """

    method: ClassVar[str] = ""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = {name: value for name, value in options.items() if value is not None}
        from fitting.spec import RequestInvalid, StageSpec, read_document

        try:
            read_document(StageSpec, self.document())
        except RequestInvalid as invalid:
            raise invalid.within(type(self).__name__) from None

    def document(self) -> dict[str, Any]:
        """As a request has it."""
        return {"method": self.method, **{name: plain(value) for name, value in self.options.items()}}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"
