"""Parameters that the request must give, since photfit does not look for them in the image."""

from fitting.spec.profiles import quantities
from fitting.spec.profiles.description import ParameterDescription
from fitting.spec.profiles.geometry import X, Y


def given(parameter: ParameterDescription) -> ParameterDescription:
    """The same parameter, which the request must give."""
    return parameter.model_copy(update={"initialised": False})


def length(name: str, description: str) -> ParameterDescription:
    """A positive length in pixels."""
    return given(quantities.length(name, description))


CENTRE = (given(X), given(Y))
FLUX = given(quantities.FLUX)
