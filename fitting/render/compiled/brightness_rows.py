"""Brightness of profiles at a row of points, compiled: the formulas of `fitting.profiles`, one loop a profile.

Constants are those of the profile's own `constants`, and what comes out is what its `brightness` and `derivatives`
give; tests/fitting/render/compiled holds each against them.
"""

import math
from typing import Any

from numba import njit
from numpy.typing import NDArray

from fitting.profiles.de_vaucouleurs import B
from fitting.profiles.gaussian import FALL
from fitting.render.compiled.elementary import VECTORS, exponential, logarithm
from fitting.render.compiled.kinds import (
    DE_VAUCOULEURS,
    EINASTO,
    EXPONENTIAL,
    GAUSSIAN,
    ISOTHERMAL,
    MOFFAT,
    SERSIC,
)

Numbers = NDArray[Any]


@njit(**VECTORS)
def brightness_row(kind: int, constants: Numbers, log_rho: Numbers, light: Numbers, count: int) -> None:
    """Write the brightness of unit amplitude at `count` points ln ρ into `light`."""
    if kind == SERSIC:
        _falling(constants[0], constants[1], constants[1], log_rho, light, count)
    elif kind == EXPONENTIAL:
        _falling(0.5, 1.0, 0.0, log_rho, light, count)
    elif kind == DE_VAUCOULEURS:
        _falling(0.125, B, B, log_rho, light, count)
    elif kind == GAUSSIAN:
        _falling(1.0, FALL, 0.0, log_rho, light, count)
    elif kind == EINASTO:
        _falling(constants[0], constants[1], constants[1], log_rho, light, count)
    elif kind == MOFFAT:
        beta, k = constants[0], constants[1]
        for i in range(count):
            light[i] = exponential(-beta * logarithm(1.0 + k * exponential(log_rho[i])))
    elif kind == ISOTHERMAL:
        for i in range(count):
            light[i] = 1.0 / math.sqrt(1.0 + exponential(log_rho[i]))
    else:
        for i in range(count):
            offset = constants[0] * (exponential(0.5 * log_rho[i]) - 1.0)
            light[i] = exponential(-0.5 * offset * offset)


@njit(**VECTORS)
def derivatives_row(
    kind: int,
    constants: Numbers,
    log_rho: Numbers,
    light: Numbers,
    by_log: Numbers,
    by_shape: Numbers,
    count: int,
) -> None:
    """Write brightness, its derivatives by ln ρ and those by shape parameters, (shape, points), at `count` points."""
    if kind == SERSIC:
        _sersic(constants, log_rho, light, by_log, by_shape[0], count)
    elif kind == EXPONENTIAL:
        _falling_derivatives(0.5, 1.0, 0.0, log_rho, light, by_log, count)
    elif kind == DE_VAUCOULEURS:
        _falling_derivatives(0.125, B, B, log_rho, light, by_log, count)
    elif kind == GAUSSIAN:
        _falling_derivatives(1.0, FALL, 0.0, log_rho, light, by_log, count)
    elif kind == EINASTO:
        _einasto(constants, log_rho, light, by_log, by_shape[0], count)
    elif kind == MOFFAT:
        _moffat(constants, log_rho, light, by_log, by_shape[0], count)
    elif kind == ISOTHERMAL:
        for i in range(count):
            rho = exponential(log_rho[i])
            light[i] = 1.0 / math.sqrt(1.0 + rho)
            by_log[i] = -0.5 * light[i] * rho / (1.0 + rho)
    else:
        _gaussian_ring(constants, log_rho, light, by_log, by_shape[0], count)


@njit(**VECTORS)
def _falling(power: float, fall: float, start: float, log_rho: Numbers, light: Numbers, count: int) -> None:
    """exp(start − fall ρ^power)."""
    for i in range(count):
        light[i] = exponential(start - fall * exponential(power * log_rho[i]))


@njit(**VECTORS)
def _falling_derivatives(
    power: float, fall: float, start: float, log_rho: Numbers, light: Numbers, by_log: Numbers, count: int
) -> None:
    for i in range(count):
        scaled = fall * exponential(power * log_rho[i])
        light[i] = exponential(start - scaled)
        by_log[i] = -power * scaled * light[i]


@njit(**VECTORS)
def _sersic(constants: Numbers, log_rho: Numbers, light: Numbers, by_log: Numbers, by_n: Numbers, count: int) -> None:
    half, b, slope, falls, by_exponent = constants[0], constants[1], constants[3], constants[4], constants[5]
    for i in range(count):
        power = exponential(half * log_rho[i])
        brightness = exponential(b - b * power)
        falling = power * brightness
        light[i] = brightness
        by_log[i] = falling * falls
        by_n[i] = (log_rho[i] * by_exponent - slope) * falling + brightness * slope


@njit(**VECTORS)
def _einasto(
    constants: Numbers, log_rho: Numbers, light: Numbers, by_log: Numbers, by_alpha: Numbers, count: int
) -> None:
    half, fall, by_exponent, by_fall = constants[0], constants[1], constants[3], constants[4]
    for i in range(count):
        power = exponential(half * log_rho[i])
        brightness = exponential(fall - fall * power)
        falling = power * brightness
        light[i] = brightness
        by_log[i] = -falling
        by_alpha[i] = (log_rho[i] * by_exponent + by_fall) * falling - brightness * by_fall


@njit(**VECTORS)
def _moffat(
    constants: Numbers, log_rho: Numbers, light: Numbers, by_log: Numbers, by_beta: Numbers, count: int
) -> None:
    beta, k, slope = constants[0], constants[1], constants[2]
    for i in range(count):
        scaled = k * exponential(log_rho[i])
        log_sum = logarithm(1.0 + scaled)
        brightness = exponential(-beta * log_sum)
        outside = scaled / (1.0 + scaled) * brightness
        light[i] = brightness
        by_log[i] = -beta * outside
        by_beta[i] = outside * slope - log_sum * brightness


@njit(**VECTORS)
def _gaussian_ring(
    constants: Numbers, log_rho: Numbers, light: Numbers, by_log: Numbers, by_width: Numbers, count: int
) -> None:
    narrowness = constants[0]
    for i in range(count):
        radius = exponential(0.5 * log_rho[i])
        offset = narrowness * (radius - 1.0)
        square = offset * offset
        brightness = exponential(-0.5 * square)
        light[i] = brightness
        by_log[i] = -0.5 * narrowness * radius * offset * brightness
        by_width[i] = square * brightness * narrowness
