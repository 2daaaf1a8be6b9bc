"""Components: groups of one kind, and how each draws its light and its derivatives on a tile."""
