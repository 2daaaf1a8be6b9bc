"""Writes docs/reference/rest.md from the OpenAPI document, and the service's own page /help from the same tables as the
reference, so that neither can say anything else than the service does.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from app.errors import problem_kinds
from app.main import create_app
from fitting.spec.catalogues import FLAGS
from fitting.spec.notices import NOTICES
from jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
REST = ROOT / "docs" / "reference" / "rest.md"
HELP = ROOT / "app" / "page" / "help.html"
NOTE = "<!-- Made by `make docs` from the code: change it there. -->"


def rest() -> str:
    """Every route: what it does, what it takes and what it answers."""
    with tempfile.TemporaryDirectory() as folder:
        document = create_app(Settings(data_dir=folder, accounts=True)).openapi()
    return "\n".join([NOTE, "", *_routes(document), ""])


def _routes(document: Mapping[str, Any]) -> Iterator[str]:
    yield "# The routes\n\nThe service describes itself: `/openapi.json` has this and the schema of every document, and"
    yield "`/docs` lets you try each route. Problems come as [problem documents](errors.md) (RFC 9457). Where"
    yield "accounts are on, a key comes as `Authorization: Bearer KEY`; routes that need none say so."
    operations = [
        (operation["tags"][0], path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for tag in dict.fromkeys(operation[0] for operation in operations):
        yield f"\n## {tag}"
        for _, path, method, operation in (each for each in operations if each[0] == tag):
            yield from _operation(f"{method.upper()} {path}", operation)


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    words = [_sentence(operation["summary"]), *operation.get("description", "").split()]
    yield f"\n### {title}\n\n{' '.join(words)}"
    if {} in operation.get("security", [{}]) or "security" not in operation:
        yield "\nNeeds no key."
    if operation.get("parameters"):
        yield "\n| parameter | in | type | what it is |\n|---|---|---|---|"
        for parameter in operation["parameters"]:
            needed = " (needed)" if parameter.get("required") and parameter["in"] != "path" else ""
            cells = [f"`{parameter['name']}`", f"{parameter['in']}{needed}", _type(parameter.get("schema", {}))]
            yield f"| {' | '.join(cells)} | {_cell(_words_of(parameter))} |"
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        yield f"\nBody: {'; '.join(f'`{kind}` {_named(content)}'.strip() for kind, content in body.items())}."
    answers = [_answer(status, answer) for status, answer in operation["responses"].items() if status != "default"]
    yield f"\nAnswers: {'; '.join(answers)}."


def _words_of(parameter: Mapping[str, Any]) -> str:
    words = parameter.get("description") or parameter.get("schema", {}).get("description", "")
    default = parameter.get("schema", {}).get("default")
    return words if default in (None, "", False) else f"{words} Usually {default}."


def _answer(status: str, answer: Mapping[str, Any]) -> str:
    kinds = "; ".join(f"`{kind}` {_named(content)}".strip() for kind, content in answer.get("content", {}).items())
    said = "" if answer["description"] in ("Successful Response", "Validation Error") else f" {answer['description']}"
    return f"{status}{said}{f' ({kinds})' if kinds else ''}"


def _named(content: Mapping[str, Any]) -> str:
    """The schema's name, where it has one."""
    reference = content.get("schema", {}).get("$ref", "")
    return f"`{reference.rpartition('/')[2]}`" if reference else ""


def _type(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(each) for each in schema["anyOf"] if each.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"several of {_type(schema.get('items', {}))}"
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = f" from {low} to {high}" if low is not None and high is not None else ""
    return f"{schema.get('type', 'anything')}{limits}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def explanations() -> str:
    """The page that notices, errors and flags lead to: each has its code as its anchor."""
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en">\n  {NOTE}\n  <head>\n    <meta charset="utf-8">',
            '    <meta name="viewport" content="width=device-width, initial-scale=1">',
            '    <meta name="color-scheme" content="light dark">\n    <title>What it means · photfit</title>',
            '    <link rel="icon" href="/page/icon.svg" type="image/svg+xml">',
            *(
                f'    <link rel="stylesheet" href="/page/styles/{name}.css">'
                for name in ("tokens", "elements", "layout", "help")
            ),
            '    <script src="/page/js/theme.js"></script>\n  </head>\n  <body>\n    <header class="top">',
            '      <a class="brand" href="/"><img src="/page/icon.svg" alt="">photfit</a>\n    </header>',
            '    <main class="explanations">\n      <h1>What notices and errors mean</h1>',
            *_explained(),
            "    </main>\n  </body>\n</html>\n",
        ]
    )


def _explained() -> Iterator[str]:
    yield "      <h2>Notices</h2>\n      <p>What a careful reader should know of a fit although nothing failed.</p>"
    for code, notice in NOTICES.items():
        yield _paragraph(code, code, notice.meaning, f"What to do: {notice.remedy}")
    yield "      <h2>Errors</h2>\n      <p>Why the service did not do what it was asked.</p>"
    for problem in sorted(problem_kinds(), key=lambda kind: (kind.status, kind.kind)):
        meaning = " ".join((inspect.getdoc(problem) or "").split())
        yield _paragraph(problem.kind, problem.kind, meaning, f"Status {problem.status}, “{problem.title}”.")
    kept = "Where the error has “kept”, the fit has a result: what it had found when it was stopped."
    yield _paragraph("out-of-time", "out-of-time", "A fit took longer than it may.", kept)
    yield "      <h2>Flags of a catalogue's rows</h2>"
    for flag in FLAGS.values():
        yield _paragraph(
            f"flag-{flag.name}", f"{flag.name}, bit {flag.bit}", flag.meaning, f"What to do: {flag.remedy}"
        )


def _paragraph(anchor: str, title: str, *sentences: str) -> str:
    told = "".join(f"<p>{_with_code(sentence)}</p>" for sentence in sentences)
    return f'      <section id="{anchor}"><h3><a href="#{anchor}">{escape(title)}</a></h3>{told}</section>'


def _with_code(text: str) -> str:
    """Markdown's backquotes as code."""
    parts = escape(text.replace("``", "`"), quote=False).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def write_rest() -> None:
    """Write both."""
    REST.write_text(rest(), encoding="utf-8")
    HELP.write_text(explanations(), encoding="utf-8")


if __name__ == "__main__":
    write_rest()
