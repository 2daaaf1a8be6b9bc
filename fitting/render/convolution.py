"""Convolution with a point-spread function by FFT, without wrap-round, and its transpose.

The kernel acts on pixel values of a frame that is wider than the image by the kernel's half size on every side, so
light from outside is blurred in, and only the part that no edge touches is kept ("valid" convolution).
"""

from collections.abc import Sequence
from copy import copy
from functools import cache, cached_property

import torch
from scipy.fft import next_fast_len
from torch import Tensor


@cache
def fast_length(size: int) -> int:
    """A length from `size` on that FFTs are fast for: `size` itself, so that nothing has to be copied, where it has no
    prime factors but 2, 3, 5 and 7; else the next that SciPy names.
    """
    rest = size
    for prime in (2, 3, 5, 7):
        while rest % prime == 0:
            rest //= prime
    return size if rest == 1 else int(next_fast_len(size, True))


class Convolver:
    """A kernel (odd height, odd width), centred on its middle pixel, ready to blur stacks of images.

    Args:
        kernel: point-spread function, float64; its sum is what the convolved flux is multiplied by. Or kernels (…, odd
            height, odd width) with axes that broadcast against those of the images.
    """

    oversampling = 1

    def __init__(self, kernel: Tensor) -> None:
        self.kernel = kernel
        self._transforms: dict[tuple[int, int], Tensor] = {}

    @staticmethod
    def stacked(convolvers: Sequence["Convolver"]) -> "Convolver":
        """What blurs images (objects, …, height, width), each object's by its own of the convolvers, whose kernels have
        one shape.
        """
        first = convolvers[0]
        return first if all(one is first for one in convolvers) else _ConvolverStack(convolvers)

    @cached_property
    def margin(self) -> tuple[int, int]:
        """Pixels needed beyond the image on each side, along y and x."""
        return self.kernel.shape[-2] // 2, self.kernel.shape[-1] // 2

    @property
    def widest_margin(self) -> int:
        """The larger of the two margins."""
        return max(self.margin)

    def _transform(self, shape: tuple[int, int]) -> Tensor:
        if shape not in self._transforms:
            self._transforms[shape] = torch.fft.rfft2(self.kernel, s=shape)
        return self._transforms[shape]

    def _transform_for(self, _images: Tensor, shape: tuple[int, int]) -> Tensor:
        """The kernel's transform, broadcast against those of the images."""
        return self._transform(shape)

    def _valid_part(self, height: int, width: int) -> tuple[slice, slice]:
        """Where the valid part of a wide image's convolution lies: the wide frame has the widest margin all round."""
        margin = self.widest_margin
        y, x = margin + self.margin[0], margin + self.margin[1]
        return slice(y, y + height - 2 * margin), slice(x, x + width - 2 * margin)

    def apply(self, wide: Tensor) -> Tensor:
        """Blur images (…, height + 2·margin, width + 2·margin) to (…, height, width)."""
        height, width = wide.shape[-2:]
        shape = (fast_length(height), fast_length(width))
        blurred = torch.fft.rfft2(wide, s=shape) * self._transform_for(wide, shape)
        rows, columns = self._valid_part(height, width)
        # Rows that are not kept need no transform along them.
        kept = torch.fft.ifft(blurred, dim=-2)[..., rows, :]
        return torch.fft.irfft(kept, n=shape[1])[..., columns]

    def transpose(self, image: Tensor) -> Tensor:
        """The transpose of `apply`: (…, height, width) to (…, height + 2·margin, width + 2·margin)."""
        height, width = (size + 2 * self.widest_margin for size in image.shape[-2:])
        shape = (fast_length(height), fast_length(width))
        placed = torch.zeros((*image.shape[:-2], *shape), dtype=image.dtype, device=image.device)
        rows, columns = self._valid_part(height, width)
        placed[..., rows, columns] = image
        spread = torch.fft.rfft2(placed).mul_(self._transform_for(image, shape).conj())
        return torch.fft.irfft(torch.fft.ifft(spread, dim=-2)[..., :height, :], n=shape[1])[..., :width]


