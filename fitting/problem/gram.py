"""Products of columns with themselves."""

import torch
from torch import Tensor


def gram(columns: Tensor) -> Tensor:
    """CCᵀ of columns C (batch, columns, pixels): (batch, columns, columns).

    On the CPU by NumPy, which knows a matrix times its own transpose and has BLAS (`syrk`) make half of it alone.
    """
    if columns.device.type != "cpu":
        return columns @ columns.mT
    own = columns.numpy()
    return torch.from_numpy(own @ own.swapaxes(-1, -2))
