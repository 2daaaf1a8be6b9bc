"""Components: groups of one kind, and how each draws its light and its derivatives on a tile."""

from fitting.problem.components.component_groups import component_groups
from fitting.problem.components.fine_group import on_fine_pixels
from fitting.problem.components.group import NEGLIGIBLE, Group, Stack

__all__ = ["NEGLIGIBLE", "Group", "Stack", "component_groups", "on_fine_pixels"]
