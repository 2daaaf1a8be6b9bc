"""What the outside sends and gets."""
