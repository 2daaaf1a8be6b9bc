"""Presenting: from records to what the outside sees."""
