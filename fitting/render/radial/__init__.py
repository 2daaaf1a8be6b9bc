"""Radial profiles: the mean over each pixel of a brightness that depends on an elliptical radius, and its derivatives."""
