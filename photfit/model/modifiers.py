"""Modifiers of isophotes as classes, one each.

Made by `make docs` from the tables of fitting.spec: change it there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from photfit.model.isophotes import IsophoteModifier
from photfit.model.parameter import Value

__all__ = ["Bending", "Fourier", "Rays", "Rotation", "Superellipse", "Truncation", "Warp", "Wedges"]


class Superellipse(IsophoteModifier):
    """Boxy and discy isophotes.

        R = (|u|^(c0+2) + |v/q|^(c0+2))^(1/(c0+2)), u along and v across the major axis

    Source: Athanassoula et al. 1990, MNRAS 245, 130; Peng et al. 2010, AJ 139, 2097.

    Args:
        parameters: that it brings, of its setting; of nothing these:
            c0: Boxiness: 0 is an ellipse, more is boxy, less is discy. From -1 to 10. Begins at 0.
    """

    modifier: ClassVar[str] = "superellipse"

    def __init__(self, **parameters: Value) -> None:
        super().__init__(None, parameters)


class Fourier(IsophoteModifier):
    """Azimuthal Fourier modes of the isophotes.

        R' = R (1 + sum_m a_m cos m(theta - phi_m)), theta from the major axis in the ellipse's plane

    Source: Peng et al. 2010, AJ 139, 2097.

    Args:
        setting: a list of modes, such as [1, 3]; left out it is [1, 3].
        parameters: that it brings, of its setting; of [1, 3] these:
            fourier_1_amplitude: Amplitude of mode 1, of the radius. From -0.9 to 0.9. Begins at 0.05.
            fourier_1_phase: degree. Phase of mode 1, from the major axis, counter-clockwise, in the ellipse's
                plane. Begins at 0.
            fourier_3_amplitude: Amplitude of mode 3, of the radius. From -0.9 to 0.9. Begins at 0.05.
            fourier_3_phase: degree. Phase of mode 3, from the major axis, counter-clockwise, in the ellipse's
                plane. Begins at 0.
    """

    modifier: ClassVar[str] = "fourier"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Bending(IsophoteModifier):
    """Bending of the major axis.

        v' = v + sum_m b_m (u / scale)^m

    Source: Peng et al. 2010, AJ 139, 2097.

    Args:
        setting: a list of orders, such as [2]; left out it is [2].
        parameters: that it brings, of its setting; of [2] these:
            bending_2: pixel. Bending of order 2 at one scale length along the major axis. Begins at 0.
    """

    modifier: ClassVar[str] = "bending"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Warp(IsophoteModifier):
    """Axis ratio and position angle that change with radius, by splines through nodes.

        ln q(R) = ln q + sum_i w_i(R) ln q_i; pa(R) = pa + sum_i w_i(R) pa_i

    Source: Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's warp models).

    Args:
        setting: a rising list of radii of nodes, pixels, such as [5, 10, 20].
        parameters: that it brings, of its setting; of [5.0, 10.0] these:
            warp_1_q: Axis ratio at 5 pixels over that of the centre. From 0.05 to 20. Begins at 1.
            warp_2_q: Axis ratio at 10 pixels over that of the centre. From 0.05 to 20. Begins at 1.
            warp_1_pa: degree. Position angle at 5 pixels less that of the centre. Begins at 0.
            warp_2_pa: degree. Position angle at 10 pixels less that of the centre. Begins at 0.
    """

    modifier: ClassVar[str] = "warp"

    def __init__(self, setting: Any, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Rotation(IsophoteModifier):
    """Rotation of the coordinates with radius: spiral arms.

        theta(r) = theta_out T(r) [(r/r_out + 1)/2]^alpha, or theta_out T(r) ln(r/r_ws + 1)/ln(r_out/r_ws + 1); T(r)
        = (1 + tanh[(2 - artanh A)(r - r_out)/(r_out - r_in) + 2])/2, A = 0.46/(|theta_out| + 0.23) - 1.00001

    Source: Peng et al. 2010, AJ 139, 2097.

    Args:
        setting: "power" or "log"; left out it is 'power'.
        parameters: that it brings, of its setting; of 'power' these:
            rotation_inner: pixel. Radius inside which the arms are a bar. From 0 to any. Begins at 0.
            rotation_outer: pixel. Radius at which the rotation is reached. From 0.001 to 100000. Must be given.
            rotation_angle: degree. Rotation at the outer radius, counter-clockwise. Must be given.
            rotation_inclination: degree. Inclination of the disc; 0 is face on. From 0 to 85. Begins at 0.
            rotation_pa: degree. Position angle of the disc's line of nodes. Begins at 0.
            rotation_power: Power of the winding beyond the outer radius. Begins at 0.
    """

    modifier: ClassVar[str] = "rotation"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Truncation(IsophoteModifier):
    """Soft inner or outer truncation.

        outer: (1 - tanh k(2(R - R_b)/w - 1))/2; inner: (1 + tanh k(2(R - R_b)/w + 1))/2; k = artanh 0.98

    Source: Peng et al. 2010, AJ 139, 2097 (the same radii of 99 % and 1 %, met exactly).

    Args:
        setting: "inner", "outer" or ["inner", "outer"]; left out it is 'outer'.
        parameters: that it brings, of its setting; of 'outer' these:
            outer_truncation: pixel. Radius of 99 % of the light of the outer truncation. From 0.001 to 100000. Must
                be given.
            outer_truncation_width: pixel. Distance from 99 % to 1 % of the outer truncation. From 0.001 to 100000.
                Must be given.
    """

    modifier: ClassVar[str] = "truncation"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Rays(IsophoteModifier):
    """Size and brightness that differ by direction, blended between rays.

        R' = R / size(theta), I' = I brightness(theta); ln of both by weights (1 + cos pi t)/2

    Source: after Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's ray models).

    Args:
        setting: a number of directions, such as 4; left out it is 4.
        parameters: that it brings, of its setting; of 4 these:
            ray_2_size: Size in direction 2, over that in direction 1. From 0.01 to 100. Begins at 1.
            ray_3_size: Size in direction 3, over that in direction 1. From 0.01 to 100. Begins at 1.
            ray_4_size: Size in direction 4, over that in direction 1. From 0.01 to 100. Begins at 1.
            ray_2_brightness: Brightness in direction 2, over that in direction 1. From 0.01 to 100. Begins at 1.
            ray_3_brightness: Brightness in direction 3, over that in direction 1. From 0.01 to 100. Begins at 1.
            ray_4_brightness: Brightness in direction 4, over that in direction 1. From 0.01 to 100. Begins at 1.
    """

    modifier: ClassVar[str] = "rays"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)


class Wedges(IsophoteModifier):
    """Size and brightness that differ by direction, with sharp edges half way between.

        R' = R / size_k, I' = I brightness_k in wedge k

    Source: after Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's wedge models).

    Args:
        setting: a number of directions, such as 4; left out it is 4.
        parameters: that it brings, of its setting; of 4 these:
            wedge_2_size: Size in direction 2, over that in direction 1. From 0.01 to 100. Begins at 1.
            wedge_3_size: Size in direction 3, over that in direction 1. From 0.01 to 100. Begins at 1.
            wedge_4_size: Size in direction 4, over that in direction 1. From 0.01 to 100. Begins at 1.
            wedge_2_brightness: Brightness in direction 2, over that in direction 1. From 0.01 to 100. Begins at 1.
            wedge_3_brightness: Brightness in direction 3, over that in direction 1. From 0.01 to 100. Begins at 1.
            wedge_4_brightness: Brightness in direction 4, over that in direction 1. From 0.01 to 100. Begins at 1.
    """

    modifier: ClassVar[str] = "wedges"

    def __init__(self, setting: Any = None, **parameters: Value) -> None:
        super().__init__(setting, parameters)
