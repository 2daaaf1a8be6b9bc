"""A sampler that was killed goes on from its last checkpoint, and ends with the numbers that it would have had."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitting.methods.samplers.chain_store import ChainStore, FolderShelf
from tests.fitting.methods.targets import CENTRE, gaussian, sample

OPTIONS: dict[str, dict[str, Any]] = {
    "nuts": {"warmup": 30, "samples": 40, "chains": 2, "adapt_mass": True},
    "hmc": {"warmup": 30, "samples": 40, "chains": 2, "leapfrog_steps": 4},
    "metropolis": {"warmup": 30, "samples": 60},
    "ensemble": {"warmup": 30, "samples": 40},
    "mala": {"warmup": 30, "samples": 40},
}


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


class FailingShelf(FolderShelf):
    """Ends its process when it is to write for the n-th time: before that file, or with it written."""

    def __init__(self, folder: Path, last: int) -> None:
        super().__init__(folder)
        self._left = last

    def write(self, name: str, content: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed
        super().write(name, content)


def killed(method: str, folder: Path, writes: int, patch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
    """Run a sampler that writes a checkpoint after every move, until it is killed."""
    target = gaussian()
    start, shelf = target.start(*CENTRE.tolist()), FailingShelf(folder, writes)
    with patch.context() as context:
        context.setattr(ChainStore.__init__, "__defaults__", (None, "", 0.0))
        with pytest.raises(Killed):
            sample(method, target, start, shelf=shelf, **options)


@pytest.mark.parametrize("writes", [1, 20, 61])
@pytest.mark.parametrize("method", OPTIONS)
def test_a_killed_sampler_ends_with_the_same_numbers(
    method: str, writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    killed(method, tmp_path, writes, monkeypatch, OPTIONS[method])
    resumed = sample(method, target, start, shelf=FolderShelf(tmp_path), **OPTIONS[method])
    straight = sample(method, target, start, **OPTIONS[method])
    np.testing.assert_array_equal(resumed.chains.draws, straight.chains.draws)
    np.testing.assert_array_equal(resumed.chains.log_posterior, straight.chains.log_posterior)
    np.testing.assert_array_equal(resumed.chains.step_size, straight.chains.step_size)
    assert resumed.iterations == straight.iterations
    assert resumed.evaluations <= straight.evaluations + 10, "it went on, and did not begin again"


def test_a_finished_sampler_is_not_run_again(tmp_path: Path) -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    first = sample("metropolis", target, start, shelf=FolderShelf(tmp_path), **OPTIONS["metropolis"])
    again = sample("metropolis", target, start, shelf=FolderShelf(tmp_path), **OPTIONS["metropolis"])
    np.testing.assert_array_equal(first.chains.draws, again.chains.draws)
    assert again.evaluations == first.evaluations


@pytest.mark.parametrize("change", ["other options", "a file gone", "a file cut", "no file at all"])
def test_checkpoints_that_do_not_fit_are_left_alone(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    options = OPTIONS["metropolis"]
    killed("metropolis", tmp_path, 60, monkeypatch, options)
    rows = sorted(tmp_path.glob("draws-*.f64"))
    assert rows
    if change == "other options":
        options = options | {"samples": 90}
    elif change == "a file gone":
        rows[0].unlink()
    elif change == "a file cut":
        rows[-2].write_bytes(rows[-2].read_bytes()[:-8])
    else:
        (tmp_path / "checkpoint.npz").write_bytes(b"no file at all")
    again = sample("metropolis", target, start, shelf=FolderShelf(tmp_path), **options)
    straight = sample("metropolis", target, start, **options)
    np.testing.assert_array_equal(again.chains.draws, straight.chains.draws)
