"""Parameters that routes of fits and of catalogues share."""

from typing import Annotated

from fastapi import Query

from app.http.request_parameters import LONGEST_WAIT
from jobs.storage.schema import State

Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_WAIT, allow_inf_nan=False, description="Seconds to wait for one of `state`."),
]
States = Annotated[list[State] | None, Query(description="States to wait for; by default those that are final.")]
