"""Radial profiles: the mean over each pixel of a brightness of an elliptical radius, and its derivatives."""
