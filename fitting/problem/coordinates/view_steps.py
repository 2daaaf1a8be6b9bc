"""Steps of a view: magnitudes to fluxes, fluxes to amplitudes, and a request on the sky to the pixels of one image.

Around its centre a component sees the sky as a plane and the image's pixels as a linear map of it, so a distortion
counts as far as it is linear over the component. Ellipses are mapped exactly. Lengths are measured along the major axis
and stretch as it does; those of a component without an axis ratio stretch by the root of the map's determinant.
Intensities per arcsec² become intensities per pixel. What modifies isophotes is measured from the ellipse's own axes
and is carried over as it is, but for mirror images; that is exact as far as pixels are square.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.geometry import TotalFlux
from fitting.problem.coordinates.local_map import SkyFrame, mapped_ellipse
from fitting.profiles.axes import DEGREES

_MAGNITUDE = 0.4 * math.log(10.0)
"""Of ln flux by magnitudes, up to the sign: flux = 10^(0.4 (zero point − magnitude)), Pogson's scale."""


class MagnitudeToFlux:
    """A step of a view: flux = 10^(0.4 (zero point − magnitude)) at the given places."""

    def __init__(self, places: Tensor, zero_point: float) -> None:
        self._places, self._zero_point = places, zero_point

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """Magnitudes (batch, natives), and their derivatives (batch, natives, free), become fluxes."""
        flux = torch.exp(_MAGNITUDE * (self._zero_point - physical[:, self._places]))
        jacobian[:, self._places] *= -_MAGNITUDE * flux[..., None]
        physical[:, self._places] = flux


class FluxToAmplitude:
    """A step of a view: amplitude = flux / (flux of unit amplitude), for components of one kind of total.

    Args:
        index: (components, parameters of the total), places among the native values.
    """

    def __init__(self, total: TotalFlux, index: Tensor) -> None:
        self._total, self._places, self._inputs = total, index[:, -1], index[:, :-1]

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """The last value of each component, a flux, becomes its amplitude; no number where the total has no bound."""
        with torch.enable_grad():
            inputs = physical[:, self._inputs].requires_grad_()
            unit = self._total(torch.cat((inputs, torch.ones_like(inputs[..., :1])), dim=-1))
            (slope,) = torch.autograd.grad(unit.log().sum(), inputs)
        unbounded = ~unit.detach().isfinite()
        amplitude = (physical[:, self._places] / unit.detach()).masked_fill(unbounded, torch.nan)
        log_by = (slope[..., None, :] @ jacobian[:, self._inputs]).squeeze(2)
        jacobian[:, self._places] /= unit.detach()[..., None]
        jacobian[:, self._places] -= amplitude[..., None] * log_by
        physical[:, self._places] = amplitude


@dataclass(frozen=True)
class ComponentPlaces:
    """Places of one component's values among the native ones; None where it has no such value.

    Attributes:
        position: of ra and dec, which become x and y; None where the middle of the image stands for the component.
        ellipse: of q and pa.
        angles: of all other position angles.
        lengths, inverse_lengths, intensities: of all values in arcsec, per arcsec, and per arcsec².
        gradient: of derivatives of the intensity towards west and north, which become those by x and y.
        handed: of what changes its sign in a mirror image.
        directions: of each value of a direction, and of the one whose place it takes in a mirror image.
    """

    position: tuple[int, int] | None
    ellipse: tuple[int, int] | None
    angles: tuple[int, ...]
    lengths: tuple[int, ...]
    inverse_lengths: tuple[int, ...]
    intensities: tuple[int, ...]
    gradient: tuple[int, int] | None
    handed: tuple[int, ...]
    directions: tuple[tuple[int, int], ...]


