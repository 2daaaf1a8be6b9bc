"""The command line against a real service."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from photfit.cli import main
from photfit.client import Client
from tests.app.conftest import EXAMPLES, Service

REQUEST = EXAMPLES / "three_galaxies" / "request.json"


def photfit(service: Service, *arguments: str) -> Result:
    """A command that speaks to the service."""
    return CliRunner().invoke(main, [*arguments, "--url", str(service.client.base_url)])


def done(service: Service, *arguments: str) -> str:
    """What a command prints that does what it is told."""
    result = photfit(service, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.fixture(scope="module")
def submitted(service: Service) -> str:
    """The id of a fit with labels."""
    return done(service, "submit", str(REQUEST), "--label", "run 7", "--label", "field")


def test_labels_of_a_submission_are_the_fits(service: Service, submitted: str) -> None:
    fit = service.client.get(f"/v1/fits/{submitted}").json()
    assert fit["labels"] == ["run 7", "field"]
    told = done(service, "status", submitted)
    assert "run 7, field" in told
    assert "no worker serves it" in told


def test_the_list_is_filtered(service: Service, submitted: str) -> None:
    found = done(service, "list", "--label", "run 7", "--search", "three", "--state", "queued", "--ids").split()
    assert submitted in found
    assert done(service, "list", "--label", "nosuch", "--ids") == ""
    assert "three galaxies" in done(service, "list")


def test_a_rerun_takes_changes_from_the_line_or_a_file(service: Service, submitted: str, tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('{"seed": 9}')
    for arguments, seed in ((("--set", '{"seed": 8}'), 8), (("--set-file", str(changes)), 9), ((), 42)):
        again = done(service, "rerun", submitted, *arguments)
        assert service.client.get(f"/v1/fits/{again}/request").json()["seed"] == seed


@pytest.mark.parametrize("arguments", [("--set", "{"), ("--set", "[]"), ("--set", '{"stages": [{"method": "no"}]}')])
def test_changes_that_cannot_be_are_the_users_mistake(
    service: Service, submitted: str, arguments: tuple[str, ...]
) -> None:
    result = photfit(service, "rerun", submitted, *arguments)
    assert (result.exit_code, "Traceback" in result.output) == (2, False)


def test_the_client_lists_every_page_and_changes_labels(service: Service, submitted: str) -> None:
    with Client(str(service.client.base_url)) as client:
        before = {fit.id for fit in client.fits(search="three galaxies")}
        new = [client.rerun(submitted).id for _ in range(3)]
        assert {fit.id for fit in client.fits(search="three galaxies")} == before | set(new)
        changed: Any = client.change(new[0], labels=["only this"], name="other")
        assert (changed.labels, changed.name) == (("only this",), "other")
        assert [fit.id for fit in client.fits(labels=["only this"])] == [new[0]]


def test_options_of_a_submission_are_members_of_the_request(service: Service) -> None:
    fit = done(service, "submit", str(REQUEST), "--seconds", "100", "--memory-mib", "2048")
    request = service.client.get(f"/v1/fits/{fit}/request").json()
    assert request["limits"] == {"seconds": 100, "memory_mib": 2048}


def test_a_dry_run_prints_the_plan_and_asks_for_nothing(service: Service) -> None:
    before = service.stored()[1]
    plan = json.loads(done(service, "submit", str(REQUEST), "--dry-run"))
    assert (plan["stages"], plan["free_parameters"]) == (["lm"], 22)
    assert service.stored()[1] == before
