"""Problem: θ, χ², its gradient and normal equations. README.md beside this file says which file answers what."""

from fitting.problem.equations import Equations, NormalEquations
from fitting.problem.problem import Problem

__all__ = ["Equations", "NormalEquations", "Problem"]
