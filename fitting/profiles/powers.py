"""Powers of what falls to zero at the end of a profile."""

from torch import Tensor

_LEAST = 1e-30


def power_inside(height: Tensor, exponent: Tensor) -> Tensor:
    """height^exponent in the place of `height`, zero where that is not positive.

    By logarithms, in half the time of torch's own powers; those of zero, and exponentials that underflow, would take
    ten times as long as others.
    """
    inside = height > 0.0
    return height.clamp_(min=_LEAST).log_().mul_(exponent).exp_().mul_(inside)
