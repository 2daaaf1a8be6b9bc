"""Formats of results: tables of parameters and covariance, and chains, converted in the sandbox and kept nowhere."""

from dataclasses import dataclass
from typing import Literal

from app.domain.results import StoredFile, file_of, fit_with_result
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import ConvertedFile, temporary_folder
from app.errors import NotFound, RequestFaulty
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products

ChainsFormat = Literal["json", "npz", "csv", "ecsv", "fits", "parquet", "netcdf"]
ParametersFormat = Literal["json", "csv", "ecsv", "fits", "votable", "latex"]
CovarianceFormat = Literal["json", "csv", "ecsv", "fits", "votable"]


@dataclass(frozen=True)
class ChainsChoice:
    """What is asked for: a format, every so-manieth draw, and of which parameters (all where None)."""

    format: ChainsFormat
    thin: int = 1
    parameters: tuple[str, ...] | None = None

    @property
    def stored_as_it_is(self) -> bool:
        """Whether that is the stored file."""
        return self.format == "netcdf" and self.thin == 1 and self.parameters is None


def find_chains(services: Services, owner: str, fit_id: str) -> StoredFile:
    """The chains as they are stored. Raises NotFound, or NotFinished where the fit has not succeeded."""
    record = fit_with_result(services, owner, fit_id)
    found = file_of(services, record, "chains.nc")
    if found is None:
        raise NotFound(f"The fit {fit_id} has no chains: none of its stages samples.")
    return found


def chains_etag(found: StoredFile, wanted: ChainsChoice) -> str:
    """A strong entity tag of what is wanted of stored chains."""
    return strong_tag(found.key, wanted)


def convert_chains(services: Services, found: StoredFile, wanted: ChainsChoice) -> ConvertedFile:
    """The chains as wanted. Raises RequestFaulty for a parameter that they lack, Unavailable where none could look."""
    with temporary_folder(services.receiving_folder) as folder, found.blobs.local(found.key) as source:
        target = folder / "chains"
        with sandbox_refusals("The chains' conversion"):
            fault = services.sandbox.call(
                file_products.convert_chains, source, target, wanted.format, wanted.thin, wanted.parameters
            )
        if fault is not None:
            raise RequestFaulty([fault])
        return ConvertedFile.open_at(target)


def table_etag(found: StoredFile, format_: str) -> str:
    """A strong entity tag of a stored document in a format."""
    return strong_tag(found.key, format_)


def convert_table(services: Services, found: StoredFile, kind: file_products.TableKind, format_: str) -> ConvertedFile:
    """A stored document as a table. Raises Unavailable where none could look."""
    with temporary_folder(services.receiving_folder) as folder, found.blobs.local(found.key) as source:
        target = folder / "table"
        with sandbox_refusals("The table"):
            services.sandbox.call(file_products.convert_document, source, target, kind, format_)
        return ConvertedFile.open_at(target)
