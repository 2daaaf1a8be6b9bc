"""The programs that are compared, each in a process of its own that answers the same questions."""
