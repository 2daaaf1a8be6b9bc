"""The model of a fit as Python objects: components, parameters, modifiers and stages; each becomes JSON of a request.

Plain dicts stand everywhere in their place. `profiles`, `modifiers` and `methods` have a class for each row of the
service's tables (`make docs` writes them); `request_document` puts a request together from them and from images.
Light: nothing but the standard library is imported before a component is made.
"""

from photfit.model.component import Component, Modifiers
from photfit.model.isophotes import IsophoteModifier
from photfit.model.links import Link, ParameterReference
from photfit.model.parameter import Parameter, Value, plain
from photfit.model.request_document import Constraint, component_names, request_document
from photfit.model.stage import Stage

__all__ = [
    "Component",
    "Constraint",
    "IsophoteModifier",
    "Link",
    "Modifiers",
    "Parameter",
    "ParameterReference",
    "Stage",
    "Value",
    "component_names",
    "plain",
    "request_document",
]
