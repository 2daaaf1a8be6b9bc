"""Options of the profiles whose parameters depend on more than their name."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from fitting.spec.documents import Document
from fitting.spec.profiles.description import ParameterDescription


class ProfileOptions(Document):
    """Options of one profile, and the parameters that it has with them."""

    @classmethod
    def schema_without_definitions(cls) -> dict[str, Any]:
        """The JSON Schema, complete in itself wherever it is put."""
        schema = cls.model_json_schema()
        return dict(_resolved(schema, schema.pop("$defs", {})))

    @abstractmethod
    def parameters(self) -> tuple[ParameterDescription, ...]:
        """All parameters of the profile, in order."""


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with what its references name in their place."""
    if isinstance(schema, list):
        return [_resolved(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolved(item, definitions) for key, item in schema.items()}
