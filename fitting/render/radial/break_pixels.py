"""Break pixels: those that the break of a profile crosses, or its end, an ellipse of known size around the centre.

In polar coordinates about the centre a pixel is the signed sum of the triangles that its edges span with the centre
(as in `CuspRule`). Along a ray from λ = 0, the centre, to λ = 1, the edge, the brightness is smooth but at the break,
λ_b. A pixel away from the centre may be integrated from λ_b on instead of from 0, because what lies inside the ellipse
adds up to nothing over its edges; then no ray crosses the break. Each edge is split at its foot (where it is nearest to
the centre) and where the break crosses it, and nodes are graded towards the break.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from fitting.render.pixels import PixelList, closely_crowded_rule, crowded_rule, graded_rule
from fitting.render.radial.cusp_pixels import cusp_grading
from fitting.render.radial.ellipse import Ellipses
from fitting.render.radial.outline import EDGES, EdgeTriangles, OutlinePoints, by_centre, pixel_edges
from fitting.render.radial.radial_instances import RadialInstances

_OUTLINE_ORDER = 24
"""Nodes on a piece of the outline for the derivatives by x and y near a centre: as many as without a break
(`fitting.render.radial.cusp_pixels`).
"""
_PIECES = 4
"""Pieces of an edge: to the break, to the foot, to the break again, to the end."""


class BreakOrders(NamedTuple):
    """Whether edges are split at their feet, and numbers of nodes on a piece of an edge and on a ray."""

    at_feet: bool
    edge: int
    radial: int

    @classmethod
    def of(cls, closest: float, narrowest: float) -> "BreakOrders":
        """For breaks no closer to their centres than `closest` pixels, and axis ratios from `narrowest` on.

        More nodes where more is promised, near the centre, and where a pixel spans much of the break's radius.
        """
        minor = closest * narrowest
        if minor < 2.5 or minor * narrowest < 0.8:
            return cls(True, 12, 14)
        return cls(False, 9, 7) if minor < 7.0 else cls(False, 6, 5)


@dataclass(frozen=True)
class BreakRule:
    """Integration over pixels near the break and away from the centre.

    Attributes:
        pieces: how many pieces of the pixel's outline are integrated, the longest; the others have no length but in
            rare cases.
        at_feet: whether edges are split at their feet, too: near the centre.
        edge, edge_weights: nodes on a piece, (edge order,).
        radial, radial_weights: nodes from the break to the edge, (radial order,).
    """

    pieces: int
    at_feet: bool
    edge: Tensor
    edge_weights: Tensor
    radial: Tensor
    radial_weights: Tensor

    @classmethod
    def build(cls, orders: "BreakOrders", device: torch.device) -> "BreakRule":
        """The rule with such numbers of nodes."""
        at_feet, edge, radial = orders
        return cls(14 if at_feet else 8, at_feet, *crowded_rule(edge, device), *graded_rule(radial, device))

    def split(self, offsets: Tensor, form: Ellipses, break_radius: Tensor) -> "BreakSplit":
        """Pixels at offsets (2, pixels) from centres; forms and breaks, in scale lengths, are those of each."""
        return BreakSplit(self, _outline(offsets, form, break_radius, self.pieces, self.at_feet))


@dataclass(frozen=True)
class BreakSplit:
    """Pixels as a `BreakRule` sees them."""

    rule: BreakRule
    pieces: "Outline"

    def rays(self) -> "Rays":
        """From the break to the nodes on the pieces."""
        rule, ends = self.rule, self.pieces.points(self.rule.edge, self.rule.edge_weights)
        start = ends.break_level.unsqueeze(1)
        span = 1.0 - start
        level = (span * rule.radial[:, None]).add_(start)
        return Rays(ends, level, (level * rule.radial_weights[:, None]).mul_(span))

    def outline(self) -> None:
        """Away from the centre the gradient is integrated as it is."""


@dataclass(frozen=True)
class CuspAndBreakRule:
    """Integration over pixels near the centre where the break is near too: from the centre to the break, and on.

    Attributes:
        edge, edge_weights: nodes on a piece, (edge order,).
        inner, inner_weights: λ nodes and λ dλ weights for half of the way to the break or the edge, (pixels, radial
            order).
        outer, outer_weights: from the break to the edge, and back over the other half, (radial order,).
    """

    edge: Tensor
    edge_weights: Tensor
    inner: Tensor
    inner_weights: Tensor
    outer: Tensor
    outer_weights: Tensor

    @classmethod
    def build(cls, cusp_powers: list[float], device: torch.device) -> "CuspAndBreakRule":
        """The rule for pixels of profiles that rise as R^c towards the centre, c in `cusp_powers`."""
        return cls(*crowded_rule(18, device), *cusp_grading(cusp_powers, 14, device), *graded_rule(12, device))

    def split(self, offsets: Tensor, form: Ellipses, break_radius: Tensor) -> "CuspAndBreakSplit":
        """Pixels as seen from centres; arguments as of `BreakRule.split`."""
        return CuspAndBreakSplit(self, _outline(offsets, form, break_radius, EDGES * _PIECES, True))


@dataclass(frozen=True)
class CuspAndBreakSplit:
    """Pixels as a `CuspAndBreakRule` sees them."""

    rule: CuspAndBreakRule
    pieces: "Outline"

    def rays(self) -> "Rays":
        """From the centre to the nodes on the pieces."""
        rule, ends = self.rule, self.pieces.points(self.rule.edge, self.rule.edge_weights)
        start = ends.break_level.clamp(max=1.0).unsqueeze(1)
        half, span = 0.5 * start, 1.0 - start
        outer, outer_weights = rule.outer[:, None], rule.outer_weights[:, None]
        back, beyond = start - half * outer, start + span * outer
        steps = (
            half * half * rule.inner_weights.unsqueeze(-1),
            half * outer_weights * back,
            span * outer_weights * beyond,
        )
        return Rays(ends, torch.cat((half * rule.inner.unsqueeze(-1), back, beyond), dim=1), torch.cat(steps, dim=1))

    def outline(self) -> OutlinePoints:
        """The pixels' outlines, points crowded towards feet and towards where the break crosses."""
        nodes, weights = closely_crowded_rule(_OUTLINE_ORDER, self.pieces.x.device)
        points = self.pieces.points(nodes, weights)
        normal_x, normal_y = (
            (along.unsqueeze(-1) * weights).flatten(1) for along in (self.pieces.along_y, -self.pieces.along_x)
        )
        return OutlinePoints(points.x, points.y, normal_x, normal_y)


