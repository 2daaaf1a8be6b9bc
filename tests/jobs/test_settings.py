"""What the environment may say, and what it may not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.settings import Settings


@pytest.mark.parametrize("url", ["https://photfit.example.org", "https://photfit.example.org/", None])
def test_the_public_address_has_no_slash_at_its_end(tmp_path: Path, url: str | None) -> None:
    assert Settings(data_dir=tmp_path, public_url=url).public_url == (url and "https://photfit.example.org")


@pytest.mark.parametrize(
    "url", ["photfit.example.org", "ftp://a.example.org", "https://", "https://a.example.org/?b=1"]
)
def test_a_public_address_that_links_cannot_begin_with_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="public address"):
        Settings(data_dir=tmp_path, public_url=url)
