"""Models of what the outside sends and gets (pydantic): the words of the interface, kept apart from records."""
