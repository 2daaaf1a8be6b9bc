"""What deploys photfit says what it should. (No container is built or run here.)"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import fitting
from jobs.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

SERVICE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "build": {
            "type": "object",
            "properties": {"context": {"type": "string"}, "target": {"type": "string"}, "args": {"type": "object"}},
            "required": ["context", "target"],
            "additionalProperties": False,
        },
        "image": {"type": "string", "pattern": r"^\$\{PHOTFIT_[A-Z]+_IMAGE:-[a-z0-9./-]+:[A-Za-z0-9._-]+\}$"},
        "command": {"type": ["string", "array"]},
        "entrypoint": {"type": ["string", "array"]},
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
                "required": ["condition"],
                "additionalProperties": False,
            },
        },
        "healthcheck": {
            "type": "object",
            "properties": {
                "test": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "interval": {"type": "string", "pattern": "^[0-9]+s$"},
                "timeout": {"type": "string", "pattern": "^[0-9]+s$"},
                "start_period": {"type": "string", "pattern": "^[0-9]+s$"},
                "retries": {"type": "integer"},
            },
            "required": ["test", "interval", "timeout"],
            "additionalProperties": False,
        },
        "ports": {"type": "array", "items": {"type": "string"}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[a-z-]+:/"}},
        "tmpfs": {"type": "array"},
        "profiles": {"type": "array", "items": {"type": "string"}},
        "configs": {"type": "array", "items": {"type": "object", "required": ["source", "target"]}},
        "cap_drop": {"type": "array"},
        "security_opt": {"type": "array"},
        "read_only": {"type": "boolean"},
        "mem_limit": {"type": "string", "pattern": r"^\$\{PHOTFIT_[A-Z_]+_MEMORY:-[0-9]+[mg]\}$"},
        "pids_limit": {"type": "integer"},
        "logging": {
            "type": "object",
            "properties": {"driver": {"const": "json-file"}, "options": {"type": "object"}},
            "required": ["driver", "options"],
            "additionalProperties": False,
        },
        "restart": {"enum": ["unless-stopped", "on-failure"]},
        "stop_grace_period": {"type": "string"},
        "deploy": {"type": "object"},
    },
    "oneOf": [{"required": ["build"]}, {"required": ["image"]}],
    "additionalProperties": False,
}
"""The part of the Compose specification that docker-compose.yml uses."""


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;! ]", requirement)[0].lower() for requirement in requirements}


def all_requirements() -> set[str]:
    extras = PROJECT["optional-dependencies"].values()
    return names(PROJECT["dependencies"]).union(*(names(extra) for extra in extras))


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_a_service_keeps_to_the_compose_specification(service: str) -> None:
    jsonschema.validate(COMPOSE["services"][service], SERVICE_SCHEMA)


@pytest.mark.parametrize("service", sorted(set(COMPOSE["services"]) - {"bucket"}))
def test_a_service_that_stays_has_a_health_check(service: str) -> None:
    assert "healthcheck" in COMPOSE["services"][service]


def test_every_service_that_is_waited_for_exists() -> None:
    waited = {name for service in COMPOSE["services"].values() for name in service.get("depends_on", {})}
    assert waited <= set(COMPOSE["services"])


def test_every_volume_is_declared() -> None:
    used = {mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_broker_keeps_an_append_only_file() -> None:
    command = COMPOSE["services"]["broker"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"


def test_the_gpu_worker_reserves_a_device() -> None:
    devices = COMPOSE["services"]["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]


def test_every_target_that_compose_builds_is_in_the_dockerfile() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {service["build"]["target"] for service in COMPOSE["services"].values() if "build" in service} <= targets


@pytest.mark.parametrize("target", ["api", "worker-cpu", "worker-gpu"])
def test_no_role_runs_as_root(target: str) -> None:
    stage = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (lines,) = [part for part in stage if part.split("\n")[0].endswith(f" AS {target}")]
    assert "\nUSER photfit\n" in lines


@pytest.mark.parametrize("name", [name for name, service in COMPOSE["services"].items() if "build" in service])
def test_what_is_ours_can_write_nothing_and_become_nobody_else(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    (mount,) = service["tmpfs"]
    assert re.match(r"/tmp:size=[0-9]+[mg],", mount)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_no_service_takes_all_of_the_machine(service: str) -> None:
    """Its memory, its processes, its disk by a log without end; and it becomes nobody else."""
    part = COMPOSE["services"][service]
    assert part["mem_limit"]
    assert 0 < part["pids_limit"] <= 1024
    assert set(part["logging"]["options"]) == {"max-size", "max-file"}
    assert "no-new-privileges:true" in part["security_opt"]


@pytest.mark.parametrize("name", [name for name, service in COMPOSE["services"].items() if "build" in service])
def test_proxies_and_public_address_can_be_told_and_may_be_left_out(name: str, tmp_path: Path) -> None:
    environment = COMPOSE["services"][name]["environment"]
    assert environment["PHOTFIT_PUBLIC_URL"] == "${PHOTFIT_PUBLIC_URL:-}"
    assert environment["PHOTFIT_TRUSTED_PROXIES"] == "${PHOTFIT_TRUSTED_PROXIES:-}"
    settings = Settings(data_dir=tmp_path, public_url="", trusted_proxies="")  # as where neither is told
    assert settings.public_url is None
    assert not settings.trusted_proxies


def test_the_stores_root_key_is_where_the_bucket_is_made_and_nowhere_else() -> None:
    root = {"AWS_ACCESS_KEY_ID": "${PHOTFIT_STORE_ROOT_KEY:?set a key}"}
    root["AWS_SECRET_ACCESS_KEY"] = "${PHOTFIT_STORE_ROOT_SECRET:?set a secret}"
    own = {key: value.replace("ROOT_", "") for key, value in root.items()}
    for name, given in (("bucket", root), ("api", own), ("worker-cpu", own)):
        environment = COMPOSE["services"][name]["environment"]
        assert {key: environment[key] for key in given} == given
    for name in set(COMPOSE["services"]) - {"bucket"}:
        assert "ROOT" not in str(COMPOSE["services"][name])


def test_the_services_key_is_for_objects_of_its_bucket() -> None:
    """As SeaweedFS reads who may do what, once compose has put the keys in."""
    (config,) = COMPOSE["services"]["store"]["configs"]
    written = COMPOSE["configs"][config["source"]]["content"]
    told = json.loads(re.sub(r"\$\{(PHOTFIT_[A-Z_]+):\?[^}]*\}", r"\1", written))
    root, own = told["identities"]
    names = [f"{word}_{kind}" for word in ("STORE_ROOT", "STORE") for kind in ("KEY", "SECRET")]
    given = [value for identity in (root, own) for pair in identity["credentials"] for value in pair.values()]
    assert given == [f"PHOTFIT_{name}" for name in names]
    assert [list(pair) for pair in own["credentials"]] == [["accessKey", "secretKey"]]
    assert own["actions"] == ["Read:photfit", "Write:photfit", "List:photfit"]
    assert f"-s3.config={config['target']}" in COMPOSE["services"]["store"]["command"]


def test_images_are_pinned_by_one_command(tmp_path: Path) -> None:
    """With a stand-in for docker: no registry is asked here."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\ntest "$1 $2 $3" = "buildx imagetools inspect" && echo "sha256:of-$6"\n')
    docker.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["make", "--no-print-directory", "pin-images"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    lines = dict(line.split("=", 1) for line in done.stdout.splitlines())
    used = set(re.findall(r"PHOTFIT_[A-Z]+_IMAGE(?=:-)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert (
        set(lines) == used == {f"PHOTFIT_{name}_IMAGE" for name in ("BROKER", "BUCKET", "DATABASE", "PYTHON", "STORE")}
    )
    for image in lines.values():
        name, digest = image.split("@")
        assert digest == f"sha256:of-{name}"


def test_the_broker_writes_to_its_data_alone() -> None:
    assert COMPOSE["services"]["broker"]["read_only"]
    assert COMPOSE["services"]["broker"]["volumes"] == ["broker-data:/data"]


def test_nobody_gets_in_without_a_key() -> None:
    for service in COMPOSE["services"].values():
        if "build" in service:
            assert service["environment"]["PHOTFIT_ACCOUNTS"] == "true"


def test_only_the_api_can_be_reached_from_outside_and_from_this_machine_alone() -> None:
    ports = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert ports == {"api": ["127.0.0.1:8700:8700"]}


def test_base_images_are_named_by_version_and_nothing_is_fetched_by_add() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    defaults = dict(re.findall(r"^ARG ([A-Z_]+)=(\S+)$", dockerfile, re.MULTILINE))
    named = re.findall(r"^FROM ([^\s]+)", dockerfile, re.MULTILINE)
    bases = [re.sub(r"\$\{([A-Z_]+)\}", lambda found: defaults[found[1]], base) for base in named]
    stages = set(re.findall(r"^FROM .* AS ([a-z-]+)", dockerfile, re.MULTILINE))
    assert all(re.search(r":[0-9]", base) for base in bases if base not in stages)
    assert not re.search(r"^(ADD|MAINTAINER|RUN .*(sudo|apt-get upgrade))", dockerfile, re.MULTILINE)


def test_every_dependency_has_a_line_in_the_decisions() -> None:
    page = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8").lower()
    rows = {
        word
        for line in page.splitlines()
        if line.startswith("| ")
        for word in re.findall(r"[a-z0-9.-]+", line.split("|")[1])
    }
    assert all_requirements() - rows == set()


def test_every_dependency_is_constrained_to_one_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-").splitlines()
    exact = {line.split("==")[0] for line in lines if "==" in line}
    assert all_requirements() - exact == set()


def test_torch_is_constrained_without_a_local_tag() -> None:
    assert re.search(r"^torch==[0-9.]+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)


def test_provenance_names_only_libraries_that_every_worker_has() -> None:
    from fitting.results.provenance import LIBRARIES

    worker = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["worker"]]
    assert set(LIBRARIES) <= {re.split(r"[^A-Za-z0-9-]", requirement)[0] for requirement in worker}


def test_git_s_hooks_run_what_make_lint_runs() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    (steps,) = re.findall(r"^lint: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [hook["entry"] for hook in local["hooks"]] == [f"make {step}" for step in steps.split()]


def test_the_version_stands_in_the_tag_alone() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert "version" not in PROJECT
    assert fitting.__version__ == importlib.metadata.version("photfit")


def test_what_ci_tests_of_the_wheel_is_there() -> None:
    named = re.findall(r"\btests/[\w/.]+", (ROOT / ".ci" / "wheel").read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
