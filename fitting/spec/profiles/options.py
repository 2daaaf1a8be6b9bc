"""Options of the profiles whose parameters depend on more than their name."""

from abc import abstractmethod

from fitting.spec.documents import Document
from fitting.spec.profiles.description import ParameterDescription


class ProfileOptions(Document):
    """Options of one profile, and the parameters that it has with them."""

    @abstractmethod
    def parameters(self) -> tuple[ParameterDescription, ...]:
        """All parameters of the profile, in order."""
