"""The picture of a study: what noise leaves to attacks, and what it leaves of the model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .settings import NONE
from .study import Cell, mean_accuracy, state, strongest
from .theme import LIGHT, WIDTH, Theme, legend, new_figure, style

_MARKERS = "osD^vP"


def _noise_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Cells of Gaussian noise relative to the norm, or of no defense, that change nothing else."""
    return [
        cell
        for cell in cells
        if not cell.change
        and (cell.defense == NONE or (cell.defense.startswith("gaussian") and not math.isnan(cell.relative_noise)))
    ]


def _points(
    axes: Axes, places: list[float], values: list[tuple[float, float, float]], series: int, label: str, theme: Theme
) -> None:
    """Values with their intervals, and no line between them."""
    middle, low, high = np.array(values, dtype=float).T
    spread = np.nan_to_num(np.vstack([middle - low, high - middle])).clip(0)
    axes.errorbar(
        places,
        middle,
        yerr=spread,
        fmt=_MARKERS[series % len(_MARKERS)],
        color=theme.palette[series],
        markersize=5,
        elinewidth=1.2,
        capsize=2.5,
        label=label,
    )


def noise_figure(cells: Sequence[Cell], theme: Theme = LIGHT) -> Figure | None:
    """Shares identified by the strongest attack over the noise, a panel a state of the network, and the accuracy at the end;
    with intervals of 95 %. None where fewer than two levels were measured."""
    mine = _noise_cells(cells)
    levels = sorted({0.0 if cell.defense == NONE else cell.relative_noise for cell in mine})
    sets = [
        name
        for name in dict.fromkeys(cell.data for cell in mine)
        if len({cell.relative_noise for cell in mine if cell.data == name}) > 1
    ]
    if len(levels) < 2 or not sets:
        return None
    rounds = sorted({r for cell in mine for r in cell.rounds})
    figure = new_figure(WIDTH, 2.9, theme)
    panels = figure.subplots(1, len(rounds) + 1, sharey=True)
    titles = [f"Identified, {state(r)}" for r in rounds] + ["Balanced accuracy"]
    for axes, title in zip(panels, titles, strict=True):
        style(axes, theme, title)
        axes.set_xticks(range(len(levels)), ["none", *(f"{level:g}" for level in levels[1:])])
        axes.set_xlabel("noise / norm of the gradient")
        axes.set_ylim(-0.03, 1.05)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for series, name in enumerate(sets):
        own = [cell for cell in mine if cell.data == name]
        shift = 0.3 * ((series + 0.5) / len(sets) - 0.5)
        at = [levels.index(0.0 if cell.defense == NONE else cell.relative_noise) + shift for cell in own]
        for axes, round_ in zip(panels, rounds, strict=False):
            found = [(place, strongest(cell, round_)) for place, cell in zip(at, own, strict=True)]
            found = [(place, row) for place, row in found if row is not None]
            if found:
                _points(
                    axes,
                    [place for place, _ in found],
                    [(row["identified"], row["identified_low"], row["identified_high"]) for _, row in found],
                    series,
                    name,
                    theme,
                )
                axes.axhline(found[0][1]["chance"], color=theme.palette[series], linewidth=0.8, linestyle=":")
        _points(panels[-1], at, [mean_accuracy(cell) for cell in own], series, name, theme)
        panels[-1].axhline(own[0].chance, color=theme.palette[series], linewidth=0.8, linestyle=":")
    legend(panels[0], theme, loc="best")
    return figure
