"""Kinds of radial profiles that compiled loops know, by number."""

SERSIC, EXPONENTIAL, DE_VAUCOULEURS, GAUSSIAN, MOFFAT, ISOTHERMAL, GAUSSIAN_RING, EINASTO = range(8)
KINDS = {
    "sersic": SERSIC,
    "exponential": EXPONENTIAL,
    "de_vaucouleurs": DE_VAUCOULEURS,
    "gaussian": GAUSSIAN,
    "moffat": MOFFAT,
    "isothermal": ISOTHERMAL,
    "gaussian_ring": GAUSSIAN_RING,
    "einasto": EINASTO,
}
"""Numbers by the profiles' names; a profile that is not here is drawn by tensors."""
