"""Proposals: from an image to a request that is ready to fit."""

from fitting.proposing.proposal import Proposal, propose

__all__ = [
    "Proposal",
    "propose",
]
