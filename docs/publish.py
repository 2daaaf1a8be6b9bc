"""Puts the built site beside its other versions: FOLDER/0.2.0/, and FOLDER/latest/ where it is the newest.

    make docs
    python docs/publish.py FOLDER

FOLDER is what a web server shows, or what is copied there. Each version's pages lead to the others by its versions.js.
"""

import json
import shutil
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from packaging.version import Version

SITE = Path(__file__).resolve().parent / "_build" / "site"
_FORWARD = (
    '<!doctype html><meta charset="utf-8"><title>photfit</title>'
    '<meta http-equiv="refresh" content="0; url=latest/index.html">\n'
)


def publish(site: Path, folder: Path, version: str) -> list[str]:
    """Put a built site into the folder under its version.

    Args:
        site: as `make docs` writes it.
        folder: of all versions; made where it is not there.
        version: its name, replaced where it is there already.

    Returns:
        All versions of the folder, the newest first.

    Raises:
        FileNotFoundError: there is no built site.
    """
    if not (site / "index.html").exists():
        raise FileNotFoundError(f"There is no site in {site}: run `make docs`.")
    folder.mkdir(parents=True, exist_ok=True)
    _replace(site, folder / version)
    versions = sorted(
        (Version(each.name) for each in folder.iterdir() if each.name != "latest" and (each / "index.html").exists()),
        reverse=True,
    )
    names = [str(each) for each in versions]
    released = next((str(each) for each in versions if not each.is_devrelease), names[0])
    _replace(folder / released, folder / "latest")
    (folder / "versions.js").write_text(f"window.PHOTFIT_VERSIONS = {json.dumps(names)};\n", "utf-8")
    (folder / "index.html").write_text(_FORWARD, "utf-8")
    return names


def _replace(source: Path, target: Path) -> None:
    """Copy a folder, so that whoever reads meanwhile finds the old or the new one."""
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(" ".join(publish(SITE, Path(sys.argv[1]), installed_version("photfit").split("+")[0])) + "\n")
