"""Methods of fitting: one file per method or family, with its options and its description, and their table.

Start at `method_table.METHODS`; each row is a `MethodDescription`. What minimizers and samplers share is in
`minimizers` and `samplers`. The engine finds the algorithm behind a row in ``fitting.methods``; here is what a request
and a forecast need to know. How to add one: docs/contributing/add-a-method.md.
"""

from fitting.spec.methods.bootstrap import BootstrapOptions
from fitting.spec.methods.ensemble import EnsembleOptions
from fitting.spec.methods.gradient import GradientOptions
from fitting.spec.methods.hamiltonian import HmcOptions, NutsOptions
from fitting.spec.methods.importance import ImportanceOptions
from fitting.spec.methods.iterative import IterativeComponentsOptions, IterativeParametersOptions
from fitting.spec.methods.levenberg_marquardt import LmOptions
from fitting.spec.methods.mala import MalaOptions
from fitting.spec.methods.method_description import Calls, MethodDescription
from fitting.spec.methods.method_table import METHODS, methods_document
from fitting.spec.methods.metropolis import MetropolisOptions
from fitting.spec.methods.minimizers import MinimizerOptions, Scaling
from fitting.spec.methods.samplers import Metric, SamplerOptions
from fitting.spec.methods.scipy_minimize import SCIPY_METHODS, ScipyOptions
from fitting.spec.methods.svi import SviOptions
from fitting.spec.methods.torch_optimizers import OPTIMIZERS, SCHEDULES

__all__ = [
    "METHODS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SCIPY_METHODS",
    "BootstrapOptions",
    "Calls",
    "EnsembleOptions",
    "GradientOptions",
    "HmcOptions",
    "ImportanceOptions",
    "IterativeComponentsOptions",
    "IterativeParametersOptions",
    "LmOptions",
    "MalaOptions",
    "MethodDescription",
    "Metric",
    "MetropolisOptions",
    "MinimizerOptions",
    "NutsOptions",
    "SamplerOptions",
    "Scaling",
    "ScipyOptions",
    "SviOptions",
    "methods_document",
]
