"""Clients of a photfit service, by HTTP: `Client` waits, `AsyncClient` is awaited; both have the same operations.

`operations` says what is asked, each operation a conversation without a network (`exchange`); `blocking` and
`asynchronous` carry conversations out; `twins` makes each of them a method of both.
"""

from photfit.client.async_fit import AsyncFit
from photfit.client.asynchronous import AsyncClient
from photfit.client.blocking import Client
from photfit.client.connection import DEFAULT_URL, KEY_VARIABLE, URL_VARIABLE
from photfit.client.fit_batch import MapOutcome
from photfit.client.request_uploads import UPLOAD_PREFIX
from photfit.client.service_errors import Refused, ServiceError, ServiceUnreachable, WaitTimeout

__all__ = [
    "DEFAULT_URL",
    "KEY_VARIABLE",
    "UPLOAD_PREFIX",
    "URL_VARIABLE",
    "AsyncClient",
    "AsyncFit",
    "Client",
    "MapOutcome",
    "Refused",
    "ServiceError",
    "ServiceUnreachable",
    "WaitTimeout",
]
