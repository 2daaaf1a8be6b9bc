"""Functions of tensors that expressions are made of: of links of parameters, and of brightnesses that are formulas."""

import torch
from torch import Tensor

from fitting.spec import Functions


class TensorFunctions:
    """The functions that expressions need, on tensors (see `fitting.spec.Functions`)."""

    sqrt = staticmethod(torch.sqrt)
    exp = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    sin = staticmethod(torch.sin)
    cos = staticmethod(torch.cos)
    sign = staticmethod(torch.sign)
    where = staticmethod(torch.where)

    @staticmethod
    def power(x: Tensor | float, y: Tensor | float, /) -> Tensor:
        """x to the power y, either of which may be a number."""
        return torch.pow(x, y)  # type: ignore[arg-type]  # torch takes either as a number, not both


TENSORS: Functions = TensorFunctions()  # type: ignore[assignment]  # overloads of torch.where
"""They, as expressions take them."""
