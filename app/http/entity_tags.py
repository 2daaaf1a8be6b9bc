"""Entity tags: made of what their content is made of, and one for each coding that it is sent in."""

import hashlib
import re

CODINGS = ("zstd", "gzip")
"""Content codings that answers may be sent in, the better first."""

_CODED = re.compile(f'-(?:{"|".join(CODINGS)})"')


def strong_tag(*parts: object) -> str:
    """The same parts give the same tag; others another."""
    return f'"{hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:32]}"'


def coded_tag(etag: str, coding: str) -> str:
    """The tag of the same content in a coding: other bytes, so another strong tag. A weak tag stands for both."""
    return etag if etag.startswith("W/") else f'{etag[:-1]}-{coding}"'


def without_codings(tags: str) -> str:
    """The tags of a header such as `If-None-Match`, whatever coding their content came in."""
    return _CODED.sub('"', tags)


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether the client has what `etag` stands for: a weak comparison with its header (RFC 9110, 13.1.2)."""
    given = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return not given.isdisjoint({"*", etag.removeprefix("W/")})
