"""Surfaces: the mean over each pixel of a brightness that is no plain ellipse, and its derivatives."""
