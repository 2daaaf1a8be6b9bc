"""The files of operation in the documentation are what their programs read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "docs" / "how-to" / "files"


def installed(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    analyze = installed("systemd-analyze")
    program = tmp_path / "photfit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = (FILES / "photfit.service").read_text("utf-8").replace("/opt/photfit/.venv/bin/photfit", str(program))
    (tmp_path / "photfit.service").write_text(unit)
    run(analyze, "verify", "--man=no", str(tmp_path / "photfit.service"))


def test_nginx_reads_its_file(tmp_path: Path) -> None:
    nginx, openssl = installed("nginx"), installed("openssl")
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=photfit.example.org"]
    run(openssl, *words, "-keyout", str(key), "-out", str(certificate))
    site = (FILES / "nginx.conf").read_text("utf-8").replace("/etc/ssl/photfit", str(tmp_path))
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ access_log off; {site} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    run(nginx, "-t", "-c", str(tmp_path / "nginx.conf"))


def test_caddy_reads_its_file() -> None:
    run(installed("caddy"), "validate", "--config", str(FILES / "Caddyfile"), "--adapter", "caddyfile")


def metrics_there_are() -> set[str]:
    source = (ROOT / "app" / "lifetime" / "metrics.py").read_text("utf-8")
    page = (ROOT / "docs" / "how-to" / "look-after-the-service.md").read_text("utf-8")
    documented = set(re.findall(r"`(photfit_[a-z_]+)`", page))
    assert {name for name in documented if name.removesuffix("_total") in source} == documented
    return documented


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_what_is_watched_is_there(name: str) -> None:
    text = (FILES / name).read_text("utf-8")
    used = {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in re.findall(r"photfit_[a-z_]+", text)}
    assert used
    assert used <= metrics_there_are()


def test_alerts_and_dashboard_have_the_form_that_their_programs_read() -> None:
    rules = [
        rule for group in yaml.safe_load((FILES / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
    ]
    assert all({"alert", "expr", "annotations"} <= set(rule) for rule in rules)
    panels = json.loads((FILES / "grafana.json").read_text("utf-8"))["panels"]
    assert all(
        target["expr"].count("(") == target["expr"].count(")") for panel in panels for target in panel["targets"]
    )
