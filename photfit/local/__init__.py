"""Local work: fits, model images, proposals and imports in this process, with no server. All that uses the engine.

`library` has `fit` and `model_image` for Python, `request_files` and `file_tools` what commands do with files; `engine`
is where they meet.
"""

from photfit.local.file_tools import catalogue_here, describe_here, import_here, propose_here
from photfit.local.library import fit, model_image
from photfit.local.request_files import LocalFit, fit_here, render_here

__all__ = [
    "LocalFit",
    "catalogue_here",
    "describe_here",
    "fit",
    "fit_here",
    "import_here",
    "model_image",
    "propose_here",
    "render_here",
]
