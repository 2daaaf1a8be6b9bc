"""The document that an error answers with (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field


class FaultModel(BaseModel):
    """One thing that is wrong with a request."""

    path: str = Field(
        description="Where: a JSON path into the request, or the name of a query parameter or header.",
        examples=["$.components[1].parameters.q.value"],
    )
    message: str = Field(description="What is wrong there.", examples=["2.0 is above the maximum 1.0."])
    expected: str = Field(
        description="What would be right; empty where the message says it all.", examples=["a number from 0 to 1"]
    )


class ProblemModel(BaseModel):
    """An error, as `application/problem+json`. Members beyond these depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Machine-readable kind of problem.", examples=["urn:photfit:problem:request-invalid"])
    title: str = Field(description="The kind of problem in words.", examples=["The request has faults"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What went wrong this time.", examples=["The request has 1 fault."])
    instance: str = Field(description="The request that met it, as in the service's log.", examples=["req_01JD…"])
    help: str | None = Field(
        default=None,
        description="Where this service explains that kind of problem.",
        examples=["/help#request-invalid"],
    )
    faults: list[FaultModel] | None = Field(default=None, description="Every fault of a refused request.")
