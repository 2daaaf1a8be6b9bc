"""Parameters of a request: their values, limits, links, expressions, priors and constraints."""
