"""``gradient``: first-order descent by the optimizers of torch."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from fitting.spec.documents import detail, excerpt, refuse
from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.minimizers import MinimizerOptions, ScalingField, Tolerance, unknown_faults
from fitting.spec.methods.torch_optimizers import OPTIMIZERS, SCHEDULES, Setting


class GradientOptions(MinimizerOptions):
    """Options of ``gradient``: an optimizer of torch, its own options, its learning rate and how that changes.

    Without `learning_rate`, the optimizer's own default for scaled parameters is used.
    """

    optimizer: Annotated[str, Field(description="One of: " + ", ".join(OPTIMIZERS))] = "adam"
    optimizer_options: Annotated[
        dict[str, Any], Field(description="The optimizer's own options, by torch's names.")
    ] = Field(default_factory=dict)
    learning_rate: Annotated[
        float | None, Field(gt=0.0, le=1e3, description="Of the optimizer, in scaled parameters.")
    ] = None
    schedule: Annotated[str, Field(description="Of the learning rate, one of: " + ", ".join(SCHEDULES))] = "cosine"
    schedule_options: Annotated[dict[str, Any], Field(description="The schedule's own options, by torch's names.")] = (
        Field(default_factory=dict)
    )
    steps: Annotated[int, Field(ge=1, le=1_000_000, description="Most steps.")] = 1000
    scaling: ScalingField = "covariance"
    tolerance: Tolerance = 1e-7
    patience: Annotated[
        int,
        Field(ge=0, description="Stop after this many steps without a fall of chi-squared by `tolerance`; 0: never."),
    ] = 0

    @model_validator(mode="after")
    def _known(self) -> Self:
        faults = [
            *unknown_faults("optimizer", self.optimizer, OPTIMIZERS),
            *unknown_faults("schedule", self.schedule, SCHEDULES),
        ]
        if not faults:
            faults += _settings_faults("optimizer_options", self.optimizer_options, OPTIMIZERS[self.optimizer].settings)
            faults += _settings_faults("schedule_options", self.schedule_options, SCHEDULES[self.schedule])
            faults += self._contradictions()
        if faults:
            raise refuse("GradientOptions", faults)
        return self

    def _contradictions(self) -> list[InitErrorDetails]:
        options = self.optimizer_options
        if options.get("nesterov") is True and not (options.get("momentum", 0.0) > 0 and not options.get("dampening")):
            place = ("optimizer_options", "nesterov")
            return [detail(place, "nesterov needs momentum", "momentum above 0 and no dampening")]
        etas = options.get("etas")
        if etas is not None and not etas[0] < 1.0 < etas[1]:
            return [detail(("optimizer_options", "etas"), "etas do not enclose 1", "one below 1, then one above")]
        return []


def _settings_faults(
    key: str, given: dict[str, Any], settings: MappingProxyType[str, Setting]
) -> list[InitErrorDetails]:
    faults = []
    for name, value in given.items():
        setting = settings.get(name)
        if setting is None:
            expected = "one of: " + ", ".join(settings) if settings else "no options"
            faults.append(detail((key, name), "is an unknown option", expected))
        elif not setting.accepts(value):
            faults.append(detail((key, name), f"{excerpt(value)} will not do", setting.expected))
    return faults


GRADIENT = MethodDescription(
    name="gradient",
    description="First-order descent by any optimizer of torch, with a schedule of its learning rate.",
    options=GradientOptions,
    calls=lambda options, _: Calls(gradients=options.steps),
)
