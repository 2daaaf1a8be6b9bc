"""Proposals: from an image to a request that is ready to fit.

Start at `proposal.propose`. It loads the image, finds its sources (`sources`: `detection` of peaks, a `scene` of
quickly drawn galaxies, the `sky` under them) or takes `known_sources`, and writes them down as components.
"""

from fitting.proposing.known_sources import read_catalogue
from fitting.proposing.proposal import Proposal, propose
from fitting.proposing.search_progress import SearchProgress

__all__ = [
    "Proposal",
    "SearchProgress",
    "propose",
    "read_catalogue",
]