class _ConvolverStack(Convolver):
    """Convolvers of objects, each for its own of a batch of images; their transforms are made once for all batches."""

    def __init__(self, convolvers: Sequence[Convolver]) -> None:
        super().__init__(convolvers[0].kernel)
        self._convolvers = convolvers

    def _transform_for(self, images: Tensor, shape: tuple[int, int]) -> Tensor:
        if shape not in self._transforms:
            self._transforms[shape] = torch.stack([one._transform(shape) for one in self._convolvers])
        each = self._transforms[shape]
        return each.view(len(each), *(1,) * (images.ndim - 3), *each.shape[-2:])


class FineConvolver:
    """A kernel on pixels that are `oversampling` times finer than the image's: blurs fine images, and averages them.

    Margins are in pixels of the image; what is to be blurred covers the widened frame in fine pixels.
    """

    def __init__(self, kernel: Tensor, oversampling: int) -> None:
        self.kernel, self.oversampling = kernel, oversampling
        self.widest_margin = -(-(max(kernel.shape) // 2) // oversampling)
        half = self.widest_margin * oversampling
        wide = kernel.new_zeros((2 * half + 1, 2 * half + 1))
        top, left = (half - size // 2 for size in kernel.shape)
        wide[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
        self._fine = Convolver(wide)

    @staticmethod
    def stacked(convolvers: Sequence["FineConvolver"]) -> "FineConvolver":
        """As `Convolver.stacked`."""
        first = convolvers[0]
        if all(one is first for one in convolvers):
            return first
        together = copy(first)
        together._fine = Convolver.stacked([one._fine for one in convolvers])
        return together

    def apply(self, wide: Tensor) -> Tensor:
        """Blur fine images (…, s (height + 2·margin), s (width + 2·margin)) to (…, height, width)."""
        s = self.oversampling
        return self._fine.apply(wide).unflatten(-1, (-1, s)).unflatten(-3, (-1, s)).mean((-1, -3))

    def transpose(self, image: Tensor) -> Tensor:
        """The transpose of `apply`."""
        s = self.oversampling
        return self._fine.transpose(image.repeat_interleave(s, -1).repeat_interleave(s, -2) / s**2)


class EffectiveConvolver(FineConvolver):
    """A point-spread function that holds the pixel's response: blurs fine images, and looks at the pixels' centres.

    The value at a pixel is ∫ I(x′) P(x − x′) d²x′. Light is known by its integrals over fine pixels of width h, which
    is I ⊛ box_h at their centres; so the kernel is P without a box of that width. Where `oversampling` is odd, a fine
    pixel's centre is the pixel's; where it is even, four of them meet there.

    Args:
        response: P at steps of a fine pixel; its sum is what the flux is multiplied by. (odd, odd), the middle one at
            P's centre; or (even, even), where `oversampling` is, and the centre between the middle ones.
    """

    def __init__(self, response: Tensor, oversampling: int) -> None:
        kernel = without_box(without_box(response).mT).mT
        between = 1 - kernel.shape[-1] % 2
        super().__init__(torch.nn.functional.pad(kernel, (between, 0, between, 0)), oversampling)

    def apply(self, wide: Tensor) -> Tensor:
        """Blur fine images (…, k (height + 2·margin), k (width + 2·margin)) to (…, height, width)."""
        k = self.oversampling
        return self._fine.apply(wide)[..., k // 2 :: k, k // 2 :: k]

    def transpose(self, image: Tensor) -> Tensor:
        """The transpose of `apply`."""
        k = self.oversampling
        fine = image.new_zeros((*image.shape[:-2], image.shape[-2] * k, image.shape[-1] * k))
        fine[..., k // 2 :: k, k // 2 :: k] = image
        return self._fine.transpose(fine)


_BOX_INVERSE = (1.0, -1.0 / 24.0, 3.0 / 640.0, -5.0 / 7168.0)
"""1/sinc(u) = asin(z)/z with z = sin(πu), by powers of −4z²: second differences."""


def without_box(samples: Tensor) -> Tensor:
    """Samples along the last axis of what, averaged over one step, is the given function; three more at each end.

    To the seventh power of the step.
    """
    term = torch.nn.functional.pad(samples, (3, 3))
    whole = _BOX_INVERSE[0] * term
    for weight in _BOX_INVERSE[1:]:
        padded = torch.nn.functional.pad(term, (1, 1))
        term = padded[..., 2:] - 2.0 * padded[..., 1:-1] + padded[..., :-2]
        whole = whole + weight * term
    return whole
