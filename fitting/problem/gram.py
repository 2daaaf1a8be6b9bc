"""Products of columns with themselves."""

from functools import cache
from pathlib import Path

import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

_FEW_THREADS = 3


def gram(columns: Tensor) -> Tensor:
    """CCᵀ of columns C (batch, columns, pixels): (batch, columns, columns).

    On a CPU with few threads by NumPy, which knows a matrix times its own transpose and has BLAS (`syrk`) make half of
    it, in one thread; by torch on a GPU, with more threads, and already with two on Intel's processors, where its BLAS,
    Intel's own, is at its best.
    """
    threads = torch.get_num_threads()
    few = threads <= (1 if _is_intel() else _FEW_THREADS)
    if columns.device.type != "cpu" or not few:
        return columns @ columns.mT
    own = columns.numpy()
    with _openblas().limit(limits=1):
        return torch.from_numpy(own @ own.swapaxes(-1, -2))


@cache
def _openblas() -> ThreadpoolController:
    """NumPy's own threads, which would get into the way of torch's."""
    return ThreadpoolController().select(internal_api="openblas")


@cache
def _is_intel() -> bool:
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
