"""The OpenAPI document, where types alone do not say it: files as answers, models of bodies that routes read."""

from typing import Any

from fastapi import FastAPI

from app.http.problem_documents import PROBLEM_JSON
from app.presenting.media_types import CHAINS_TYPES, TABLE_TYPES
from app.routes.request_bodies import SCHEMAS, SEED_REQUEST
from fitting.spec.catalogues import CatalogueRequest
from fitting.spec.handling import FetchSpec, FitChanges, ImportSpec
from fitting.spec.proposal_spec import PLANES, ProposalSpec
from fitting.spec.request import FitRequest


def binary(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a file."""
    return files(description, media_type)


def ranged_file(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a stored file, whole or in parts."""
    responses = binary(media_type, description)
    return {**responses, 206: {**responses[200], "description": "The part that the header `Range` asks for"}}


def text(description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with plain text."""
    return {200: {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}}


def xml(description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with XML."""
    return {200: {"description": description, "content": {"application/xml": {"schema": {"type": "string"}}}}}


def files(description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a file in one of these types."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": description, "content": dict.fromkeys(media_types, schema)}}


def pictures(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a picture in one of these types."""
    return files("A picture", *media_types)


def tables(*formats: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with JSON, or a table in one of these formats."""
    types = [TABLE_TYPES[format_].partition(";")[0] for format_ in formats]
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The document, or a table", "content": dict.fromkeys(types, schema)}}


CHAINS_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The chains",
        "content": {
            content_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for format_, content_type in CHAINS_TYPES.items()
            if format_ != "json"
        },
    }
}


def complete_document(app: FastAPI, *, accounts: bool) -> None:
    """Make the OpenAPI document tell what the routes' types do not: the request of a fit, how problems come, and
    whether a key is needed.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _add_request_schema(document["components"]["schemas"])
            _tell_problems_by_their_own_type(document)
            if not accounts:
                _need_no_key(document)
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def _add_request_schema(schemas: dict[str, Any]) -> None:
    schema = FitRequest.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["FitRequest"] = {**schema, "examples": [SEED_REQUEST]}
    schemas["FetchSpec"] = FetchSpec.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas["ImportSpec"] = ImportSpec.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas["FitChanges"] = FitChanges.model_json_schema(ref_template=SCHEMAS + "{model}")
    catalogue = CatalogueRequest.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas.update({name: part for name, part in catalogue.pop("$defs", {}).items() if name not in schemas})
    schemas["CatalogueRequest"] = catalogue
    options = ProposalSpec.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas.update({name: part for name, part in options.pop("$defs", {}).items() if name not in schemas})
    schemas["ProposalOptions"] = _proposal_options(options)


def _proposal_options(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a proposal's body: the data are the upload, and planes may be HDUs of it."""
    hdu_of_upload = {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\[[^\[\]]+\](\[[0-9]+\])?$"}]
    }
    properties = {key: value for key, value in schema["properties"].items() if key != "data"}
    for key in (*PLANES, "segmentation"):
        properties[key] = {"anyOf": [*hdu_of_upload["anyOf"], properties[key]]}
    properties["hdu"] = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
    properties["plane"] = {"type": "integer", "minimum": 0}
    return {**schema, "title": "ProposalOptions", "properties": properties, "required": []}


def _tell_problems_by_their_own_type(document: dict[str, Any]) -> None:
    """The framework lists problems under each route's own content type; they come as application/problem+json alone."""
    for operations in document["paths"].values():
        for operation in operations.values():
            content = {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS + "ProblemModel"}}}
            operation["responses"]["default"]["content"] = content


def _need_no_key(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    document["components"].pop("securitySchemes", None)
