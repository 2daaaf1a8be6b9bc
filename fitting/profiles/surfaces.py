"""The surfaces that a request may name."""

from fitting.profiles.edge_on import EdgeOnDisk, EdgeOnRing
from fitting.profiles.ellipsoid import GaussianEllipsoid
from fitting.profiles.psf import AiryShape, GaussianShape, MoffatShape, PsfSurface
from fitting.profiles.surface import Surface

SURFACES: dict[str, Surface] = {
    "edge_on_disk": EdgeOnDisk(),
    "edge_on_ring": EdgeOnRing(),
    "gaussian_ellipsoid": GaussianEllipsoid(),
    "gaussian_psf": PsfSurface(GaussianShape()),
    "moffat_psf": PsfSurface(MoffatShape()),
    "airy_psf": PsfSurface(AiryShape()),
}
"""By the name that a request uses."""
