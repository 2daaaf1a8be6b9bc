"""How a contestant answers: a line of JSON in, the named action run and timed, a line of JSON out.

A question is {"example": …, "action": …, "points": [values, …]}; the action is prepared, timed and examined once for
each point, in order. An answer is {"seconds": […], "facts": [{…}, …]} or {"error": …}. The first line that a
contestant writes is its versions.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.examples import Example, Values, load

Facts = dict[str, Any]


@dataclass(frozen=True)
class Timed:
    """What is timed, and what is said about its result afterwards, untimed."""

    run: Callable[[], Any]
    facts: Callable[[Any], Facts] = lambda _result: {}


Actions = Mapping[str, Callable[[Values], Timed]]
"""By name: from a point to what is timed there."""


def threads() -> int:
    """How many threads the contestant may use."""
    return int(os.environ["OMP_NUM_THREADS"])


def answer_questions(versions: Mapping[str, str], enter: Callable[[Example], Actions]) -> None:
    """Answer until the input ends. What libraries print goes to the error stream."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    entered: dict[str, Actions] = {}

    def write(document: Mapping[str, Any]) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    write({"versions": dict(versions)})
    for line in sys.stdin:
        question = json.loads(line)
        name = question["example"]
        try:
            if name not in entered:
                entered[name] = enter(load(name))
            write(_measured(entered[name][question["action"]], question["points"]))
        except Exception as error:  # noqa: BLE001 - a contestant may fail at one example, and is told so
            traceback.print_exc()
            write({"error": f"{type(error).__name__}: {error}"})


def _measured(action: Callable[[Values], Timed], points: list[Values]) -> dict[str, Any]:
    seconds, facts = [], []
    for point in points:
        timed = action(point)
        began = time.perf_counter()
        result = timed.run()
        seconds.append(time.perf_counter() - began)
        facts.append(timed.facts(result))
    return {"seconds": seconds, "facts": facts}
