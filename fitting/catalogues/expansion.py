"""Expansion of a catalogue: each row's own fit requests, one for each of its models, as a fit takes them.

What a row's request asks is all that is fitted for it: the same request, as a fit, gives the same numbers. Its seed is
the catalogue's plus the row's number.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from fitting.catalogues.frames import (
    CatalogueFrame,
    Locate,
    PlaceUnknown,
    Window,
    read_frames,
    side_and_place,
    window_around,
)
from fitting.catalogues.neighbourhood import Neighbour, RowNeighbourhood, read_neighbourhood
from fitting.catalogues.object_table import ObjectRows
from fitting.files import DEFAULT_LIMITS, ReadLimits
from fitting.spec import PROFILES, Fault, FitRequest, RequestInvalid, parse_request
from fitting.spec.catalogues import AroundWindow, CatalogueRequest, Cutouts, Template, Value
from fitting.spec.validation import faults_below

TARGET_GROUP = "row"
"""Group of the row's own components where neighbours are fitted along, so that its total is of them alone."""
_NEIGHBOUR = "n{number}_{name}"


@dataclass(frozen=True)
class RowRequest:
    """What is fitted for a row, by one of the models.

    Attributes:
        number: of the row, from 0.
        model: name of the model; empty where there is the template alone.
        request: of the fit; None where the row cannot be fitted.
        faults: why it cannot.
        place: pixel x, y that the first image's window is put around, where it is.
        windows: asked of the images, by their number, before they are cut to the frame.
        frame_shapes: (height, width) of the frames of those.
        neighbours: how many other rows are near.
    """

    number: int
    model: str
    request: FitRequest | None
    faults: tuple[Fault, ...] = ()
    place: tuple[float, float] | None = None
    windows: Mapping[int, Window] = field(default_factory=dict)
    frame_shapes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    neighbours: int = 0

    @property
    def message(self) -> str:
        """Why the row cannot be fitted, in a line."""
        return "; ".join(f"{fault.path.removeprefix('$.')} {fault.message}" for fault in self.faults[:3])

    @property
    def centre_outside(self) -> bool:
        """Whether the position of the first window lies outside of its frame."""
        if self.place is None or 0 not in self.frame_shapes:
            return False
        (x, y), (height, width) = self.place, self.frame_shapes[0]
        return not (-0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5)

    @property
    def partly_outside(self) -> bool:
        """Whether a window reaches over its frame's edge."""
        for index, window in self.windows.items():
            height, width = self.frame_shapes.get(index, (2**31, 2**31))
            if window["x"][0] < 0 or window["y"][0] < 0 or window["x"][1] > width or window["y"][1] > height:
                return True
        return False


