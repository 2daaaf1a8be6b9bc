"""Modifiers of the isophotes that compose with every radial profile, one file per modifier."""
