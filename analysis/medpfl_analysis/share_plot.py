"""Shares of images identified, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .theme import LIGHT, PANEL, Theme, new_figure, style
from .words import number

_LETTERS = 46
"""Of a title, in a line."""


class Share(NamedTuple):
    """What an attack identifies of something. All numbers are shares in [0, 1]; NaN where there is none."""

    name: str
    share: float
    low: float
    """the limits of its interval"""
    high: float
    chance: float
    """what a guess gets"""


def shares_figure(shares: Sequence[Share], title: str, theme: Theme = LIGHT) -> Figure:
    """Each share with its limits where there are any, and what a guess gets."""
    figure = new_figure(PANEL, 0.9 + 0.36 * max(2, len(shares)), theme)
    axes = figure.subplots()
    for place, (_, share, low, high, chance) in enumerate(shares):
        axes.hlines(place, low, high, color=theme.palette[0], linewidth=1.6)
        axes.plot(share, place, marker="o", color=theme.palette[0], markersize=6)
        axes.plot(chance, place, marker="|", color=theme.muted, markersize=12, linestyle="none")
    style(axes, theme, grid="x")
    # Above the names, too, beside which the panel may have little room.
    figure.suptitle(fill(title, _LETTERS, break_long_words=False, break_on_hyphens=False), x=0.02, ha="left", color=theme.ink, size=10.5, weight="bold")
    axes.set_yticks(range(len(shares)), [share.name for share in shares])
    axes.set(xlim=(-0.02, 1.02), ylim=(len(shares) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    told = "; ".join(f"{' '.join(share.name.split())} {number(share.share, '%')}" for share in shares)
    figure.set_label(f"{title}: {told}")
    return figure
