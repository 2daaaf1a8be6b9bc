"""Random scenes of known truth, fitted from bad starts and held against SciPy's minimum from the truth.

`python -m benchmarks.random_scenes` writes results/random_scenes.json, anew after each scene, and goes on with the
scenes that the file does not have; `--again SEED` measures one of them anew. A scene is one to three
images of one pixel grid with galaxies and stars of many profiles, alone, blended, beyond the frame, under a mask or
outside the window, with limits and links, at a signal-to-noise of 10 to 500 each; fits start a quarter and more off in
every parameter.

The reference is `scipy.optimize.least_squares` from the truth on residuals of the model alone, with derivatives by
differences: it shares the model with photfit, and no step.
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import least_squares

from fitting.first_values import complete_request
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import FitRequest, parse_request

RESULTS = Path(__file__).parent / "results"
SCENES = 500
ABOVE = 1.0
"""Of χ² above the reference's, from which a fit that says "converged" is wrong."""
OPEN_CODES = frozenset({"unresolved", "undetermined", "too-few-pixels", "held"})
"""Of notices that say why a fit does not call itself converged though nothing is wrong with the search."""
_AMPLITUDES = {"sersic": "i_e", "de_vaucouleurs": "i_e", "nuker": "i_b", "core_sersic": "i_b", "einasto": "i_s",
               "gaussian_ring": "i_r", "point_source": "flux"}  # fmt: skip
"""Names of amplitudes; of all other profiles `i_0`."""
_PROFILES = ("sersic",) * 6 + (
    "exponential", "de_vaucouleurs", "gaussian", "moffat", "king", "modified_king", "ferrers", "core_sersic", "nuker",
    "einasto", "broken_exponential", "isothermal", "gaussian_ring", "edge_on_disk", "point_source",
)  # fmt: skip
"""From which a component's is drawn: half of those that are no others are Sérsic."""
Array = NDArray[np.float64]
Parameters = dict[str, float]


