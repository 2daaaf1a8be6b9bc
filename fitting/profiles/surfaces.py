"""The surfaces that a request may name."""

from fitting.profiles.edge_on import EdgeOnDisk, EdgeOnRing
from fitting.profiles.ellipsoid import GaussianEllipsoid
from fitting.profiles.psf import AiryPsfShape, GaussianPsfShape, MoffatPsfShape, PsfSurface
from fitting.profiles.surface import Surface

SURFACES: dict[str, Surface] = {
    "edge_on_disk": EdgeOnDisk(),
    "edge_on_ring": EdgeOnRing(),
    "gaussian_ellipsoid": GaussianEllipsoid(),
    "gaussian_psf": PsfSurface(GaussianPsfShape()),
    "moffat_psf": PsfSurface(MoffatPsfShape()),
    "airy_psf": PsfSurface(AiryPsfShape()),
}
"""By the name that a request uses."""
