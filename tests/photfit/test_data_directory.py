"""A data directory belongs to one service at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from photfit.failures import UserMistake
from photfit.supervisor import DataDirectory


def test_a_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    with (
        DataDirectory(tmp_path / "data"),
        pytest.raises(UserMistake, match=f"in use by another photfit serve \\(process {os.getpid()}\\)"),
        DataDirectory(tmp_path / "data"),
    ):
        pass


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    with DataDirectory(tmp_path):
        pass
    with DataDirectory(tmp_path) as again:
        assert again.path == tmp_path


def test_only_the_owner_may_look_into_a_new_one(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "data") as directory:
        assert directory.path.stat().st_mode & 0o077 == 0
