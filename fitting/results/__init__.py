"""What a fit found, as numbers, as JSON and as files."""

from fitting.results.files import PLANES, write_result
from fitting.results.result import FitResult, covariance_document, parameters_document

__all__ = ["PLANES", "FitResult", "covariance_document", "parameters_document", "write_result"]
