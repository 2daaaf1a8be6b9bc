"""Local work: fits, model images, proposals, imports and exports in this process, with no server.

All that uses the engine: `library` has `fit` and `model_image` for Python, `request_files`, `file_tools` and `exports`
what commands do with files; `engine` is where they meet.
"""

from photfit.local.exports import export_here, next_restart_file, write_as_program, write_export
from photfit.local.file_tools import catalogue_here, describe_here, import_here, propose_here
from photfit.local.library import fit, model_image
from photfit.local.plots_here import plot_here
from photfit.local.request_files import LocalFit, fit_here, render_here

__all__ = [
    "LocalFit",
    "catalogue_here",
    "describe_here",
    "export_here",
    "fit",
    "fit_here",
    "import_here",
    "model_image",
    "next_restart_file",
    "plot_here",
    "propose_here",
    "render_here",
    "write_as_program",
    "write_export",
]
