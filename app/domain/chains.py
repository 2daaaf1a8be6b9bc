"""Chains in the format that is asked for: converted in the sandbox, kept nowhere."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Self

from app.domain.results import StoredFile, stored, succeeded
from app.domain.temporary_files import temporary_folder
from app.errors import NotFound, RequestFaulty, Unavailable
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products
from app.sandbox.pool import SandboxError
from jobs.storage.blobs import result_folder

Format = Literal["json", "npz", "csv", "ecsv", "fits", "parquet", "netcdf"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class ChainsChoice:
    """What is asked for: a format, every so-manieth draw, and of which parameters (all where None)."""

    format: Format
    thin: int = 1
    parameters: tuple[str, ...] | None = None

    @property
    def stored_as_it_is(self) -> bool:
        """Whether that is the stored file."""
        return self.format == "netcdf" and self.thin == 1 and self.parameters is None


@dataclass(frozen=True)
class ConvertedFile:
    """A file without a name: it is gone when it has been read."""

    file: IO[bytes]
    size: int

    @classmethod
    def opened(cls, path: Path) -> Self:
        """The file at a path that is about to go."""
        return cls(path.open("rb"), path.stat().st_size)

    def chunks(self) -> Iterator[bytes]:
        """The content piece by piece, once."""
        with closing(self.file) as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def find(services: Services, owner: str, fit_id: str) -> StoredFile:
    """The chains as they are stored. Raises NotFound, or NotFinished where the fit has not succeeded."""
    record = succeeded(services, owner, fit_id)
    found = stored(services, f"{result_folder(record.id, record.attempt)}/chains.nc")
    if found is None:
        raise NotFound(f"The fit {fit_id} has no chains: none of its stages samples.")
    return found


def etag(found: StoredFile, wanted: ChainsChoice) -> str:
    """A strong entity tag of what is wanted of stored chains."""
    return strong_tag(found.key, wanted)


def convert(services: Services, found: StoredFile, wanted: ChainsChoice) -> ConvertedFile:
    """The chains as wanted. Raises RequestFaulty for a parameter that they lack, Unavailable where none could look."""
    with temporary_folder(services.receiving_folder) as folder, found.blobs.local(found.key) as source:
        target = folder / "chains"
        try:
            fault = services.sandbox.call(
                file_products.convert_chains, source, target, wanted.format, wanted.thin, wanted.parameters
            )
        except SandboxError as error:
            raise Unavailable(f"The chains' conversion {error}.") from error
        if fault is not None:
            raise RequestFaulty([fault])
        return ConvertedFile.opened(target)
