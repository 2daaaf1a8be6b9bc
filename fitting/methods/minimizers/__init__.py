"""Minimizers: from a start to the nearest minimum of the objective; one file a method."""
