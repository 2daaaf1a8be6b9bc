"""Parts: some components of a problem as a problem of their own, in which all others are light to be subtracted.

A part has its own short θ and its own small windows, so what it costs to fit follows its components and not the scene.
Components that links tie together always belong to one part (`tied_components`).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fitting.problem.components import component_groups, on_fine_pixels
from fitting.problem.coordinates import view_of
from fitting.problem.image import TargetImage, tiles_of
from fitting.problem.problem import Problem
from fitting.render.pixels import Frame

FAINTEST = 1e-3
"""A part's window ends where its components are fainter than this times the noise of the image's best pixel; chosen by
hand. What windows leave out never adds up: each cycle ends with the whole scene rendered anew."""
_FAINTER_LEVELS = 6
"""Levels, each fainter by that factor: a part that is fainter everywhere gets the window of the first that it reaches,
so that it may grow; down to 1e-18 of the noise."""
_WINDOW_ROOM = 8
"""Pixels around what is reached, so that centres may move in a visit; chosen by hand."""
_WINDOW_GRID = 16
"""Windows begin and end on multiples of this, pixels, so that they stay the same while a fit moves a little."""


def tied_components(problem: Problem) -> tuple[tuple[str, ...], ...]:
    """Components in sets that share no link with each other; sets and members in the request's order.

    A component that blurs the others ties all together.
    """
    names = [component.name for component in problem.request.components]
    home = {name: name for name in names}

    def root(name: str) -> str:
        while home[name] != name:
            name = home[name]
        return name

    for row in problem.table.linked_rows:
        for read in () if row.expression is None else row.expression.names:
            home[root(problem.table[read].component)] = root(row.component)
    blurring = [component.name for component in problem.request.components if component.role == "psf"]
    for name in names if blurring else ():
        home[root(name)] = root(blurring[0])
    sets: dict[str, list[str]] = {}
    for name in names:
        sets.setdefault(root(name), []).append(name)
    return tuple(tuple(members) for members in sets.values())


@dataclass(frozen=True)
class Visit:
    """A part with the rest of the scene subtracted.

    Attributes:
        problem: of the part alone; its images are windows of the whole ones.
        theta: of the part, (1, free of the part).
        windows: where each of the part's images lies: number of the whole image, rows, columns.
        light: of the part at `theta` in each window, (1, height, width).
    """

    problem: Problem
    theta: Tensor
    windows: tuple[tuple[int, slice, slice], ...]
    light: tuple[Tensor, ...]

    def update(self, models: Sequence[Tensor], theta: Tensor) -> None:
        """Put the part's light at its new θ in place of the old, in the scene's `models`."""
        for (number, rows, columns), old, new in zip(self.windows, self.light, self.problem.model(theta), strict=True):
            models[number][:, rows, columns] += new - old


class Part:
    """Components of a problem, none of them linked to one outside.

    Args:
        whole: the problem that they belong to.
        components: their names.

    Attributes:
        names: of the part's free parameters.
        places: of the part's free parameters in the whole θ, (free of the part,).
    """

    def __init__(self, whole: Problem, components: Iterable[str]) -> None:
        self.whole = whole
        chosen = set(components)
        members = tuple(component for component in whole.request.components if component.name in chosen)
        self.components = tuple(component.name for component in members)
        self._problem = Problem(whole.request.model_copy(update={"components": members}), (), whole.device)
        request, table = self._problem.request, self._problem.table
        self._views = tuple(view_of(request, table, source) for source in whole.sources)
        seen = [
            (request.seen_in(image.name), view.index, image)
            for view, image in zip(self._views, whole.images, strict=True)
        ]
        self._groups = tuple(on_fine_pixels(*each) for each in seen)
        self._on_pixels = tuple(component_groups(*each, steps=1) for each in seen)
        self.names = self._problem.names
        place = {name: position for position, name in enumerate(whole.names)}
        self.places = torch.tensor([place[name] for name in self.names], dtype=torch.long)

    def visit(self, theta: Tensor, models: Sequence[Tensor]) -> Visit:
        """The part at the whole θ (1, free), the rest of the scene's `models` (1, height, width) subtracted."""
        theta_of_part = theta[:, self.places]
        values = self._problem.parameters.values(theta_of_part)
        windows, images = [], []
        for number, image in enumerate(self.whole.images):
            cut = self._window(self._views[number].native(values).physical, number)
            if cut is not None:
                windows.append((number, *cut))
                images.append(_cut(image, *cut, len(self._views[number].index)))
        numbers = [number for number, _, _ in windows]
        problem = self._problem_on(tuple(images), numbers)
        light = problem.model(theta_of_part)
        targets = []
        for image, (number, rows, columns), mine in zip(images, windows, light, strict=True):
            others = models[number][0, rows, columns] - mine[0]
            # What was counted stays counted, as Poisson's noise asks.
            targets.append(replace(image, data=image.data - others, offset=image.offset + others))
        return Visit(self._problem_on(tuple(targets), numbers), theta_of_part, tuple(windows), tuple(light))

    def _problem_on(self, images: tuple[TargetImage, ...], numbers: Sequence[int]) -> Problem:
        """The part's problem, on these images; `numbers` are those of the whole images that they are cut from.

        It alone holds them: of a scene of hundreds of parts the windows are together far larger than the image.
        """
        problem = copy(self._problem)
        problem.images = images
        problem.views = tuple(self._views[number] for number in numbers)
        problem.groups = tuple(self._groups[number] for number in numbers)
        problem.pixels = sum(image.pixels for image in images)
        return problem

    def _window(self, physical: Tensor, number: int) -> tuple[slice, slice] | None:
        """Rows and columns of an image that the part reaches at native values (1, natives), None if it reaches
        none.
        """
        image, groups = self.whole.images[number], self._on_pixels[number]
        if not image.pixels or not groups:
            return None
        physical = physical.to(image.data.device)
        height, width = image.data.shape
        first = image.tiles[0].frame

        def reaches(x0: int, x1: int, y0: int, y1: int, faintest: float) -> bool:
            frame = Frame(first.x0 + x0, first.y0 + y0, x1 - x0, y1 - y0)
            return any(group.reaching(physical, [frame], [faintest])[0] for group in groups)

        noise = float(image.weight.max()) ** -0.5
        levels = (noise * FAINTEST**power for power in range(1, _FAINTER_LEVELS + 1))
        faintest = next((level for level in levels if reaches(0, width, 0, height, level)), None)
        if faintest is None:
            return slice(0, height), slice(0, width)
        room = _WINDOW_ROOM + (0 if image.convolver is None else image.convolver.widest_margin)
        columns = _span(
            width,
            room,
            lambda stop: reaches(0, stop, 0, height, faintest),
            lambda start: reaches(start, width, 0, height, faintest),
        )
        rows = _span(
            height,
            room,
            lambda stop: reaches(0, width, 0, stop, faintest),
            lambda start: reaches(0, width, start, height, faintest),
        )
        return rows, columns


