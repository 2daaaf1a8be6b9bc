"""/v1/profiles, /v1/methods, /v1/priors: what the service can fit, and how."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ValidationError

from app.errors import NotFound, RequestFaulty
from app.models.catalogue import DescribedProfile, Method, MethodList, Modifier, PriorForm, PriorList, ProfileList
from fitting.spec import Fault, json_path
from fitting.spec.methods import methods_document
from fitting.spec.modifiers import GEOMETRY, ModifierSpec
from fitting.spec.parameters.priors import PRIORS
from fitting.spec.profiles import PROFILES, ParameterDescription, ProfileDescription

router = APIRouter(tags=["catalogue"])


@router.get("/profiles", summary="The light profiles")
def list_profiles() -> ProfileList:
    """Every profile, and every modifier of isophotes, with its parameters, units, limits, formula and source."""
    modifiers = [_modifier(name, item.usual_or_example) for name, item in GEOMETRY.items()]
    return ProfileList(profiles=list(PROFILES.values()), geometry=modifiers)


@router.get("/profiles/{name}", summary="A light profile with options")
def get_profile(
    name: Annotated[str, Path(examples=["spline"])],
    options: Annotated[str, Query(description="As JSON; left out, the usual ones.", max_length=20_000)] = "",
) -> DescribedProfile:
    """What parameters a component of this profile has, which is a matter of its options, and what those may be."""
    known = PROFILES.get(name)
    if known is None:
        raise NotFound(f"There is no profile {name[:80]!r}; there are {', '.join(PROFILES)}.")
    parameters = known.parameters if not options else _with_options(known, options)
    schema = known.options.schema_without_definitions() if known.options else None
    return DescribedProfile(
        name=name,
        description=known.description,
        formula=known.formula,
        source=known.source,
        options=schema,
        parameters=list(parameters),
    )


def _with_options(known: ProfileDescription, options: str) -> tuple[ParameterDescription, ...]:
    """The parameters of a profile with options written as JSON. Raises RequestFaulty."""
    expected = "an object of this profile's options" if known.options else "no options: this profile takes none"
    try:
        written = json.loads(options)
    except (ValueError, RecursionError) as error:
        raise RequestFaulty([Fault("$.options", "is no JSON", expected)]) from error
    if known.options is None:
        raise RequestFaulty([Fault("$.options", "is of a profile without any", expected)])
    try:
        return known.options.model_validate(written).parameters()
    except ValidationError as error:
        faults = [
            Fault(json_path(("options", *line["loc"])), line["msg"], expected)
            for line in error.errors(include_url=False)
        ]
        raise RequestFaulty(faults) from error


@router.get("/profiles/geometry/{name}", summary="A modifier of isophotes with a setting")
def get_modifier(
    name: Annotated[str, Path(examples=["superellipse"])],
    setting: Annotated[str, Query(description="As JSON; left out, the usual one.", max_length=2000)] = "",
) -> Modifier:
    """What one modifier adds to a component's parameters, which is a matter of its setting."""
    known = GEOMETRY.get(name)
    if known is None:
        raise NotFound(f"There is no geometry {name[:80]!r}; there are {', '.join(GEOMETRY)}.")
    if not setting:
        return _modifier(name, known.usual_or_example)
    try:
        written = json.loads(setting)
    except (ValueError, RecursionError) as error:
        raise RequestFaulty([Fault("$.setting", "is no JSON", known.expected)]) from error
    try:
        return _modifier(name, ModifierSpec.model_validate({name: written}).setting)
    except ValidationError as error:
        faults = [Fault("$.setting", line["msg"], known.expected) for line in error.errors(include_url=False)]
        raise RequestFaulty(faults) from error


def _modifier(name: str, setting: Any) -> Modifier:
    known = GEOMETRY[name]
    return Modifier(
        name=name,
        description=known.description,
        formula=known.formula,
        source=known.source,
        takes=known.expected,
        setting=setting,
        parameters=list(known.parameters(setting)),
    )


@router.get("/methods", summary="The fitting methods")
def list_methods() -> MethodList:
    """Every method with its options and their defaults."""
    return MethodList(methods=[Method.model_validate(document) for document in methods_document()])


@router.get("/priors", summary="The priors")
def list_priors() -> PriorList:
    """Every prior that a parameter may have, with its numbers in the order of a list."""
    return PriorList(
        priors=[
            PriorForm(name=name, description=(prior.__doc__ or "").splitlines()[0], numbers=list(prior.model_fields))
            for name, prior in PRIORS.items()
        ]
    )
