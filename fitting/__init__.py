"""photfit's engine: request models, images, profiles, rendering, the problem, methods, results and plots.

Importing this package imports no library: ``fitting.spec`` needs pydantic alone, ``fitting.inputs`` and
``fitting.plots`` need numpy, astropy and matplotlib, and only the numerical parts need torch.

It asks threads to wait without spinning, unless the environment says how they should: `WAIT_POLICY`.

``__version__`` is the installed version; ``0+source`` where photfit runs from a source tree that was not installed.
"""

import os
from importlib.metadata import PackageNotFoundError, version

WAIT_POLICY = "OMP_WAIT_POLICY"
"""The environment's variable by which OpenMP's threads learn how to wait; it is read when torch is loaded."""

# Threads that spin while they wait take the cores that they wait for: on a machine that is not idle a fit would take up
# to 65 times as long (docs/decisions/0011-threads.md). Here, since every way to the engine comes by, before torch.
os.environ.setdefault(WAIT_POLICY, "PASSIVE")

try:
    __version__ = version("photfit")
except PackageNotFoundError:
    __version__ = "0+source"
