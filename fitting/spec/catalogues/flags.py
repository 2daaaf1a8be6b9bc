"""Flags of a row of a catalogue: what its reader should know of it, as bits of one number. The one table of them.

>>> decode_flags(18)
('at_limit', 'fully_masked')
>>> encode_flags(["at_limit", "fully_masked"])
18
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class FlagDescription:
    """What a flag means, and what a reader may do.

    Attributes:
        bit: its number, a power of two, which stays.
        name: a word for it, which stays.
        meaning: in a sentence.
        remedy: what to do about such rows, in a sentence.
        failed: whether the row has no numbers.
    """

    bit: int
    name: str
    meaning: str
    remedy: str
    failed: bool = False

    def document(self) -> dict[str, Any]:
        """The flag as JSON."""
        return {
            "bit": self.bit,
            "name": self.name,
            "meaning": self.meaning,
            "remedy": self.remedy,
            "failed": self.failed,
        }


_TABLE = (
    FlagDescription(
        1,
        "not_converged",
        "The last stage found no minimum, or the data do not determine every free parameter.",
        "Give values closer to the truth, narrower limits or more iterations, and retry these rows.",
    ),
    FlagDescription(
        2,
        "at_limit",
        "A free parameter ended at one of its limits, and has no uncertainty.",
        "Widen the limit where it is not physical, or read the value as a limit.",
    ),
    FlagDescription(
        4,
        "no_covariance",
        "A free parameter inside its limits has no uncertainty: the data do not determine it.",
        "Fix it, give it a prior, or fit a simpler model.",
    ),
    FlagDescription(
        8,
        "few_pixels",
        "The window has fewer than five used pixels for each free parameter.",
        "Take a larger window, a mask that leaves more, or a simpler model.",
    ),
    FlagDescription(
        16, "fully_masked", "The mask takes every pixel of the window.", "Look at the mask at that place.", failed=True
    ),
    FlagDescription(
        32,
        "partly_outside",
        "The window reaches over the frame's edge; what lies inside was fitted.",
        "Compare with rows inside before they are used together.",
    ),
    FlagDescription(
        64,
        "centre_outside",
        "The position that the window is put around lies outside of the frame.",
        "Look at the position, and at which frame the table belongs to.",
    ),
    FlagDescription(
        128,
        "bad_input",
        "The row could not be read: no number in a column that is needed, a cutout that is missing, damaged, of "
        "another size or without a finite pixel, or no point-spread function.",
        "Read `message`, mend the row or its cutout, and retry it.",
        failed=True,
    ),
    FlagDescription(
        256,
        "poor_fit",
        "The residual has structure where the model is bright, or reduced chi-squared is above 3.",
        "Look at the residual; another model, or a look at the noise, may be wanted.",
    ),
    FlagDescription(
        512,
        "moved",
        "A component ended farther from where it began than 3 pixels and its own half-light radius.",
        "See whether it went to a neighbour; limit x and y where the positions are good.",
    ),
    FlagDescription(
        1024,
        "blended",
        "Another row of the table is so near that their light overlaps.",
        'Ask for `"neighbours": {"treatment": "fit"}`, or read the row with care.',
    ),
    FlagDescription(
        2048,
        "crashed",
        "The row ended the process that fitted it, twice, or met an error of photfit's own.",
        "Fit its request by itself to see how; tell us.",
        failed=True,
    ),
    FlagDescription(
        4096,
        "out_of_time",
        "The row took longer than it may; what had been found is reported where there is something.",
        "Raise `limits.seconds` of the template, or take fewer steps.",
    ),
    FlagDescription(
        8192,
        "no_model_fits",
        "Even the best of the `models` leaves structure in the residual, or a reduced chi-squared above 3.",
        "Look at the residual; the object is of another kind.",
    ),
    FlagDescription(
        16384,
        "do_not_trust_sampler",
        "The diagnostics of the sampler speak against the use of its draws.",
        "Raise `warmup` and `samples`, or read the covariance in their place.",
    ),
)

FLAGS: Mapping[str, FlagDescription] = MappingProxyType({flag.name: flag for flag in _TABLE})
"""Name → flag, by rising bits."""


def decode_flags(flags: int) -> tuple[str, ...]:
    """The names of the flags in a bit mask, by rising bits.

    Raises:
        ValueError: negative, or with a bit that no flag has.
    """
    number = int(flags)
    if number != flags:
        raise ValueError(f"{flags!r} is not a whole number")
    unknown = number & ~sum(flag.bit for flag in _TABLE) if number >= 0 else number
    if unknown:
        raise ValueError(f"{number} has bits that no flag has: {unknown}")
    return tuple(flag.name for flag in _TABLE if number & flag.bit)


def encode_flags(names: Iterable[str]) -> int:
    """The bit mask of flags by their names.

    Raises:
        KeyError: of a name that is none.
    """
    mask = 0
    for name in names:
        mask |= FLAGS[name].bit
    return mask


FAILED: int = encode_flags(flag.name for flag in _TABLE if flag.failed)
"""Bits of which each alone says that a row has no numbers."""


def flags_document() -> list[dict[str, Any]]:
    """The JSON of ``GET /v1/flags``."""
    return [flag.document() for flag in _TABLE]
