"""Tree of an ASDF file before the asdf library reads it: how much it holds, and that nothing in it lies elsewhere.

YAML is looked at as its parser sees it, never as text, where one thing can be written in many ways:

    >>> require_own_tree(b'a: {"$ref": "file:///etc/passwd"}')
    Traceback (most recent call last):
        ...
    fitting.files.file_limits.FileInvalid: names arrays outside of the file (expected arrays in the file itself)

`OWN_ARRAYS` is the extension by which the library itself takes arrays from blocks of the file alone, so that no address
of another file ever reaches what would open it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import asdf
import yaml
from asdf.versioning import supported_versions

from fitting.files.file_limits import FileInvalid

MOST_NODES = 50_000
"""Values of a tree, aliases counted as often as they stand; the asdf library takes about a second for so many. Trees
of observatories' files have a few thousand."""
DEEPEST = 50
"""Levels of a tree, at most; chosen by hand, and what asdf and we can walk by recursion."""
_LONGEST_NUMBER = 1000
"""Characters of a number; YAML's numbers to base 60 take time with the square of their length."""
_NUMBER = re.compile(r"[-+.:_0-9a-fA-FxXoO]*\Z")
_FOREIGN = re.compile(r"externalarray|core/subclass")
"""In tags of what lies in other files, or says what Python is to make of it."""
ARRAY_TAGS = tuple(f"tag:stsci.edu:asdf/core/ndarray-1.{minor}.0" for minor in range(4))
"""Tags of arrays."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OutsideOfTheFile(FileInvalid):
    """An array, or a part of the tree, that does not lie in the file."""

    def __init__(self) -> None:
        super().__init__("names arrays outside of the file", expected="arrays in the file itself")


def require_own_source(node: Any) -> None:
    """Raise FileInvalid where a node, whether it became an array or not, is one whose numbers lie elsewhere."""
    if isinstance(node, dict) and type(node.get("source", 0)) is not int:
        raise _OutsideOfTheFile


class _OwnBlocks:
    """Arrays, as asdf's own converter makes them, of blocks of this file or written out in the tree."""

    tags = ARRAY_TAGS
    types = ()

    def select_tag(self, obj: Any, ctx: Any) -> str:
        """For writing, which it never does."""
        raise NotImplementedError

    def to_yaml_tree(self, obj: Any, tag: str, ctx: Any) -> Any:
        """For writing, which it never does."""
        raise NotImplementedError

    def from_yaml_tree(self, node: Any, tag: str, ctx: Any) -> Any:
        """The array, which is not read yet."""
        require_own_source(node)
        return _library_converter(tag).from_yaml_tree(node, tag, ctx)


@cache
def _library_converter(tag: str) -> Any:
    """asdf's own converter of a tag. Each version of its standard has those of its own tags alone: 1.5 has 1.0.0."""
    managers = (asdf.AsdfFile(version=str(version)).extension_manager for version in reversed(supported_versions))
    return next(manager for manager in managers if manager.handles_tag(tag)).get_converter_for_tag(tag)


class _OwnArrays:
    """asdf's extension that stands before all others where arrays are read."""

    extension_uri = "asdf://photfit/own-arrays"
    tags = ARRAY_TAGS
    converters = (_OwnBlocks(),)


OWN_ARRAYS = _OwnArrays()
"""For `asdf.open`, as the first of its extensions."""


def require_own_tree(tree: bytes) -> None:
    """Raise FileInvalid where a tree holds too much, is no YAML, or names what lies elsewhere; in linear time."""
    count = 0
    # How many values came before each open list or object, and its anchor; how many each finished anchor stands for.
    opened: list[tuple[int, str | None]] = []
    anchored: dict[str, int] = {}
    try:
        for event in yaml.parse(tree, Loader=_LOADER):
            match event:
                case yaml.CollectionStartEvent():
                    _require_known_words(event.tag)
                    opened.append((count, event.anchor))
                    count += 1
                    if len(opened) > DEEPEST:
                        raise FileInvalid(f"is nested more than {DEEPEST} deep", "its tree", "a flatter tree")
                case yaml.CollectionEndEvent():
                    before, anchor = opened.pop()
                    if anchor is not None:
                        anchored[anchor] = count - before
                case yaml.ScalarEvent():
                    _require_known_words(event.tag, event.value)
                    count += 1
                    if event.anchor is not None:
                        anchored[event.anchor] = 1
                case yaml.AliasEvent():
                    # What is not finished yet has no size: it would contain itself.
                    if event.anchor not in anchored:
                        raise FileInvalid("contains itself, or what it never names", "its tree", "a tree")
                    count += anchored[event.anchor]
            if count > MOST_NODES:
                raise FileInvalid(f"holds more than {MOST_NODES} values", "its tree", "arrays in blocks, fewer values")
    except FileInvalid:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise FileInvalid(f"is no YAML: {str(error).splitlines()[0][:200]}", "its tree", "a whole ASDF file") from error


def _require_known_words(tag: str | None, value: str = "") -> None:
    """Raise FileInvalid where a value or a tag leads out of the file, or where a number takes long to be read."""
    if value == "$ref" or (tag and _FOREIGN.search(tag)):
        raise _OutsideOfTheFile
    if tag and tag not in ARRAY_TAGS and "core/ndarray" in tag:
        raise FileInvalid(f"has arrays of an unknown kind, {tag[:80]}", "its tree", f"one of: {', '.join(ARRAY_TAGS)}")
    if len(value) > _LONGEST_NUMBER and _NUMBER.match(value):
        raise FileInvalid(f"holds a number of more than {_LONGEST_NUMBER} digits", "its tree", "plain numbers")
