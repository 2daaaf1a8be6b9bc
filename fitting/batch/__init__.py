"""Batches: one model fitted to many objects at once."""

from fitting.batch.fit_batch import FailedFit, fit_batch

__all__ = ["FailedFit", "fit_batch"]
