"""Method table: every method that a stage may name, one row each, in the order in which they are shown.

A new method is a file here, with its options and its description, and a row of `METHODS`; its algorithm in
``fitting.methods``, and a row of ``METHOD_RUNNERS`` there. tests/fitting/test_descriptions.py names what is missing.
"""

from types import MappingProxyType
from typing import Any

from fitting.spec.methods.bootstrap import BOOTSTRAP
from fitting.spec.methods.ensemble import ENSEMBLE
from fitting.spec.methods.gradient import GRADIENT
from fitting.spec.methods.hamiltonian import HMC, NUTS
from fitting.spec.methods.importance import IMPORTANCE
from fitting.spec.methods.iterative import ITERATIVE_COMPONENTS, ITERATIVE_PARAMETERS
from fitting.spec.methods.levenberg_marquardt import LM
from fitting.spec.methods.mala import MALA
from fitting.spec.methods.method_description import MethodDescription
from fitting.spec.methods.metropolis import METROPOLIS
from fitting.spec.methods.scipy_minimize import SCIPY
from fitting.spec.methods.svi import SVI

METHODS: MappingProxyType[str, MethodDescription[Any]] = MappingProxyType(
    {
        method.name: method
        for method in (
            LM,
            ITERATIVE_COMPONENTS,
            ITERATIVE_PARAMETERS,
            GRADIENT,
            SCIPY,
            NUTS,
            HMC,
            METROPOLIS,
            ENSEMBLE,
            MALA,
            IMPORTANCE,
            SVI,
            BOOTSTRAP,
        )
    }
)
"""Every method that a stage may name."""


def methods_document() -> list[dict[str, Any]]:
    """The methods as JSON, options as JSON Schema, for ``GET /v1/methods``."""
    return [
        {
            "name": method.name,
            "description": method.description,
            "options": method.options.model_json_schema().get("properties", {}),
        }
        for method in METHODS.values()
    ]
