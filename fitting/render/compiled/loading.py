"""Loading of compiled loops: from numba's cache on disk, so that no answer waits for a compiler.

Compiling takes some ten seconds, once for each version of the code and kind of processor. `make` does it, and so does
a worker's first start, in a process beside it (`compile_beside`); until that has ended, and where numba is not
installed, profiles are drawn by tensors, which give the same numbers to rounding.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_LOOPS = "fitting.render.compiled.radial_loops"
"""The module, which imports numba."""
_COMPILED = ".compiled"
"""How names of markers end."""
_loops: ModuleType | None = None


def loops() -> ModuleType | None:
    """`fitting.render.compiled.radial_loops`, once it has been loaded."""
    return _loops


def load() -> bool:
    """Load the loops, if they lie compiled on disk, for all later fits of this process; whether they are loaded.

    To be called between fits, so that one fit is drawn in one way.
    """
    global _loops
    if _loops is None and (module := _module()) is not None and _marker(module).exists():
        module.call_once()
        _loops = module
    return _loops is not None


def unload() -> None:
    """Draw by tensors again, as tests ask."""
    global _loops
    _loops = None


def compile_loops() -> None:
    """Compile the loops, and keep them on disk for later processes. Where another process does so, wait for it."""
    module = _module()
    if module is None:
        return
    marker = _marker(module)
    marker.parent.mkdir(parents=True, exist_ok=True)
    with _alone(marker.with_name("photfit.lock")):
        if not marker.exists():
            _forget(marker.parent)
            module.call_once()
            marker.touch()


def _forget(folder: Path) -> None:
    """Remove what was compiled of other versions: numba looks at the file of a function alone, not at those of what it
    calls.
    """
    modules = [file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("__")]
    for pattern in (f"*{_COMPILED}", *(f"{module}.*.nb?" for module in modules)):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def compile_beside() -> None:
    """Compile in a process beside this one, unless it has been done or numba is not there."""
    if _module() is not None and not load():
        subprocess.Popen(
            [sys.executable, "-m", "fitting.render.compiled"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def _module() -> ModuleType | None:
    """The loops, compiled or not; None where numba is missing, or finds no folder that it may write into."""
    if find_spec("numba") is None:
        return None
    try:
        return import_module(_LOOPS)
    except (ImportError, RuntimeError):
        return None


def _marker(module: ModuleType) -> Path:
    """What says, beside numba's cache, that this code lies there compiled for this processor by this numba."""
    import llvmlite.binding
    import numba

    told = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        told.update(file.read_bytes())
    processor = llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten()
    told.update(repr((numba.__version__, sys.version, processor)).encode())
    return Path(module.write_images.stats.cache_path) / f"photfit-{told.hexdigest()[:16]}{_COMPILED}"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While this lasts, no other process is here."""
    import fcntl

    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