def _span(size: int, room: int, before: Callable[[int], bool], after: Callable[[int], bool]) -> slice:
    """The pixels of one axis that are reached and some room, in whole steps of the grid.

    Args:
        size: of the axis.
        room: pixels on either side.
        before: whether anything is reached before a pixel; once true it stays so as the pixel grows.
        after: whether anything is reached from a pixel on; once false it stays so.
    """
    edges = range(0, size + _WINDOW_GRID, _WINDOW_GRID)
    low = bisect_left(edges, True, key=lambda edge: before(min(edge, size)) if edge else False) - 1
    high = bisect_left(edges, True, key=lambda edge: not after(edge) if edge < size else True)
    start = max(0, _WINDOW_GRID * ((_WINDOW_GRID * low - room) // _WINDOW_GRID))
    return slice(start, min(size, _WINDOW_GRID * -(-(_WINDOW_GRID * high + room) // _WINDOW_GRID)))


def _cut(image: TargetImage, rows: slice, columns: slice, natives: int) -> TargetImage:
    """A rectangle of an image, with tiles of its own, for so many native values."""
    first = image.tiles[0].frame
    data, weight, offset = (plane[rows, columns] for plane in (image.data, image.weight, image.offset))
    origin = (first.x0 + columns.start, first.y0 + rows.start)
    tiles = tuple(tiles_of(origin, data.shape, image.convolver, data.device, natives))
    return replace(image, data=data, weight=weight, offset=offset, tiles=tiles, pixels=int((weight > 0.0).sum()))
