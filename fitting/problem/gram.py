"""Products of columns with themselves."""

from functools import cache

import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

_FEW_THREADS = 3


def gram(columns: Tensor) -> Tensor:
    """CCᵀ of columns C (batch, columns, pixels): (batch, columns, columns).

    On a CPU with few threads by NumPy, which knows a matrix times its own transpose and has BLAS (`syrk`) make half of
    it: one thread then takes less time than two take for the whole.
    """
    if columns.device.type != "cpu" or torch.get_num_threads() > _FEW_THREADS:
        return columns @ columns.mT
    own = columns.numpy()
    with _openblas().limit(limits=1):
        return torch.from_numpy(own @ own.swapaxes(-1, -2))


@cache
def _openblas() -> ThreadpoolController:
    """NumPy's own threads, which would get into the way of torch's."""
    return ThreadpoolController().select(internal_api="openblas")
