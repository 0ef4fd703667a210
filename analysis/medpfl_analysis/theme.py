"""Colors and axes shared by all figures and pages: light and dark, safe for color-blind readers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

import matplotlib
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 160
WIDTH = 7.4
"""Inches of a figure that fills the text width of a page."""
PANEL = 4.3
"""Inches of a figure that fits a phone, and of which a wide page shows two side by side."""


@dataclass(frozen=True)
class Theme:
    """Colors as hex text."""

    name: str
    surface: str
    ink: str
    muted: str
    rule: str
    palette: tuple[str, ...]

    def color(self, i: int) -> str:
        """The color of series i. Thirteen series have colors of their own, then they come again."""
        return self.palette[i % len(self.palette)]

    def named(self) -> Iterator[tuple[str, str]]:
        """Each color with its name in the style sheet of a page."""
        for name in ("surface", "ink", "muted", "rule"):
            yield name, getattr(self, name)
        for i, color in enumerate(self.palette):
            yield f"series-{i}", color


# Okabe & Ito's colors first, then those farthest from all before them (CIEDE2000) for normal, deuteranopic and protanopic
# eyes, of enough contrast to the surface.
LIGHT = Theme("light", "#ffffff", "#1d2329", "#66707a", "#dfe3e7",
              ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#780f0f", "#960069", "#695a4b",
               "#3c00d2", "#7878ff", "#697878", "#1e002d"))
DARK = Theme("dark", "#171b1f", "#e4e7ea", "#9aa4ad", "#343b42",
             ("#56b4e9", "#e69f00", "#2fc39a", "#dd99be", "#785ae1", "#c34b2d", "#ffff87", "#e10069", "#787878",
              "#c3ffd2", "#966996", "#f07878", "#e1d2ff"))
# What a figure is drawn with that takes its colors from the page: each stands for the name of a color.
PAGE = Theme("page", "#fe0100", "#fe0101", "#fe0102", "#fe0103", tuple(f"#fe02{i:02x}" for i in range(13)))


def style_sheet() -> str:
    """The colors of pages, and of the figures in them, as variables of CSS."""
    light, dark = (" ".join(f"--{name}: {color};" for name, color in theme.named()) for theme in (LIGHT, DARK))
    return (f":root {{ {light} }}\n"
            f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n")


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
    axes.tick_params(colors=theme.muted, labelsize=9, length=0)
    axes.xaxis.label.set(color=theme.muted, size=9.5)
    axes.yaxis.label.set(color=theme.muted, size=9.5)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=theme.rule, linewidth=0.7)
    if title:
        axes.set_title(title, loc="left", color=theme.ink, size=10.5, weight="bold", pad=8)


def legend(target: Axes | Figure, theme: Theme, **options: object) -> None:
    """A legend without a frame, in the theme's ink."""
    base = {"frameon": False, "fontsize": 9, "labelcolor": theme.ink, "handlelength": 1.4}
    target.legend(**(base | options))


def legend_below(figure: Figure, theme: Theme, handles: Sequence[Artist]) -> None:
    """A legend in a strip that is added below a figure of PANEL inches, in lines of three keys, or of two where one is long."""
    across = 3 if max((len(str(key.get_label())) for key in handles), default=0) < 12 else 2
    strip = 0.1 + 0.19 * -(-len(handles) // across)  # inches
    height = figure.get_figheight() + strip
    figure.set_figheight(height)
    figure.get_layout_engine().set(rect=(0, strip / height, 1, 1 - strip / height))
    legend(figure, theme, handles=list(handles), loc="lower left", ncols=across, columnspacing=1.2)


def png(figure: Figure) -> bytes:
    """The figure as PNG, without metadata that would change from call to call."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor(),
                   metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Figure, name: str) -> str:
    """The figure as an SVG file; `name` tells it apart from others on the same page. Text stays text."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        buffer = StringIO()
        figure.savefig(buffer, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def inline_svg(figure: Figure) -> Markup:
    """A figure that was drawn with PAGE, as an element of HTML with the colors and the font of the page, and about as wide as
    the figure at most. Its label is what a screen reader says, and differs from those of others on the page."""
    label = str(figure.get_label())
    text = svg(figure, label)
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # the page's own style sheet has it
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"(font:[^;\"]*?px) [^;\"]*", r"\1 var(--font)", text)
    for variable, color in PAGE.named():
        text = text.replace(color, f"var(--{variable})")
    view = re.search(r'viewBox="([^"]*)"', text)[1]
    width = figure.get_figwidth()
    head = Markup('<svg role="img" aria-label="{}" viewBox="{}" style="max-width: {:.0f}px"').format(
        label, view, width * 96 * 1.08)
    body = text[text.index(">", text.index("<svg")):]
    return head + Markup(body.strip())