@dataclass(frozen=True)
class Outline:
    """Pieces of the pixels' outlines: (pixels, pieces) each.

    Attributes:
        x, y: where a piece begins, from the centre.
        along_x, along_y: from there to where it ends.
        cross: twice the signed area of the triangle with the centre.
        form, break_square: the quadratic form, and ρ of the break, to broadcast.
    """

    x: Tensor
    y: Tensor
    along_x: Tensor
    along_y: Tensor
    cross: Tensor
    form: Ellipses
    break_square: Tensor

    def points(self, nodes: Tensor, weights: Tensor) -> "Ends":
        """Nodes on every piece."""
        x = (self.x.unsqueeze(-1) + self.along_x.unsqueeze(-1) * nodes).flatten(1)
        y = (self.y.unsqueeze(-1) + self.along_y.unsqueeze(-1) * nodes).flatten(1)
        rho = self.form.rho(x, y).clamp_(min=1e-30)
        return Ends(x, y, rho, (self.cross.unsqueeze(-1) * weights).flatten(1), (self.break_square / rho).sqrt_())


@dataclass(frozen=True)
class Ends:
    """Points on the pixels' outlines, where rays from the centres end: (pixels, ends) each.

    Attributes:
        x, y: from the centre.
        rho: there.
        weight: twice the area with the centre that it stands for.
        break_level: λ of the break on the ray.
    """

    x: Tensor
    y: Tensor
    rho: Tensor
    weight: Tensor
    break_level: Tensor


@dataclass(frozen=True)
class Rays:
    """Nodes on rays from the centres.

    Attributes:
        ends: where the rays end.
        level, step: λ and the weight of λ dλ of each node, (pixels, nodes on a ray, ends).
    """

    ends: Ends
    level: Tensor
    step: Tensor

    def log_rho(self) -> Tensor:
        """ln ρ, which grows along a ray as 2 ln λ, (pixels, nodes on a ray, ends)."""
        return self.level.log().mul_(2.0).add_(self.ends.rho.log().unsqueeze(1))

    def along(self, values: Tensor) -> Tensor:
        """Sums of values (pixels, nodes on a ray, ends) along rays, (pixels, ends)."""
        return (values * self.step).sum(1)


