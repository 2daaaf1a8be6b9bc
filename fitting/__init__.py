"""photfit's engine: request models, images, profiles, rendering, the problem, methods, results and plots.

Importing this package imports no library: ``fitting.spec`` needs pydantic alone, ``fitting.inputs`` and
``fitting.plots`` need numpy, astropy and matplotlib, and only the numerical parts need torch.

``__version__`` is the installed version; ``0+source`` where photfit runs from a source tree that was not installed.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("photfit")
except PackageNotFoundError:
    __version__ = "0+source"
