"""What routes are given: the service's parts and who is asking."""

from typing import Annotated

from fastapi import Depends, Request

from app.services import Services


def services_of(request: Request) -> Services:
    """The parts that the application was started with."""
    services: Services = request.app.state.services
    return services


def current_owner() -> str:
    """Who is asking. Everything belongs to one owner until there are accounts."""
    return "local"


ServicesDep = Annotated[Services, Depends(services_of)]
OwnerDep = Annotated[str, Depends(current_owner)]
