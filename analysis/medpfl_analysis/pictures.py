"""The picture grid: what was private, what the attacker saw on its way, and what it got."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .run import Run
from .theme import LIGHT, WIDTH, Theme, new_figure

MAX_ROWS = 12
MAX_SNAPSHOTS = 4
_LABEL, _SCORE, _GAP, _HEAD, _CAPTION = 1.0, 0.78, 0.07, 0.26, 0.15  # inches


def displayable(image: np.ndarray) -> np.ndarray:
    """[channels, height, width] -> [height, width] (gray) or [height, width, 3], in [0, 1].

    Values outside [0, 1] are clamped, NaN becomes 0. Images of other than 1 or 3 channels are shown
    as the mean over channels.
    """
    image = np.clip(np.nan_to_num(np.asarray(image, dtype=float)), 0, 1)
    if image.shape[0] == 3:
        return np.moveaxis(image, 0, -1)
    return image.mean(axis=0)


def spread(images: pd.DataFrame, count: int = MAX_ROWS) -> pd.DataFrame:
    """`count` of the images at even ranks of PSNR, best to worst, the median among them.

    Keeps the row labels of `images`; adds rank (0: best of all) and place (best | median | worst |
    rank of n as text). All rows if there are no more than `count`; count >= 1.
    """
    ordered = images.sort_values("psnr", ascending=False, kind="stable", na_position="last")
    n = len(ordered)
    ranks = np.arange(n)
    if n > count:
        ranks = np.unique(np.round(np.linspace(0, n - 1, count)).astype(int))
        middle = (n - 1) // 2
        if count >= 3:
            ranks[1 + np.argmin(np.abs(ranks[1:-1] - middle))] = middle
    places = {n - 1: "worst", (n - 1) // 2: "median", 0: "best"}
    picked = ordered.iloc[ranks].copy()
    picked["rank"] = ranks
    picked["place"] = [places.get(r, f"{r + 1} of {n}") if n > 1 else "the only one" for r in ranks]
    return picked


def ranked(images: pd.DataFrame, count: int) -> pd.DataFrame:
    """The `count` images that were recovered best: identified ones first, then by PSNR.

    Keeps the row labels of `images`; adds place, which says whether an image is identified.
    """
    order = images.sort_values(["identified", "psnr"], ascending=False, kind="stable")
    picked = order.iloc[:count].copy()
    picked["place"] = np.where(picked["identified"] == 1, "identified", "not identified")
    return picked


def selection_note(picked: int, total: int) -> str:
    """How the rows of the grid were picked, as a sentence."""
    if total == 1:
        return "The only reconstruction."
    if picked == total:
        return f"All {total} reconstructions, from the highest PSNR to the lowest."
    return (f"{picked} of {total} reconstructions, at even steps of rank from the highest PSNR to "
            "the lowest; not picked by eye.")


def _steps(iterations: np.ndarray) -> np.ndarray:
    """Columns of snapshots [rows, S] to show: MAX_SNAPSHOTS at most, evenly, of those there are."""
    used = np.flatnonzero((iterations >= 0).any(axis=0)) if iterations.size else np.zeros(0, int)
    if len(used) > MAX_SNAPSHOTS:
        used = used[np.round(np.linspace(0, len(used) - 1, MAX_SNAPSHOTS)).astype(int)]
    return used


def _class_name(names: Sequence[str], label: int) -> str:
    return names[label] if 0 <= label < len(names) else f"class {label}"


def picture_grid(run: Run, picked: pd.DataFrame, theme: Theme = LIGHT) -> Figure:
    """One row an image of `picked` (from spread()): truth, snapshots, reconstruction, its scores.

    Pixels are enlarged without smoothing. A snapshot after the end of its attack is left blank.
    """
    rows = picked.index.to_numpy()
    truth, result = run.pictures("truth", rows), run.pictures("reconstruction", rows)
    iterations = run.pictures("snapshot_iterations", rows)
    steps = _steps(iterations)
    snapshots = run.pictures("snapshots", rows) if len(steps) else None
    columns = len(steps) + 2
    panel_columns = max(1, min(2 if columns <= 3 else 1, len(rows)))
    lines = -(-len(rows) // panel_columns)
    panel = WIDTH / panel_columns
    cell = min(1.12, (panel - _LABEL - _SCORE) / columns - _GAP)
    aspect = truth.shape[-2] / truth.shape[-1]
    shared = all(len({i for i in iterations[:, s] if i >= 0}) == 1 for s in steps)
    line = cell * aspect + (_GAP if shared else _CAPTION + _GAP)
    height = _HEAD + lines * line
    figure = new_figure(WIDTH, height, theme, layout=None)
    # One pair of axes in inches from the top left: a pair for each image takes seconds to draw.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()

    def text(x: float, y: float, value: str, **options: object) -> None:
        options = {"size": 8, "color": theme.muted, "va": "center"} | options
        axes.text(x, y, value, **options)

    def show(x: float, y: float, image: np.ndarray) -> None:
        axes.imshow(displayable(image), cmap="gray", vmin=0, vmax=1, interpolation="nearest",
                    aspect="auto", extent=(x, x + cell, y + cell * aspect, y))

    for block in range(panel_columns):
        left = block * panel + _LABEL
        heads = ["private", *(["on the way"] * len(steps)), "recovered"]
        for c, head in enumerate(heads):
            strong = c in (0, columns - 1)
            if shared and not strong:
                head = f"step {iterations[:, steps[c - 1]].max():,}"
            text(left + c * (cell + _GAP) + cell / 2, _HEAD * 0.45, head, ha="center",
                 color=theme.ink if strong else theme.muted, weight="bold" if strong else "normal")
    for i, (_, row) in enumerate(picked.iterrows()):
        left, top = (i // lines) * panel + _LABEL, _HEAD + (i % lines) * line
        middle = top + cell * aspect / 2
        text(left - _LABEL, middle - 0.08, row["place"], color=theme.ink, weight="bold")
        text(left - _LABEL, middle + 0.09, _class_name(run.class_names, row["label"]), size=7.5)
        show(left, top, truth[i])
        for c, s in enumerate(steps, start=1):
            x = left + c * (cell + _GAP)
            if iterations[i, s] >= 0:
                show(x, top, snapshots[i, s])
            if not shared:
                note = f"step {iterations[i, s]:,}" if iterations[i, s] >= 0 else "ended"
                text(x + cell / 2, top + cell * aspect + 0.09, note, ha="center", size=6.5)
        show(left + (columns - 1) * (cell + _GAP), top, result[i])
        x = left + columns * (cell + _GAP) + 0.03
        text(x, middle - 0.08, f"{row['psnr']:.1f} dB", color=theme.ink, weight="bold")
        text(x, middle + 0.09, f"SSIM {row['ssim']:.2f}", size=7.5)
        if row["status"] == "diverged":
            text(x, middle + 0.24, "diverged", size=7.5, style="italic")
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    return figure
