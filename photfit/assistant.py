"""Tools for an assistant: a photfit service by the Model Context Protocol, as `photfit mcp` offers it.

A few tools that are enough for a conversation about an image: what is in a file, a model of it, a fit, a look at the
residual, and which of two fits is better. Everything is done by the service that the client speaks to, under the same
account and limits as everything else; the tools answer with what a careful reader should know, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from fitting import __version__
from photfit.client import ServiceError, WaitTimeout
from photfit.comparison import compare_fits

if TYPE_CHECKING:
    from photfit.answers import FitAnswer
    from photfit.client import Client

_WAIT_SECONDS = 60.0
"""Seconds that a tool waits for a fit before it says that it goes on. Chosen by hand, as a conversation's patience."""
_PICTURES = Literal["fit", "profile", "corner", "convergence", "trace", "rank"]
_INSTRUCTIONS = """photfit fits light profiles (skies, galaxies, stars) to astronomical images. Begin with `propose` on
an image file: it gives a request, a JSON document whose values may be changed, and says what it assumed about the file.
`fit` carries a request out; `look` shows data, model and residual; `compare` says which of two fits of the same data
is better. Tell the user every warning, and that an uncertainty holds for its model alone."""


def make_server(client: Client) -> MCPServer[Any]:
    """A server of the protocol whose tools ask this client's service."""
    server: MCPServer[Any] = MCPServer("photfit", instructions=_INSTRUCTIONS, version=__version__)
    tools = _Tools(client)
    for tool in (tools.propose, tools.fit, tools.status, tools.look, tools.compare):
        server.add_tool(tool)
    return server


class _Tools:
    """The tools; their docstrings and types are what an assistant reads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def propose(
        self,
        image: str,
        target: str | None = None,
        model: Literal["auto", "sersic", "bulge_disc", "point", "point_host"] = "auto",
        options: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Upload an image file and make a request for it: sources with first values, noise, PSF, mask.

        Args:
            image: path of a FITS, ASDF, npy or TIFF file.
            target: "centre" for the galaxy that the image is about; left out, every source is modelled alike.
            model: what the target, or each bright galaxy, is described by.
            options: others of the service's `propose`, as {"zero_point": 26.2, "psf": {"gaussian": {"fwhm": 3.1}}}.
        """
        asked = {**(options or {}), "model": model} | ({} if target is None else {"target": target})
        with _told():
            upload = self._client.upload(Path(image).expanduser())
            found = self._client.propose(upload.id, asked)
        return {key: found[key] for key in ("request", "warnings", "sky", "sources") if key in found}

    def fit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request, as `propose` gives it: its result, or its id where it takes longer."""
        with _told():
            answer = self._client.submit(request)
            try:
                answer = self._client.wait(answer.id, timeout=_WAIT_SECONDS)
            except WaitTimeout as late:
                answer = late.answer or answer
            return self._summary(answer)

    def status(self, fit_id: str) -> dict[str, Any]:
        """Where a fit is; its values with uncertainties, and all warnings, once it is done."""
        with _told():
            return self._summary(self._client.status(fit_id))

    def look(self, fit_id: str, picture: _PICTURES = "fit") -> Image:
        """A picture of a finished fit: `fit` has data, model and residual, `corner` each pair of parameters."""
        with _told():
            return Image(data=self._client.content(fit_id, f"plots/{picture}.png"), format="png")

    def compare(self, first: str, second: str) -> dict[str, Any]:
        """Which of two fits of the same data is better, by BIC; no verdict where data, mask or noise differ."""
        with _told():
            numbers = [self._client.parameters(fit_id) for fit_id in (first, second)]
            made_with = [self._client.document(fit_id, "provenance") for fit_id in (first, second)]
        return compare_fits((first, second), tuple(numbers), tuple(made_with)).document()

    def _summary(self, answer: FitAnswer) -> dict[str, Any]:
        told: dict[str, Any] = {"id": answer.id, "state": answer.state, "warnings": list(answer.warnings)}
        if answer.error is not None:
            told["error"] = answer.error.detail
        if not answer.has_result:
            return told
        result = self._client.parameters(answer.id)
        rows = [*result["parameters"], *result["derived"]]
        values = {row["name"]: _value_of(row) for row in rows}
        told |= {key: result[key] for key in ("converged", "message", "chi2_reduced", "bic", "warnings")}
        return told | {"values": values}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """While inside, what the service refuses is told to the assistant in its own words."""
    try:
        yield
    except ServiceError as error:
        faults = error.problem.faults if error.problem else ()
        raise ToolError("\n".join([str(error), *(f"{fault.path}: {fault.message}" for fault in faults)])) from error
    except OSError as error:
        raise ToolError(f"the file cannot be read: {error}") from error
    except (ValueError, RuntimeError) as error:  # a path or a word with NUL, half a character, a home that is nobody's
        raise ToolError(f"that can be asked of no service: {error}") from error


def _value_of(row: dict[str, Any]) -> dict[str, Any]:
    kept = {"value": row["value"], "uncertainty": row["uncertainty"], "unit": row["unit"]}
    return kept | ({"at_limit": True} if row.get("at_limit") else {})
