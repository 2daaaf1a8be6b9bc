"""Every way in which an allocation fails ends in OutOfMemory, and nothing else does."""

import errno
import os
from collections.abc import Callable

import numpy as np
import pytest
import torch

from fitting.faults import OutOfMemory
from fitting.memory_faults import memory_faults

BEYOND_ANY_MACHINE = 10**16


def refused(error: Exception) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: bytearray(BEYOND_ANY_MACHINE),
        lambda: np.zeros(BEYOND_ANY_MACHINE),
        lambda: torch.zeros(BEYOND_ANY_MACHINE),
        refused(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")),
        refused(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))),
        refused(RuntimeError("std::bad_alloc")),
        refused(RuntimeError("MKL FFT error: Intel oneMKL DFTI ERROR: Memory error")),
        refused(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")),
    ],
    ids=["Python", "NumPy", "torch", "torch on a GPU", "a system call", "the standard library of C++", "MKL", "cuBLAS"],
)
def test_a_failed_allocation_is_out_of_memory(allocate: Callable[[], object]) -> None:
    with pytest.raises(OutOfMemory), memory_faults():
        allocate()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        FileNotFoundError("there is no such file"),
        ValueError("memory"),
    ],
    ids=repr,
)
def test_other_errors_come_through_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, memory_faults():
        raise error
    assert raised.value is error
