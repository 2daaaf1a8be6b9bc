"""Failed allocations, which every library reports in its own way, as `fitting.faults.OutOfMemory`: here alone."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fitting.faults import OutOfMemory

_SIGNS = (
    "DefaultCPUAllocator: ",  # torch's allocator of main memory
    "std::bad_alloc",  # the standard library of C++, below torch
    "DFTI ERROR: Memory",  # Fourier transforms of MKL
    "CUDA error: out of memory",  # the CUDA runtime, beside torch's caching allocator
    "_ALLOC_FAILED",  # cuBLAS, cuFFT and cuSOLVER, which take room of their own
)
"""What a RuntimeError of torch's says where memory is what lacks: it has no other sign."""


@contextmanager
def memory_faults() -> Iterator[None]:
    """While inside, an allocation that fails raises OutOfMemory.

    Python and NumPy raise MemoryError, system calls an OSError with ENOMEM, torch's caching allocator of GPUs an
    OutOfMemoryError. The rest of torch has a plain RuntimeError for it, so that only the text tells.
    """
    try:
        yield
    except OutOfMemory:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfMemory(str(error)) from error
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        raise OutOfMemory(str(error)) from error
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _SIGNS):
            raise
        raise OutOfMemory(str(error)) from error
