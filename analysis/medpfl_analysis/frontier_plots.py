"""Figures of a sweep: privacy against utility, and both over the scale of a defense."""

from __future__ import annotations

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
from .theme import LIGHT, WIDTH, Theme, legend, new_figure, style

_MARKERS = "osD^vPXp*h"
_ACROSS = 3
_KEYS_A_LINE = 4


def _chains(table: pd.DataFrame) -> list[str]:
    return [chain for chain in table["chain"].unique() if chain != NONE]


def _color(theme: Theme, chain: str, chains: list[str]) -> object:
    return theme.ink if chain == NONE else theme.color(chains.index(chain))


def _keys(theme: Theme, chains: list[str], methods: list[str], adapted: bool) -> list[Line2D]:
    """Legend: a color a defense, a marker a method, hollow for adapted."""
    def key(label: str, **options: object) -> Line2D:
        base = {"linestyle": "", "marker": "o", "markersize": 5, "color": theme.muted}
        return Line2D([], [], label=label, **(base | options))

    keys = [key("no defense", color=theme.ink, markersize=7)]
    keys += [key(chain, color=_color(theme, chain, chains), marker="s") for chain in chains]
    keys += [key(method, marker=_MARKERS[i % len(_MARKERS)], markerfacecolor=theme.muted)
             for i, method in enumerate(methods)]
    if adapted:
        keys.append(key("hollow: adapted attack", markerfacecolor=theme.surface))
    return keys


def _legend_below(figure: Figure, theme: Theme, handles: list[Line2D]) -> None:
    """A legend under all panels, in a strip that the layout leaves free."""
    share = _legend_height(handles) / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, share, 1, 1 - share))
    legend(figure, theme, handles=handles, loc="lower center", ncols=_KEYS_A_LINE, fontsize=7.5,
           columnspacing=1.2)


