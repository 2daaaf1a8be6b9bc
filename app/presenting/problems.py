"""Problems that are kept with a fit or a catalogue, as the outside sees them."""

from collections.abc import Mapping
from typing import Any

from app.errors import help_address
from app.models.problems import ProblemModel


def present_problem(error: Mapping[str, Any] | None, address: str) -> ProblemModel | None:
    """The document of what a fit or catalogue ended with; None where it ended well.

    Args:
        error: as it was kept.
        address: of the fit or catalogue.
    """
    if error is None:
        return None
    return ProblemModel.model_validate({"instance": address, "help": help_address(error["type"])} | dict(error))
