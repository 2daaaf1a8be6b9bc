"""Compiled loops for what is drawn most: images of radial profiles and of their derivatives.

`load` brings them into a process; before, and where numba is not installed, everything is drawn by tensors
(`fitting.render.radial`), with the same numbers to rounding. Why it is so: decision 0041.
"""

from fitting.render.compiled.compiled_images import (
    CompiledLinearization,
    CompiledPixels,
    compiled_columns,
    compiled_images,
    is_compiled,
)
from fitting.render.compiled.loading import compile_beside, compile_loops, load, unload

__all__ = [
    "CompiledLinearization",
    "CompiledPixels",
    "compile_beside",
    "compile_loops",
    "compiled_columns",
    "compiled_images",
    "is_compiled",
    "load",
    "unload",
]
