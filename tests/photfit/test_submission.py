"""A request file with local images becomes one that the service understands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fitting.spec import parse_request
from photfit.submission import local_files, read_request

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REQUESTS = sorted(EXAMPLES.glob("*/request.json"))


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.parent.name)
def test_each_file_is_sent_once(path: Path) -> None:
    files = local_files(read_request(path), path)
    assert len(set(files.values())) == len(files)
    assert all(file.is_file() for file in files.values())


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.parent.name)
def test_a_renamed_request_is_a_request_of_uploads(path: Path) -> None:
    request = read_request(path)
    mapping = {name: f"upl_{number}" for number, name in enumerate(local_files(request, path))}
    sent = parse_request(json.loads(json.dumps(request.with_references(mapping).document())))
    assert {reference.file for _, reference in sent.references()} == set(mapping.values())
    assert [reference.hdu for _, reference in sent.references()] == [
        reference.hdu for _, reference in request.references()
    ]


def test_a_file_that_the_service_holds_is_not_looked_for(tmp_path: Path) -> None:
    document = json.loads(REQUESTS[0].read_text())
    for image in document["images"]:
        image.update(data="upl_1", variance={"upload": "upl_2", "hdu": 1})
        image.pop("mask", None)
        image.pop("psf", None)
    path = tmp_path / "request.json"
    path.write_text(json.dumps(document))
    assert local_files(read_request(path), path) == {}