@dataclass(frozen=True)
class Scene:
    """What is fitted, and where it comes from.

    Attributes:
        truth, start: the same request with the parameters of the simulation, moved inside the limits, and with those
            from which the fit starts.
        kinds: what is special of it.
    """

    seed: int
    truth: FitRequest
    start: FitRequest
    images: tuple[ImageData, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a scene.

    Attributes:
        above: χ² over the reference's.
        above_held: χ² over that of the reference in which stays at its start what the fit says that it held there,
            since the data do not feel it; the same as `above` where it held nothing.
        reference_failed: whether SciPy failed on the way, so that the χ² of the truth stands in for its minimum, which
            is below that.
    """

    seed: int
    kinds: tuple[str, ...]
    profiles: tuple[str, ...]
    parameters: int
    converged: bool
    open: tuple[str, ...]
    iterations: int
    chi2_reduced: float
    above: float
    above_held: float
    message: str
    reference_failed: bool = False

    @property
    def wrong(self) -> bool:
        """Whether the fit says "converged" above the reference, what it held aside.

        The reference that holds more is above the other, but where that one ended in another minimum.
        """
        return self.converged and min(self.above, self.above_held) > ABOVE

    @property
    def unconverged(self) -> bool:
        """Whether it does not, and has no reason in the data."""
        return not self.converged and not self.open


class _Draw:
    """Random numbers of one scene."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng([seed, 16])

    def uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def log(self, low: float, high: float) -> float:
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def sign(self) -> float:
        return 1.0 if self.chance(0.5) else -1.0

    def one_of(self, items: Sequence[str]) -> str:
        return items[int(self.random.integers(len(items)))]


def amplitude_of(profile: str) -> str:
    """The name of a profile's amplitude."""
    return _AMPLITUDES.get(profile, "i_0")


def _shape(draw: _Draw, profile: str, size: float) -> Parameters:
    """Parameters of a profile beside position and amplitude, for a half-light radius of roughly `size` pixels."""
    own: dict[str, Parameters] = {
        "sersic": {"n": draw.log(0.6, 5.0), "r_e": size},
        "exponential": {"h": 0.6 * size},
        "de_vaucouleurs": {"r_e": size},
        "gaussian": {"fwhm": 2.0 * size},
        "moffat": {"beta": draw.log(1.8, 6.0), "fwhm": 1.8 * size},
        "king": {"r_t": 5.0 * size, "r_c": draw.uniform(0.5, 1.0) * size},
        "modified_king": {"r_t": 5.0 * size, "alpha": draw.uniform(1.2, 3.0), "r_c": draw.uniform(0.5, 1.0) * size},
        "ferrers": {"alpha": draw.uniform(1.0, 4.0), "beta": draw.uniform(-0.5, 1.0), "r_out": 2.5 * size},
        "core_sersic": {
            "n": draw.log(1.5, 4.0), "r_b": 0.4 * size, "alpha": draw.log(2.0, 6.0), "gamma": draw.uniform(0.0, 0.5),
            "r_e": 1.5 * size,
        },
        "nuker": {
            "alpha": draw.log(1.0, 4.0), "beta": draw.uniform(1.7, 3.0), "gamma": draw.uniform(0.0, 0.6), "r_b": size,
        },
        "einasto": {"alpha": draw.log(0.3, 1.5), "r_s": size},
        "broken_exponential": {"h_2": 0.4 * size, "r_b": 1.5 * size, "alpha": draw.log(0.5, 3.0), "h_1": size},
        "isothermal": {"r_c": 0.5 * size},
        "gaussian_ring": {"sigma_r": draw.uniform(0.25, 0.5) * size, "r_ring": 1.2 * size},
        "edge_on_disk": {"n": draw.log(0.8, 5.0), "h": 0.8 * size, "z_0": 0.25 * size},
        "point_source": {},
    }  # fmt: skip
    shape = own[profile]
    if profile not in ("point_source", "edge_on_disk"):
        shape = {"q": draw.uniform(0.25, 0.95)} | shape
    return shape if profile == "point_source" else shape | {"pa": draw.uniform(0.0, 180.0)}


def _started(draw: _Draw, own: Mapping[str, float], size: float, psf: float) -> Parameters:
    """The parameters a quarter and more off."""
    start = {}
    for name, value in own.items():
        factor = draw.uniform(1.25, 1.5) ** draw.sign()
        if name in ("x", "y"):
            start[name] = value + draw.sign() * draw.uniform(0.25, 0.4) * max(size, 0.7 * psf, 1.5)
        elif name == "pa":
            start[name] = value + draw.sign() * draw.uniform(20.0, 35.0)
        elif name in ("gamma", "beta") and abs(value) < 1.0:
            start[name] = value + draw.sign() * draw.uniform(0.1, 0.25)
        elif name == "q":
            start[name] = min(value * factor, 0.99)
        else:
            start[name] = value * factor
    return start


def _place(draw: _Draw, taken: list[tuple[float, float, float]], side: tuple[int, int], size: float) -> Parameters:
    """A position in the frame, as far from others as the sizes of both, if there is one."""
    for _ in range(50):
        x, y = (draw.uniform(0.2, 0.8) * length for length in side)
        if all(math.dist((x, y), other[:2]) > 1.2 * (size + other[2]) + 2.0 for other in taken):
            break
    taken.append((x, y, size))
    return {"x": x, "y": y}


def _outside(draw: _Draw, side: tuple[int, int]) -> Parameters:
    """A position beyond the frame, by 1 to 30 pixels, or far away."""
    beyond = 300.0 if draw.chance(0.15) else draw.log(1.0, 30.0)
    across = draw.uniform(0.0, 1.0)
    place = [-0.5 - beyond, across * side[1]] if draw.chance(0.5) else [side[0] - 0.5 + beyond, across * side[1]]
    if draw.chance(0.5):
        place = [across * side[0], -0.5 - beyond]
    return dict(zip("xy", place, strict=True))


def _psf(draw: _Draw) -> tuple[Array, float]:
    """A stamp, Gaussian or Moffat, and its FWHM, pixels."""
    fwhm = draw.uniform(2.2, 4.5)
    half = 12
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    radius = x**2 + y**2
    if draw.chance(0.5):
        stamp = np.exp(-4.0 * math.log(2.0) * radius / fwhm**2)
    else:
        beta = draw.uniform(2.5, 5.0)
        stamp = (1.0 + radius * (4.0 * (2.0 ** (1.0 / beta) - 1.0) / fwhm**2)) ** -beta
    return stamp / stamp.sum(), fwhm


def _mask(draw: _Draw, shape: tuple[int, int], taken: Sequence[tuple[float, float, float]]) -> NDArray[np.bool_]:
    """Bad columns, a block, cosmic rays, or the last component's place."""
    mask = np.zeros(shape, dtype=bool)
    y, x = np.mgrid[: shape[0], : shape[1]]
    kind = draw.one_of(("columns", "block", "rays", "component"))
    if kind == "columns":
        mask[:, draw.random.integers(0, shape[1], 3)] = True
    elif kind == "block":
        mask |= x > 0.75 * shape[1]
    elif kind == "rays":
        mask |= draw.random.random(shape) < 0.08
    else:
        place = taken[-1]
        mask |= np.hypot(x - place[0], y - place[1]) < draw.uniform(0.3, 1.5) * place[2] + 1.0
    return mask


def _limited(draw: _Draw, name: str, true: float, start: float) -> dict[str, float]:
    """A value with limits around the truth and the start, of which one in eight leaves the truth out."""
    low, high = min(true, start), max(true, start)
    width = {"x": 1.0, "y": 1.0, "pa": 15.0}.get(name, 0.1 * abs(true))
    limits = {"value": start, "min": low - draw.uniform(1.0, 4.0) * width, "max": high + draw.uniform(1.0, 4.0) * width}
    if draw.chance(0.125) and abs(start - true) > 0.0:
        limits["max" if start < true else "min"] = 0.5 * (start + true)
    if name == "q":
        limits["max"] = min(limits["max"], 1.0)
    return limits


def simulated_scene(seed: int) -> Scene:
    """The scene of a seed."""
    draw = _Draw(seed)
    side = (int(draw.random.integers(44, 81)), int(draw.random.integers(44, 81)))
    psf, fwhm = _psf(draw) if draw.chance(0.75) else (None, 0.0)
    bands = int(draw.random.integers(2, 4)) if draw.chance(0.2) else 1
    names = ("g", "r", "i")[:bands]
    kinds = [f"{bands} images"] if bands > 1 else []
    kinds += ["no PSF"] if psf is None else []
    components, taken = _components(draw, side, fwhm, kinds)
    mask = np.zeros(side[::-1], dtype=bool)
    if draw.chance(0.35):
        kinds.append("mask")
        mask = _mask(draw, side[::-1], taken)
    sky = draw.uniform(-5.0, 50.0)
    window = (0, 0)
    if draw.chance(0.2):
        kinds.append("window")
        window = (int(0.15 * side[0]), int(0.1 * side[1]))
    cut = np.s_[window[1] :, window[0] :]
    shape = mask[cut].shape
    empty = [
        ImageData(name, np.zeros(shape), np.ones(shape), mask[cut], psf, origin=window,
                  psf_convention="effective" if psf is not None and seed % 7 == 0 else "discrete")
        for name in names
    ]  # fmt: skip
    lights = _lights(draw, components, empty[:1])
    truth, start = _documents(draw, components, lights, names, sky, kinds)
    true, begun = (parse_request(document) for document in (truth, start))
    models = _models(true, empty)
    images = tuple(
        replace(image, data=model + draw.random.normal(0.0, 1.0, shape))
        for image, model in zip(empty, models, strict=True)
    )
    return Scene(seed, true, begun, images, tuple(kinds))


@dataclass(frozen=True)
class _Component:
    name: str
    profile: str
    true: Parameters
    start: Parameters
    links: dict[str, str]
    inside: bool


def _components(
    draw: _Draw, side: tuple[int, int], fwhm: float, kinds: list[str]
) -> tuple[list[_Component], list[tuple[float, float, float]]]:
    taken: list[tuple[float, float, float]] = []
    found = []
    profiles = [item for item in _PROFILES if fwhm > 0.0 or item != "point_source"]
    for number in range(int(draw.random.choice([1, 2, 3], p=[0.45, 0.35, 0.2]))):
        profile = draw.one_of(profiles)
        size = draw.log(2.0, 8.0)
        own = _place(draw, taken, side, size) | _shape(draw, profile, size)
        found.append(_Component(f"c{number}", profile, own, _started(draw, own, size, fwhm), {}, inside=True))
    if draw.chance(0.12):
        kinds.append("bulge and disc")
        host = found[0].true
        size = taken[0][2] * draw.uniform(0.3, 0.5)
        own = {"x": host["x"], "y": host["y"]} | _shape(draw, "sersic", size)
        start = _started(draw, own, size, fwhm)
        links = {"x": "= c0.x", "y": "= c0.y"}
        found.append(_Component("bulge", "sersic", own, start, links, inside=True))
    if draw.chance(0.3):
        profile, size = draw.one_of(("sersic", "gaussian", "exponential")), draw.log(2.0, 8.0)
        own = _outside(draw, side) | _shape(draw, profile, size)
        kinds.append("neighbour beyond the frame")
        found.append(_Component("far", profile, own, _started(draw, own, size, fwhm), {}, inside=False))
    return found, taken


def _lights(draw: _Draw, components: Sequence[_Component], images: list[ImageData]) -> list[float]:
    """Amplitudes with which each component has its signal-to-noise; of what lies beyond the frame, as if it did not."""
    found = []
    for component in components:
        own = dict(component.true)
        image = replace(images[0], mask=np.zeros_like(images[0].mask))
        if not component.inside:
            own |= {"x": image.origin[0] + image.data.shape[1] / 2.0, "y": image.origin[1] + image.data.shape[0] / 2.0}
        one = {"name": "c", "profile": component.profile, "parameters": own | {amplitude_of(component.profile): 1.0}}
        document = {"images": [{"name": image.name, "data": "d", "psf": "p"}], "components": [one]}
        light = _models(parse_request(document), [image])[0]
        wanted = draw.log(20.0, 500.0) if component.inside else draw.log(10.0, 200.0)
        found.append(wanted / max(float(np.sqrt((light**2).sum())), 1e-12))
    return found


def _models(request: FitRequest, images: Sequence[ImageData]) -> list[Array]:
    problem = Problem(request, images)
    return [model[0].numpy() for model in problem.model(problem.start())]


def _documents(
    draw: _Draw,
    components: Sequence[_Component],
    lights: Sequence[float],
    names: Sequence[str],
    sky: float,
    kinds: list[str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request at the truth and at the start."""
    limited = draw.chance(0.35)
    kinds += ["limits"] if limited else []
    true_parts: list[dict[str, Any]] = []
    start_parts: list[dict[str, Any]] = []
    for component, light in zip(components, lights, strict=True):
        true: dict[str, Any] = {}
        start: dict[str, Any] = {}
        for name, value in component.true.items():
            begun: Any = component.start[name]
            true[name], start[name] = value, begun
            if name in component.links:
                true[name] = start[name] = component.links[name]
            elif limited and draw.chance(0.5):
                start[name] = _limited(draw, name, value, begun)
                inside = min(max(value, start[name]["min"]), start[name]["max"])
                true[name] = start[name] | {"value": inside}
        amplitude = amplitude_of(component.profile)
        levels = {name: light * (1.0 if number == 0 else draw.uniform(0.5, 2.0)) for number, name in enumerate(names)}
        begun = {name: level * draw.uniform(1.3, 2.0) ** draw.sign() for name, level in levels.items()}
        true[amplitude] = levels[names[0]] if len(names) == 1 else {"by_image": levels}
        start[amplitude] = begun[names[0]] if len(names) == 1 else {"by_image": begun}
        for parts, parameters in ((true_parts, true), (start_parts, start)):
            parts.append({"name": component.name, "profile": component.profile, "parameters": parameters})
    tilted = draw.chance(0.15)
    slopes = {"di_dx": draw.uniform(-0.1, 0.1), "di_dy": draw.uniform(-0.1, 0.1)} if tilted else {}
    kinds += ["tilted sky"] if tilted else []
    for parts, off in ((true_parts, 0.0), (start_parts, draw.sign() * draw.uniform(1.0, 5.0))):
        level: Any = sky + off if len(names) == 1 else {"by_image": dict.fromkeys(names, sky + off)}
        tilt = {name: value if off == 0.0 else 0.0 for name, value in slopes.items()}
        parts.insert(0, {"name": "sky", "profile": "plane_sky" if tilted else "flat_sky",
                         "parameters": {"i": level} | tilt})  # fmt: skip
    images = [{"name": name, "data": f"{name}.fits", "psf": "psf.fits"} for name in names]
    whole = {"frame": "pixel", "images": images, "stages": [{"method": "lm"}]}
    return whole | {"components": true_parts}, whole | {"components": start_parts}


def reference_chi2(
    request: FitRequest, images: Sequence[ImageData], held: Mapping[str, float] = MappingProxyType({})
) -> tuple[float, bool]:
    """The χ² of SciPy's trust-region least squares from the request's values, by differences of the model; with
    parameters held at values of θ. Where SciPy fails on the way, the start's own, and True.
    """
    problem = Problem(request, images)
    moving = np.array([name not in held for name in problem.names])
    whole = problem.start()[0].numpy().copy()
    whole[~moving] = [held[name] for name in problem.names if name in held]
    used = [~image.mask & np.isfinite(image.data) for image in images]
    lower, upper = problem.lower.numpy()[moving], problem.upper.numpy()[moving]

    def pixels(theta: Array) -> Array:
        every = np.tile(whole, (len(np.atleast_2d(theta)), 1))
        every[:, moving] = theta
        models = problem.model(torch.from_numpy(every))
        parts = [
            (model.numpy()[:, kept] - image.data[kept]) / np.sqrt(image.variance[kept])
            for model, image, kept in zip(models, images, used, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def slopes(theta: Array) -> Array:
        steps = 1e-5 * np.maximum(np.abs(theta), 1.0)
        above, below = theta + np.diag(steps), theta - np.diag(steps)
        return (pixels(above) - pixels(below)).T / (2.0 * steps)

    start = np.clip(whole[moving], lower, upper)
    inside = np.where(np.isfinite(upper - lower), 1e-6 * (upper - lower), 0.0)
    start = np.clip(start, lower + inside, upper - inside)
    try:
        found = least_squares(
            lambda theta: pixels(theta)[0], start, slopes, bounds=(lower, upper), x_scale="jac", max_nfev=60
        )
    except ValueError:  # it went where the model is no number; the truth's own χ² is above any minimum nearby
        return float((pixels(start)[0] ** 2).sum()), True
    return float(2.0 * found.cost), False


def outcome(scene: Scene) -> Outcome:
    """The scene, fitted and compared."""
    result = run(complete_request(scene.start, scene.images), scene.images)
    reference, failed = reference_chi2(scene.truth, scene.images)
    of_held = reference
    codes = {notice.code for notice in result.notices}
    if "held" in codes:
        begun = Problem(scene.start, scene.images)
        start = dict(zip(begun.names, begun.start()[0].tolist(), strict=True))
        held = {name: start[name] for name in result.covariance.unfelt}
        of_held, failed_held = reference_chi2(scene.truth, scene.images, held)
        failed = failed or failed_held
    profiles = tuple(item.profile for item in scene.start.components)
    return Outcome(
        scene.seed,
        scene.kinds,
        profiles,
        len([row for row in result.parameters if row.free]),
        result.converged,
        tuple(sorted(codes & OPEN_CODES)),
        sum(stage.iterations for stage in result.stages),
        round(result.chi2_reduced, 4),
        round(result.chi2 - reference, 4),
        round(result.chi2 - of_held, 4),
        result.message,
        failed,
    )


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts, and what is wrong in full.

    Both are counted: what ends above the reference that moves every parameter, and what ends above that and the one
    that holds at their starts those which the fit says that it held.
    """
    return {
        "scenes": len(outcomes),
        "converged_above_the_reference": sum(item.converged and item.above > ABOVE for item in outcomes),
        "converged_above_it_with_the_same_held": sum(item.wrong for item in outcomes),
        "unconverged": sum(item.unconverged for item in outcomes),
        "reference_failed": sum(item.reference_failed for item in outcomes),
        "below_the_reference": sum(item.above < -ABOVE for item in outcomes),
        "said_to_be_open": sum(not item.converged and bool(item.open) for item in outcomes),
        "mean_iterations": round(float(np.mean([item.iterations for item in outcomes])), 2),
        "wrong": [asdict(item) for item in outcomes if item.unconverged or (item.converged and item.above > ABOVE)],
    }


class _SceneTimeout(Exception):
    """A scene took longer than it may."""


@contextmanager
def _processor_limit(seconds: float) -> Iterator[None]:
    """Ends what runs inside after so many seconds of processor time, where its interpreter has a turn.

    Raises:
        _SceneTimeout: the time is over.
    """

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise _SceneTimeout

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _outcome_within(seed: int, seconds: float) -> Outcome:
    """The seed's outcome; where it takes longer, one that has not converged and says so."""
    scene = simulated_scene(seed)
    try:
        with _processor_limit(seconds):
            return outcome(scene)
    except _SceneTimeout:
        profiles = tuple(item.profile for item in scene.start.components)
        return Outcome(seed, scene.kinds, profiles, 0, False, (), 0, 0.0, 0.0, 0.0, f"not done in {seconds:g} s")


def _measured(path: Path) -> tuple[dict[int, Outcome], float]:
    """What a file of results has, by seed, and the processor time that it took, seconds."""
    if not path.exists():
        return {}, 0.0
    document = json.loads(path.read_text())
    found: dict[int, Outcome] = {}
    for row in document["outcomes"]:
        values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        found[values["seed"]] = Outcome(**values)
    return found, float(document["cpu_seconds"])


@click.command()
@click.option("--scenes", default=SCENES, show_default=True, help="How many.")
@click.option("--first", default=0, show_default=True, help="Seed of the first.")
@click.option("--again", type=int, multiple=True, help="Seed to measure though the file has it; may be repeated.")
@click.option("--fresh", is_flag=True, help="Measure all, whatever the file has.")
@click.option("--limit", default=180.0, show_default=True, help="Processor time for one scene, seconds.")
@click.option(
    "--output", default=RESULTS / "random_scenes.json", type=click.Path(path_type=Path), help="Results as JSON."
)
def main(scenes: int, first: int, again: tuple[int, ...], fresh: bool, limit: float, output: Path) -> None:
    """Measure what the results do not have, and write them after each scene."""
    torch.set_num_threads(1)
    found, spent = ({}, 0.0) if fresh else _measured(output)
    began = time.process_time()
    for seed in again or [seed for seed in range(first, first + scenes) if seed not in found]:
        found[seed] = _outcome_within(seed, limit)
        if found[seed].wrong or found[seed].unconverged:
            print(found[seed], flush=True)
        outcomes = [found[number] for number in sorted(found)]
        counts = summary(outcomes) | {"cpu_seconds": round(spent + time.process_time() - began, 1)}
        whole = counts | {"outcomes": [asdict(item) for item in outcomes]}
        unfinished = output.with_suffix(".part")
        unfinished.write_text(json.dumps(whole, indent=1) + "\n")
        unfinished.replace(output)
    print({key: value for key, value in summary([found[seed] for seed in sorted(found)]).items() if key != "wrong"})


if __name__ == "__main__":
    main()
