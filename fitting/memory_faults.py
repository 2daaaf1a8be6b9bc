"""Failed allocations, which every library reports in its own way, as `fitting.faults.OutOfMemory`: here alone."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fitting.faults import OutOfMemory

_CPU_ALLOCATOR = "DefaultCPUAllocator: "
_CUDA_RUNTIME = "CUDA error: out of memory"
_STANDARD_LIBRARY = "std::bad_alloc"


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
        if not any(sign in str(error) for sign in (_CPU_ALLOCATOR, _CUDA_RUNTIME, _STANDARD_LIBRARY)):
            raise
        raise OutOfMemory(str(error)) from error
