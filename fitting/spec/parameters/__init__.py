"""Parameters of a request: their values, limits, links and priors.

Start at `parameter_spec.ParameterSpec`, what JSON says of one parameter. Beside it are `forms` (ra and dec, flux,
magnitude in the place of the profile's own) and `priors`; links are `fitting.spec.expressions`. What needs whole
components stands one room higher: `parameter_rows`, `constraints` (docs/decisions/0013-constraints.md) and
`parameter_table`.
"""
