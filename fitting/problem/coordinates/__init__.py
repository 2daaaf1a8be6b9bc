"""Coordinates: θ, the parameters as reported, and the maps from them to each image's pixels."""
