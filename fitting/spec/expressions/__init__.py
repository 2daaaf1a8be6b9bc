"""Expressions: small formulas that people write, read safely and differentiated exactly.

`expressions` reads and evaluates them: links of parameters, constraints, and brightnesses of plain names; `duals` are
the numbers that carry derivatives. `dimensional_analysis` holds brightnesses against their units, and finds those;
`own_functions` are what a program makes known to formulas of its own process.
"""
