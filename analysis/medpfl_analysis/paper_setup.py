"""The MedPFL paper's own setup in a study: what its metric and its choice of the iterate say of runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .scores import chosen_images
from .sweep import is_sweep, open_sweep

COLUMNS = (
    "data attack model defense networks images ssim_90 oracle_ssim_90 identified identified_low identified_high "
    "vanished"
).split()
THRESHOLD = 0.9
"""The SSIM from which on the paper counts an attack as a success."""


def _rows(folder: Path) -> list[dict]:
    """Rows of one sweep, one an attack and defense, over its networks."""
    with open_sweep(folder) as sweep:
        images = []
        for place, point in enumerate(sweep.complete):
            with sweep.open_point(point) as run:
                setting = sweep.settings.settings[place]
                images.append(
                    chosen_images(run.images_with_tasks()).assign(
                        data=run.data_name, model=run.model["name"], defense=setting.defense, point=point
                    )
                )
        made = []
        judged = sweep.over_networks
        for key, mine in pd.concat(images).groupby(["data", "method", "model", "defense"], sort=False):
            data, method, model, defense = key
            row = judged[(judged["method"] == method) & (judged["defense"] == defense)].iloc[0]
            best = mine[["ssim", "oracle_ssim"]].max(axis=1)
            messages = mine.groupby(["point", "task"])["vanished"].max()
            made.append(
                {
                    "data": data,
                    "attack": method,
                    "model": model,
                    "defense": defense,
                    "networks": mine["point"].nunique(),
                    "images": len(mine),
                    "ssim_90": (mine["ssim"] >= THRESHOLD).mean(),
                    "oracle_ssim_90": (best >= THRESHOLD).mean(),
                    "identified": row["identified"],
                    "identified_low": row["identified_low"],
                    "identified_high": row["identified_high"],
                    "vanished": (messages == 1).mean(),
                }
            )
        return made


def read_paper_setup(folder: Path) -> pd.DataFrame:
    """A row for each set of images, attack (with its network) and defense of the sweeps in folder/N, with COLUMNS. `ssim_90`
    is the share of images at THRESHOLD or above where the attacker's objective chooses the iterate, `oracle_ssim_90` where
    the truth does, which no attacker knows. Raises RunFormatError if a sweep is damaged."""
    sweeps = sorted(
        (path for path in folder.iterdir() if path.name.isdigit() and is_sweep(path)), key=lambda path: int(path.name)
    )
    return pd.DataFrame([row for path in sweeps for row in _rows(path)], columns=COLUMNS)
