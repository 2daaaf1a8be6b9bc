"""First values: parameters that a request left out, measured in the image."""

from fitting.first_values.completed_request import complete_request

__all__ = [
    "complete_request",
]
