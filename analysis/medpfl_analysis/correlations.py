"""How alike the scores of images rank reconstructions: Spearman's rank correlation of each two, over
all reconstructions of many runs that the attacker would keep."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from .hdf5 import RunFormatError
from .run import Run, open_run
from .score_csv import write_rows
from .scores import chosen_images
from .words import counted

SCORES = {"mse": "MSE", "psnr": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM",
          "perceptual_mse": "perceptual MSE", "rdlv": "RDLV", "identified": "identified"}
"""Columns of /attacks/images, and how pages call them."""
ALL = "all"
"""in the place of the name of a data set"""
INTRODUCTION = """\
# Rank correlations of scores

Written by `python3 -m medpfl_analysis correlations`; not edited. Spearman's rank correlation of each two scores over the
reconstructions that the attacker keeps.
"""


class Reconstructions(NamedTuple):
    """The reconstructions of many runs."""

    scores: pd.DataFrame
    """one row each: SCORES (float, NaN where the file lacks one), data (name of the data set), image (a
    digest of the true pixels), network (number) and file (path)"""
    left_out: list[str]
    """why a file is not among them, one line each"""


def spearman(a: pd.Series, b: pd.Series) -> tuple[float, int]:
    """The rank correlation of two columns, and the number of rows where both are numbers, which alone
    are ranked. Equal values share their mean rank. NaN where a column is constant there, or below two rows."""
    known = a.notna() & b.notna()
    ranks = [values[known].rank().to_numpy() for values in (a, b)]
    if any(len(np.unique(rank)) < 2 for rank in ranks):
        return np.nan, int(known.sum())
    return float(np.corrcoef(*ranks)[0, 1]), int(known.sum())


def read_reconstructions(paths: Sequence[Path]) -> Reconstructions:
    """Of runs (run.h5), and of all runs below folders, which may be those of runs, sweeps and audits, with
    the rehearsals of these. Runs without attacks have none. Raises ValueError where there is no run."""
    files = sorted({file.resolve() for path in paths
                    for file in ([path] if path.is_file() else path.rglob("run.h5"))})
    if not files:
        raise ValueError(f"no run.h5 in {', '.join(map(str, paths))}")
    frames: list[pd.DataFrame] = []
    left_out: list[str] = []
    networks: dict[tuple, int] = {}
    for file in files:
        try:
            with open_run(file) as run:
                if run.status != "complete":
                    left_out.append(f"{file}: is {run.status}")
                elif len(run.images):
                    number = networks.setdefault(_network(run), len(networks))
                    frames.append(_of(run).assign(network=number, file=str(file)))
        except (RunFormatError, ValueError, OSError) as error:
            left_out.append(" ".join(str(error).split()))
    columns = [*SCORES, "data", "image", "network", "file"]
    scores = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    for folder in filter(Path.is_dir, paths):  # a page is read elsewhere
        left_out = [line.replace(f"{folder.resolve()}/", "") for line in left_out]
    return Reconstructions(scores[columns], left_out)


def _of(run: Run) -> pd.DataFrame:
    chosen = chosen_images(run.images_with_tasks())
    truth = run.pictures("truth", chosen.index.to_numpy())
    scores = chosen[list(SCORES)].astype(float).reset_index(drop=True)
    return scores.assign(data=run.data_name, image=[sha256(image.tobytes()).hexdigest() for image in truth])


def _network(run: Run) -> tuple:
    """What tells a network from others: what it is, and the seed that it is drawn from."""
    kept = {"run.seed", "data.dataset", "data.path"}
    return tuple(item for item in run.config.items() if item[0] in kept or item[0].startswith("model."))


def correlations(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a data set (ALL first; alone where there is one) and pair of SCORES, in their order, with
    columns data, score, other, spearman and n (reconstructions for which both are numbers)."""
    groups = [(ALL, scores)]
    if scores["data"].nunique() > 1:
        groups += list(scores.groupby("data", sort=True))
    names = list(SCORES)
    rows = []
    for data, frame in groups:
        for place, score in enumerate(names):
            for other in names[place + 1:]:
                value, n = spearman(frame[score], frame[other])
                rows.append({"data": data, "score": score, "other": other, "spearman": value, "n": n})
    return pd.DataFrame(rows)


def basis(scores: pd.DataFrame) -> str:
    """How much the correlations rest on, in words."""
    parts = [(len(scores), "reconstruction"), (scores["image"].nunique(), "true image"),
             (scores["network"].nunique(), "network"), (scores["file"].nunique(), "file")]
    return ", ".join(counted(n, thing) for n, thing in parts)


def _matrix(table: pd.DataFrame) -> str:
    """The pairs of one data set as a table in Markdown."""
    pairs = table.set_index(["score", "other"])["spearman"]
    names = list(SCORES)
    lines = [f"| | {' | '.join(SCORES[name] for name in names[1:])} |", "| --- |" + " ---: |" * (len(names) - 1)]
    for place, score in enumerate(names[:-1]):
        cells = ["" if other <= place else _shown(pairs[score, names[other]]) for other in range(1, len(names))]
        lines.append(f"| {SCORES[score]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")


def correlations_text(found: Reconstructions) -> str:
    """The tables in Markdown, with what they rest on and what was left out."""
    table = correlations(found.scores)
    parts = []
    for data, pairs in table.groupby("data", sort=False):
        of = found.scores if data == ALL else found.scores[found.scores["data"] == data]
        parts.append(f"{'All data sets' if data == ALL else data}: {basis(of)}.\n\n{_matrix(pairs)}\n")
    parts.append("A dash: a score is the same for all, or no file has it. MSE and perceptual MSE are errors, so that a "
                 "negative correlation with the others is agreement. Networks differ in `run.seed`, options of the "
                 "model, or data. Reconstructions of one image or network are not independent, so that no interval is given.\n")
    parts += ["Left out: " + line + "\n" for line in found.left_out]
    return "\n".join(parts)


def write_correlations(found: Reconstructions, page: Path) -> list[Path]:
    """Writes a page in Markdown, and all pairs to data/NAME.csv beside it; returns the files."""
    rows = [{"data": row.data, "score": row.score, "other": row.other,
             "spearman": "" if np.isnan(row.spearman) else f"{row.spearman:.4f}", "n": str(row.n)}
            for row in correlations(found.scores).itertuples()]
    page.parent.mkdir(parents=True, exist_ok=True)
    table = write_rows(page, rows)
    page.write_text(f"{INTRODUCTION}[data/{table.name}](data/{table.name}) has {len(rows)} rows, one for each `data` "
                    f"set and pair of a `score` and an `other`: `spearman`, and the number `n` of reconstructions.\n\n{correlations_text(found)}", encoding="utf-8")
    return [page, table]
