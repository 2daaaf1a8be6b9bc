"""Reading a request takes time in proportion to its length, and no longer, whatever it asks."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fitting.spec import ProposalSpec, RequestInvalid, parse_request
from fitting.spec.expressions.expressions import parse_expression
from fitting.spec.parameter_rows import circles
from fitting.spec.validation import MAX_FAULTS, read_document

SECONDS = 4.0
"""Of processor time: several times what each takes, and a small part of what each took when work was not bounded."""
IMAGE = [{"name": "r", "data": "r.fits"}]


def images(count: int) -> list[dict[str, Any]]:
    return [{"name": f"i{number}", "data": "a.fits"} for number in range(count)]


def galaxy(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "profile": "sersic", "parameters": {"x": 5, "y": 5, **parameters}}


def skies(count: int, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"s{number}", "profile": "flat_sky", "parameters": parameters} for number in range(count)]


def linked(count: int, target: str) -> list[dict[str, Any]]:
    """Galaxies all of whose shape is linked; {n} is the number of the component, {m} that of its partner."""
    names = ("q", "pa", "n", "r_e", "i_e")
    return [
        galaxy(f"c{n}", **{name: f"= {target.format(n=n, m=n ^ 1)}.{name}" for name in names}) for n in range(count)
    ]


def mutual(count: int) -> list[dict[str, Any]]:
    by_image = {"by_image": {f"i{number}": 1 for number in range(200)}}
    rest = skies(count, {"i": "= first.i + 1"})
    return [{"name": "first", "profile": "flat_sky", "parameters": {"i": by_image}}, *rest]


FAULTY = {
    "links to themselves": {"images": IMAGE, "components": linked(2000, "c{n}")},
    "pairs of links": {"images": IMAGE, "components": linked(2000, "c{m}")},
    "links to nobody": {"images": IMAGE, "components": linked(2000, "z{n}")},
    "links to what differs in 200 images": {"images": images(200), "components": mutual(249)},
    "200 images of 2000 skies": {"images": images(200), "components": skies(2000, {})},
    "unknown modifiers": {
        "images": IMAGE,
        "components": [{**galaxy(f"c{n}"), "geometry": [f"z{m}" for m in range(90)]} for n in range(1000)],
    },
    "unknown parameters": {
        "images": IMAGE,
        "components": [galaxy(f"c{n}", **{f"z{m}": "x" for m in range(150)}) for n in range(1000)],
    },
    "unknown images of values": {
        "images": images(200),
        "components": skies(90, {"i": {"by_image": {f"z{n}": 1 for n in range(200)}}}),
    },
    "unknown images of components": {
        "images": IMAGE,
        "components": [{**galaxy(f"c{n}"), "images": [f"z{m}" for m in range(150)]} for n in range(1000)],
    },
    "constraints of nobody": {
        "images": IMAGE,
        "components": [galaxy(f"c{n}") for n in range(2000)],
        "constraints": [{"expression": f"z{n}.x - y{n}.x", "min": 0} for n in range(2000)],
    },
    "constraints in a ring": {
        "images": IMAGE,
        "components": [galaxy(f"c{n}") for n in range(2000)],
        "constraints": [{"expression": f"c{n}.x - c{(n + 1) % 2000}.x", "min": 0} for n in range(2000)],
    },
    "groups of nobody": {
        "images": IMAGE,
        "components": skies(500, {}),
        "groups": {f"g{n}": [f"s{m}" for m in range(500)] for n in range(300)},
    },
    "images without end": {"images": [{"z": 1}] * 60_000, "components": [galaxy("a")]},
    "coefficients without end": {
        "images": IMAGE,
        "components": [galaxy("a", n={"polynomial": [{"z": 1}] * 60_000})],
    },
    "keys without end": {"images": IMAGE, "components": [galaxy("a")], **{f"z{n}": 1 for n in range(180_000)}},
    "expressions without end": {
        "images": IMAGE,
        "components": [galaxy(f"c{n}", q="= 1" + " " * 450 + "+ 1", pa="= 1" + " " * 450) for n in range(1900)],
    },
}
"""Requests that are refused; most of them took more than ten seconds, and some minutes."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_request_is_refused_in_little_time(name: str) -> None:
    began = time.process_time()
    with pytest.raises(RequestInvalid) as caught:
        parse_request(FAULTY[name])
    assert time.process_time() - began < SECONDS
    assert 1 <= len(caught.value.faults) <= MAX_FAULTS
    assert sum(len(str(fault)) for fault in caught.value.faults) < 200_000


def test_the_request_of_250_links_to_themselves_is_refused(cases: Path) -> None:
    document = json.loads((cases / "service" / "self_links_250.json").read_text())
    began = time.process_time()
    with pytest.raises(RequestInvalid):
        parse_request(document)
    assert time.process_time() - began < SECONDS


@pytest.fixture
def cases() -> Path:
    folder = Path(__file__).parents[4] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("needs ../shared/cases")
    return folder


def test_a_chain_of_two_thousand_links_is_read() -> None:
    chain = [galaxy("c0", q=0.5), *(galaxy(f"c{n}", q=f"= c{n - 1}.q") for n in range(1, 2000))]
    began = time.process_time()
    assert len(parse_request({"images": IMAGE, "components": chain}).components) == 2000
    assert time.process_time() - began < SECONDS


def test_many_links_in_many_images_are_read() -> None:
    began = time.process_time()
    request = parse_request({"images": images(200), "components": mutual(99)})
    rows = request.rows()
    assert time.process_time() - began < SECONDS
    (row,) = (row for row in rows if row.name == "s7.i[i150]")
    assert row.expression is not None
    assert row.expression.names == ("first.i[i150]",)
    assert row.expression.value({"first.i[i150]": 4.0}) == 5.0


def test_a_proposal_of_faulty_rows_is_refused_in_little_time() -> None:
    began = time.process_time()
    with pytest.raises(RequestInvalid):
        read_document(ProposalSpec, {"data": "a.fits", "catalogue": [{"x": "y"}] * 60_000})
    assert time.process_time() - began < SECONDS


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
@settings(deadline=None)
def test_circles_are_one_of_each_strongly_connected_component(edges: list[tuple[int, int]]) -> None:
    reads: dict[int, list[int]] = {number: [] for number in range(10)}
    for reader, read in edges:
        reads[reader].append(read)
    links = {
        f"c.p{reader}": parse_expression("= 1" + "".join(f" + c.p{read}" for read in targets))
        for reader, targets in reads.items()
    }
    graph = np.zeros((10, 10))
    for reader, read in edges:
        graph[reader, read] = 1
    _, label = connected_components(coo_matrix(graph), directed=True, connection="strong")
    knotted = {label[n] for n in range(10) if graph[n, n] or (label == label[n]).sum() > 1}

    found = circles(links)

    assert {int(label[int(circle[0][3:])]) for circle in found} == {int(knot) for knot in knotted}
    assert len(found) == len(knotted)
    for circle in found:
        numbers = [int(name[3:]) for name in circle]
        assert all(graph[reader, read] for reader, read in zip(numbers, [*numbers[1:], numbers[0]], strict=True))
        assert len(set(numbers)) == len(numbers)
        assert numbers[0] == min(np.flatnonzero(label == label[numbers[0]]))
