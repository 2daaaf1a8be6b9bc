"""Request document: a request as JSON, from objects or plain dicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photfit.model.component import Component
from photfit.model.links import Link, Names
from photfit.model.parameter import plain
from photfit.model.stage import Stage


@dataclass(frozen=True)
class Constraint:
    """Bounds, or a prior, of an expression of parameters.

    >>> from photfit import Constraint, Sersic
    >>> a, b = Sersic("a"), Sersic("b")
    >>> Constraint(a.x - b.x, min=-0.5, max=0.5).document()
    {'expression': 'a.x - b.x', 'min': -0.5, 'max': 0.5}

    Attributes:
        expression: of parameters, such as ``a.x - b.x`` of two components, or that as text.
        min, max: of its value; None is no limit.
        prior: of its value, such as ``{"normal": [0, 0.1]}``.
    """

    expression: Link | str
    min: float | None = None
    max: float | None = None
    prior: Mapping[str, Any] | None = None

    def document(self, names: Names | None = None) -> dict[str, Any]:
        """As a request has it."""
        text = self.expression.expression(names) if isinstance(self.expression, Link) else self.expression
        members = {"min": self.min, "max": self.max, "prior": self.prior}
        return {"expression": text} | {key: plain(value) for key, value in members.items() if value is not None}


def request_document(
    images: Sequence[Mapping[str, Any]],
    components: Sequence[Component | Mapping[str, Any]] | Component | Mapping[str, Any],
    *,
    stages: Sequence[Stage | Mapping[str, Any] | str] | Stage | Mapping[str, Any] | str | None = None,
    constraints: Sequence[Constraint | Mapping[str, Any]] = (),
    **members: Any,
) -> dict[str, Any]:
    """A request as JSON, not checked yet.

    Args:
        images: as a request has them: names of files, or ids of uploads, in the place of what was given.
        components: of the model, in order: objects or JSON.
        stages: run in order; a name alone is a method with its usual options. None means ``lm``, an empty list the
            model at the values given.
        constraints: between parameters.
        members: of the request beside those, such as ``name``, ``frame``, ``seed``, ``noise`` or ``groups``; None is
            left out.

    Raises:
        TypeError: one of the components is no component, or one of the stages no stage.
    """
    listed = _listed(components, (Component, Mapping), "components")
    names = component_names(listed)
    run = ["lm"] if stages is None else _listed(stages, (Stage, Mapping, str), "stages")
    written = {
        "images": [plain(image) for image in images],
        "components": [_component(component, names) for component in listed],
        "stages": [_stage(stage) for stage in run],
        **{key: plain(value) for key, value in members.items() if value is not None},
    }
    bounds = [item.document(names) if isinstance(item, Constraint) else plain(item, names) for item in constraints]
    return written | ({"constraints": bounds} if bounds else {})


def component_names(components: Sequence[Component | Mapping[str, Any]]) -> Names:
    """What each object is called in a request: as it says, else as its profile, with a number where there are more.

    Raises:
        TypeError: one of them is no component.
    """
    for item in components:
        if not isinstance(item, Component | Mapping):
            raise TypeError(f"{item!r} is no component: give one such as Sersic(...), or a dict as a request has it")
    taken = {str(item.name if isinstance(item, Component) else item.get("name")) for item in components}
    unnamed = [item for item in components if isinstance(item, Component) and item.name is None]
    often = Counter(item.profile for item in unnamed)
    names = {id(item): item.name for item in components if isinstance(item, Component) and item.name is not None}
    for item in unnamed:
        alone = often[item.profile] == 1 and item.profile not in taken
        numbered = (f"{item.profile}_{number}" for number in range(1, len(components) + len(taken) + 1))
        names[id(item)] = item.profile if alone else next(name for name in numbered if name not in taken)
        taken.add(names[id(item)])
    return names


def _listed(given: Any, one: tuple[type, ...], what: str) -> list[Any]:
    """What was given, one or several, as a list."""
    if isinstance(given, one):
        return [given]
    if isinstance(given, type) or not isinstance(given, Iterable):
        raise TypeError(f"{given!r} is no list of {what}")
    return list(given)


def _component(component: Component | Mapping[str, Any], names: Names) -> Any:
    return component.document(names) if isinstance(component, Component) else plain(component, names)


def _stage(stage: Stage | Mapping[str, Any] | str) -> Any:
    if isinstance(stage, str):
        return {"method": stage}
    if isinstance(stage, Stage | Mapping):
        return stage.document() if isinstance(stage, Stage) else plain(stage)
    raise TypeError(f'{stage!r} is no stage: give one such as Nuts(samples=500), "lm", or a dict as a request has it')