def _wrapped(title: str, across: int) -> str:
    """In lines that fit a panel, of which there are `across` beside each other."""
    return fill(title, 75 // across, break_long_words=False, break_on_hyphens=False)


def _legend_height(handles: list[Line2D]) -> float:
    return 0.12 + 0.175 * -(-len(handles) // _KEYS_A_LINE)  # inches


def frontier(
    table: pd.DataFrame, metric: Metric, theme: Theme = LIGHT, against: str = "balanced_accuracy",
) -> Figure:
    """`metric`, with its 95 % interval where files have one, over balanced accuracy or epsilon (with
    the bounds on the share of identified images), a panel a set of images.

    One color a defense, one marker a method, hollow where adapted; points of a family and attack
    are joined from weak to strong. Rows without epsilon are left out there.
    """
    chains, methods = _chains(table), [m for m in table["method"].unique() if m]
    table = table[np.isfinite(table[against])]
    shown = panels(table)
    across = min(_ACROSS, max(1, len(shown)))
    down = -(-max(1, len(shown)) // across)
    bounded = against == "epsilon" and metric.key == "identified"
    keys = _keys(theme, chains, methods, bool(table["adapted"].any()))
    if bounded:
        keys.append(Line2D([], [], color=theme.muted, linestyle="", marker="_", markersize=11,
                           label="at most, by ε"))
    figure = new_figure(WIDTH, 2.6 * down + _legend_height(keys), theme)
    grid = figure.subplots(down, across, squeeze=False, sharey=True)
    for axes, (title, rows) in zip(grid.ravel(), shown, strict=False):
        for (chain, _, method, adapted, *_), part in ordered(rows).groupby(
                ["chain", "family", "method", "adapted", "round", "kind"], sort=False):
            color = _color(theme, chain, chains)
            x, y = part[against].to_numpy(), part[metric.key].to_numpy()
            if chain != NONE and part["options"].nunique() == 1 and len(part) > 2:
                axes.plot(x, y, color=color, linewidth=0.8, alpha=0.6, zorder=2)
            if metric.limits:
                ends = part[list(metric.limits)].to_numpy().T
                told = np.isfinite(ends).all(axis=0)
                axes.vlines(x[told], *ends[:, told], color=color, linewidth=1, alpha=0.55, zorder=2)
            if bounded:
                axes.plot(x, part["bound"], linestyle="", marker="_", markersize=11, color=color)
            axes.plot(x, y, linestyle="", marker=_MARKERS[methods.index(method) % len(_MARKERS)],
                      color=color, markersize=7 if chain == NONE else 4.5,
                      zorder=4 if chain == NONE else 3,
                      markerfacecolor=theme.surface if adapted else color)
        style(axes, theme, _wrapped(title, across))
        if against == "balanced_accuracy":
            base, chance = undefended(table, rows["panel"].iloc[0]), rows["chance"].iloc[0]
            axes.axvline(chance, color=theme.muted, linewidth=0.9, linestyle=":")
            axes.axvline(base, color=theme.ink, linewidth=0.9, linestyle=(0, (4, 3)))
            axes.set_xlabel("balanced accuracy")
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.set_xlim(*_accuracy_range(rows["balanced_accuracy"], base, chance))
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        else:
            _logarithmic(axes)
            axes.set_xlabel("ε claimed after the last round")
        if metric.unit == "%":
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylim(-0.06, 1.04)
    for axes in grid.ravel()[len(shown):]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel(f"{'median ' if metric.statistic is np.median else ''}{metric.title}")
    _legend_below(figure, theme, keys)
    return figure


def _accuracy_range(values: pd.Series, *others: float) -> tuple[float, float]:
    """All values, at least 20 points wide."""
    known = [v for v in (*values, *others) if np.isfinite(v)]
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


def scale_curves(
    table: pd.DataFrame, rows: pd.DataFrame, name: str, measure: Metric, theme: Theme = LIGHT
) -> Figure:
    """Share of images that leak by `measure` over the scale, a panel a set of images and attack,
    and below the balanced accuracy; `rows` and `name` are of scales(table).

    In the gray band at least half of the images leak. Thin lines are intervals of 95 %, where files have them; hollow marks
    and dashed lines are adapted attacks. Of two levels no line is drawn.
    """
    shown = panels(rows)[:_ACROSS * 2]
    chains = _chains(table)
    methods = list(rows["method"].unique())
    height = [1.0] * (len(methods) + 1)
    figure = new_figure(WIDTH, 1.55 * len(height) + 0.75, theme)
    grid = figure.subplots(len(height), len(shown), squeeze=False, sharex="col", sharey="row",
                           height_ratios=height)
    for column, (title, part) in enumerate(shown):
        panel = part["panel"].iloc[0]
        bare = table[(table["panel"] == panel) & (table["chain"] == NONE)]
        for place, method in enumerate(methods):
            axes = grid[place, column]
            mine = part[part["method"] == method]
            _leak_lines(axes, mine, chains, theme)
            level = bare.loc[(bare["method"] == method) & ~bare["adapted"], LEAK].mean()
            axes.axhline(level, color=theme.ink, linewidth=0.9, linestyle=":")
            axes.axhspan(HALF, 1.05, color=theme.rule, alpha=0.45, zorder=0, linewidth=0)
            style(axes, theme, "" if place else _wrapped(title, len(shown)))
            axes.set_ylim(-0.05, 1.05)
        _accuracy_lines(grid[-1, column], table, part, chains, theme)
        _scale_axis(grid[-1, column], part["scale"].to_numpy(), name, theme)
    for row in grid:
        row[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for axes, method in zip(grid[:-1, 0], methods, strict=True):
        axes.set_ylabel(f"{method}\n{measure.title.lower()}")
    grid[-1, 0].set_ylabel("balanced acc.")
    known = rows["balanced_accuracy"], *rows["chance"], *(
        undefended(table, part["panel"].iloc[0]) for _, part in shown)
    grid[-1, 0].set_ylim(*_accuracy_range(*known))
    families = rows["chain"].unique()
    handles = [Line2D([], [], color=_color(theme, c, chains), label=c) for c in families]
    handles.append(Line2D([], [], color=theme.ink, linestyle=":", label="no defense"))
    handles.append(Line2D([], [], color=theme.muted, linestyle=(0, (1, 3)), label="chance"))
    if rows["adapted"].any():
        handles.append(Line2D([], [], color=theme.muted, linestyle="--", marker="o", markerfacecolor=theme.surface,
                              label="adapted attack"))
    _legend_below(figure, theme, handles)
    return figure


def _leak_lines(axes: Axes, rows: pd.DataFrame, chains: list[str], theme: Theme) -> None:
    for (chain, _, adapted), part in rows.groupby(["chain", "family", "adapted"], sort=False):
        steps = sorted(levels(part), key=lambda level: level.scale)
        x, y = [s.scale for s in steps], np.array([s.share for s in steps])
        color = _color(theme, chain, chains)
        axes.vlines(x, [s.low for s in steps], [s.high for s in steps], color=color, linewidth=1, alpha=0.55)
        line = "none" if len(steps) < 3 else "--" if adapted else "-"
        axes.plot(x, y, color=color, linewidth=1.4, linestyle=line, marker="o", markersize=4.5,
                  markerfacecolor=theme.surface if adapted else color)


def _accuracy_lines(
    axes: Axes, table: pd.DataFrame, rows: pd.DataFrame, chains: list[str], theme: Theme
) -> None:
    for (chain, _), part in rows.groupby(["chain", "family"], sort=False):
        steps = sorted(levels(part), key=lambda level: level.scale)
        axes.plot([s.scale for s in steps], [s.balanced_accuracy for s in steps], linewidth=1.4,
                  linestyle="-" if len(steps) > 2 else "none", color=_color(theme, chain, chains), marker="o", markersize=4.5)
    axes.axhline(undefended(table, rows["panel"].iloc[0]), color=theme.ink, linewidth=0.9,
                 linestyle=":")
    axes.axhline(rows["chance"].iloc[0], color=theme.muted, linewidth=0.9, linestyle=(0, (1, 3)))
    style(axes, theme)


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
