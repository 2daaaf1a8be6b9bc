"""Entity tags of what never changes, made from what it is made of."""

import hashlib


def strong_tag(*parts: object) -> str:
    """The same parts give the same tag; others another."""
    return f'"{hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:32]}"'
