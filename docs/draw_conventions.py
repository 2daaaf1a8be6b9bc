"""Draws docs/images/conventions.png: where pixels are, and what the parameters of an ellipse mean."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Ellipse, Rectangle

PICTURE = Path(__file__).resolve().parent / "images" / "conventions.png"
PA = 35.0
"""Position angle of the ellipse that is drawn, degrees."""
AXES = (3.2, 1.8)
"""Half axes of it, pixels."""


def draw_pixels(axes: Axes) -> None:
    """The first pixels of an image, each with its place, and the centre of the first."""
    for x in range(4):
        for y in range(3):
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1.0, 1.0, fill=False, edgecolor="0.5"))
            axes.text(x, y - 0.25, f"({x}, {y})", ha="center", va="center", fontsize="small")
    axes.plot(0, 0, "x", color="C3", ms=8)
    axes.annotate(
        "x = 0\ny = 0", (0, 0), (-1.4, 0.9), color="C3", fontsize="small", arrowprops={"arrowstyle": "-", "color": "C3"}
    )
    axes.set(
        xlim=(-1.6, 3.8), ylim=(-1.0, 3.0), xticks=range(4), yticks=range(3), xlabel="x", ylabel="y", title="Pixels"
    )


def draw_ellipse(axes: Axes) -> None:
    """An isophote with its position angle and its axes."""
    major, minor = AXES
    along = np.array([-np.sin(np.radians(PA)), np.cos(np.radians(PA))])
    across = np.array([along[1], -along[0]])
    axes.add_patch(Ellipse((0.0, 0.0), 2 * minor, 2 * major, angle=PA, fill=False, color="C0", lw=1.5))
    axes.plot(*np.array([[0.0, 0.0], major * along]).T, color="C0")
    axes.plot(*np.array([[0.0, 0.0], minor * across]).T, color="C0")
    axes.plot([0, 0], [0, 4.0], color="0.5", ls=":")
    axes.add_patch(Arc((0.0, 0.0), 3.6, 3.6, theta1=90.0, theta2=90.0 + PA, color="C3"))
    axes.text(-0.75, 2.1, "pa", color="C3")
    axes.text(*(0.6 * major * along - 0.6 * across), "r_e", color="C0", ha="right")
    axes.text(*(0.5 * minor * across - 0.55 * along), "q · r_e", color="C0", ha="center")
    axes.text(0.1, 3.8, "+y: pa = 0", fontsize="small")
    axes.text(-4.4, 0.1, "pa = 90", fontsize="small")
    axes.set(xlim=(-4.5, 4.0), ylim=(-4.0, 4.4), xlabel="x from the centre", ylabel="y from the centre", title="Shapes")


def draw() -> None:
    """Write the picture."""
    mpl.use("agg")
    figure = Figure(figsize=(8.4, 3.9), dpi=90, layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, draw_one in ((left, draw_pixels), (right, draw_ellipse)):
        draw_one(axes)
        axes.set_aspect("equal")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, pil_kwargs={"optimize": True}, metadata={"Software": None})


if __name__ == "__main__":
    draw()
