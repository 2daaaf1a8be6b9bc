"""The fitting problem: θ, χ², gradient and normal equations."""

from fitting.problem.problem import NormalEquations, Problem

__all__ = ["NormalEquations", "Problem"]
