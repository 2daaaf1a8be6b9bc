"""Pixels of a frame that the instances of a stack have, one instance's after the other's."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class InstanceIndex:
    """The index from items of a list to the instances that they belong to.

    Attributes:
        instances: how many there are.
        instance: of each item, (items,).
        number: of each item among those of its instance, (items,).
    """

    instances: int
    instance: Tensor
    number: Tensor

    @classmethod
    def of_items(cls, instances: int, instance: Tensor) -> "InstanceIndex":
        """The index of items, of so many instances."""
        order, counts = instance.argsort(stable=True), instance.bincount(minlength=instances)
        first = (counts.cumsum(0) - counts)[instance[order]]
        number = torch.empty_like(instance)
        number[order] = torch.arange(len(instance), device=instance.device) - first
        return cls(instances, instance, number)

    @cached_property
    def most(self) -> int:
        """The most items of one instance."""
        return int(self.number.max()) + 1

    @cached_property
    def _place(self) -> Tensor:
        return self.instance * self.most + self.number

    def of(self, values: Tensor) -> Tensor:
        """Values (n, items) from those of instances, (n, instances) or (n, 1): of each item its instance's."""
        return values.expand(-1, self.instances).gather(1, self.instance.expand(len(values), -1))

    def pad(self, values: Tensor, missing: float) -> Tensor:
        """Values (…, items, k) as (…, instances, most · k), with something for those that instances do not have."""
        lead, each = values.shape[:-2], values.shape[-1]
        padded = values.new_full((*lead, self.instances * self.most, each), missing)
        return padded.index_copy_(-2, self._place, values).view(*lead, self.instances, -1)

    def unpad(self, values: Tensor) -> Tensor:
        """The way back, of (instances, …, most · k): (items, …, k)."""
        return values.unflatten(-1, (self.most, -1))[self.instance, ..., self.number, :]

    def sums(self, values: Tensor) -> Tensor:
        """Sums of values (k, items) over the items of each instance, (k, instances)."""
        if values.device.type == "cpu":
            return values.new_zeros((len(values), self.instances)).index_add_(1, self.instance, values)
        # A GPU adds in whatever order comes first, and the same fit is to give the same numbers.
        return self.pad(values.unsqueeze(-1), 0.0).sum(-1)


@dataclass(frozen=True)
class PixelList:
    """Pixels of a frame, each of one instance of a stack.

    Attributes:
        index: whose they are.
        places: x and y, (2, pixels).
        target: places in the flattened frame, (pixels,).
        flat_target: places in flattened images (instances, height, width), (pixels,).
    """

    index: InstanceIndex
    places: Tensor
    target: Tensor
    flat_target: Tensor

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        index = self.index
        arrays = (index.instance, index.number, self.places, self.target, self.flat_target)
        return sum(array.nbytes for array in arrays)

    def put(self, values: Tensor, images: Tensor) -> None:
        """Write values (pixels,) into images (instances, height, width)."""
        images.put_(self.flat_target, values)

    def put_columns(self, columns: Tensor, images: Tensor) -> None:
        """Write columns (pixels, …) into images (instances, …, height, width)."""
        images.flatten(-2)[self.index.instance, ..., self.target] = columns

    def take(self, images: Tensor) -> Tensor:
        """Move values out of images (instances, height, width), where they are zero then: (pixels,)."""
        values = images.take(self.flat_target)
        images.view(-1).index_fill_(0, self.flat_target, 0.0)
        return values
