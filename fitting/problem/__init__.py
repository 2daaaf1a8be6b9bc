"""The fitting problem: θ, χ², gradient and normal equations."""

from fitting.problem.equations import Equations, NormalEquations
from fitting.problem.problem import Problem

__all__ = ["Equations", "NormalEquations", "Problem"]
