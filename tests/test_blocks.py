"""The documentation's blocks of code work as printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blocks import ADDRESS, Block, blocks_of, reader
from tests.e2e.serving import free_port, serving

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = {
    str(page.relative_to(ROOT)): blocks_of(page)
    for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
    # Those of contributing/ are the code of their own test; those of reference/ are signatures and what is printed.
    if page.parent.name not in ("contributing", "reference", "_build") and blocks_of(page)
}
QUICK = ("docs/tutorials/1-my-first-galaxy.md",)
"""Pages that are read at each `make test`; `make test-all` reads all."""
MOST_NOT_RUN = 0.05
"""The share of blocks that may be marked as not run."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("s"), quick_workers=1) as running:
        yield running.url


def address_for(blocks: list[Block], request: pytest.FixtureRequest) -> str | None:
    """The service of a page: its own, that of all pages, or none."""
    if any("starts" in block.marks for block in blocks):
        return f"http://127.0.0.1:{free_port()}"
    return request.getfixturevalue("service") if needs_service(blocks) else None


def needs_service(blocks: list[Block]) -> bool:
    words = (ADDRESS, "photfit watch", "Client(")
    run = [block.text for block in blocks if "not run" not in block.marks]
    return any(word in text for text in run for word in words)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[] if page in QUICK else [pytest.mark.slow]) for page in PAGES]
)
def test_every_block_of_a_page_works_as_printed(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    blocks = PAGES[page]
    with reader(tmp_path, ROOT, address_for(blocks, request)) as reading:
        for block in blocks:
            reading.read(block)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    blocks = [block for page in PAGES.values() for block in page]
    not_run = [block for block in blocks if "not run" in block.marks]
    assert all(len(block.marks["not run"]) > 10 for block in not_run)
    assert len(not_run) <= MOST_NOT_RUN * len(blocks), f"{len(not_run)} of {len(blocks)}"
