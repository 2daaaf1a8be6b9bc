"""Simulated scenes of many Sérsic galaxies: what is in them, and their image and request as files."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

VARIANCE = 25.0
SKY = 20.0
PARAMETERS = ("x", "y", "q", "pa", "n", "r_e", "i_e")
OFF = (1.5, -1.5, 1.12, 12.0, 0.88, 1.15, 0.85)
"""Starts: added to x, y and pa, multiplied into the rest."""
Galaxy = tuple[float, ...]
_FIVE: tuple[Galaxy, ...] = (
    (1000.3, 1010.7, 0.6, 30.0, 4.0, 80.0, 60.0),
    (400.8, 500.2, 0.4, 100.0, 1.0, 60.0, 40.0),
    (1500.1, 450.6, 0.8, 60.0, 2.5, 30.0, 120.0),
    (700.4, 1600.9, 0.7, 150.0, 1.5, 45.0, 50.0),
    (1600.5, 1500.5, 0.5, 10.0, 3.0, 20.0, 200.0),
)


@dataclass(frozen=True)
class Scene:
    """A flat sky and Sérsic galaxies on a square image.

    Attributes:
        side: of the image, pixels.
        galaxies: makes them: PARAMETERS of each.
        method: that fits them.
    """

    side: int
    galaxies: Callable[[], tuple[Galaxy, ...]]
    method: str = "lm"

    @property
    def what(self) -> str:
        """For readers."""
        return f"{self.method}, {self.side}×{self.side}, {len(self.galaxies())} Sérsics"

    def request(self, *, off: bool) -> dict[str, Any]:
        """The request at a start off the truth, or at the truth with no stage, which renders it."""
        components: list[dict[str, Any]] = [{"name": "sky", "profile": "flat_sky", "parameters": {"i": SKY}}]
        for number, galaxy in enumerate(self.galaxies()):
            values = _off(galaxy) if off else galaxy
            parameters = dict(zip(PARAMETERS, values, strict=True))
            components.append({"name": f"g{number}", "profile": "sersic", "parameters": parameters})
        image = {"name": "image", "data": "scene.fits", "variance": {"constant": VARIANCE}}
        stages = [{"method": self.method}] if off else []
        return {"name": self.what, "images": [image], "components": components, "stages": stages}


def _off(galaxy: Galaxy) -> list[float]:
    return [
        value + by if name in ("x", "y", "pa") else value * by
        for name, value, by in zip(PARAMETERS, galaxy, OFF, strict=True)
    ]


def scattered(side: int, count: int, sizes: tuple[float, float], seed: int) -> tuple[Galaxy, ...]:
    """Galaxies of such half-light radii (pixels), one in each of `count` cells of a square, off the cell's middle."""
    generator = np.random.default_rng(seed)
    cells = int(np.ceil(np.sqrt(count)))
    cell = side / cells
    chosen = np.sort(generator.permutation(cells * cells)[:count])
    galaxies = []
    for place in chosen:
        y, x = ((part + 0.5 + generator.uniform(-0.2, 0.2)) * cell for part in divmod(int(place), cells))
        r_e = float(np.exp(generator.uniform(*np.log(sizes))))
        q, pa, n = generator.uniform(0.3, 0.88), generator.uniform(0.0, 180.0), generator.uniform(0.8, 4.0)
        i_e = generator.uniform(40.0, 200.0)
        galaxies.append(tuple(round(float(value), 3) for value in (x, y, q, pa, n, r_e, i_e)))
    return tuple(galaxies)


SCENES = {
    "ten_galaxies": Scene(500, lambda: scattered(500, 10, (6.0, 20.0), seed=10)),
    "five_galaxies": Scene(2000, lambda: _FIVE),
    "ten_galaxies_4000": Scene(4000, lambda: scattered(4000, 10, (20.0, 100.0), seed=4000)),
    "two_hundred_galaxies": Scene(2000, lambda: scattered(2000, 200, (4.0, 15.0), seed=200), "iterative_components"),
}


def noisy(scene: Scene, device: str = "cpu") -> np.ndarray:
    """The image of a scene, drawn on a device, with its noise, (side, side)."""
    from fitting.inputs import ImageData
    from fitting.problem import Problem
    from fitting.spec import parse_request

    plane = np.zeros((scene.side, scene.side))
    empty = ImageData("image", plane, np.full_like(plane, VARIANCE), np.zeros(plane.shape, dtype=bool))
    problem = Problem(parse_request(scene.request(off=False)), [empty], device)
    model: np.ndarray = problem.model(problem.start())[0][0].cpu().numpy()
    return model + np.random.default_rng(7).normal(0.0, np.sqrt(VARIANCE), model.shape)


def simulate(name: str, folder: Path) -> None:
    """Write scene.fits and request.json of a scene."""
    from astropy.io import fits

    scene = SCENES[name]
    fits.PrimaryHDU(noisy(scene).astype(np.float32)).writeto(folder / "scene.fits", overwrite=True)
    (folder / "request.json").write_text(json.dumps(scene.request(off=True)))
