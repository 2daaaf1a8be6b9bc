"""Uncertainties beyond the covariance: the bootstrap, and intervals from the profile of the objective."""
