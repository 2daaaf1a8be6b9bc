"""/v1/examples: small images with a request each, to begin with."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse

from app.dependencies import ServicesDep
from app.domain import examples
from app.models.examples import Example, ExampleList
from app.routes.openapi import files

router = APIRouter(prefix="/examples", tags=["examples"])

_TYPES = {"json": "application/json", "png": "image/png", "fits": "application/fits"}
_FILE = files("A file", *_TYPES.values())


@router.get("", summary="The examples")
def list_examples(services: ServicesDep) -> ExampleList:
    """Small images with a request each; upload the image, and ask for the fit or for a proposal."""
    return ExampleList(examples=[_present(example) for example in examples.list_examples(services)])


@router.get("/{name}/{file}", summary="A file of an example", responses=_FILE, response_class=Response)
def get_example_file(
    name: Annotated[str, Path(examples=["three_galaxies"])],
    file: Annotated[str, Path(examples=["three_galaxies.fits"])],
    services: ServicesDep,
) -> Response:
    """The example's `request.json`, its picture, or one of its images."""
    media_type = _TYPES.get(file.rpartition(".")[2], _TYPES["fits"])
    return FileResponse(examples.find_file(services, name, file), media_type=media_type)


def _present(example: examples.Example) -> Example:
    address = f"/v1/examples/{example.name}"
    return Example(
        name=example.name,
        title=example.title,
        about=example.about,
        request=f"{address}/request.json",
        picture=f"{address}/{example.picture}" if example.picture else None,
        images={image: f"{address}/{image}" for image in example.images},
    )
