"""Which view each image of a request needs."""

import torch

from fitting.inputs.images import ImageData
from fitting.problem.view import RowsAsTheyAre, RowsInSteps, View
from fitting.spec import FitRequest, ParameterTable, seen_in


def native_index(request: FitRequest) -> dict[str, int]:
    """Place of each native value of all components, by ``component.parameter`` with the profile's own names."""
    names = (f"{component.name}.{name}" for component in request.components for name in component.description.names)
    return {name: place for place, name in enumerate(names)}


def view_of(request: FitRequest, table: ParameterTable, image: ImageData, device: torch.device) -> View:
    """The view of one image."""
    index = native_index(request)
    rows = _rows(request, table, image.name)
    if rows == list(range(len(table))):
        return RowsAsTheyAre(index)
    return RowsInSteps(index, torch.tensor(rows, dtype=torch.long, device=device), ())


def _rows(request: FitRequest, table: ParameterTable, image: str) -> list[int]:
    rows = []
    for component in request.components:
        seen = image in seen_in(component, request.images)
        for name in component.described(request.frame_in_use).names:
            rows.append(table.row_of(component.name, name, image) if seen else 0)
    return rows
