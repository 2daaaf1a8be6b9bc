"""The pictures of the page in docs/images/page, each in both themes: `make pictures` takes them anew."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from astropy.io import fits
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.page.conftest import chromium
from tests.e2e.page.journeys import ENOUGH_MILLISECONDS, EXAMPLES, drop, find_sources
from tests.e2e.serving import Service, serving

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "images" / "page"
WIDTH, HEIGHT, TALL = 1440, 900, 1500
NUTS = {"method": "nuts", "warmup": 200, "samples": 1000, "chains": 4}
SLOW = {"method": "gradient", "steps": 100_000, "learning_rate": 0.002}


@dataclass
class Photographer:
    """A tab in one theme."""

    page: Page
    theme: str
    service: Service

    def open(self, view: str) -> Page:
        self.page.goto("about:blank")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        self.page.goto(f"{self.service.url}/#/{view}")
        return self.page

    def take(self, name: str, height: int = HEIGHT) -> None:
        """A picture of the view as it is, in 256 colours, which nobody misses and the repository does not weigh."""
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.page.wait_for_timeout(600)
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
        few.save(FOLDER / f"{name}-{self.theme}.png", optimize=True)


def fit_of(
    service: Service, example: str, name: str, stages: list[dict[str, Any]], *, less: int = 0, wait: bool = True
) -> str:
    """The id of a fit of an example's own model, of its last components `less`, finished unless `wait` is false."""
    folder = EXAMPLES / example
    with httpx.Client(base_url=service.url, timeout=120) as http:
        content = (folder / f"{example}.fits").read_bytes()
        upload = http.post(f"/v1/uploads?filename={example}.fits", content=content).json()["id"]
        request = json.loads((folder / "request.json").read_text().replace(f"{example}.fits", upload))
        request["components"] = request["components"][: len(request["components"]) - less]
        fit_id: str = http.post("/v1/fits", json={**request, "name": name, "stages": stages}).json()["id"]
        while wait and http.get(f"/v1/fits/{fit_id}?wait=60").json()["finished_at"] is None:
            pass
    return fit_id


