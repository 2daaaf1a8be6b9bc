"""Plots of a result: drawn in the sandbox when first asked for, then kept beside the result."""

from contextlib import ExitStack
from pathlib import Path

from app import inspection
from app.domain.receiving import temporary_folder
from app.domain.results import StoredFile, stored, succeeded
from app.problems import NotFound, Unavailable
from app.sandbox import SandboxError
from app.services import Services
from jobs.transitions import result_folder

_PLANES = ("data", "model", "normalized_residual")


def fit_plot(services: Services, owner: str, fit_id: str, image: str | None) -> StoredFile:
    """Data, model and normalised residual of an image; the first one where None is named.

    Raises NotFound, NotFinished, or Unavailable where it could not be drawn.
    """
    record = succeeded(services, owner, fit_id)
    names = [spec["name"] for spec in record.request["images"]]
    chosen = names[0] if image is None else image
    if chosen not in names:
        raise NotFound(f"The fit {fit_id} has no image {chosen!r}; it has {', '.join(names)}.")
    folder = result_folder(record.id, record.attempt)
    key = f"{folder}/plots/fit-{chosen}.png"
    found = stored(services, key)
    if found is None:
        _draw(services, f"{folder}/images/{chosen}", chosen, key)
        found = stored(services, key)
    assert found is not None
    return found


def _draw(services: Services, source: str, image: str, key: str) -> None:
    with ExitStack() as stack:
        work = stack.enter_context(temporary_folder(services.receiving_folder))
        planes: dict[str, Path] = {
            plane: stack.enter_context(services.blobs.local(f"{source}/{plane}.fits")) for plane in _PLANES
        }
        shelf = work / "result"
        try:
            picture = services.sandbox.call(inspection.draw, planes, image, shelf)
        except SandboxError as error:
            raise Unavailable(f"The plot {error}.") from error
        path = work / "plot.png"
        path.write_bytes(picture)
        services.blobs.put_file(key, path)
