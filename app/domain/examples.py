"""Examples that come with photfit: small images with a request each, to begin with."""

import json
from dataclasses import dataclass
from pathlib import Path

from app.errors import NotFound
from app.lifetime.services import Services

_REQUEST = "request.json"
_ABOUT = "about.txt"
_PICTURE = "preview.png"
_IMAGES = (".fits", ".npy")


@dataclass(frozen=True)
class Example:
    """A folder of `examples/`: its name and title, a sentence about it, its images and a picture of it."""

    name: str
    title: str
    about: str
    images: tuple[str, ...]
    picture: str | None


def list_examples(services: Services) -> list[Example]:
    """Every example, by name; none where the service was installed without them."""
    folder = services.settings.examples
    return [] if folder is None else [_read(path.parent) for path in sorted(folder.glob(f"*/{_REQUEST}"))]


def find_file(services: Services, name: str, file: str) -> Path:
    """An example's request, its picture, or one of its images. Raises NotFound."""
    for example in list_examples(services):
        if example.name == name and file in (_REQUEST, example.picture, *example.images):
            assert services.settings.examples is not None
            return services.settings.examples / name / file
    raise NotFound("There is no such file among the examples.")


def _read(folder: Path) -> Example:
    request = json.loads((folder / _REQUEST).read_text(encoding="utf-8"))
    about = folder / _ABOUT
    images = tuple(sorted(path.name for path in folder.iterdir() if path.suffix in _IMAGES))
    sentence = about.read_text(encoding="utf-8").strip() if about.is_file() else ""
    picture = _PICTURE if (folder / _PICTURE).is_file() else None
    return Example(folder.name, request.get("name") or folder.name, sentence, images, picture)
