"""Problem: θ, χ², its gradient and normal equations. README.md beside this file says which file answers what."""

from fitting.problem.equations import Equations, NormalEquations
from fitting.problem.problem import Problem
from fitting.problem.threads import threads_for

__all__ = ["Equations", "NormalEquations", "Problem", "threads_for"]
