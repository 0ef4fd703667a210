"""Figures of a study: what noise and other defenses leave to attacks, and what noise leaves of the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .settings import NONE
from .share_plot import Share, shares_figure
from .study import Cell, mean_accuracy, state, strongest
from .study_tables import name_of
from .theme import LIGHT, PANEL, WIDTH, Theme, legend, legend_below, new_figure, style

_MARKERS = "osD^vP"
_LETTERS = 24
"""Of the name of a cell, in a line."""


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


def _noise_sets(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    """The cells of each set of images that has two levels of noise or more."""
    mine = _noise_cells(cells)
    sets = {name: [cell for cell in mine if cell.data == name] for name in dict.fromkeys(cell.data for cell in mine)}
    return {name: own for name, own in sets.items() if len({_level(cell) for cell in own}) > 1}


def _level(cell: Cell) -> float:
    return 0.0 if cell.defense == NONE else cell.relative_noise


def _states(sets: dict[str, list[Cell]]) -> list[int | None]:
    """The rounds before which networks were attacked, and None for the accuracy at the end."""
    return [*sorted({r for own in sets.values() for cell in own for r in cell.rounds}), None]


def _panel(axes: Axes, sets: dict[str, list[Cell]], round_: int | None, theme: Theme) -> None:
    """What is identified before a round, or the balanced accuracy at the end, over the noise."""
    levels = sorted({_level(cell) for own in sets.values() for cell in own})
    style(axes, theme, "Balanced accuracy" if round_ is None else f"Identified, {state(round_)}")
    axes.set_xticks(range(len(levels)), [f"{level:g}" if level else "none" for level in levels])
    axes.set_xlabel("noise / norm of the gradient")
    axes.set_ylim(-0.03, 1.05)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for series, (name, own) in enumerate(sets.items()):
        shift = 0.3 * ((series + 0.5) / len(sets) - 0.5)
        found = []
        for cell in own:
            best = None if round_ is None else strongest(cell, round_)
            if round_ is None:
                found.append((cell, mean_accuracy(cell), cell.chance))
            elif best is not None:
                found.append((cell, (best["identified"], best["identified_low"], best["identified_high"]), best["chance"]))
        if found:
            at = [levels.index(_level(cell)) + shift for cell, _, _ in found]
            _points(axes, at, [values for _, values, _ in found], series, name, theme)
            axes.axhline(found[0][2], color=theme.palette[series], linewidth=0.8, linestyle=":")


def noise_figure(cells: Sequence[Cell], theme: Theme = LIGHT) -> Figure | None:
    """The panels of noise_figures() beside each other. None where fewer than two levels were measured."""
    sets = _noise_sets(cells)
    if not sets:
        return None
    states = _states(sets)
    figure = new_figure(WIDTH, 2.9, theme)
    panels = figure.subplots(1, len(states), sharey=True)
    for axes, round_ in zip(panels, states, strict=True):
        _panel(axes, sets, round_, theme)
    legend(panels[0], theme, loc="best")
    return figure


def noise_figures(cells: Sequence[Cell], theme: Theme = LIGHT) -> list[Figure]:
    """Shares identified by the strongest attack over the noise, a figure a state of the network, and the accuracy at the end;
    with intervals of 95 %. None where fewer than two levels were measured."""
    sets = _noise_sets(cells)
    made = []
    for round_ in _states(sets) if sets else []:
        figure = new_figure(PANEL, 2.7, theme)
        axes = figure.subplots()
        _panel(axes, sets, round_, theme)
        legend_below(figure, theme, axes.get_legend_handles_labels()[0])
        figure.set_label(f"{axes.get_title(loc='left')}, over the noise: {', '.join(sets)}")
        made.append(figure)
    return made


def defense_figures(cells: Sequence[Cell], theme: Theme = LIGHT) -> list[Figure]:
    """What the strongest attack identifies under each defense, a figure a set of images and state of the network."""
    made = []
    for data in dict.fromkeys(cell.data for cell in cells):
        own = [cell for cell in cells if cell.data == data]
        for round_ in sorted({r for cell in own for r in cell.rounds}):
            found = [(cell, row) for cell in own if (row := strongest(cell, round_)) is not None]
            shares = [Share(fill(name_of(cell).replace("`", ""), _LETTERS, break_long_words=False, break_on_hyphens=False),
                            *(float(row[name]) for name in ("identified", "identified_low", "identified_high", "chance")))
                      for cell, row in found]
            if shares:
                made.append(shares_figure(shares, f"Identified: {data}, {state(round_)}", theme))
    return made
