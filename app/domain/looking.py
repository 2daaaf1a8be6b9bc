"""Looking into a stored file, in the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from app.errors import FileUnreadable, Unavailable
from app.lifetime.services import Services
from app.sandbox.pool import SandboxBusy, SandboxError
from jobs.storage.blobs import BlobStore

P = ParamSpec("P")
T = TypeVar("T")


def look(
    services: Services,
    blobs: BlobStore,
    key: str,
    function: Callable[Concatenate[Path, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """What a function of `app.sandbox.upload_checks` finds in a blob.

    Raises:
        Unavailable: where the sandbox has no child for it.
        FileUnreadable: where it takes too much.
    """
    with blobs.local(key) as path:
        try:
            return services.sandbox.call(function, path, *args, **kwargs)
        except SandboxBusy as error:
            raise Unavailable(f"The file {error}.") from error
        except SandboxError as error:
            raise FileUnreadable(f"The file {error}.", expected="a smaller image") from error
