"""Passing trouble of what API and workers share, named where it is met: in stores, database and broker."""

from fitting.faults import PassingFault


class StorageTrouble(PassingFault):
    """Files cannot be stored or read just now: a folder's disk, an object store that is away, slow or refuses."""


class DiskFull(StorageTrouble):
    """A disk has no room left: of a folder of files, or the machine's own."""


class DatabaseAway(PassingFault):
    """The database does not answer just now."""


class BrokerAway(PassingFault):
    """The broker does not answer just now; fits go on without it (docs/decisions/0001-broker-as-doorbell.md)."""
