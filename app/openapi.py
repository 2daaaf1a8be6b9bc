"""What types alone do not give the OpenAPI document: bodies that the routes read themselves, and examples."""

from typing import Any

from fastapi import FastAPI

from app.problems import PROBLEM_JSON
from fitting.spec.proposals import PLANES, ProposalSpec
from fitting.spec.request import FitRequest

_SCHEMAS = "#/components/schemas/"

SEED_REQUEST: dict[str, Any] = {
    "name": "three galaxies",
    "images": [{"name": "image", "data": "three_galaxies.fits[DATA]", "variance": "three_galaxies.fits[VARIANCE]"}],
    "components": [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 25.1189}},
        {
            "name": "a",
            "profile": "sersic",
            "parameters": {"x": 66.5, "y": 65.5, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 25.0, "i_e": 100.0},
        },
        {
            "name": "b",
            "profile": "sersic",
            "parameters": {"x": 54.5, "y": 39.5, "q": 0.5, "pa": 170.0, "n": 2.0, "r_e": 10.0, "i_e": 1000.0},
        },
        {
            "name": "c",
            "profile": "sersic",
            "parameters": {"x": 40.5, "y": 59.5, "q": 0.8, "pa": 80.0, "n": 3.0, "r_e": 5.0, "i_e": 100.0},
        },
    ],
    "stages": [{"method": "lm"}],
    "seed": 42,
}
"""Three overlapping galaxies on a sky; `three_galaxies.fits` is a file of the form, or stands for an upload's id."""

_WITH_UPLOAD = {
    **SEED_REQUEST,
    "images": [
        {
            "name": "image",
            "data": {"upload": "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN", "hdu": "DATA"},
            "variance": {"upload": "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN", "hdu": "VARIANCE"},
        }
    ],
}

FIT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What to fit. As a form, the files come along, named as in the request.",
        "content": {
            "application/json": {
                "schema": {"$ref": _SCHEMAS + "FitRequest"},
                "examples": {"three galaxies": {"summary": "Three galaxies and a sky", "value": _WITH_UPLOAD}},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"request": {"$ref": _SCHEMAS + "FitRequest"}},
                    "required": ["request"],
                    "additionalProperties": {"type": "string", "format": "binary"},
                },
                "encoding": {"request": {"contentType": "application/json"}},
                "examples": {
                    "three galaxies": {
                        "summary": "curl -F request=@request.json -F file=@three_galaxies.fits …/v1/fits",
                        "value": {"request": SEED_REQUEST},
                    }
                },
            },
        },
    }
}

FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a form with one file.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


PROPOSAL_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "Which planes there are, and how to look for sources. All of it may be left out. A plane is an "
        "upload, or an HDU of this one: its number, or its name in brackets.",
        "content": {
            "application/json": {
                "schema": {"$ref": _SCHEMAS + "ProposalOptions"},
                "examples": {
                    "everything by itself": {"summary": "Planes by their names, sources by detection", "value": {}},
                    "planes and limits": {
                        "summary": "Planes by number and name, the brightest ten sources",
                        "value": {"hdu": 0, "variance": 1, "psf": "[PSF]", "threshold": 8, "max_components": 10},
                    },
                    "known sources": {
                        "summary": "A catalogue instead of detection",
                        "value": {
                            "zero_point": 22.5,
                            "catalogue": [{"x": 66.5, "y": 65.5, "magnitude": 17.2, "r_e": 20}, {"x": 54, "y": 40}],
                        },
                    },
                },
            }
        },
    }
}


def binary(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a file."""
    return {
        200: {"description": description, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    }


def pictures(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a picture in one of these types."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "A picture", "content": dict.fromkeys(media_types, schema)}}


CHAINS_TYPES = {
    "json": "application/json",
    "npz": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "netcdf": "application/x-netcdf",
}
"""Content type of each format of chains."""

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


def complete_document(app: FastAPI) -> None:
    """Make the OpenAPI document tell what the routes' types do not: the request of a fit, and how problems come."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _add_request_schema(document["components"]["schemas"])
            _tell_problems_by_their_own_type(document)
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def _add_request_schema(schemas: dict[str, Any]) -> None:
    schema = FitRequest.model_json_schema(ref_template=_SCHEMAS + "{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["FitRequest"] = {**schema, "examples": [SEED_REQUEST]}
    options = ProposalSpec.model_json_schema(ref_template=_SCHEMAS + "{model}")
    schemas.update({name: part for name, part in options.pop("$defs", {}).items() if name not in schemas})
    schemas["ProposalOptions"] = _proposal_options(options)


def _proposal_options(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a proposal's body: the data are the upload, and planes may be HDUs of it."""
    own = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\[[^\[\]]+\]$"}]}
    properties = {key: value for key, value in schema["properties"].items() if key != "data"}
    for key in (*PLANES, "segmentation"):
        properties[key] = {"anyOf": [*own["anyOf"], properties[key]]}
    properties["hdu"] = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
    return {**schema, "title": "ProposalOptions", "properties": properties, "required": []}


def _tell_problems_by_their_own_type(document: dict[str, Any]) -> None:
    """The framework lists problems under each route's own content type; they come as application/problem+json alone."""
    for operations in document["paths"].values():
        for operation in operations.values():
            content = {PROBLEM_JSON: {"schema": {"$ref": _SCHEMAS + "ProblemModel"}}}
            operation["responses"]["default"]["content"] = content
