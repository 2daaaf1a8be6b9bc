"""Kink lines: pixels that lines cross where a surface's brightness, or its slope, jumps."""
