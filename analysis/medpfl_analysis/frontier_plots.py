"""Figures of a sweep: privacy against utility, and both over the scale of a defense. Each is one panel, a matplotlib Figure
(Agg) of PANEL inches, whose label says in words what it shows. A defense has the same color and mark in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, PercentFormatter

from .frontier import HALF, levels, ordered, panels, undefended
from .scores import Metric
from .settings import NONE
from .sweep import LEAK
from .theme import LIGHT, PANEL, Theme, legend_below, new_figure, style

_MARKERS = "sD^vPXp*h<>d"
"""One fewer than a theme has colors, so that no two defenses have both in common."""
_HEIGHT = 2.7
_LETTERS = 46
"""Of a title, in a line."""


class _Look:
    """How the defenses of a sweep are drawn."""

    def __init__(self, table: pd.DataFrame, theme: Theme) -> None:
        self._theme = theme
        self._chains = [chain for chain in table["chain"].unique() if chain != NONE]

    def color(self, chain: str) -> str:
        return self._theme.ink if chain == NONE else self._theme.color(self._chains.index(chain))

    def marker(self, chain: str) -> str:
        return "o" if chain == NONE else _MARKERS[self._chains.index(chain) % len(_MARKERS)]

    def of(self, chain: str, adapted: bool) -> dict[str, object]:
        """Options of Axes.plot for marks without a line."""
        color = self.color(chain)
        return {"linestyle": "", "color": color, "marker": self.marker(chain), "markersize": 7 if chain == NONE else 5.5,
                "markerfacecolor": self._theme.surface if adapted else color}

    def keys(self, rows: pd.DataFrame) -> list[Line2D]:
        """For a legend: the defenses in the order of the sweep, and what is hollow."""
        present = set(rows["chain"])
        keys = [Line2D([], [], label="no defense", **self.of(NONE, False))] if NONE in present else []
        keys += [Line2D([], [], label=chain, **self.of(chain, False)) for chain in self._chains if chain in present]
        if rows["adapted"].any():
            keys.append(self.key("hollow: adapted", marker="o", markersize=5.5, markerfacecolor=self._theme.surface))
        return keys

    def key(self, label: str, **options: object) -> Line2D:
        """A key that is of no defense."""
        return Line2D([], [], label=label, **({"linestyle": "", "color": self._theme.muted} | options))


def _panel(theme: Theme, title: str, keys: Sequence[Line2D]) -> tuple[Figure, Axes]:
    """One panel with its title, and a legend below."""
    words = fill(title, _LETTERS, break_long_words=False, break_on_hyphens=False)
    figure = new_figure(PANEL, _HEIGHT + 0.18 * words.count("\n"), theme)
    axes = figure.subplots()
    legend_below(figure, theme, keys)
    style(axes, theme, words)
    return figure, axes


def _spans(axes: Axes, rows: pd.DataFrame, x: str, y: str, color: str) -> None:
    """The intervals of both, where files have them."""
    for name, at, draw in ((y, x, axes.vlines), (x, y, axes.hlines)):
        if f"{name}_low" in rows:
            told = rows[np.isfinite(rows[[f"{name}_low", f"{name}_high", at]]).all(axis=1)]
            draw(told[at], told[f"{name}_low"], told[f"{name}_high"], color=color, linewidth=1, alpha=0.6, zorder=2)


def frontier(
    table: pd.DataFrame, rows: pd.DataFrame, metric: Metric, title: str, theme: Theme = LIGHT, against: str = "balanced_accuracy",
) -> Figure:
    """`metric` over balanced accuracy or epsilon (with the bounds on the share of identified images), with the 95 % intervals
    that files have. `rows` are those of a panel of `table`; those without epsilon are left out there.

    Three and more levels of a family under one attack are joined from weak to strong.
    """
    look = _Look(table, theme)
    rows = rows[np.isfinite(rows[against])]
    bounded = against == "epsilon" and metric.key == "identified"
    bar = {"marker": "_", "markersize": 11}
    figure, axes = _panel(theme, title, look.keys(rows) + ([look.key("at most, by ε", **bar)] if bounded else []))
    for (chain, _, _, adapted, *_), part in ordered(rows).groupby(
            ["chain", "family", "method", "adapted", "round", "kind"], sort=False):
        color = look.color(chain)
        if chain != NONE and part["options"].nunique() == 1 and part["scale"].nunique() > 2:
            axes.plot(part[against], part[metric.key], color=color, linewidth=0.8, alpha=0.6, zorder=2)
        _spans(axes, part, against, metric.key, color)
        if bounded:
            axes.plot(part[against], part["bound"], linestyle="", color=color, **bar)
        axes.plot(part[against], part[metric.key], zorder=4 if chain == NONE else 3, **look.of(chain, adapted))
    if against == "balanced_accuracy":
        base, chance = undefended(table, rows["panel"].iloc[0]), rows["chance"].iloc[0]
        axes.axvline(chance, color=theme.muted, linewidth=0.9, linestyle=":")
        axes.axvline(base, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_xlabel("balanced accuracy")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlim(*_accuracy_range(rows, base, chance))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    else:
        _logarithmic(axes)
        axes.set_xlabel("ε claimed after the last round")
    if metric.unit == "%":
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylim(-0.06, 1.04)
    figure.set_label(f"{title}, over {'balanced accuracy' if against == 'balanced_accuracy' else 'ε'}")
    return figure


def _accuracy_range(rows: pd.DataFrame, *others: float) -> tuple[float, float]:
    """All values with their intervals, at least 20 points wide."""
    columns = ["balanced_accuracy", "balanced_accuracy_low", "balanced_accuracy_high"]
    known = [v for v in (*rows[columns].to_numpy().ravel(), *others) if np.isfinite(v)]
    low, high = min(known), max(known)
    room = max(0.03, 0.1 - (high - low) / 2)
    return low - room, high + room


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    low, high = axes.get_xlim()
    if high / low < 30:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))


def scales(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The kinds of scale ("scale (norm)") of which a family has two values or more, and their
    rows."""
    rows = table[(table["chain"] != NONE) & (table["scale_option"] != "") & (table["method"] != "")]
    named = rows["scale_option"].str.rsplit(".", n=1).str[-1]
    relative = rows["relative"].map(lambda r: f" ({r})" if r else "")
    return [(name, part) for name, part in rows.groupby(named + relative, sort=False)
            if part.groupby("family")["scale"].nunique().max() > 1]


