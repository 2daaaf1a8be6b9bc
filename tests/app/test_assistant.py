"""`photfit mcp`: an assistant's tools, spoken to by the protocol's own client, on a real service."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from photfit.client import Client
from tests.app.conftest import EXAMPLES, Service

mcp = pytest.importorskip("mcp")
from mcp.server.mcpserver.exceptions import ToolError  # noqa: E402 - only where it is installed

IMAGE = str(EXAMPLES / "bulge_disc" / "bulge_disc.fits")


def converse(service: Service, talk: Callable[[Any], Awaitable[Any]]) -> Any:
    from photfit.assistant import make_server

    async def run() -> Any:
        with Client(str(service.client.base_url)) as client:
            async with mcp.Client(make_server(client)) as assistant:
                return await talk(assistant)

    return anyio.run(run)


def document(result: Any) -> dict[str, Any]:
    assert not result.is_error, result.content
    found: dict[str, Any] = json.loads(result.content[0].text)
    return found


@pytest.mark.slow
def test_an_assistant_goes_from_an_image_to_a_comparison(working_service: Service) -> None:
    async def talk(assistant: Any) -> None:
        tools = {tool.name: tool for tool in (await assistant.list_tools()).tools}
        assert set(tools) == {"propose", "fit", "status", "look", "compare"}
        assert all(tool.description for tool in tools.values())
        fits = {}
        for model in ("sersic", "bulge_disc"):
            asked = {"image": IMAGE, "target": "centre", "model": model}
            proposal = document(await assistant.call_tool("propose", asked))
            assert any("zero point" in warning for warning in proposal["warnings"])
            fits[model] = document(await assistant.call_tool("fit", {"request": proposal["request"]}))
            assert fits[model]["state"] == "succeeded"
        values = fits["bulge_disc"]["values"]
        truth = json.loads((EXAMPLES / "bulge_disc" / "truth.json").read_text())["parameters"]
        assert values["target_disc.x"]["value"] == pytest.approx(truth["disc.x"], abs=0.1)
        pair = {"first": fits["sersic"]["id"], "second": fits["bulge_disc"]["id"]}
        found = document(await assistant.call_tool("compare", pair))
        assert pair["second"] in found["verdict"]
        picture = (await assistant.call_tool("look", {"fit_id": pair["second"]})).content[0]
        assert base64.b64decode(picture.data).startswith(b"\x89PNG")

    converse(working_service, talk)


def test_what_is_wrong_is_told_in_the_service_s_words(working_service: Service) -> None:
    async def talk(assistant: Any) -> list[str]:
        calls = (
            ("propose", {"image": "/nowhere/galaxy.fits"}),
            ("propose", {"image": IMAGE, "options": {"zero_pint": 1}}),
            ("fit", {"request": {"images": []}}),
            ("status", {"fit_id": "fit_00000000000000000000000000"}),
        )
        results = [await assistant.call_tool(name, words) for name, words in calls]
        assert all(result.is_error for result in results)
        return [result.content[0].text for result in results]

    missing, option, request, fit = converse(working_service, talk)
    assert "cannot be read" in missing
    assert "zero_pint" in option
    assert "$.images" in request
    assert "fit_00000000000000000000000000" in fit


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("propose", {"image": "m51\0.fits"}),
        ("propose", {"image": "~nobody-of-this-name/m51.fits"}),
        ("status", {"fit_id": "\ud800"}),
        ("fit", {"request": {"name": "\ud800"}}),
    ],
)
def test_words_that_nobody_can_be_asked_are_refused_in_a_sentence(tool: str, asked: dict[str, Any]) -> None:
    from photfit.assistant import _Tools

    with Client("http://127.0.0.1:9") as client, pytest.raises(ToolError, match="can be asked of no service"):
        getattr(_Tools(client), tool)(**asked)


def test_the_command_speaks_the_protocol_on_its_standard_streams(working_service: Service) -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "photfit", "mcp", "--url", str(working_service.client.base_url)],
        env={"PATH": os.environ["PATH"]},
    )

    async def run() -> list[str]:
        async with mcp.Client(stdio_client(command)) as assistant:
            return [tool.name for tool in (await assistant.list_tools()).tools]

    assert "propose" in anyio.run(run)
