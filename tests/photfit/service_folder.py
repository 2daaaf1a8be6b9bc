"""A service's folder with uploads and a finished fit in it, for the administrator's commands."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import Engine

from jobs.lifecycle import transitions
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
