"""Rendering: from brightness to pixel values and their derivatives; README.md says what happens where."""
