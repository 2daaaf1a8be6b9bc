"""Rendering: from ellipses to pixel values and their derivatives."""
