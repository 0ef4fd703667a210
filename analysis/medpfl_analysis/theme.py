"""Colors and axes shared by all figures: light and dark, safe for color-blind readers."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 160
WIDTH = 7.4
"""Inches of a figure that fills the text width of a page."""


@dataclass(frozen=True)
class Theme:
    """Colors as hex text."""

    name: str
    surface: str
    ink: str
    muted: str
    rule: str
    palette: tuple[str, ...]

    def color(self, i: int, n: int) -> str | tuple[float, ...]:
        """Color i of n series: the palette while it lasts, then even steps of viridis, but for
        its end that is close to the surface."""
        if n <= len(self.palette):
            return self.palette[i]
        low, high = (0.0, 0.85) if self.name == "light" else (0.2, 1.0)
        return matplotlib.colormaps["viridis"](low + (high - low) * i / (n - 1))


# Okabe & Ito's colors; the dark set is lightened where contrast asks for it.
LIGHT = Theme("light", "#ffffff", "#1d2329", "#66707a", "#dfe3e7",
              ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8a8f94"))
DARK = Theme("dark", "#171b1f", "#e4e7ea", "#9aa4ad", "#343b42",
             ("#56B4E9", "#E69F00", "#2fc39a", "#DD99BE", "#3d8fd1", "#F0763A", "#8a8f94"))


def new_figure(
    width: float, height: float, theme: Theme, layout: str | None = "constrained"
) -> Figure:
    """An empty figure of width x height inches on the Agg canvas."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=theme.surface, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def style(axes: Axes, theme: Theme, title: str = "", grid: str = "y") -> None:
    """Thin rules, no frame, title at the left."""
    axes.set_facecolor(theme.surface)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(theme.rule)
    axes.tick_params(colors=theme.muted, labelsize=8, length=0)
    axes.xaxis.label.set(color=theme.muted, size=8.5)
    axes.yaxis.label.set(color=theme.muted, size=8.5)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=theme.rule, linewidth=0.7)
    if title:
        axes.set_title(title, loc="left", color=theme.ink, size=9.5, weight="bold", pad=8)


def legend(target: Axes | Figure, theme: Theme, **options: object) -> None:
    """A legend without a frame, in the theme's ink."""
    base = {"frameon": False, "fontsize": 8, "labelcolor": theme.ink, "handlelength": 1.4}
    target.legend(**(base | options))


def png(figure: Figure) -> bytes:
    """The figure as PNG, without metadata that would change from call to call."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor(),
                   metadata={"Software": None})
    return buffer.getvalue()
