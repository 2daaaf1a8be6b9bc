"""A Python script that repeats a fit, and its table for a paper."""

from __future__ import annotations

import pprint
import tempfile
from pathlib import Path

from fitting.formats.export_source import ExportBook, ExportInvalid, ExportSource, ModelExport
from fitting.result_tables import parameters_table, write_table

_SCRIPT = '''"""The fit {title} once more, from where it ended. Files that it names count from this script's folder."""

import json
import subprocess
import sys
from pathlib import Path

REQUEST = {request}

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    request = here / "fit-again.json"
    request.write_text(json.dumps(REQUEST, indent=1), encoding="utf-8")
    sys.exit(subprocess.call([sys.executable, "-m", "photfit", "fit", str(request), "-o", str(here / "fit-again")]))
'''


def export_script(source: ExportSource) -> ModelExport:
    """``fit_again.py``: the whole request, whatever it has."""
    book = ExportBook()
    book.write("request", "REQUEST: all of it")
    request = pprint.pformat(source.request.document(), width=110, sort_dicts=False)
    title = "".join(letter for letter in source.request.name if letter.isprintable() and letter not in '"\\')
    text = _SCRIPT.format(title=title or "of photfit", request=request)
    return ModelExport("script", "fit_again.py", {"fit_again.py": text.encode()}, tuple(book.rows))


def export_latex(source: ExportSource) -> ModelExport:
    """``parameters.tex``: all parameters, those that were fixed or follow others among them, and derived values.

    Raises ExportInvalid where there is no result.
    """
    if not source.found:
        raise ExportInvalid("a table is of a result, and there is none: fit first")
    book = ExportBook()
    book.write("parameters", "a row each, and of each derived value")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "parameters.tex")
        write_table(parameters_table(source.found), path, "latex")
        content = path.read_bytes()
    return ModelExport("latex", "parameters.tex", {"parameters.tex": content}, tuple(book.rows))
