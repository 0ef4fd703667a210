"""Figures of a run: training, attacks, hospitals, time. All return a matplotlib Figure (Agg)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .pictures import picture_grid, selection_note, spread
from .run import Run
from .scores import attack_groups, chosen_images
from .theme import DARK, LIGHT, WIDTH, Theme, legend, new_figure, png, style

__all__ = [
    "DARK", "LIGHT", "attack_convergence", "class_distribution", "picture_grid", "png",
    "psnr_histogram", "selection_note", "spread", "time_per_phase", "training_curves",
]

_MAX_PANELS = 8
_MAX_HOSPITALS = 40
THRESHOLD_DB = 20.0


def group_title(group: tuple[str, int, str]) -> str:
    """(method, round, kind) as a reader says it."""
    return f"{group[0]}, round {group[1]}, {group[2]}"


def _empty(axes: Axes, theme: Theme, message: str) -> None:
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", size=9,
              color=theme.muted)


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, label: str, color: object, line: str) -> None:
    """A line through the points that are numbers, with a marker at each while there are few."""
    known = np.isfinite(y)
    if known.any():
        axes.plot(x[known], y[known], line, color=color, label=label, linewidth=1.6, markersize=3.5,
                  marker="o" if known.sum() <= 40 else None)


def training_curves(run: Run, theme: Theme = LIGHT) -> Figure:
    """Loss (nats) and, beside it, accuracy, balanced accuracy and AUROC by rounds completed.

    The evaluation before training is at 0; rounds that were not evaluated are left out.
    """
    figure = new_figure(WIDTH, 2.7, theme)
    loss, score = figure.subplots(1, 2)
    rounds, initial = run.rounds, run.initial
    done = rounds["round"].to_numpy(dtype=float) + 1
    x = np.concatenate(([0.0], done))

    def with_initial(name: str) -> np.ndarray:
        return np.concatenate(([initial.get(name, np.nan)], rounds[name].to_numpy(dtype=float)))

    trained = rounds["train_loss"].to_numpy(dtype=float)
    _curve(loss, done, trained, "training", theme.palette[1], "--")
    _curve(loss, x, with_initial("test_loss"), "held-out", theme.palette[0], "-")
    series = (("accuracy", "accuracy", "-"), ("balanced_accuracy", "balanced accuracy", "--"),
              ("auroc", "AUROC", "-."))
    for i, (name, label, line) in enumerate(series):
        _curve(score, x, with_initial(name), label, theme.palette[i], line)
    style(loss, theme, "Loss (nats)")
    style(score, theme, "Held-out images")
    score.set_ylim(0, 1.02)
    score.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for axes in (loss, score):
        axes.set_xlabel("rounds completed")
        axes.set_xlim(-0.02 * x.max(), x.max() * 1.02 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if axes.lines:
            legend(axes, theme, loc="best")
        else:
            _empty(axes, theme, "not evaluated")
    return figure


def attack_convergence(run: Run, theme: Theme = LIGHT) -> Figure:
    """The attacker's objective by iteration: a panel a method (the first 8), a line a kept task.

    The scale is logarithmic unless no value is positive; there, values of 0 or less are left out.
    """
    tasks, trace = run.tasks, run.trace
    kept = tasks[tasks["chosen"] == 1]
    methods = list(kept.groupby("method", sort=True))[:_MAX_PANELS] if len(trace.iteration) else []
    across = min(2, max(1, len(methods)))
    down = -(-max(1, len(methods)) // across)
    figure = new_figure(WIDTH, 2.6 * down, theme)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (method, rows) in zip(panels, methods, strict=False):
        iteration = trace.iteration[rows.index]
        objective = np.where(iteration >= 0, trace.objective[rows.index], np.nan)
        logarithmic = bool((objective > 0).any())
        for x, y in zip(iteration, objective, strict=True):
            shown = np.isfinite(y) & ((y > 0) | (not logarithmic))
            axes.plot(x[shown], y[shown], color=theme.palette[0], linewidth=1.1,
                      alpha=max(0.2, min(0.8, 8 / len(rows))))
        if logarithmic:
            axes.set_yscale("log")
        style(axes, theme, f"{method}: objective")
        axes.minorticks_off()
        axes.set_xlabel("iteration")
        axes.margins(x=0.01)
    for axes in panels[len(methods):]:
        axes.set_axis_off()
    if not methods:
        _empty(panels[0], theme, "no attack has finished")
    return figure


def psnr_histogram(images: pd.DataFrame, theme: Theme = LIGHT) -> Figure:
    """Images by PSNR (dB, bins of 2), one panel for each of the first 8 (method, round, kind).

    `images` is Run.images_with_tasks(); only what the attacker would keep is counted.
    """
    groups = attack_groups(chosen_images(images))[:_MAX_PANELS]
    count = max(1, len(groups))
    figure = new_figure(WIDTH, 0.85 + (1.9 if count == 1 else 1.05 * count), theme)
    panels = np.atleast_1d(figure.subplots(count, 1, sharex=True, sharey=True))
    values = [g["psnr"].dropna().to_numpy() for _, g in groups]
    filled = [v for v in values if len(v)]
    low = min([0.0, *(v.min() for v in filled)])
    high = max([THRESHOLD_DB + 10, *(v.max() for v in filled)])
    bins = np.arange(2 * np.floor(low / 2), 2 * np.ceil(high / 2) + 2.01, 2)
    for axes, (group, _), psnr in zip(panels, groups, values, strict=False):
        _, _, bars = axes.hist(psnr, bins=bins, color=theme.palette[0], rwidth=0.9)
        for bar, left in zip(bars, bins, strict=False):
            if left < THRESHOLD_DB:
                bar.set_facecolor(theme.palette[-1])
        axes.axvline(THRESHOLD_DB, color=theme.ink, linewidth=1, linestyle=(0, (4, 3)))
        style(axes, theme, group_title(group))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.set_ylabel("images")
    if not groups:
        style(panels[0], theme)
        _empty(panels[0], theme, "no reconstructions")
    panels[-1].set_xlabel("PSNR of the reconstruction (dB)")
    return figure


def class_distribution(run: Run, theme: Theme = LIGHT) -> Figure:
    """Training images of each hospital by class, stacked; the first 40 hospitals are drawn."""
    histogram = run.class_histogram[:_MAX_HOSPITALS]
    hospitals = len(histogram)
    names = run.class_names
    figure = new_figure(WIDTH, 1.0 + min(0.26, 6.5 / max(1, hospitals)) * max(2, hospitals), theme)
    axes = figure.subplots()
    left = np.zeros(hospitals)
    for c in range(histogram.shape[1]):
        axes.barh(np.arange(hospitals), histogram[:, c], left=left, height=0.72, label=names[c],
                  color=theme.color(c, histogram.shape[1]), edgecolor=theme.surface, linewidth=0.6)
        left += histogram[:, c]
    for k in range(hospitals):
        axes.annotate(f"{int(left[k]):,}", (left[k], k), xytext=(4, 0), textcoords="offset points",
                      va="center", size=7.5, color=theme.muted)
    style(axes, theme, grid="x")
    axes.set_yticks(np.arange(hospitals), [f"hospital {k}" for k in range(hospitals)])
    axes.invert_yaxis()
    axes.margins(x=0.06, y=0.01)
    axes.set_xlabel("training images")
    if histogram.shape[1]:
        legend(axes, theme, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
               ncols=min(6, histogram.shape[1]))
    else:
        _empty(axes, theme, "no hospitals recorded")
    return figure


def time_per_phase(run: Run, theme: Theme = LIGHT) -> Figure:
    """Seconds in each phase: mean over ranks, and a line from the fastest to the slowest rank."""
    seconds = run.timings
    order = seconds.mean().sort_values().index if len(seconds) else []
    figure = new_figure(WIDTH, 0.75 + 0.27 * max(2, len(order)), theme)
    axes = figure.subplots()
    for i, phase in enumerate(order):
        values = seconds[phase]
        axes.barh(i, values.mean(), color=theme.palette[0], height=0.62)
        if len(values) > 1:
            axes.plot([values.min(), values.max()], [i, i], color=theme.ink, linewidth=1.2)
        axes.annotate(f"{values.mean():,.3g} s", (values.max(), i), xytext=(5, 0), va="center",
                      textcoords="offset points", size=7.5, color=theme.muted)
    style(axes, theme, grid="x")
    axes.set_yticks(np.arange(len(order)), list(order))
    axes.margins(x=0.1)
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds" + (f", mean of {len(seconds)} ranks" if len(seconds) > 1 else ""))
    if not len(order):
        _empty(axes, theme, "no timings recorded")
    return figure
