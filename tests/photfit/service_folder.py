"""A service's folder with uploads and a finished fit in it, for the administrator's commands."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import Engine

from jobs.lifecycle import catalogues, transitions
from jobs.lifecycle.catalogues import NewCatalogue
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore, open_blobs, result_folder
from jobs.storage.database import connect, migrate
from jobs.storage.stored_files import described
from jobs.storage.uploads import add_upload, blob_key
from photfit.cli import main
from tests.jobs.conftest import claim_fit, new_fit


class ServiceFolder:
    """One below `folder`, made on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs: BlobStore = open_blobs(str(folder / "blobs"))

    @cached_property
    def engine(self) -> Engine:
        """Of its database, whose file is made here where there is none."""
        return connect(Settings(data_dir=self.folder))

    def migrated(self) -> ServiceFolder:
        migrate(self.engine)
        return self

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["admin", "--data-dir", str(self.folder), *arguments])

    def upload(self, content: bytes, filename: str = "m51.fits", owner: str = "local") -> tuple[str, str]:
        """Id and key of an upload."""
        sha256 = hashlib.sha256(content).hexdigest()
        self._put(blob_key(sha256), content)
        record, _ = add_upload(
            self.engine, owner, filename=filename, size=len(content), sha256=sha256, description={"hdus": []}
        )
        return record.id, blob_key(sha256)

    def fit(self, files: dict[str, bytes], known: bool = True) -> str:
        """Id of a fit that succeeded with these files; of one from before records knew them where not `known`."""
        record = transitions.create(self.engine, new_fit())
        claim = claim_fit(self.engine, record.id)
        assert claim is not None
        result_files = {name: self._put(f"{result_folder(record.id, 1)}/{name}", body) for name, body in files.items()}
        size = sum(len(content) for content in files.values())
        assert transitions.finish(
            self.engine, claim, "succeeded", result_bytes=size, result_files=result_files if known else None
        )
        return record.id

    def catalogue(self, parts: int) -> list[str]:
        """Id of a catalogue that succeeded, and those of its parts, of a row each."""
        name = catalogues.new_catalogue_id()
        table = self._put(catalogues.objects_key(name), b"objects")
        new = NewCatalogue("local", "", {}, "cpu", "cpu", parts, 1e6, [], "0" * 64, objects_file=table)
        assert catalogues.create(self.engine, new, name) is not None
        made = [name]
        while len(made) <= parts:
            catalogues.settle(self.engine, name)
            claim = transitions.claim_next(self.engine, ["cpu"], "worker", None, 60.0)
            assert claim is not None
            catalogues.record_rows(self.engine, claim.fit_id, {"fitted": 1}, 1e6, "")
            files = {"part.parquet": self._put(catalogues.part_key(claim.fit_id, 1), claim.fit_id.encode())}
            assert transitions.finish(self.engine, claim, "succeeded", result_bytes=1, result_files=files)
            made.append(claim.fit_id)
        for _ in range(2):  # as each part's taking and end are settled: it runs, and is done
            standing = catalogues.settle(self.engine, name)
        assert standing is not None
        assert standing.state == "succeeded"
        return made

    def damage(self, key: str) -> None:
        """Flip bits of a stored file, which keeps its size."""
        path = self.folder / "blobs" / key
        content = bytearray(path.read_bytes())
        content[0] ^= 0xFF
        path.write_bytes(content)

    def _put(self, key: str, content: bytes) -> dict[str, object]:
        path = self.folder / "to-be-stored"
        path.write_bytes(content)
        self.blobs.put_file(key, path)
        known = described(path)
        path.unlink()
        return known
