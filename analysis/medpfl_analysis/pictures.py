"""Which images are shown, and their pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd

MAX_ROWS = 12


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
