"""Examples as the outside sees them."""

from pydantic import Field

from app.models.shape import PublicModel


class Example(PublicModel):
    """A small image and a request for it."""

    name: str = Field(examples=["three_galaxies"])
    title: str = Field(examples=["three galaxies"])
    about: str = Field(description="A sentence.")
    request: str = Field(description="Address of the request; it names its images by their file names.")
    images: dict[str, str] = Field(description="Address of each image, by its file name.")
    picture: str | None = Field(description="Address of a small picture, where there is one.")


class ExampleList(PublicModel):
    """Every example."""

    examples: list[Example]
