"""The documentation as a site, by Sphinx and MyST: `make docs` writes it to docs/_build/site."""

import posixpath
import re
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

project = "photfit"
author = "The photfit developers"
copyright = "The photfit developers"  # noqa: A001 - Sphinx reads this name
version = release = installed_version("photfit").split("+")[0]

extensions = ["myst_nb", "sphinx_copybutton"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "_templates", "jupyter_execute", "paper", "decisions/README.md"]
# A notebook shows what it printed when `make notebooks` ran it.
nb_execution_mode = "off"
nitpicky = True

# Every heading has an anchor, as on the sites where people read Markdown files of a repository.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]

html_theme = "furo"
html_title = f"photfit {version}"
html_favicon = "../app/page/icon.svg"
html_static_path: list[str] = []
html_show_sphinx = False
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/versions.html",
        "sidebar/scroll-end.html",
    ]
}
# Nothing is fetched from elsewhere: the site is read from files, without a network.
html_theme_options = {"navigation_with_keys": True}
# Not copied with a block: the prompt of a shell.
copybutton_prompt_text = "$ "


ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "changelog.d/README.md": "project/changes-to-come.md",
    "CODE_OF_CONDUCT.md": "project/code-of-conduct.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "LICENSE": "project/license.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "explanation/what-was-measured.md",
    "docs/decisions/README.md": "explanation/decisions.md",
    "fitting/render/README.md": "explanation/how-pixels-are-rendered.md",
    "jobs/README.md": "explanation/how-jobs-are-kept.md",
}
"""Files of the repository that the site has under another name, included by that page."""
_LINK = re.compile(r"(\]\()([^)#\s]+)")


def _as_on_the_site(text: str, source: str, page: str) -> str:
    """A page's links, which hold in the repository, as they hold on the site."""

    def moved(link: re.Match[str]) -> str:
        if "://" in link[2] or link[2].startswith("mailto:"):
            return link[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[2]))
        place = f"docs/{ELSEWHERE[target]}" if target in ELSEWHERE else target
        return link[1] + posixpath.relpath(place, posixpath.dirname(f"docs/{page}"))

    return _LINK.sub(moved, text)


def _page_read(_app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = _as_on_the_site(content[0], f"docs/{name}.md", f"{name}.md")


def _file_included(_app: Sphinx, path: Path, _name: str, content: list[str]) -> None:
    source = posixpath.normpath(posixpath.join("docs", path))
    content[0] = _as_on_the_site(content[0], source, ELSEWHERE.get(source, source.removeprefix("docs/")))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _page_read)
    app.connect("include-read", _file_included)
