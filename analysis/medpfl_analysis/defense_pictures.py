"""What came back under each defense: the same images under all settings of a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .frontier import compare, strongest
from .pictures import displayable, spread
from .run import Run
from .scores import chosen_images
from .settings import NONE
from .sweep import Sweep
from .theme import LIGHT, WIDTH, Theme, new_figure

MAX_SETTINGS = 24
_LETTER, _SCORE, _GAP, _HEAD = 0.076, 0.45, 0.05, 0.05  # inches
_IMAGE = ["client", "probe", "index"]


def pictured(rows: pd.DataFrame, count: int = MAX_SETTINGS) -> pd.DataFrame:
    """Rows of one panel in the order of the grid: no defense, then each setting, the plain attack
    and the strongest adapted one. Where these are more than `count`, the stronger of the two; of
    more settings than that, evenly chosen ones, the first among them."""
    pairs = [[i for i in (pair.plain, pair.adapted) if i != -1]
             for pair in compare(rows).itertuples()]
    order = [i for pair in pairs for i in pair]
    if len(order) > count:
        order = [strongest(rows.loc[pair]) for pair in pairs]
    if len(order) > count:
        even = np.linspace(0, len(order) - 1, count).round().astype(int)
        order = [order[i] for i in np.unique(even)]
    return rows.loc[order]


def _attacked(run: Run, row: pd.Series) -> pd.DataFrame:
    """The images of one row of the sweep's table, by hospital, message and place in the batch."""
    images = chosen_images(run.images_with_tasks())
    same = ((images["method"] == row["method"]) & (images["round"] == row["round"])
            & (images["kind"] == row["kind"]))
    return images[same].rename_axis("row").reset_index().set_index(_IMAGE)


def _name(row: pd.Series) -> str:
    return "no defense" if row["defense"] == NONE else row["defense"]


def _note(row: pd.Series) -> str:
    return ("adapted: " if row["adapted"] else "") + row["attack"]


@dataclass(frozen=True)
class Strip:
    """The same images at one setting."""

    name: str
    note: str
    """by which attack"""
    score: str
    """median SSIM over all images of the setting; "" for the private images"""
    images: list[np.ndarray | None]
    """[channels, height, width] each; None where this point did not attack the image"""


def strips(sweep: Sweep, rows: pd.DataFrame, images: int = 6, settings: int = MAX_SETTINGS) -> list[Strip]:
    """The private images, then a strip a row of pictured(): the same `images` images, at even ranks of PSNR in the first
    row."""
    shown = pictured(rows, settings)
    first = shown.iloc[0]
    with sweep.open_point(first["point"]) as run:
        picked = spread(_attacked(run, first), images)
        truth = dict(zip(picked.index, run.pictures("truth", picked["row"].to_numpy()), strict=True))
    made = [Strip("private image", "", "", list(truth.values()))]
    for _, row in shown.iterrows():
        with sweep.open_point(row["point"]) as run:
            found = _same_images(run, row, truth)
        made.append(Strip(_name(row), _note(row), f"{row['ssim']:.2f}".replace("-0.00", "0.00"),
                          [found.get(key) for key in truth]))
    return made


def defense_grid(
    sweep: Sweep, rows: pd.DataFrame, theme: Theme = LIGHT, images: int = 6,
    settings: int = MAX_SETTINGS,
) -> Figure:
    """The strips() as a figure, one below the other. An image that a point did not attack is blank."""
    shown = strips(sweep, rows, images, settings)
    count, shape = len(shown[0].images), shown[0].images[0].shape
    left = _LETTER * max(12, *(max(len(strip.name), 0.85 * len(strip.note)) for strip in shown[1:]))
    cell = min(0.72, (WIDTH - left - _SCORE) / count - _GAP)
    tall = cell * shape[-2] / shape[-1]
    height = _HEAD + len(shown) * (tall + _GAP)
    figure = new_figure(left + _SCORE + count * (cell + _GAP), height, theme, layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for place, strip in enumerate(shown):
        top = _HEAD + place * (tall + _GAP)
        middle = top + tall / 2
        style = {"va": "center", "size": 7.5}
        axes.text(0, middle - (0.085 if strip.note else 0), strip.name, color=theme.ink, weight="bold", **style)
        axes.text(0, middle + 0.085, strip.note, color=theme.muted, va="center", size=7)
        for column, image in enumerate(strip.images):
            if image is not None:
                x = left + column * (cell + _GAP)
                axes.imshow(displayable(image), cmap="gray", vmin=0, vmax=1, aspect="auto",
                            interpolation="none", extent=(x, x + cell, top + tall, top))
        axes.text(left + count * (cell + _GAP) + 0.04, middle, strip.score or "SSIM", color=theme.muted, **style)
    axes.set(xlim=(0, figure.get_figwidth()), ylim=(height, 0))
    return figure


def _same_images(run: Run, row: pd.Series, truth: dict) -> dict:
    """Reconstructions of those of the images that this point attacked."""
    images = _attacked(run, row)
    here = [key for key in truth if key in images.index]
    places = images.loc[here, "row"].to_numpy() if here else np.zeros(0, dtype=int)
    made = {}
    for key, private, image in zip(here, run.pictures("truth", places),
                                   run.pictures("reconstruction", places), strict=True):
        if private.shape == truth[key].shape and np.array_equal(private, truth[key]):
            made[key] = image
    return made
