"""Compiled loops for what is drawn most: images of radial profiles and of their derivatives.

`load` brings them into a process; before, and where numba is not installed, everything is drawn by tensors
(`fitting.render.radial`), with the same numbers to rounding. Why it is so: decision 0041.
"""

from fitting.render.compiled.kinds import KINDS
from fitting.render.compiled.loading import compile_beside, compile_loops, load, loops, unload

__all__ = ["KINDS", "compile_beside", "compile_loops", "load", "loops", "unload"]
