"""A radial profile's brightness as automatic differentiation takes it, by the derivatives that the profile gives."""

import math
from typing import Any

import torch
from torch import Tensor

from fitting.profiles.radial import RHO_FLOOR, RadialProfile


def profile_light(profile: RadialProfile, log_rho: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
    """Brightness of unit amplitude at ln ρ (instances, points), differentiable by ln ρ and the pure shape."""
    floor = math.log(RHO_FLOOR)
    light: Tensor = _Brightness.apply(profile, log_rho.clamp(min=floor), *shape)  # type: ignore[no-untyped-call]
    return light


class _Brightness(torch.autograd.Function):
    """A profile's own derivatives as those of its brightness."""

    @staticmethod
    def forward(ctx: Any, profile: RadialProfile, log_rho: Tensor, *shape: Tensor) -> Tensor:
        ctx.profile = profile
        ctx.save_for_backward(log_rho, *shape)
        return profile.brightness(log_rho, profile.constants(shape)[..., None])

    @staticmethod
    def backward(ctx: Any, by: Tensor) -> tuple[Tensor | None, ...]:
        log_rho, *shape = ctx.saved_tensors
        _, by_log_rho, by_shape = ctx.profile.derivatives(log_rho, ctx.profile.constants(tuple(shape))[..., None])
        return None, by * by_log_rho, *((by * part).sum(-1) for part in by_shape)
