"""Kink lines: pixels that lines cross where a surface's brightness, or its slope, jumps."""

from fitting.render.kinks.kink_candidates import Candidates, PixelsOfStack, pixel_table
from fitting.render.kinks.kink_centre import central_kink_nodes, central_kink_points, straight_central_kink_nodes
from fitting.render.kinks.kink_crossings import KinkCrossings, kink_crossings, kink_reach, kink_sides
from fitting.render.kinks.kink_few_lines import few_lines_nodes, few_lines_points
from fitting.render.kinks.kink_nodes import EdgeNodes, KinkNodes, side_of_lines
from fitting.render.kinks.kink_one_line import one_line_nodes, one_line_points

__all__ = [
    "Candidates",
    "EdgeNodes",
    "KinkCrossings",
    "KinkNodes",
    "PixelsOfStack",
    "central_kink_nodes",
    "central_kink_points",
    "few_lines_nodes",
    "few_lines_points",
    "kink_crossings",
    "kink_reach",
    "kink_sides",
    "one_line_nodes",
    "one_line_points",
    "pixel_table",
    "side_of_lines",
    "straight_central_kink_nodes",
]
