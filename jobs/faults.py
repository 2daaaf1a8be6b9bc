"""Passing trouble of what API and workers share, named where it is met: in the stores and in the engine's events."""

from fitting.faults import PassingFault


class StorageTrouble(PassingFault):
    """Files cannot be stored or read just now: a folder's disk, an object store that is away, slow or refuses."""


class DatabaseAway(PassingFault):
    """The database does not answer just now."""
