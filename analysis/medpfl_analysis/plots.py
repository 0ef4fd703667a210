"""Figures of a run: training, attacks, hospitals, time. Each is one panel, a matplotlib Figure (Agg) of PANEL inches, whose
label says in words what it shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .run import Run
from .scores import attack_groups, chosen_images
from .theme import LIGHT, PANEL, Theme, legend, new_figure, style
from .words import counted, number

_MAX_PANELS = 8
_MAX_HOSPITALS, _MAX_CLASSES = 40, 12
_HEIGHT = 2.6
THRESHOLD_DB = 20.0


def group_title(group: tuple[str, int, str]) -> str:
    """(method, round, kind) as a reader says it."""
    return f"{group[0]}, round {group[1]}, {group[2]}"


def _empty(axes: Axes, theme: Theme, message: str) -> None:
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", size=9,
              color=theme.muted)


def _curve(
    axes: Axes, x: np.ndarray, y: np.ndarray, label: str, color: str, line: str,
    ends: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """A mark at each point that is a number while these are few, with its interval where `ends` has one, and a line through
    three or more."""
    known = np.isfinite(y)
    if not known.any():
        return
    if ends is not None:
        told = known & np.isfinite(ends[0]) & np.isfinite(ends[1])
        axes.vlines(x[told], ends[0][told], ends[1][told], color=color, linewidth=1.2, alpha=0.7)
    axes.plot(x[known], y[known], linestyle=line if known.sum() > 2 else "none", color=color, label=label, linewidth=1.6,
              marker="o" if known.sum() <= 40 else None, markersize=4)


def _rounds_axis(axes: Axes, last: float) -> None:
    axes.set_xlabel("rounds completed")
    axes.set_xlim(-0.02 * last, last * 1.02 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))


def _completed(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Rounds completed at the end of each round, and with 0 before them."""
    done = run.rounds["round"].to_numpy(dtype=float) + 1
    return done, np.concatenate(([0.0], done))


def _ends(values: np.ndarray, unit: str = "") -> str:
    """ "from 33 % to 61 %" """
    known = values[np.isfinite(values)]
    return f"from {number(known[0], unit)} to {number(known[-1], unit)}" if len(known) else "not evaluated"


def _with_initial(run: Run, name: str) -> np.ndarray:
    """A score before training and after each round; NaN where it was not evaluated."""
    return np.concatenate(([run.initial.get(name, np.nan)], run.rounds[name].to_numpy(dtype=float)))


def loss_curve(run: Run, theme: Theme = LIGHT) -> Figure:
    """Training and held-out loss (nats) by rounds completed. The evaluation before training is at 0; rounds that were not
    evaluated are left out."""
    figure = new_figure(PANEL, _HEIGHT, theme)
    axes = figure.subplots()
    done, x = _completed(run)
    _curve(axes, done, run.rounds["train_loss"].to_numpy(dtype=float), "training", theme.palette[1], "--")
    _curve(axes, x, _with_initial(run, "test_loss"), "held-out", theme.palette[0], "-")
    style(axes, theme, "Loss (nats)")
    _rounds_axis(axes, x.max())
    if axes.lines:
        legend(axes, theme, loc="best")
    else:
        _empty(axes, theme, "not evaluated")
    figure.set_label(f"Training and held-out loss over {len(done)} rounds: held-out {_ends(_with_initial(run, 'test_loss'))}")
    return figure


def score_curve(run: Run, theme: Theme = LIGHT) -> Figure:
    """Accuracy, balanced accuracy with its 95 % interval, and AUROC on held-out images by rounds completed, beside the
    balanced accuracy of chance. Rounds that were not evaluated are left out."""
    figure = new_figure(PANEL, _HEIGHT, theme)
    axes = figure.subplots()
    _, x = _completed(run)
    limits = tuple(np.concatenate(([np.nan], run.rounds[f"balanced_accuracy_{end}"].to_numpy(dtype=float)))
                   for end in ("low", "high"))
    _curve(axes, x, _with_initial(run, "balanced_accuracy"), "balanced accuracy", theme.palette[0], "-", limits)
    _curve(axes, x, _with_initial(run, "accuracy"), "accuracy", theme.palette[1], "--")
    _curve(axes, x, _with_initial(run, "auroc"), "AUROC", theme.palette[2], "-.")
    style(axes, theme, "Held-out images")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _rounds_axis(axes, x.max())
    if axes.lines:
        axes.axhline(run.chance, color=theme.muted, linewidth=1, linestyle=":", label="chance")
        legend(axes, theme, loc="best")
    else:
        _empty(axes, theme, "not evaluated")
    figure.set_label("Accuracy, balanced accuracy and AUROC on held-out images: balanced accuracy "
                     f"{_ends(_with_initial(run, 'balanced_accuracy'), '%')}, chance {number(run.chance, '%')}")
    return figure


