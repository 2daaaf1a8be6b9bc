"""Comparison of two fits: parameters side by side, and a verdict where both are of the same pixels with the same noise.

χ² and BIC say which model describes data better, and nothing of fits of other data. What two fits were made with is
compared by content: files by their SHA-256, whatever they are called.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NOISES = ("variance", "weight", "sigma")
_MEASURES = ("chi2", "chi2_reduced", "bic", "degrees_of_freedom", "n_pixels")
_REFERENCE = re.compile(r"(?P<file>[^\[\]]+)(?P<place>(?:\[[^\[\]]+\])*)\Z")
_EVIDENCE = ((10.0, "very strong"), (6.0, "strong"), (2.0, "positive"))
"""Differences of BIC from which evidence has that name (Kass & Raftery 1995, JASA 90, 773, section 3.2)."""
_ANGLE = re.compile(r"\.pa(_sky|_pixel)?(\[|\Z)")


@dataclass(frozen=True)
class ComparedValue:
    """One value of two fits.

    Attributes:
        name: of the parameter, or derived value.
        first, second: rows of the `/parameters` documents; None where a fit has no such value.
        sigmas: second minus first in their uncertainties together; None where there are none.
    """

    name: str
    first: Mapping[str, Any] | None
    second: Mapping[str, Any] | None
    sigmas: float | None


@dataclass(frozen=True)
class Comparison:
    """Two fits beside each other.

    Attributes:
        differ: what they were made with that is not the same, in words; a verdict is given only where nothing is.
        verdict: a sentence; None where there is none to give.
        measures: χ², BIC and the like: name → both values.
        values: parameters and derived values of either.
    """

    differ: tuple[str, ...]
    verdict: str | None
    measures: dict[str, tuple[float | None, float | None]]
    values: tuple[ComparedValue, ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        values = [
            {"name": each.name, "first": _numbers(each.first), "second": _numbers(each.second), "sigmas": each.sigmas}
            for each in self.values
        ]
        measures = {key: list(pair) for key, pair in self.measures.items()}
        return {
            "comparable": not self.differ,
            "differ": list(self.differ),
            "verdict": self.verdict,
            "measures": measures,
            "values": values,
        }


def compare_fits(
    names: tuple[str, str], parameters: tuple[Mapping[str, Any], ...], provenances: tuple[Mapping[str, Any], ...]
) -> Comparison:
    """Two fits beside each other.

    Args:
        names: what they are called in the verdict.
        parameters, provenances: their documents of these names.
    """
    first, second = parameters
    differ = tuple(_differences(*map(_made_with, provenances)))
    if not differ and first["n_pixels"] != second["n_pixels"]:
        differ = (f"the pixels that were used ({first['n_pixels']} and {second['n_pixels']})",)
    return Comparison(
        differ,
        None if differ else _verdict(names, first, second),
        {key: (first.get(key), second.get(key)) for key in _MEASURES},
        tuple(_compared_values(first, second)),
    )


def _made_with(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """By image, then part of it, what a fit was made with, as text that is the same for what is the same."""
    hashes = {item["name"]: item["sha256"] for item in provenance.get("inputs", ())}
    request = provenance["request"]
    images = {}
    for number, image in enumerate(request["images"], start=1):
        noises = {key: image[key] for key in _NOISES if image.get(key) is not None}
        images[image.get("name") or f"image {number}"] = {
            "data": _canonical(image["data"], hashes),
            "window": _canonical(image.get("window"), hashes),
            "mask": _canonical(
                [image.get("mask"), image.get("mask_shapes") or [], image.get("mask_saturated") is not False], hashes
            ),
            "variance": _canonical(noises, hashes),
        }
    return {"images": images, "noise": _canonical(request.get("noise", "gaussian"), hashes)}


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    one, two = first["images"], second["images"]
    if len(one) != len(two):
        yield f"the number of images ({len(one)} and {len(two)})"
        return
    for (name, parts), by_place in zip(one.items(), two.values(), strict=True):
        others = two.get(name, by_place)
        for part in parts:
            if parts[part] != others[part]:
                yield f"the {part} of {name}" if len(one) > 1 else f"the {part}"
    if first["noise"] != second["noise"]:
        yield "the noise"


def _canonical(value: Any, hashes: Mapping[str, str]) -> str:
    return json.dumps(_by_content(value, hashes), sort_keys=True)


def _by_content(value: Any, hashes: Mapping[str, str]) -> Any:
    """JSON in which files stand by their hashes, in one way of writing, and nothing is said that says nothing."""
    if isinstance(value, str):
        return _file_by_content(value, hashes)
    if isinstance(value, list):
        return [_by_content(each, hashes) for each in value]
    if not isinstance(value, Mapping):
        return value
    said = {key: each for key, each in value.items() if each is not None}
    file = said.get("upload") or said.get("path")
    if isinstance(file, str):
        place = "".join(f"[{said[key]}]" for key in ("hdu", "plane") if key in said)
        rest = {
            key: _by_content(each, hashes)
            for key, each in said.items()
            if key not in ("upload", "path", "hdu", "plane")
        }
        content = f"{hashes.get(file, file)}{place}"
        return {"file": content, **rest} if rest else content
    return {key: _by_content(each, hashes) for key, each in said.items()}


def _file_by_content(text: str, hashes: Mapping[str, str]) -> str:
    found = _REFERENCE.match(text)
    if text in hashes or found is None or found["file"] not in hashes:
        return hashes.get(text, text)
    return hashes[found["file"]] + found["place"]


def _verdict(names: tuple[str, str], first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    short = [name for name, fit in zip(names, (first, second), strict=True) if not fit["converged"]]
    if short:
        return f"No verdict: {' and '.join(short)} did not converge."
    if first.get("bic") is None or second.get("bic") is None:
        return "No verdict: there is no BIC to compare by."
    change = second["bic"] - first["bic"]
    words = next((words for least, words in _EVIDENCE if abs(change) >= least), None)
    if words is None:
        return f"By the BIC neither is to be preferred (they differ by {abs(change):.3g})."
    better = names[1] if change < 0 else names[0]
    return f"By the BIC {better} is to be preferred: {words} evidence (lower by {abs(change):.4g})."


def _compared_values(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[ComparedValue]:
    one, two = ({row["name"]: row for row in (*fit["parameters"], *fit.get("derived", ()))} for fit in (first, second))
    for name in dict.fromkeys([*one, *two]):
        yield ComparedValue(name, one.get(name), two.get(name), _sigmas(name, one.get(name), two.get(name)))


def _sigmas(name: str, one: Mapping[str, Any] | None, two: Mapping[str, Any] | None) -> float | None:
    if one is None or two is None or one.get("value") is None or two.get("value") is None:
        return None
    spread = math.hypot(one.get("uncertainty") or 0.0, two.get("uncertainty") or 0.0)
    if not spread > 0:
        return None
    change = float(two["value"] - one["value"])
    if _ANGLE.search(name):  # a position angle and the same plus 180 degrees are one direction
        change -= 180.0 * round(change / 180.0)
    return change / spread


def _numbers(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None else {key: row.get(key) for key in ("value", "uncertainty", "unit")}
