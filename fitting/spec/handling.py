"""Handling of a fit: its name, labels and limits, which change no number that comes out."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from fitting.spec.documents import Document, excerpt, refusal

HANDLING = frozenset({"name", "labels", "reuse", "limits", "webhook"})
"""Members of a request that say what the fit is called and how a service handles it."""

MAX_LABELS = 32
"""Labels of a fit, at most; chosen by hand."""
LONGEST_LABEL = 64
"""Characters of a label, at most; chosen by hand."""
MOST_IMPORTED = 4_000_000
"""Characters of a text of an import, at most: 40,000 lines of a feedme; chosen by hand."""
EXPORT_FORMATS = ("galfit", "imgblock", "imfit", "ds9", "casa", "regions", "script", "latex")
"""Formats that a result can be had in beside tables: those of `fitting.formats`."""
_FORBIDDEN = re.compile(r'["\\\x00-\x1f\x7f]')


def _check_label(label: str) -> str:
    if label != label.strip() or not label or len(label) > LONGEST_LABEL or _FORBIDDEN.search(label):
        expected = f"1 to {LONGEST_LABEL} characters without quotes, backslashes or space around them"
        raise refusal(f"{excerpt(label)} cannot be a label", expected)
    return label


def _without_repetition(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))


Label = Annotated[str, AfterValidator(_check_label)]
Labels = Annotated[tuple[Label, ...], Strict(False), Field(max_length=MAX_LABELS), AfterValidator(_without_repetition)]
Name = Annotated[str, Field(max_length=200)]


class Limits(Document):
    """What one fit may take at most; what is left out is the service's limit.

    Attributes:
        seconds: of one attempt. A fit that takes longer fails, and keeps the best that it had found, draws included.
        memory_mib: beyond what the worker's process has taken before, without what is on a GPU.
    """

    seconds: Annotated[float, Field(gt=0.0, le=1e8)] | None = None
    memory_mib: Annotated[int, Field(ge=64, le=2**30)] | None = None


Webhook = Annotated[str, Field(min_length=1, max_length=2000)]


class ImportSpec(Document):
    """A model file of GALFIT or imfit, or a region file of DS9 or CASA, that a request is to be made of.

    Attributes:
        text: of the file.
        name: of the file.
        command: imfit's command line, which names the image.
        texts: texts of files that it names, such as constraints and lists of bad pixels, by the names that it has.
        files: uploads of images that it names, by the names that it has.
        image: name of the image that a region file belongs to, one of those.
    """

    text: Annotated[str, Field(min_length=1, max_length=MOST_IMPORTED)]
    name: Annotated[str, Field(min_length=1, max_length=200)] = "model"
    command: Annotated[str, Field(max_length=10_000)] = ""
    texts: Annotated[dict[str, Annotated[str, Field(max_length=MOST_IMPORTED)]], Field(max_length=50)] = Field(
        default_factory=dict
    )
    files: Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=1000)] = Field(
        default_factory=dict
    )
    image: Annotated[str, Field(max_length=200)] = ""


class FetchSpec(Document):
    """A file that the service is to fetch.

    Attributes:
        url: https, at a host that the service's operator has listed.
        filename: what it is to be called; the last part of the URL's path where left out.
    """

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    filename: Annotated[str, Field(max_length=255)] = ""


class FitChanges(Document):
    """What may be changed about a fit once it is asked for; a member that is not set stays as it is.

    Attributes:
        name: what the user calls it.
        labels: words to find it by; they replace those that it has.
    """

    name: Name = ""
    labels: Labels = ()
