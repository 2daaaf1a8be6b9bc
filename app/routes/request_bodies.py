"""Request bodies that the routes read themselves, for the OpenAPI document, with examples that work."""

import json
from typing import Any

SCHEMAS = "#/components/schemas/"
"""Where the document keeps its models."""

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
                "schema": {"$ref": SCHEMAS + "FitRequest"},
                "examples": {"three galaxies": {"summary": "Three galaxies and a sky", "value": _WITH_UPLOAD}},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"request": {"$ref": SCHEMAS + "FitRequest"}},
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

CHANGES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What changes.",
        "content": {
            "application/merge-patch+json": {
                "schema": {"$ref": SCHEMAS + "FitChanges"},
                "examples": {"labels": {"summary": "Other labels", "value": {"labels": ["abell 2744", "run 7"]}}},
            }
        },
    }
}

PATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "What is to be different: a JSON merge patch of the request.",
        "content": {
            "application/merge-patch+json": {
                "schema": {"type": "object"},
                "examples": {
                    "as it was": {"summary": "The same once more", "value": {}},
                    "with chains": {
                        "summary": "Another name, and chains after the fit",
                        "value": {
                            "name": "with chains",
                            "stages": [
                                {"method": "lm"},
                                {"method": "metropolis", "warmup": 100, "samples": 200, "chains": 4},
                            ],
                        },
                    },
                    "without labels": {"summary": "Another seed, and no labels", "value": {"seed": 7, "labels": None}},
                },
            }
        },
    }
}

CATALOGUE_PATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "What is to be different: a JSON merge patch of the catalogue's request.",
        "content": {
            "application/merge-patch+json": {
                "schema": {"type": "object"},
                "examples": {
                    "as it was": {"summary": "The same once more", "value": {}},
                    "more iterations": {
                        "summary": "Another name, and more iterations of each row",
                        "value": {
                            "name": "field 12, r, again",
                            "template": {"stages": [{"method": "lm", "max_iterations": 500}]},
                        },
                    },
                },
            }
        },
    }
}

_CATALOGUE: dict[str, Any] = {
    "name": "field 12, r",
    "objects": {"rows": [{"x": 66.5, "y": 65.5, "r50": 20.0}, {"x": 54.0, "y": 40.0, "r50": 8.0}]},
    "template": {
        "images": [
            {
                "name": "r",
                "data": {"upload": "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN", "hdu": "DATA"},
                "variance": {"upload": "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN", "hdu": "VARIANCE"},
                "window": {"around": {"x": {"column": "x"}, "y": {"column": "y"}}, "size": 48},
            }
        ],
        "components": [
            {"name": "sky", "profile": "flat_sky"},
            {
                "name": "g",
                "profile": "sersic",
                "parameters": {"x": {"column": "x"}, "y": {"column": "y"}, "r_e": {"column": "r50"}},
            },
        ],
        "stages": [{"method": "lm"}],
    },
    "neighbours": {"treatment": "fit"},
}
_CATALOGUE_OF_FILES: dict[str, Any] = {
    **_CATALOGUE,
    "template": {
        **_CATALOGUE["template"],
        "images": [
            {
                **_CATALOGUE["template"]["images"][0],
                "data": "three_galaxies.fits[DATA]",
                "variance": "three_galaxies.fits[VARIANCE]",
            }
        ],
    },
}
CATALOGUE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The catalogue as JSON, with uploads by id; or a form with the JSON in its part `request` and "
        "the files in the others.",
        "content": {
            "application/json": {
                "schema": {"$ref": SCHEMAS + "CatalogueRequest"},
                "examples": {"a field": {"summary": "A window around each row of a table", "value": _CATALOGUE}},
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"request": {"type": "string", "contentMediaType": "application/json"}},
                    "required": ["request"],
                    "additionalProperties": {"type": "string", "format": "binary"},
                },
                "examples": {
                    "a field": {
                        "summary": "curl -F request=@catalogue.json -F file=@three_galaxies.fits …/v1/catalogues",
                        "value": {"request": _CATALOGUE_OF_FILES},
                    }
                },
            },
        },
    }
}
RETRY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "Which rows: those that failed where `flags` is left out; and what is to be different.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "flags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                        "changes": {"type": "object"},
                    },
                    "additionalProperties": False,
                },
                "examples": {
                    "more iterations": {
                        "summary": "Rows that did not converge, with more iterations",
                        "value": {
                            "flags": ["not_converged"],
                            "changes": {"template": {"stages": [{"method": "lm", "max_iterations": 500}]}},
                        },
                    }
                },
            }
        },
    }
}

FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, a form with one file, or where it is to be fetched.",
        "content": {
            "application/json": {
                "schema": {"$ref": SCHEMAS + "FetchSpec"},
                "examples": {
                    "by URL": {
                        "summary": "A file at a host that the operator has listed (PHOTFIT_FETCH_HOSTS)",
                        "value": {"url": "https://archive.example.org/images/ngc1234.fits.fz"},
                    }
                },
            },
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


SKYPORTAL_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What SkyPortal sends: where it is to be told, and the parameters of the analysis, whose "
        "`request` is a request as for `POST /v1/fits`, or its JSON text.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "callback_url": {"type": "string"},
                        "callback_method": {"type": "string", "enum": ["POST"]},
                        "resource_id": {"type": ["string", "null"]},
                        "inputs": {"type": "object"},
                        "analysis_parameters": {"type": "object"},
                    },
                    "required": ["callback_url"],
                },
                "examples": {
                    "a host galaxy": {
                        "summary": "The request among the parameters of the analysis",
                        "value": {
                            "callback_url": "https://skyportal.example.org/api/webhook/obj_analysis/555ce6d4",
                            "callback_method": "POST",
                            "resource_id": "ZTF21aaaaaaa",
                            "inputs": {},
                            "analysis_parameters": {"request": _WITH_UPLOAD},
                        },
                    }
                },
            }
        },
    }
}


IMPORT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A model file of GALFIT or imfit as text, with texts and uploads of the files that it names.",
        "content": {
            "application/json": {
                "schema": {"$ref": SCHEMAS + "ImportSpec"},
                "examples": {
                    "imfit": {
                        "summary": "A configuration of imfit, with its command line",
                        "value": {
                            "name": "model.dat",
                            "text": "X0 33\nY0 34\nFUNCTION Exponential\nPA 18\nell 0.2\nI_0 15\nh 5\n",
                            "command": "imfit galaxy.fits --gain 4.7",
                        },
                    }
                },
            }
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
                "schema": {"$ref": SCHEMAS + "ProposalOptions"},
                "examples": {
                    "everything by itself": {"summary": "Planes by their names, sources by detection", "value": {}},
                    "planes and limits": {
                        "summary": "Planes by number and name, the brightest ten sources",
                        "value": {"hdu": 0, "variance": 1, "psf": "[PSF]", "threshold": 8, "max_components": 10},
                    },
                    "a target": {
                        "summary": "The galaxy in the centre, what is faint beside it masked",
                        "value": {"target": "centre", "model": "auto", "neighbours": "auto", "limit": {"snr": 10}},
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


def uws_form(**examples: str) -> dict[str, Any]:
    """The body of a route that takes the Universal Worker Service's parameters, by an example of each; the first one is
    required.
    """
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in examples},
        "required": list(examples)[:1],
        "example": examples,
    }
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


UWS_REQUEST = json.dumps(_WITH_UPLOAD)
"""What a job's one parameter holds."""