def _outline(offsets: Tensor, form: Ellipses, break_radius: Tensor, pieces: int, at_feet: bool) -> Outline:
    """The longest pieces of each outline, split at feet and at the break."""
    triangles = EdgeTriangles.of(offsets, form)
    corner_x, corner_y = triangles.corners
    edge_x, edge_y = pixel_edges(offsets.device).unsqueeze(1).expand_as(triangles.corners)
    xx, xy2, yy = form.quadratic.unsqueeze(-1)
    xy = 0.5 * xy2
    square = xx * edge_x**2 + 2.0 * xy * edge_x * edge_y + yy * edge_y**2
    foot = -(xx * corner_x * edge_x + xy * (corner_x * edge_y + corner_y * edge_x) + yy * corner_y * edge_y) / square
    at_corner = xx * corner_x**2 + 2.0 * xy * corner_x * corner_y + yy * corner_y**2
    break_square = break_radius.unsqueeze(-1) ** 2
    half = ((break_square - at_corner) / square + foot**2).clamp_(min=0.0).sqrt_()
    zero = torch.zeros_like(foot)
    inner = (foot - half, foot, foot + half) if at_feet else (foot - half, foot + half)
    cuts = torch.stack((zero, *inner, zero + 1.0), dim=-1).clamp_(0.0, 1.0)
    length, order = cuts.diff(dim=-1).flatten(1).topk(pieces, dim=-1)

    def of_piece(of_edge: Tensor) -> Tensor:
        return of_edge.repeat_interleave(cuts.shape[-1] - 1, dim=-1).gather(-1, order)

    start = cuts[..., :-1].flatten(1).gather(-1, order)
    along_x, along_y = of_piece(edge_x), of_piece(edge_y)
    return Outline(
        of_piece(corner_x) + start * along_x,
        of_piece(corner_y) + start * along_y,
        along_x * length,
        along_y * length,
        of_piece(triangles.areas) * length,
        form,
        break_square,
    )


@dataclass(frozen=True)
class BreakPixels:
    """Pixels near a break, and their rule."""

    pixels: PixelList
    rule: BreakRule | CuspAndBreakRule

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.pixels.nbytes


def break_values(instances: RadialInstances, breaks: BreakPixels) -> Tensor:
    """Pixel means of unit-amplitude brightness, (pixels,)."""
    view = _BreakView.of(instances, breaks)
    rays = view.split.rays()
    brightness = instances.profile.brightness(rays.log_rho(), view.instances.constants_at(3))
    return rays.along(brightness).mul_(rays.ends.weight).sum(-1)


def break_columns(instances: RadialInstances, breaks: BreakPixels) -> Tensor:
    """Pixel means of the derivative columns, (pixels, columns)."""
    view = _BreakView.of(instances, breaks)
    rays, shifts = view.split.rays(), view.shifts()
    ends, weight = rays.ends, rays.ends.weight
    brightness, by_log_rho, by_shape = instances.profile.derivatives(rays.log_rho(), view.instances.constants_at(3))
    # λ² of the squares of x and y and of ρ cancel; of x or y alone one λ is left.
    per_rho = weight / ends.rho
    by_rho = rays.along(by_log_rho).mul_(per_rho)
    by_x, by_y = by_rho * ends.x, by_rho * ends.y
    second = ((by_x * ends.x).sum(-1), (by_x * ends.y).sum(-1), (by_y * ends.y).sum(-1))
    if shifts is None:
        by_level = rays.along(by_log_rho.div_(rays.level)).mul_(per_rho)
        shifts = torch.stack(((by_level * ends.x).sum(-1), (by_level * ends.y).sum(-1)), dim=-1)
    others = (rays.along(part).mul_(weight).sum(-1) for part in (*by_shape, brightness))
    return torch.cat((shifts, torch.stack((*second, *others), dim=-1)), dim=-1)


@dataclass(frozen=True)
class _BreakView:
    """The pixels as seen from the centres.

    Attributes:
        instances: each pixel's instance.
        split: the pixels.
    """

    instances: RadialInstances
    split: BreakSplit | CuspAndBreakSplit

    @classmethod
    def of(cls, instances: RadialInstances, breaks: BreakPixels) -> "_BreakView":
        """As the instances see them."""
        each = instances.of(breaks.pixels.index)
        radius = each.profile.break_radius(each.constants)
        assert radius is not None
        return cls(each, breaks.rule.split(breaks.pixels.places - each.form.centre, each.form, radius))

    def shifts(self) -> Tensor | None:
        """The first two columns of pixels near a centre, too, (pixels, 2)."""
        outline = self.split.outline()
        if outline is None:
            return None
        log_rho = self.instances.form.rho(outline.x, outline.y).log_()
        brightness = self.instances.profile.brightness(log_rho, self.instances.constants_at(2))
        flows = [(brightness * normal).sum(-1) for normal in (outline.normal_x, outline.normal_y)]
        return by_centre(torch.stack(flows, dim=-1), self.instances.form)