class SkyToPixels:
    """A step of a view (`fitting.problem.coordinates.views.Step`).

    Args:
        components: those that the image shows.
        sky: needed where any component has a position.
        middle: pixels (rows x, y) per arcsec (columns west, north) in the middle of the image, (2, 2).
    """

    def __init__(self, components: Sequence[ComponentPlaces], sky: SkyFrame | None, middle: Tensor) -> None:
        self._sky, self._middle = sky, middle
        self._count = len(components)

        def places(found: list[tuple[int, ...]], width: int) -> Tensor:
            return torch.tensor(found, dtype=torch.long, device=middle.device).reshape(-1, width)

        numbered = list(enumerate(components))
        self._positions = places([(k, *item.position) for k, item in numbered if item.position is not None], 3)
        self._ellipses = places([(k, *item.ellipse) for k, item in numbered if item.ellipse is not None], 3)
        self._angles = places([(k, place) for k, item in numbered for place in item.angles], 2)
        self._lengths = places([(k, place) for k, item in numbered for place in item.lengths], 2)
        self._inverse_lengths = places([(k, place) for k, item in numbered for place in item.inverse_lengths], 2)
        self._intensities = places([(k, place) for k, item in numbered for place in item.intensities], 2)
        self._gradients = places([(k, *item.gradient) for k, item in numbered if item.gradient is not None], 3)
        self._handed = places([(k, place) for k, item in numbered for place in item.handed], 2)
        self._directions = places([(k, *pair) for k, item in numbered for pair in item.directions], 3)

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """Values (batch, natives) and derivatives (batch, natives, free) of the request become those of the image."""
        batch, free = physical.shape[0], jacobian.shape[2]
        linear = self._middle.repeat(batch, self._count, 1, 1)
        linear_by = physical.new_zeros((batch, self._count, 2, 2, 2))
        sky = jacobian.new_zeros((batch, self._count, 2, free))
        if len(self._positions):
            assert self._sky is not None
            who, ra, dec = self._positions.unbind(-1)
            around = self._sky.around(physical[:, ra], physical[:, dec])
            linear[:, who], linear_by[:, who] = around.linear, around.linear_by_sky
            sky[:, who] = torch.stack((jacobian[:, ra], jacobian[:, dec]), dim=2)
            physical[:, ra], physical[:, dec] = around.pixel.unbind(-1)
            jacobian[:, ra], jacobian[:, dec] = (around.by_sky @ sky[:, who]).unbind(2)
        determinant = torch.linalg.det(linear)
        growth = (torch.linalg.inv(linear)[:, :, None].mT * linear_by).sum((-1, -2))  # of ln |det|
        log_area_by = (growth[..., None, :] @ sky).squeeze(2)  # (batch, components, free)
        stretch = determinant.abs().sqrt()
        log_stretch_by = 0.5 * log_area_by
        if len(self._ellipses):
            self._map_ellipses(physical, jacobian, linear, linear_by, sky, stretch, log_stretch_by)
        if len(self._angles):
            self._map_angles(physical, jacobian, linear, linear_by, sky)
        self._mirror(physical, jacobian, determinant < 0.0)
        self._map_gradients(physical, jacobian, linear)
        _multiply(physical, jacobian, self._lengths, stretch, log_stretch_by)
        _multiply(physical, jacobian, self._inverse_lengths, 1.0 / stretch, -log_stretch_by)
        _multiply(physical, jacobian, self._intensities, 1.0 / determinant.abs(), -log_area_by)

    def _map_ellipses(
        self,
        physical: Tensor,
        jacobian: Tensor,
        linear: Tensor,
        linear_by: Tensor,
        sky: Tensor,
        stretch: Tensor,
        log_stretch_by: Tensor,
    ) -> None:
        who, q, pa = self._ellipses.unbind(-1)
        mapped = mapped_ellipse(linear[:, who], linear_by[:, who], physical[:, q], physical[:, pa])
        inputs = torch.cat((jacobian[:, q, None], jacobian[:, pa, None], sky[:, who]), dim=2)
        stretch[:, who] = mapped.stretch
        by = (mapped.stretch_by / mapped.stretch[..., None])[..., None, :]
        log_stretch_by[:, who] = (by @ inputs).squeeze(2)
        physical[:, q], physical[:, pa] = mapped.q, mapped.pa
        jacobian[:, q] = (mapped.q_by[..., None, :] @ inputs).squeeze(2)
        jacobian[:, pa] = (mapped.pa_by[..., None, :] @ inputs).squeeze(2)

    def _map_angles(self, physical: Tensor, jacobian: Tensor, linear: Tensor, linear_by: Tensor, sky: Tensor) -> None:
        """Directions without an axis ratio point where the map takes them."""
        who, pa = self._angles.unbind(-1)
        sine, cosine = torch.sin(physical[:, pa] * DEGREES), torch.cos(physical[:, pa] * DEGREES)
        along, across = torch.stack((-sine, cosine), -1), torch.stack((cosine, sine), -1)
        x, y = (linear[:, who] @ along[..., None]).squeeze(-1).unbind(-1)
        by_pa = -(linear[:, who] @ across[..., None]).squeeze(-1) * DEGREES
        by_sky = (linear_by[:, who] @ along[..., None, :, None]).squeeze(-1)
        by = torch.cat((by_pa[..., None, :], by_sky), dim=2)
        turned = (x[..., None] * by[..., 1] - y[..., None] * by[..., 0]) / (x * x + y * y)[..., None] / DEGREES
        inputs = torch.cat((jacobian[:, pa, None], sky[:, who]), dim=2)
        physical[:, pa] = torch.atan2(-x, y) / DEGREES
        jacobian[:, pa] = (turned[..., None, :] @ inputs).squeeze(2)

    def _mirror(self, physical: Tensor, jacobian: Tensor, mirrored: Tensor) -> None:
        """Change signs and the order of directions of components that are seen mirrored, (batch, components)."""
        who, at = self._handed.unbind(-1)
        sign = torch.where(mirrored[:, who], -1.0, 1.0).to(physical)
        physical[:, at] *= sign
        jacobian[:, at] *= sign[..., None]
        who, at, other = self._directions.unbind(-1)
        physical[:, at] = torch.where(mirrored[:, who], physical[:, other], physical[:, at])
        jacobian[:, at] = torch.where(mirrored[:, who, None], jacobian[:, other], jacobian[:, at])

    def _map_gradients(self, physical: Tensor, jacobian: Tensor, linear: Tensor) -> None:
        """∇I of the middle of the image, whose map is the same at all values: L⁻ᵀ ∇I / |det L|."""
        who, at = self._gradients[:, 0], self._gradients[:, 1:]
        back = torch.linalg.inv(linear[:, who]).mT / torch.linalg.det(linear[:, who]).abs()[..., None, None]
        physical[:, at] = (back @ physical[:, at, None]).squeeze(-1)
        jacobian[:, at] = back @ jacobian[:, at]


def _multiply(physical: Tensor, jacobian: Tensor, places: Tensor, factor: Tensor, log_factor_by: Tensor) -> None:
    """Multiply values at `places` (component, value) by their component's factor."""
    who, at = places.unbind(-1)
    physical[:, at] *= factor[:, who]
    jacobian[:, at] *= factor[:, who, None]
    jacobian[:, at] += physical[:, at, None] * log_factor_by[:, who]