def privacy_curve(run: Run, theme: Theme = LIGHT) -> Figure:
    """The ε spent by rounds completed, that of the hospital that gave away most."""
    figure = new_figure(PANEL, _HEIGHT, theme)
    axes = figure.subplots()
    done, _ = _completed(run)
    _curve(axes, done, run.rounds["epsilon"].to_numpy(dtype=float), "ε", theme.palette[0], "-")
    style(axes, theme, "ε spent")
    axes.set_ylim(bottom=0)
    _rounds_axis(axes, done.max())
    figure.set_label(f"ε spent after each round: {_ends(run.rounds['epsilon'].to_numpy(dtype=float))}")
    return figure


def attack_convergence(run: Run, theme: Theme = LIGHT) -> list[Figure]:
    """The attacker's objective by iteration: a figure a method (the first 8), a line a kept task.

    The scale is logarithmic unless no value is positive; there, values of 0 or less are left out.
    """
    tasks, trace = run.tasks, run.trace
    kept = tasks[tasks["chosen"] == 1]
    methods = list(kept.groupby("method", sort=True))[:_MAX_PANELS] if len(trace.iteration) else []
    made = []
    for method, rows in methods:
        figure = new_figure(PANEL, _HEIGHT, theme)
        axes = figure.subplots()
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
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.margins(x=0.01)
        figure.set_label(f"Objective of {method} by iteration, {counted(len(rows), 'line')}")
        made.append(figure)
    return made


def psnr_histogram(images: pd.DataFrame, theme: Theme = LIGHT) -> list[Figure]:
    """Images by PSNR (dB, bins of 2), one figure for each of the first 8 (method, round, kind), on the same axes.

    `images` is Run.images_with_tasks(); only what the attacker would keep is counted.
    """
    groups = attack_groups(chosen_images(images))[:_MAX_PANELS]
    values = [g["psnr"].dropna().to_numpy() for _, g in groups]
    filled = [v for v in values if len(v)]
    low = min([0.0, *(v.min() for v in filled)])
    high = max([THRESHOLD_DB + 10, *(v.max() for v in filled)])
    bins = np.arange(2 * np.floor(low / 2), 2 * np.ceil(high / 2) + 2.01, 2)
    most = max((np.histogram(v, bins)[0].max() for v in filled), default=1)
    made = []
    for (group, _), psnr in zip(groups, values, strict=True):
        figure = new_figure(PANEL, 1.9, theme)
        axes = figure.subplots()
        _, _, bars = axes.hist(psnr, bins=bins, color=theme.palette[0], rwidth=0.9)
        for bar, left in zip(bars, bins, strict=False):
            if left < THRESHOLD_DB:
                bar.set_facecolor(theme.muted)
        axes.axvline(THRESHOLD_DB, color=theme.ink, linewidth=1, linestyle=(0, (4, 3)))
        style(axes, theme, group_title(group))
        axes.set_ylim(0, 1.08 * most)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.set_ylabel("images")
        axes.set_xlabel("PSNR (dB)")
        middle = number(np.median(psnr), "dB") if len(psnr) else "–"
        figure.set_label(f"Histogram of PSNR, {group_title(group)}: {counted(len(psnr), 'image')}, median {middle}")
        made.append(figure)
    return made


