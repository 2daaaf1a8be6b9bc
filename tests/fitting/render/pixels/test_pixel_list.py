"""Items that belong to the instances of a stack."""

import torch

from fitting.render.pixels import InstanceIndex, PixelList

WHOSE = torch.tensor([0, 2, 0, 2, 0])
"""Of three instances the second has none."""
VALUES = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 20.0, 30.0, 40.0, 50.0]], dtype=torch.float64)


def test_sums_are_those_of_each_instance_where_one_has_no_item() -> None:
    index = InstanceIndex.of_items(3, WHOSE)
    assert index.sums(VALUES).tolist() == [[9.0, 0.0, 6.0], [90.0, 0.0, 60.0]]
    assert index.pad(VALUES.unsqueeze(-1), 0.0).sum(-1).tolist() == index.sums(VALUES).tolist()


def test_items_are_numbered_for_each_instance() -> None:
    assert InstanceIndex.of_items(3, WHOSE).number.tolist() == [0, 0, 1, 1, 2]


def test_padding_goes_and_comes_back() -> None:
    index = InstanceIndex.of_items(3, WHOSE)
    points = torch.arange(2 * 5 * 4, dtype=torch.float64).view(2, 5, 4)
    padded = index.pad(points, -1.0)
    assert padded.shape == (2, 3, 3 * 4)
    assert padded[:, 1].eq(-1.0).all()
    assert index.unpad(padded.movedim(0, 1)).equal(points.movedim(0, 1))


def test_what_belongs_to_an_instance_is_given_to_each_of_its_items() -> None:
    index = InstanceIndex.of_items(3, WHOSE)
    assert index.of(torch.tensor([[7.0, 8.0, 9.0]])).tolist() == [[7.0, 9.0, 7.0, 9.0, 7.0]]
    assert index.of(torch.tensor([[7.0], [8.0]])).tolist() == [[7.0] * 5, [8.0] * 5]


def test_pixels_are_put_and_taken() -> None:
    target = torch.tensor([0, 1, 3, 5, 2])
    pixels = PixelList(InstanceIndex.of_items(3, WHOSE), torch.zeros((2, 5)), target, WHOSE * 6 + target)
    images = torch.full((3, 2, 3), 9.0, dtype=torch.float64)
    pixels.put(VALUES[0], images)
    assert images.flatten(1).tolist() == [[1, 9, 5, 3, 9, 9], [9] * 6, [9, 2, 9, 9, 9, 4]]
    assert pixels.take(images).tolist() == VALUES[0].tolist()
    assert images.flatten(1).tolist() == [[0, 9, 0, 0, 9, 9], [9] * 6, [9, 0, 9, 9, 9, 0]]
    columns = torch.full((3, 2, 2, 3), 9.0, dtype=torch.float64)
    pixels.put_columns(VALUES.T, columns)
    assert columns[:, 1].flatten(1).tolist() == [[10, 9, 50, 30, 9, 9], [9] * 6, [9, 20, 9, 9, 9, 40]]
