"""Expressions: small formulas that people write, read safely and differentiated exactly.

`expressions` reads and evaluates them: links of parameters, constraints, and brightnesses of plain names; `duals` are
the numbers that carry derivatives.
"""
