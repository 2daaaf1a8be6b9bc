"""Options of the profiles whose parameters depend on more than their name."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Self

from fitting.spec.documents import Document
from fitting.spec.profiles.description import ParameterDescription
from fitting.spec.references import PlaneReference


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

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """Location below the options, and reference, of every file that they name."""
        return iter(())

    def with_references(self, _: Mapping[str, str], /) -> Self:
        """The same with files renamed by a mapping; names that it lacks stay."""
        return self


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with what its references name in their place."""
    if isinstance(schema, list):
        return [_resolved(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolved(item, definitions) for key, item in schema.items()}
