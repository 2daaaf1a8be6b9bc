"""What the service can fit, and how."""

from fastapi import APIRouter

from app.models.catalogue import Method, MethodList, PriorForm, PriorList, ProfileList
from fitting.spec.methods import methods_document
from fitting.spec.priors import PRIORS
from fitting.spec.profiles import PROFILES

router = APIRouter(tags=["catalogue"])


@router.get("/profiles", summary="The light profiles")
def list_profiles() -> ProfileList:
    """Every profile with its parameters, units, limits, formula and source."""
    return ProfileList(profiles=list(PROFILES.values()))


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
