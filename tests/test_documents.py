"""The documentation holds together."""

from __future__ import annotations

import ast
import json
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import ServiceProblem
from fitting.spec.catalogues import FLAGS
from fitting.spec.notices import NOTICES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changelog.d").glob("*.md")])
FRAGMENTS = sorted(
    page for page in (ROOT / "changelog.d").iterdir() if page.name not in ("README.md", "template.md.jinja")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in folder.glob("*.md") if page.name != "README.md" and page.name not in listed] == []


def test_the_reference_says_what_the_code_does() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "generate_reference.py"))
    pages: dict[str, str] = made["pages"]()
    assert made["REMEDIES"].read_text("utf-8") == made["remedies"](), "run `make docs`"
    stale = [name for name, text in pages.items() if (ROOT / "docs" / "reference" / name).read_text("utf-8") != text]
    assert stale == [], "run `make docs`"


def test_the_routes_and_the_page_of_explanations_are_what_the_code_says() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "generate_rest.py"))
    assert made["REST"].read_text("utf-8") == made["rest"](), "run `make docs`"
    text = made["HELP"].read_text("utf-8")
    assert text == made["explanations"](), "run `make docs`"
    led_to = re.findall(r'<section id="([^"]+)"', text)
    assert len(led_to) == len(set(led_to)), "a notice and an error share a code"
    assert set(led_to) == {*NOTICES, *anchors("errors.md"), *(f"flag-{name}" for name in FLAGS)}


def test_the_glossary_names_places_that_are_there() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    places = re.findall(r"`((?:fitting|jobs|app|worker|docs)/[\w/.-]+)`", text)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_map_shows_what_is_there() -> None:
    page: str = runpy.run_path(str(ROOT / "docs" / "generate_map.py"))["page"]()
    assert (ROOT / "docs" / "architecture.md").read_text("utf-8") == page, "run `make docs`"


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda fragment: fragment.name)
def test_every_fragment_of_the_changelog_has_a_name_a_kind_and_a_sentence(fragment: Path) -> None:
    towncrier = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    kinds = [kind["directory"] for kind in towncrier["type"]]
    assert re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(kinds)})\.md", fragment.name)
    assert re.match(r"[^-*#\s].*[.:)]\s*$", fragment.read_text(encoding="utf-8"), re.DOTALL)


def anchors(page: str) -> list[str]:
    """The headings of a page of the reference, which are its anchors."""
    return re.findall(r"^## (.+)$", (ROOT / "docs" / "reference" / page).read_text("utf-8"), re.MULTILINE)


def sources() -> Iterator[str]:
    for package in ("fitting", "jobs", "worker", "app", "photfit"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.read_text("utf-8")


def codes_made(source: str) -> Iterator[str | None]:
    """The code of each notice that is made in a source; None where it is no literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Notice":
            code = node.args[0] if node.args else None
            yield code.value if isinstance(code, ast.Constant) and isinstance(code.value, str) else None


def test_every_notice_has_its_line_in_the_table_and_every_line_its_notice() -> None:
    made = {code for source in sources() for code in codes_made(source)}
    assert made == set(NOTICES) - {"uncoded"}, "a notice's code is written out where it is made"


def test_every_notice_has_its_anchor() -> None:
    assert anchors("notices.md") == list(NOTICES)
    assert [code for code in NOTICES if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []


def test_every_kind_of_problem_has_its_anchor() -> None:
    documented = anchors("errors.md")
    assert len(documented) == len(set(documented))
    spoken_of = {kind for source in sources() for kind in re.findall(r"urn:photfit:problem:([a-z-]+)", source)}
    assert spoken_of | {problem.kind for problem in ServiceProblem.__subclasses__()} == set(documented)


def _is_there(name: str) -> bool:
    """Whether a dotted name leads to a module, or to a name in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        source = place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py"
        if source.exists():
            text = source.read_text(encoding="utf-8")
            return count == len(parts) or re.search(rf"\b{parts[count]}\b", text) is not None
    return False


@pytest.mark.parametrize("package", ["fitting", "jobs", "worker", "app", "photfit"])
def test_modules_that_docstrings_name_are_there(package: str) -> None:
    """Such as `fitting.run.run`: words in backquotes that begin with a package of ours."""
    named = re.compile(r"`((?:fitting|jobs|worker|app|photfit)(?:\.[A-Za-z_]\w*)+)`")
    gone = [
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not name.endswith(".NAME") and not _is_there(name)
    ]
    assert not gone, "\n".join(gone)


def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    words = ["--quiet", "--fail-on-warning", "--keep-going", "-b", "html", str(ROOT / "docs"), str(tmp_path)]
    made = subprocess.run([sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "searchindex.js").exists()


def test_a_site_is_put_beside_its_other_versions(tmp_path: Path) -> None:
    publish = runpy.run_path(str(ROOT / "docs" / "publish.py"))["publish"]
    site, folder = tmp_path / "site", tmp_path / "public"
    with pytest.raises(FileNotFoundError, match="make docs"):
        publish(site, folder, "0.2.0")
    assert not folder.exists()
    site.mkdir()
    for version in ("0.10.0", "0.2.0", "0.10.1.dev3", "0.2.0"):
        (site / "index.html").write_text(f"this is {version}", "utf-8")
        versions = publish(site, folder, version)
    assert versions == ["0.10.1.dev3", "0.10.0", "0.2.0"]
    assert (folder / "versions.js").read_text("utf-8") == f"window.PHOTFIT_VERSIONS = {json.dumps(versions)};\n"
    assert (folder / "latest" / "index.html").read_text("utf-8") == "this is 0.10.0", "the newest that was released"
    assert "latest/index.html" in (folder / "index.html").read_text("utf-8")
