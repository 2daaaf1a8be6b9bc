"""photfit's engine: request models, images, profiles, rendering, the problem, methods, results and plots.

Importing this package imports nothing else: ``fitting.spec`` needs pydantic alone, ``fitting.inputs`` and
``fitting.plots`` need numpy, astropy and matplotlib, and only the numerical parts need torch.
"""

__version__ = "0.1.0"
