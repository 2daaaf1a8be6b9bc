"""Parameters that the request must give, since photfit does not look for them in the image."""

from fitting.spec.profiles.description import ParameterDescription


def given(parameter: ParameterDescription) -> ParameterDescription:
    """The same parameter, which the request must give."""
    return parameter.model_copy(update={"initialised": False})