@dataclass(frozen=True)
class Expansion:
    """A catalogue with its table and frames, from which rows become fit requests.

    Attributes:
        catalogue: the request.
        objects: its rows.
        cutouts: what its `files` is.
        frames: images that are one plane for all rows.
        neighbourhood: where all rows lie; None where nothing is asked of that, and it cannot be known.
    """

    catalogue: CatalogueRequest
    objects: ObjectRows
    cutouts: Cutouts
    frames: Mapping[int, CatalogueFrame]
    neighbourhood: RowNeighbourhood | None

    @classmethod
    def of(
        cls,
        catalogue: CatalogueRequest,
        objects: ObjectRows,
        cutouts: Cutouts,
        locate: Locate,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> Expansion:
        """Read what is needed for it.

        Raises:
            RequestInvalid: a file of all rows cannot be read, or neighbours are asked of what has none.
        """
        frames = read_frames(catalogue, locate, limits)
        return cls(catalogue, objects, cutouts, frames, read_neighbourhood(catalogue, objects, frames))

    @cached_property
    def templates(self) -> Mapping[str, Template]:
        """The template of each model."""
        return {name: self.catalogue.template_of(name, self.cutouts) for name in self.catalogue.model_names}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that the templates need, each once."""
        return tuple(dict.fromkeys(name for template in self.templates.values() for name in template.columns))

    def rows(self, start: int, stop: int) -> Iterator[list[RowRequest]]:
        """The requests of rows start to stop (not included), one for each model."""
        for number, values in enumerate(self.objects.rows(start, stop, self.columns), start):
            yield self.row(number, values)

    def row(self, number: int, values: Mapping[str, Value] | None = None) -> list[RowRequest]:
        """The requests of a row, one for each model.

        Args:
            values: of the columns that are needed; read where None.
        """
        values = self.objects.row(number) if values is None else values
        near = [] if self.neighbourhood is None else self.neighbourhood.of(number)
        return [self._row(number, model, values, near) for model in self.templates]

    def _row(self, number: int, model: str, values: Mapping[str, Value], near: Sequence[Neighbour]) -> RowRequest:
        found = RowRequest(number, model, None, neighbours=len(near))
        try:
            document = self.templates[model].filled(values)
            windows, places = self._put_windows(document)
            shapes = {index: frame.shape for index, frame in self.frames.items() if index in windows}
            found = RowRequest(number, model, None, (), places.get(0), windows, shapes, len(near))
            _rename_segmentation(document)
            if near and self.catalogue.neighbours.treatment == "mask":
                self._mask(document, near, places)
            elif self.catalogue.neighbours.treatment == "fit":
                self._fit_along(document, model, near, windows)
            document["seed"] = self.catalogue.seed + number
            return _replaced(found, parse_request(document))
        except RequestInvalid as error:
            faults = tuple(
                Fault(self.catalogue.template_place(model, fault.path), fault.message, fault.expected, fault.code)
                for fault in error.faults
            )
            return _replaced(found, None, faults)

    def _put_windows(self, document: dict[str, Any]) -> tuple[dict[int, Window], dict[int, tuple[float, float]]]:
        """Put windows around positions; which they are, and where, by the number of the image."""
        windows, places = {}, {}
        for index, image in enumerate(document["images"]):
            window = image.get("window") if isinstance(image, dict) else None
            if not isinstance(window, dict) or "around" not in window:
                continue
            location = ("images", index, "window")
            try:
                around = AroundWindow.model_validate(window)
                side, place = side_and_place(around, self.frames.get(index))
            except ValidationError as error:
                raise RequestInvalid(faults_below(error, location)) from None
            except PlaceUnknown as error:
                raise RequestInvalid([Fault(f"$.images[{index}].window.around", str(error))]) from None
            image["window"] = windows[index] = window_around(place, side)
            places[index] = place
        return windows, places

    def _mask(
        self, document: dict[str, Any], near: Sequence[Neighbour], places: Mapping[int, tuple[float, float]]
    ) -> None:
        """Leave out the pixels of neighbours' ellipses, none of which comes nearer to the row than its own share."""
        assert self.neighbourhood is not None
        own = self._own_size(places)
        for index, image in enumerate(document["images"]):
            shapes = list(image.get("mask_shapes") or ())
            for other in near:
                at = self._place_of(other, index)
                if at is None:
                    continue
                reach = min(self.neighbourhood.within * other.size, other.distance * other.size / (other.size + own))
                shapes.append({"ellipse": {"x": at[0], "y": at[1], "a": max(reach, 0.5)}})
            if shapes:
                image["mask_shapes"] = shapes

    def _own_size(self, places: Mapping[int, tuple[float, float]]) -> float:
        """Half-light radius, in pixels, of the row that lies there."""
        assert self.neighbourhood is not None
        hood = self.neighbourhood
        x, y = places.get(0, (0.0, 0.0))
        nearest = ((hood.x - x) ** 2 + (hood.y - y) ** 2).argmin()
        return float(hood.size[nearest])

    def _place_of(self, other: Neighbour, index: int) -> tuple[float, float] | None:
        """Where a neighbour lies in an image."""
        if index == 0:
            return other.x, other.y
        written = copy.deepcopy(self.catalogue.template["images"][index])
        try:
            filled = Template({"images": [written]}).filled(self.objects.row(other.number))["images"][0]
            return side_and_place(AroundWindow.model_validate(filled["window"]), self.frames.get(index))[1]
        except (RequestInvalid, ValidationError, PlaceUnknown, KeyError):
            return None

    def _fit_along(
        self, document: dict[str, Any], model: str, near: Sequence[Neighbour], windows: Mapping[int, Window]
    ) -> None:
        """Add the components of neighbours: free where their centre lies in the window, as they are outside."""
        own = [item for item in document["components"] if _is_light(item)]
        if len(own) > 1:
            document["groups"] = {**(document.get("groups") or {}), TARGET_GROUP: [item["name"] for item in own]}
        window = windows.get(0)
        for order, other in enumerate(near, 1):
            try:
                theirs = self.templates[model].filled(self.objects.row(other.number))["components"]
            except RequestInvalid:
                continue
            inside = window is None or all(
                window[key][0] - 0.5 <= at < window[key][1] - 0.5 for key, at in (("x", other.x), ("y", other.y))
            )
            lights = [item for item in theirs if _is_light(item)]
            document["components"] += [_along(item, lights, order, inside=inside) for item in lights]


def _replaced(found: RowRequest, request: FitRequest | None, faults: tuple[Fault, ...] = ()) -> RowRequest:
    return RowRequest(
        found.number,
        found.model,
        request,
        faults,
        found.place,
        found.windows,
        found.frame_shapes,
        found.neighbours,
    )


def _rename_segmentation(document: dict[str, Any]) -> None:
    """What a template calls ``segmentation`` is an image's `other_segments`."""
    for image in document["images"]:
        if isinstance(image, dict) and "segmentation" in image:
            image["other_segments"] = image.pop("segmentation")


def _is_light(component: Any) -> bool:
    """Whether a component has a place on the sky, and light of its own."""
    profile = PROFILES.get(component.get("profile", "")) if isinstance(component, dict) else None
    return profile is not None and not profile.sky and component.get("role", "light") == "light"


def _along(
    component: Mapping[str, Any], lights: Sequence[Mapping[str, Any]], order: int, *, inside: bool
) -> dict[str, Any]:
    """A neighbour's component under a name of its own; held as it is where it is not in the window."""
    names = {item["name"]: _NEIGHBOUR.format(number=order, name=item["name"]) for item in lights}
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})(?=\.)")

    def renamed(text: str) -> str:
        return pattern.sub(lambda found: names[found[1]], text)

    parameters: dict[str, Any] = {}
    for key, written in (component.get("parameters") or {}).items():
        value = written.get("value") if isinstance(written, dict) else written
        if isinstance(value, str):
            parameters[key] = renamed(value)
        elif inside or value is None:
            parameters[key] = written
        else:
            parameters[key] = {"value": value, "fixed": True}
    return {**component, "name": names[component["name"]], "parameters": parameters}
