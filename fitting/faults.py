"""Errors as classes: whose fault a failure is decides what becomes of a fit, so it is said where it is known.

Below everything, and free of imports, so that the specification, the files, the engine, the storage and the server
can all raise them; whoever runs fits catches them by type (`worker.running`):

==================  =====================================================  ==========================================
class               means                                                  what becomes of a fit
==================  =====================================================  ==========================================
`UserFault`         what was asked for cannot be carried out               failed, with the sentence
`PassingFault`      a part that is needed does not answer just now         back to the queue, within limits
`OutOfMemory`       the memory that may be taken does not suffice          failed, with what would take less
`OwnFault`          photfit is wrong; whatever nobody named counts as it   failed, with a number that the log knows
==================  =====================================================  ==========================================
"""


class UserFault(ValueError):
    """What was asked for cannot be carried out as it is; the message says what was wrong, and what would be right."""


class PassingFault(Exception):
    """A part that is needed does not answer just now, and may answer later: a database, a store of files."""


class OutOfMemory(MemoryError):
    """An allocation failed, in main memory or on a GPU, whichever library asked for it."""


class OwnFault(Exception):
    """Photfit is wrong: what can only happen by an error in its own code."""
