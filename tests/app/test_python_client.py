"""The Python client with a real service: what its how-to prints, and a job over a connection that is cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from scipy.ndimage import gaussian_filter

from photfit import AsyncClient, Client, Exponential, FlatSky
from tests.app.accounts import key_of
from tests.app.conftest import ROOT, Service, wait_until

HOW_TO = ROOT / "docs" / "how-to" / "fit-from-python.md"
SKY = 5.0


def galaxy(number: int, size: int = 24, blur: float = 0.0) -> np.ndarray:
    """A disc of scale length 3 and axis ratio 0.7 on a sky, a little off the centre, with noise of 0.5: sums of 7 × 7
    samples a pixel, then blurred by a Gaussian.
    """
    rng = np.random.default_rng(number)
    x0, y0 = rng.uniform(-1, 1, 2)
    y, x = ((np.mgrid[: 7 * size, : 7 * size] + 0.5) / 7) - size / 2
    light = 50 * np.exp(-np.hypot(x - x0, (y - y0) / 0.7) / 3)
    pixels = gaussian_filter(light.reshape(size, 7, size, 7).mean((1, 3)), blur, truncate=4 / max(blur, 1))
    return np.asarray(SKY + pixels + rng.normal(0, 0.5, (size, size)))


def write_cutouts(folder: Path, count: int) -> None:
    (folder / "cutouts").mkdir()
    for number in range(count):
        fits.writeto(folder / "cutouts" / f"{number:03d}.fits", galaxy(number, blur=1.0))
    y, x = np.mgrid[-4:5, -4:5]
    fits.writeto(folder / "psf.fits", np.exp(-(x**2 + y**2) / 2))


def printed_program(containing: str) -> str:
    """The one block of the how-to with these words."""
    blocks = [block for block in re.findall(r"```python\n(.*?)```", HOW_TO.read_text(), re.S) if containing in block]
    assert len(blocks) == 1
    return blocks[0]


@pytest.mark.parametrize("count", [5, pytest.param(60, marks=pytest.mark.slow)])
def test_a_pipeline_of_cutouts_is_twelve_lines_to_one_table(
    count: int, working_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = printed_program("client.map")
    assert len([line for line in program.splitlines() if line.strip()]) <= 12
    write_cutouts(tmp_path, count)
    np.save(tmp_path / "cutouts" / "999.npy", np.full((24, 24), np.nan))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTFIT_URL", str(working_service.client.base_url))
    exec(compile(program, HOW_TO.name, "exec"), {"__name__": "pipeline"})
    table = QTable.read("galaxies.ecsv")
    assert len(table) == count + 1
    assert list(table["state"][:count]) == ["succeeded"] * count
    assert table["failure"][count]  # nothing but NaN is refused, and a row like any other
    found = table[:count]
    pulls = (found["disc.h"].value - 3) / found["disc.h_err"].value
    assert np.mean(pulls**2) < 4  # as independent of each other as noise is


class CuttingProxy:
    """A TCP proxy of one service on loopback, which cuts every connection when told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.cuts = 0
        self.cut_after: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            for each in self._open:
                end(each)
            self.cuts += bool(self._open)
            self._open.clear()

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._server.accept()
                outer = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            with self._lock:
                self._open += [inner, outer]
            threading.Thread(target=self._carry, args=(inner, outer, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(outer, inner, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if upwards and self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after < 0:
                        self.cut_after = None
                        self.cut()
                        return
                target.sendall(data)
        end(source)
        end(target)


def end(side: socket.socket) -> None:
    """End one side of a connection, in whatever state it is, by a reset."""
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()


@pytest.fixture
def proxies() -> Iterator[Callable[[Service], CuttingProxy]]:
    made: list[CuttingProxy] = []

    def make(service: Service) -> CuttingProxy:
        made.append(CuttingProxy(service.port))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


PROGRAM = """
import numpy as np
from photfit import Client, Exponential, FlatSky, Metropolis
data = np.load("galaxy.npy")
with Client() as client:
    fit = client.fit(data, [Exponential("disc"), FlatSky("sky")], stages=["lm", Metropolis(samples=1500)], name="far")
    print(fit.id, flush=True)
    print(fit.wait(timeout=300).state, fit["disc.h"].value, fit.model.shape)
"""


@pytest.mark.slow
def test_a_remote_job_over_a_connection_that_is_cut_twice_is_done(
    make_service: Callable[..., Service], proxies: Callable[[Service], CuttingProxy], tmp_path: Path
) -> None:
    service = make_service(accounts="true")
    service.start_worker()
    proxy = proxies(service)
    proxy.cut_after = 20_000  # within the image, which is 32 kB
    np.save(tmp_path / "galaxy.npy", galaxy(1, 64))
    key = key_of(service, "vera")
    environment = {"PHOTFIT_URL": proxy.url, "PHOTFIT_KEY": key, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    fit_id = process.stdout.readline().strip()
    assert fit_id.startswith("fit_"), process.communicate()
    assert proxy.cuts == 1
    with Client(str(service.client.base_url), key=key) as client:
        wait_until(lambda: client.status(fit_id).state == "running", 100, "the start of the fit")
        proxy.cut()
        printed, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert proxy.cuts == 2
        assert printed.split()[0] == "succeeded"
        assert float(printed.split()[1]) == pytest.approx(3, abs=0.3)
        assert [fit.id for fit in client.fits()] == [fit_id]  # the upload and the submission that were cut made no more


def test_a_job_is_come_back_to_over_a_connection_that_was_cut(
    working_service: Service, proxies: Callable[[Service], CuttingProxy]
) -> None:
    proxy = proxies(working_service)
    proxy.cut_after = 4_000  # of an image of 4.6 kB
    with Client(proxy.url) as client:
        fit = client.fit(galaxy(2), [Exponential("disc"), FlatSky("sky")], variance=0.25, name="come back")
        states = []
        for answer in client.events(fit.id):
            states.append(answer.state)
            proxy.cut()
        assert states[-1] == "succeeded"
    assert proxy.cuts >= 2
    with Client(str(working_service.client.base_url)) as client:
        found = client.job(fit.id)
        assert found["disc.h"].value == pytest.approx(3, abs=0.3)
        assert found.residual.data.shape == (24, 24)
        assert found.plot.fit().content.startswith(b"\x89PNG")
        assert found.best_fit["components"][0]["name"] == "disc"
        assert fit.id in {each.id for each in client.fits(name="come back")}
        with pytest.raises(FileNotFoundError, match=r"chains\.nc"):
            _ = found.chains
        client.delete(fit.id)
        assert fit.id not in {each.id for each in client.fits(name="come back")}


def test_an_async_program_follows_a_fit_to_its_result(working_service: Service, tmp_path: Path) -> None:
    async def work() -> Any:
        async with AsyncClient(str(working_service.client.base_url)) as client:
            path = tmp_path / "galaxy.fits"
            fits.writeto(path, galaxy(3))
            fit = await client.fit(path, [Exponential("disc"), FlatSky("sky")], variance=0.25)
            seen = [answer.state async for answer in client.events(fit.id)]
            assert seen[-1] == "succeeded"
            return await fit.result("images/image/model.fits")

    found = asyncio.run(work())
    assert found.model.data.shape == (24, 24)
    assert found["disc.h"].value == pytest.approx(3, abs=0.3)
    with pytest.raises(FileNotFoundError, match="was not fetched"):
        _ = found.residual
