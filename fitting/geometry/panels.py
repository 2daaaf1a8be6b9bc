"""Quadrature over panels by the double exponential rule (Takahasi & Mori 1974, Publ. RIMS 9, 721).

Its nodes crowd towards both ends of a panel, so that neither a cusp, a kink nor a narrow crest there matters.
"""

import numpy as np
import torch
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors

_REACH = 3.6


@cached_tensors
def unit_rule(count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes in (0, 1) and weights, (count,)."""
    s, step = np.linspace(-_REACH, _REACH, count, retstep=True)
    stretched = np.pi * np.sinh(s)
    node = 1.0 / (1.0 + np.exp(-stretched))
    weight = np.pi * np.cosh(s) * step * node / (1.0 + np.exp(stretched))
    return torch.as_tensor(node, device=device), torch.as_tensor(weight / weight.sum(), device=device)


def panel_rule(edges: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights over panels between rising edges (…, edges), each (…, panels · count); differentiable."""
    node, weight = unit_rule(count, edges.device)
    start, width = edges[..., :-1, None], edges.diff(dim=-1)[..., None]
    return (start + width * node).flatten(-2), (width * weight).flatten(-2)
