"""Pictures of a running fit's residual, in the blob store as long as its attempt lasts."""

import math
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import structlog
from numpy.typing import NDArray

from fitting.methods.progress import Cancelled
from fitting.plots import draw_live_residual
from fitting.problem.iterate import Iterate
from jobs.lifecycle.transitions import Claim
from jobs.storage.blobs import BlobStore, StorageTrouble, live_folder, live_residual

_FIRST_SECONDS = 1.0
"""Seconds before the first picture: most fits end without one. Chosen by hand."""
_PAUSE_SECONDS = 2.0
"""Seconds between pictures (docs/decisions/0023)."""
_LARGEST_SHARE = 0.1
"""Of the time that a fit takes, that its pictures may take (docs/decisions/0023)."""
_LAST_SECONDS = 2.0
"""Seconds that the end of an attempt waits for its pictures to be gone. Chosen by hand: a store that is away is not to
keep the worker from its next fit."""

_log = structlog.get_logger("photfit.worker")


class ResidualPictures:
    """A picture of each image's residual, made anew every few seconds; never at the fit's expense.

    The engine's thread renders the model, another one draws and stores. A store that is slow holds no fit up, and one
    that is away leaves it without pictures. They are gone when the context ends.
    """

    def __init__(self, blobs: BlobStore, claim: Claim) -> None:
        self._blobs = blobs
        self._claim = claim
        self._next = time.monotonic() + _FIRST_SECONDS
        self._thread: threading.Thread | None = None
        self._made = 0
        self.latest: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.latest = None
        if self._thread is not None:
            clearing = threading.Thread(target=self._clear, args=(self._thread,), daemon=True)
            clearing.start()
            clearing.join(_LAST_SECONDS)

    def see(self, iterate: Iterate) -> None:
        """Make pictures of where the fit is, if it is time; what fails is logged, and only a cancel comes through."""
        # In this order: a thread that has ended has said when the next picture is due.
        if (self._thread is not None and self._thread.is_alive()) or time.monotonic() < self._next:
            return
        began = time.monotonic()
        try:
            planes = iterate.normalized_residuals()
            thread = threading.Thread(target=self._draw_and_store, args=(planes, began), name="pictures", daemon=True)
            thread.start()
            self._thread = thread
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - a picture must not fail a fit
            _log.warning("the residual could not be shown", error=str(error))
            self._next = math.inf

    def _draw_and_store(self, planes: list[NDArray[np.float64]], began: float) -> None:
        try:
            for number, plane in enumerate(planes):
                self._put(number, draw_live_residual(plane))
            self._made += 1
            self.latest = {"sequence": self._made, "made_at": datetime.now(UTC).isoformat()}
        except Exception as error:  # noqa: BLE001 - nor what stores it
            _log.warning("a picture of the residual could not be stored", error=str(error))
        finally:
            now = time.monotonic()
            self._next = now + max(_PAUSE_SECONDS, (now - began) * (1.0 / _LARGEST_SHARE - 1.0))

    def _put(self, number: int, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(prefix="photfit-picture-") as file:
            file.write(content)
            file.flush()
            self._blobs.put_file(live_residual(self._claim.fit_id, self._claim.attempt, number), Path(file.name))

    def _clear(self, last: threading.Thread) -> None:
        """Remove all pictures, once no more can come."""
        last.join()
        try:
            for key in self._blobs.keys(live_folder(self._claim.fit_id, self._claim.attempt)):
                self._blobs.delete(key)
        except StorageTrouble as error:
            _log.warning("pictures of the residual could not be removed", error=str(error))
