"""The model of a fit as Python objects: components, parameters, modifiers and stages; each becomes JSON of a request.

Plain dicts stand everywhere in their place. `request_document` puts a request together from them and from images.
"""

from photfit.model.request_document import Documented, as_document, request_document

__all__ = ["Documented", "as_document", "request_document"]
