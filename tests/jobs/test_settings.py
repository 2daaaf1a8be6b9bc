"""What the environment may say, and what it may not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.settings import Settings, machine_bytes


@pytest.mark.parametrize("url", ["https://photfit.example.org", "https://photfit.example.org/", None])
def test_the_public_address_has_no_slash_at_its_end(tmp_path: Path, url: str | None) -> None:
    assert Settings(data_dir=tmp_path, public_url=url).public_url == (url and "https://photfit.example.org")


@pytest.mark.parametrize(
    "url", ["photfit.example.org", "ftp://a.example.org", "https://", "https://a.example.org/?b=1"]
)
def test_a_public_address_that_links_cannot_begin_with_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="public address"):
        Settings(data_dir=tmp_path, public_url=url)


def test_a_container_has_the_memory_of_its_control_group(tmp_path: Path) -> None:
    for name, text in (("limited", "1073741824\n"), ("unlimited", "max\n"), ("v1", "9223372036854771712\n")):
        (tmp_path / name).write_text(text)
    whole = machine_bytes([])
    assert machine_bytes([tmp_path / "limited", tmp_path / "none"]) == 1 << 30 < whole
    assert machine_bytes([tmp_path / "unlimited", tmp_path / "v1", tmp_path / "none"]) == whole