def class_distribution(run: Run, theme: Theme = LIGHT) -> Figure:
    """Training images of each hospital by class, stacked; the first 40 hospitals are drawn. Of more than 12 classes the
    largest 12 have colors, and all others are one gray part."""
    histogram, names = run.class_histogram[:_MAX_HOSPITALS], list(run.class_names)
    colors = [theme.color(c) for c in range(len(names))]
    if histogram.shape[1] > _MAX_CLASSES:
        order = np.argsort(-run.class_histogram.sum(axis=0), kind="stable")
        large, small = np.sort(order[:_MAX_CLASSES]), order[_MAX_CLASSES:]
        names = [names[c] for c in large] + [f"{len(small)} others"]
        histogram = np.column_stack([histogram[:, large], histogram[:, small].sum(axis=1)])
        colors = [theme.color(c) for c in range(_MAX_CLASSES)] + [theme.muted]
    hospitals = len(histogram)
    across = 3
    head = 0.22 * -(-histogram.shape[1] // across)
    figure = new_figure(PANEL, 0.8 + head + min(0.26, 6.5 / max(1, hospitals)) * max(2, hospitals), theme)
    axes = figure.subplots()
    left = np.zeros(hospitals)
    for c in range(histogram.shape[1]):
        axes.barh(np.arange(hospitals), histogram[:, c], left=left, height=0.72, label=names[c],
                  color=colors[c], edgecolor=theme.surface, linewidth=0.6)
        left += histogram[:, c]
    for k in range(hospitals):
        axes.annotate(f"{int(left[k]):,}", (left[k], k), xytext=(4, 0), textcoords="offset points",
                      va="center", size=9, color=theme.muted)
    style(axes, theme, grid="x")
    axes.set_yticks(np.arange(hospitals), [f"hospital {k}" for k in range(hospitals)])
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.01)
    axes.set_xlabel("training images")
    if histogram.shape[1]:
        legend(axes, theme, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
               ncols=min(across, histogram.shape[1]), columnspacing=1.2)
    else:
        _empty(axes, theme, "no hospitals recorded")
    figure.set_label(f"Training images of {counted(hospitals, 'hospital')} by class: {int(left.min(initial=left.max(initial=0)))} to "
                     f"{int(left.max(initial=0))} a hospital")
    return figure


def time_per_phase(run: Run, theme: Theme = LIGHT) -> Figure:
    """Seconds in each phase: mean over ranks, and a line from the fastest to the slowest rank."""
    seconds = run.timings
    order = seconds.mean().sort_values().index if len(seconds) else []
    figure = new_figure(PANEL, 0.75 + 0.27 * max(2, len(order)), theme)
    axes = figure.subplots()
    for i, phase in enumerate(order):
        values = seconds[phase]
        axes.barh(i, values.mean(), color=theme.palette[0], height=0.62)
        if len(values) > 1:
            axes.plot([values.min(), values.max()], [i, i], color=theme.ink, linewidth=1.2)
        axes.annotate(f"{values.mean():,.3g} s", (values.max(), i), xytext=(5, 0), va="center",
                      textcoords="offset points", size=9, color=theme.muted)
    style(axes, theme, grid="x")
    axes.set_yticks(np.arange(len(order)), list(order))
    axes.margins(x=0.16)
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds" + (f", mean of {len(seconds)} ranks" if len(seconds) > 1 else ""))
    if not len(order):
        _empty(axes, theme, "no timings recorded")
    longest = f": most for {order[-1]}" if len(order) else ""
    figure.set_label(f"Seconds in each of {len(order)} phases{longest}")
    return figure


def figures(run: Run, theme: Theme = LIGHT) -> dict[str, list[Figure]]:
    """The figures there is data for, by what they are about."""
    images = run.images_with_tasks()
    made: dict[str, list[Figure]] = {}
    if len(run.rounds):
        made["training"] = [loss_curve(run, theme), score_curve(run, theme)]
        if np.isfinite(run.rounds["epsilon"]).any():
            made["privacy"] = [privacy_curve(run, theme)]
    if run.class_histogram.size:
        made["hospitals"] = [class_distribution(run, theme)]
    made |= {name: drawn for name, drawn in (("histogram", psnr_histogram(images, theme)),
                                            ("convergence", attack_convergence(run, theme))) if drawn}
    if run.timings.size:
        made["timings"] = [time_per_phase(run, theme)]
    return made
