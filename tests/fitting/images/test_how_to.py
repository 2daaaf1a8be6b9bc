"""The request of the how-to guide is a sound one."""

import json
import re
from pathlib import Path

from fitting.spec import ParameterTable, parse_request

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "fit-several-images.md"


def test_the_request_of_the_guide_is_sound() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    request = parse_request(json.loads(block))
    names = ParameterTable.of(request).names
    assert {"a.ra", "a.r_e.c0", "a.r_e[g]", "a.magnitude[r]", "star.flux"} <= set(names)
    assert parse_request(request.document()) == request