def scale_figures(table: pd.DataFrame, rows: pd.DataFrame, name: str, measure: Metric, theme: Theme = LIGHT) -> list[Figure]:
    """The share of images that leak by `measure` over the scale, a figure a set of images and attack, and after those of a set
    the balanced accuracy; `rows` and `name` are of scales(table)."""
    made = []
    several = rows["panel"].nunique() > 1
    for title, part in panels(rows):
        where = f"{title}, " if several else ""
        made += [_leak(table, mine, name, f"{measure.title}: {where}{method}", theme)
                 for method, mine in part.groupby("method", sort=False)]
        made.append(_accuracy(table, part, name, f"Balanced accuracy{f': {title}' if several else ''}", theme))
    return made


def _leak(table: pd.DataFrame, rows: pd.DataFrame, name: str, title: str, theme: Theme) -> Figure:
    """In the gray band at least half of the images leak. Of two levels no line is drawn."""
    look = _Look(table, theme)
    figure, axes = _panel(theme, title, [*look.keys(rows), look.key("no defense", linestyle=":", color=theme.ink)])
    for (chain, _, adapted), part in rows.groupby(["chain", "family", "adapted"], sort=False):
        steps = sorted(levels(part), key=lambda level: level.scale)
        x = [s.scale for s in steps]
        _upright(axes, [(s.scale, s.low, s.high) for s in steps], look.color(chain))
        line = {"linestyle": "none" if len(steps) < 3 else "--" if adapted else "-", "linewidth": 1.4}
        axes.plot(x, [s.share for s in steps], **(look.of(chain, adapted) | line))
    bare = table[(table["panel"] == rows["panel"].iloc[0]) & (table["chain"] == NONE) & ~table["adapted"]]
    axes.axhline(bare.loc[bare["method"].isin(rows["method"]), LEAK].mean(), color=theme.ink, linewidth=0.9, linestyle=":")
    axes.axhspan(HALF, 1.05, color=theme.rule, alpha=0.45, zorder=0, linewidth=0)
    axes.set_ylim(-0.05, 1.05)
    return _over_scale(figure, axes, rows, name, title, theme)


def _upright(axes: Axes, intervals: Sequence[tuple[float, float, float]], color: str) -> None:
    """The intervals (x, low, high) that files have."""
    for x, low, high in intervals:
        if np.isfinite(low) and np.isfinite(high):
            axes.vlines(x, low, high, color=color, linewidth=1, alpha=0.6)


def _accuracy(table: pd.DataFrame, rows: pd.DataFrame, name: str, title: str, theme: Theme) -> Figure:
    look = _Look(table, theme)
    keys = [*look.keys(rows.assign(adapted=False)), look.key("no defense", linestyle=":", color=theme.ink),
            look.key("chance", linestyle=(0, (1, 3)))]
    figure, axes = _panel(theme, title, keys)
    for (chain, _), part in rows.groupby(["chain", "family"], sort=False):
        steps = sorted(levels(part), key=lambda level: level.scale)
        x = [s.scale for s in steps]
        _upright(axes, [(s.scale, s.accuracy_low, s.accuracy_high) for s in steps], look.color(chain))
        line = {"linestyle": "-" if len(steps) > 2 else "none", "linewidth": 1.4}
        axes.plot(x, [s.balanced_accuracy for s in steps], **(look.of(chain, False) | line))
    base, chance = undefended(table, rows["panel"].iloc[0]), rows["chance"].iloc[0]
    axes.axhline(base, color=theme.ink, linewidth=0.9, linestyle=":")
    axes.axhline(chance, color=theme.muted, linewidth=0.9, linestyle=(0, (1, 3)))
    axes.set_ylim(*_accuracy_range(rows, base, chance))
    return _over_scale(figure, axes, rows, name, title, theme)


def _over_scale(figure: Figure, axes: Axes, rows: pd.DataFrame, name: str, title: str, theme: Theme) -> Figure:
    _scale_axis(axes, rows["scale"].to_numpy(), name, theme)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.set_label(f"{title}, over {name}")
    return figure


def _apart(values: np.ndarray, factor: float) -> list[float]:
    """Of ascending values those that are this factor or more above the one taken before."""
    taken: list[float] = []
    for value in values:
        if not taken or value >= taken[-1] * factor:
            taken.append(float(value))
    return taken


def _scale_axis(axes: Axes, scale: np.ndarray, name: str, theme: Theme) -> None:
    """Logarithmic where the values are positive and wide apart."""
    values = np.unique(scale)
    if values[0] > 0 and values[-1] / values[0] >= 4:
        _logarithmic(axes)
        axes.set_xticks(_apart(values, (values[-1] / values[0]) ** 0.3))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_xlabel(name)
