"""Pixels: rectangles and lists of them, samples of a brightness, and quadrature on one pixel."""
