"""Words that only their holder knows: keys and the names of sessions. The database keeps their hashes."""

import hashlib
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LETTERS = 40
_SHOWN = 8


def new_secret(prefix: str) -> str:
    """A word such as ``photfit_aZ3…``: 40 letters and digits at random, 238 bits."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))}"


def hashed(secret: str) -> str:
    """SHA-256 of a secret. Its 238 random bits cannot be searched, so a slow hash would only slow its holder."""
    return hashlib.sha256(secret.encode()).hexdigest()


def shown(secret: str) -> str:
    """The beginning of a secret, by which its holder tells it from others."""
    return secret[: secret.index("_") + 1 + _SHOWN]
