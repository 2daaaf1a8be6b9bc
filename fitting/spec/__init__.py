"""The request as data: what may be asked, how it is read, and what is wrong with it. Needs pydantic alone.

Start at `validation.parse_request`, which gives a `request.FitRequest` or a `documents.RequestInvalid` with every
fault. A request holds images (`images`), `components` of profiles (`profiles`) with parameters (`parameters`) and
`modifiers`, and stages of methods (`methods`); `agreement` holds its parts against each other. `ParameterTable` is the
flat list of its parameters.
"""

from fitting.spec.agreement import TOTAL
from fitting.spec.components import ComponentSpec
from fitting.spec.documents import Fault, RequestInvalid, did_you_mean, json_path
from fitting.spec.expressions.duals import MATH, Dual, Functions
from fitting.spec.expressions.expressions import Expression, ExpressionInvalid, parse_expression
from fitting.spec.images.image_spec import (
    AutoNoise,
    ConstantNoise,
    DatumNoise,
    GainNoise,
    GaussianPsf,
    ImagePsf,
    ImageSpec,
    MoffatPsf,
    PsfGrid,
    Window,
)
from fitting.spec.images.mask_shapes import MaskShape
from fitting.spec.images.noise_spec import NoiseSpec
from fitting.spec.images.references import MaskReference, PlaneReference, SegmentReference
from fitting.spec.methods import METHODS, LmOptions, MethodDescription, methods_document
from fitting.spec.modifiers import GEOMETRY, ModifierSpec
from fitting.spec.notices import NOTICES, Notice
from fitting.spec.parameter_rows import row_name, seen_in
from fitting.spec.parameter_table import ParameterTable, TableParameter
from fitting.spec.parameters.forms import Frame
from fitting.spec.parameters.parameter_spec import ParameterSpec
from fitting.spec.profiles import PROFILES, ParameterDescription, ProfileDescription, profiles_document
from fitting.spec.proposal_spec import CatalogueRow, ProposalSpec, parse_proposal
from fitting.spec.request import FitRequest, StageSpec
from fitting.spec.validation import parse_request, read_component, read_document, read_request

__all__ = [
    "GEOMETRY",
    "MATH",
    "METHODS",
    "NOTICES",
    "PROFILES",
    "TOTAL",
    "AutoNoise",
    "CatalogueRow",
    "ComponentSpec",
    "ConstantNoise",
    "DatumNoise",
    "Dual",
    "Expression",
    "ExpressionInvalid",
    "Fault",
    "FitRequest",
    "Frame",
    "Functions",
    "GainNoise",
    "GaussianPsf",
    "ImagePsf",
    "ImageSpec",
    "LmOptions",
    "MaskReference",
    "MaskShape",
    "MethodDescription",
    "ModifierSpec",
    "MoffatPsf",
    "NoiseSpec",
    "Notice",
    "ParameterDescription",
    "ParameterSpec",
    "ParameterTable",
    "PlaneReference",
    "ProfileDescription",
    "ProposalSpec",
    "PsfGrid",
    "RequestInvalid",
    "SegmentReference",
    "StageSpec",
    "TableParameter",
    "Window",
    "did_you_mean",
    "json_path",
    "methods_document",
    "parse_expression",
    "parse_proposal",
    "parse_request",
    "profiles_document",
    "read_component",
    "read_document",
    "read_request",
    "row_name",
    "seen_in",
]