def start_and_planes(tab: Photographer) -> None:
    page = tab.open("")
    expect(page.get_by_text("Your latest files")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    tab.take("start", 1020)
    drop(page, (EXAMPLES / "bulge_disc" / "bulge_disc.fits").read_bytes(), "bulge_disc.fits")
    page.wait_for_url("**/#/files/*")
    tab.take("planes")


def model(tab: Photographer) -> None:
    page = tab.open("")
    find_sources(page)
    tab.take("model")
    page.get_by_role("button", name="Residual / σ").click()
    expect(page.get_by_text("at these parameters").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    tab.take("preview")
    page.get_by_role("button", name="Data", exact=True).click()
    page.get_by_role("button", name="Add a stage").click()
    tab.take("methods")


def running(tab: Photographer) -> None:
    page = tab.open(f"fits/{fit_of(tab.service, 'bulge_disc', 'bulge and disc', [SLOW], wait=False)}")
    expect(page.locator(".live-residual img")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
    expect(page.locator(".chart .dot").nth(6)).to_be_attached(timeout=ENOUGH_MILLISECONDS)
    tab.take("fit")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".badge.cancelled")).to_be_visible(timeout=ENOUGH_MILLISECONDS)


def results(sampled: str, other: str) -> Callable[[Photographer], None]:
    """Pictures of a sampled fit, of the list, and of the two compared."""

    def take(tab: Photographer) -> None:
        page = tab.open(f"fits/{sampled}")
        expect(page.locator(".pane canvas").nth(2)).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        expect(page.locator("img.plot")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        tab.take("result")
        for name in ("Correlations", "Corner", "Chains"):
            page.set_viewport_size({"width": WIDTH, "height": TALL})
            page.get_by_role("tab", name=name).click()
            panel = page.get_by_role("tabpanel").locator("canvas, table").first
            expect(panel).to_be_visible(timeout=ENOUGH_MILLISECONDS)
            tab.take(f"result-{name.lower()}", TALL)
        page = tab.open("fits")
        expect(page.locator(".fits tbody tr").first).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        tab.take("fits")
        page = tab.open(f"compare/{other}/{sampled}")
        expect(page.get_by_text("By the BIC")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        tab.take("compare")
        page = tab.open("account")
        expect(page.get_by_text("without accounts")).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        tab.take("account")

    return take


def looking(fit_id: str) -> Callable[[Photographer], None]:
    """A picture of a result of too few components, looked at by contours, along a line and in rings."""

    def take(tab: Photographer) -> None:
        page = tab.open(f"fits/{fit_id}")
        expect(page.locator(".pane canvas").nth(2)).to_be_visible(timeout=ENOUGH_MILLISECONDS)
        page.get_by_role("button", name="Contours").click()
        page.get_by_role("button", name="Crosshair").click()
        page.get_by_role("button", name="Profile along a line").click()
        box = page.locator(".pane").first.bounding_box()
        assert box is not None
        x, y = box["x"], box["y"]
        page.mouse.move(x + 0.35 * box["width"], y + 0.3 * box["height"])
        page.mouse.down()
        page.mouse.move(x + 0.65 * box["width"], y + 0.75 * box["height"], steps=4)
        page.mouse.up()
        page.get_by_text("Radial profile of a component over the data").click()
        expect(page.locator(".radial .dot").first).to_be_attached(timeout=ENOUGH_MILLISECONDS)
        page.evaluate("scrollTo(0, 0)")
        tab.take("looking", 1400)

    return take


def catalogue_of(service: Service, count: int = 120) -> str:
    """The id of a finished catalogue of simulated discs, each fifth with a bulge that its model lacks."""
    random = np.random.default_rng(3)
    across = 15
    shape = (60 * -(-count // across), 60 * across)
    rows, columns = np.indices(shape)
    light, table = np.full(shape, 10.0), ["id,x,y,r_e,mag"]
    for number in range(count):
        x, y = (30 + 60 * place + random.uniform(-3, 3) for place in (number % across, number // across))
        h, total = random.uniform(2, 4), 10 ** random.uniform(3, 4.3)
        part = np.s_[int(y) - 29 : int(y) + 30, int(x) - 29 : int(x) + 30]
        distance = np.hypot(columns[part] - x, (rows[part] - y) / random.uniform(0.4, 1))
        light[part] += total / (2 * np.pi * h**2) * np.exp(-distance / h)
        light[part] += (number % 5 == 0) * 60 * np.exp(-((distance / 1.2) ** 2))
        table.append(f"{number},{x:.2f},{y:.2f},{1.68 * h:.2f},{27 - 2.5 * np.log10(total):.2f}")
    content = io.BytesIO()
    fits.writeto(content, (light + random.normal(0, 2, shape)).astype("f4"))
    parameters = {"x": {"column": "x"}, "y": {"column": "y"}, "r_e": {"column": "r_e"}, "magnitude": {"column": "mag"}}
    window = {"around": {"x": {"column": "x"}, "y": {"column": "y"}}, "size": 48}
    with httpx.Client(base_url=service.url, timeout=120) as http:
        upload = http.post("/v1/uploads?filename=field.fits", content=content.getvalue()).json()["id"]
        objects = http.post("/v1/uploads?filename=sources.csv", content="\n".join(table)).json()["id"]
        image = {"data": {"upload": upload}, "variance": {"constant": 4}, "zero_point": 27, "window": window}
        template = {
            "images": [image],
            "components": [
                {"name": "sky", "profile": "flat_sky"},
                {"name": "g", "profile": "sersic", "parameters": {**parameters, "n": {"value": 1, "fixed": True}}},
            ],
            "stages": [{"method": "lm"}],
        }
        request = {"name": "field 12", "objects": {"upload": objects}, "template": template}
        found = http.post("/v1/catalogues", json=request).json()
        while http.get(found["links"]["self"]).json()["finished_at"] is None:
            time.sleep(0.5)
    identity: str = found["id"]
    return identity


def many(catalogue: str) -> Callable[[Photographer], None]:
    """Pictures of a model that is used for many objects: what is asked, and the answer with a row's images."""

    def take(tab: Photographer) -> None:
        page = tab.open("")
        find_sources(page)
        page.get_by_role("button", name="Use for many").click()
        page.get_by_role("button", name="sources that were found").click()
        expect(page.get_by_role("button", name="Fit 3 objects")).to_be_enabled(timeout=ENOUGH_MILLISECONDS)
        tab.take("many", 1250)
        page = tab.open(f"catalogues/{catalogue}")
        page.locator(".rows tbody tr").first.click()
        expect(page.locator(".row-panel .pane canvas")).to_have_count(3, timeout=ENOUGH_MILLISECONDS)
        page.evaluate("scrollTo(0, 0)")
        page.set_viewport_size({"width": WIDTH, "height": 1900})
        page.evaluate("document.querySelector('.rows').style.maxHeight = '21rem'")
        tab.take("catalogue", 1750)

    return take


def main() -> None:
    """Take all pictures, or those of the journeys that are named."""
    with tempfile.TemporaryDirectory(prefix="pp") as folder, serving(Path(folder)) as service:
        other = fit_of(service, "three_galaxies", "two galaxies", [{"method": "lm"}], less=1)
        sampled = fit_of(service, "three_galaxies", "three galaxies", [{"method": "lm"}, NUTS])
        # The fit that is cancelled comes last, so that the list is of those that are finished.
        journeys = {
            "start": start_and_planes,
            "model": model,
            "results": results(sampled, other),
            "looking": looking(other),
            "many": many(catalogue_of(service)),
            "fit": running,
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
            for name in sys.argv[1:] or journeys:
                for theme in ("light", "dark"):
                    page = browser.new_context(color_scheme=theme, reduced_motion="reduce").new_page()
                    journeys[name](Photographer(page, theme, service))
                    page.context.close()
            browser.close()


if __name__ == "__main__":
    main()
