"""What a fit found, as numbers, as JSON and as files."""

from fitting.results.result import FitResult, covariance_document, parameters_document
from fitting.results.result_files import PLANES, write_result

__all__ = ["PLANES", "FitResult", "covariance_document", "parameters_document", "write_result"]
