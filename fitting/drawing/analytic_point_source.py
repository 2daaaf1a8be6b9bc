"""A point source where the point-spread function is a formula: that formula, integrated over pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.drawing.surface import SurfaceDrawing
from fitting.render.pixels import Frame


@dataclass(frozen=True)
class AnalyticPointSource:
    """Point sources on one image: parameters x, y (pixels) and flux (data units).

    Args:
        psf: a PSF model (`fitting.profiles.psf`): x and y first, flux last.
        form: what stands between, from q on; fixed by the image.
    """

    psf: SurfaceDrawing
    form: tuple[float, ...]

    linear = (2,)

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        return self.psf.image(self._whole(values), frame)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and flux."""
        return self.psf.derivatives(self._whole(values), frame)[:, [0, 1, -1]]

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """As the PSF does."""
        return self.psf.reaches(self._whole(values), frames, faintest)

    def _whole(self, values: Tensor) -> Tensor:
        form = torch.tensor(self.form, dtype=values.dtype, device=values.device).expand(len(values), -1)
        return torch.cat((values[:, :2], form, values[:, 2:]), dim=1)
