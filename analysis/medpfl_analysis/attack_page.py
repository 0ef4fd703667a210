"""Compares attacks over the runs of one folder: a page of what came out, and all rows as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .claims import CALLED
from .hdf5 import RunFormatError
from .report import interval
from .run import Run, open_run
from .score_csv import bare, scored, write_rows
from .scores import (
    COSTS,
    METRICS,
    PUBLIC_NEAREST,
    VERDICT,
    chosen_images,
    summarize,
    summarize_run,
    verdict_of,
    without_attack,
)
from .settings import HONEST
from .words import number

_BY_KEY = {metric.key: metric for metric in METRICS}
# The scores of a row, by the names of their columns.
SCORES = {"identified": _BY_KEY["identified"], "reidentified": _BY_KEY["rank_1"],
          "psnr": _BY_KEY["psnr"], "ssim": _BY_KEY["ssim"], "ssim_90": _BY_KEY["asr_90"],
          "psnr_20": _BY_KEY["psnr_20"], "labels_right": _BY_KEY["label_accuracy"]}
PRIOR, NEAREST = "mean test image", "nearest public image"
INTRODUCTION = """\
Written by `python3 -m medpfl_analysis attacks` from the runs that `jobs/attack_table.sh` makes; not
edited. {file} has all rows, one for each network, batch, attack and data set.

Scores are of what the attacker keeps, chosen by its own objective. They are medians or shares over
the images. `identified_low` and `identified_high` hold the 95 % interval that the file of the run has;
no other column has an interval.

- `verdict` and `verdict_reason` are those of the run's file, which since schema 1.4 says of each attack
  whether the messages leak; empty in older ones.
- `identified_percent` is the share of the images that are nearest, of the candidates, to their
  reconstruction, which is more like them than the mean public image is. Runs of a schema before 1.3
  judge no images: the cell is empty.
- `reidentified_percent` is the share of those nearest, however like them the mean public image is.
- `ssim_90_percent` is the attack success rate of the MedPFL study.
- `psnr_20_percent` is a threshold that the mean test image passes for some images, too: compare with
  its rows.
- `labels_right_percent` is the share of the images whose class the attacker worked out, or was given.
- `evaluations` of the objective, `seconds` (wall time of a task on its own rank) and `memory_mib`
  (growth of the process during the task) are medians over tasks.
- `ended` says how the tasks ended, `knowledge` what the attacker knew.
- `oracle_psnr_db` is the median of the best PSNR among the result and the snapshots on the way, found
  with the truth. **No attacker can pick that point**; it is no result.

"""
MEAN_IMAGE = f"""\
The *{PRIOR}* is no attack. It is the mean of the held-out images, what knowing such images in general
is worth. An attack that does not exceed it has failed.
"""
NEAREST_IMAGE = f"""\
The *{NEAREST}* is no attack either. It is for each private image the public one most like it (least mean
squared error), which only an oracle can choose, who is told the private image. It shows what resembles an
image that has not leaked. Runs of a schema before 1.5 have none.
"""
NOT_JUDGED = """\
Some of these runs are of a schema before 1.3, which judges no images: they are "not judged" here, and
the attack named is the one with the highest median SSIM. Run them again for identified images.
"""


@dataclass(frozen=True)
class Cell:
    """One run: a network, a data set, a batch size; all attacks."""

    network: str
    data: str
    batch: int
    facts: str
    """what all attacks have in common, in a line"""
    threat: str
    created: str
    program: str
    rows: pd.DataFrame
    """the rows of summarize_run(), with evaluations, seconds, mebibytes, ended and oracle_psnr"""
    cut: list[str]
    """presets whose iterations the run limited: "`modern` (24,000)" """
    prior: pd.Series
    """the same scores of the mean test image"""
    nearest: pd.Series | None
    """the same scores of the nearest public image; None in files before schema 1.5"""


def _ended(statuses: pd.Series) -> str:
    counts = statuses.value_counts().sort_index()
    if len(counts) == 1:
        return counts.index[0]
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _prior_row(run: Run, images: pd.DataFrame) -> pd.Series:
    """The mean test image in the place of a reconstruction, for the images of one attack."""
    first = chosen_images(images)
    first = first[first["method"] == first["method"].iloc[0]]
    truth = run.pictures("truth", first.index)
    mse = ((truth - run.prior[None]) ** 2).mean(axis=(1, 2, 3))
    # RDLV is (SSIM - SSIM of the prior) / SSIM of the prior.
    ssim = (first["ssim"] / (1 + first["rdlv"])).to_numpy()
    made = first.assign(psnr=np.minimum(100, -10 * np.log10(np.maximum(mse, 1e-10))), ssim=ssim,
                        label_inferred=-1, rank_of_truth=-1, identified=np.nan, method=PRIOR)
    made["success_psnr_20"] = (made["psnr"] >= 20).astype(int)
    made["success_ssim_90"] = (made["ssim"] >= 0.9).astype(int)
    return summarize(made, tuple(SCORES.values())).iloc[0]


def _nearest_row(run: Run) -> pd.Series | None:
    """What the file says of the nearest public image."""
    rows = without_attack(run)
    rows = rows[rows["method"] == PUBLIC_NEAREST]
    return rows.iloc[0] if len(rows) else None


def read_cell(run: Run) -> Cell:
    """The numbers of one run. Raises RunFormatError if it is not complete or attacked nothing."""
    if run.status != "complete":
        raise RunFormatError(f"{run.path}: is {run.status}, not complete")
    images = run.images_with_tasks()
    if len(images) == 0:
        raise RunFormatError(f"{run.path}: has no attacks")
    if len(kinds := sorted(images["kind"].unique())) > 1:
        raise RunFormatError(f"{run.path}: has attacks on {' and '.join(kinds)} messages, and the page compares "
                             "attacks on the same ones; set attack.targets to updates or probes")
    rows = summarize_run(run, (*SCORES.values(), *COSTS)).set_index("method", drop=False)
    chosen = chosen_images(images)
    tasks = chosen.drop_duplicates("task").groupby("method")
    rows["mebibytes"] = tasks["memory_growth"].median() / 2**20
    rows["ended"] = tasks["status"].agg(_ended)
    rows["oracle_psnr"] = chosen.groupby("method")["oracle_psnr"].median()
    config, model = run.config, run.model
    shape = "×".join(str(side) for side in model["input_shape"])
    facts = (f"{model['name']}, {int(model['parameters']):,} parameters, batch normalization "
             f"`{model.get('norm_mode', 'eval')}`, images {shape}; "
             f"{config['federation.algorithm']}, round {rows['round'].iloc[0]}")
    attacked = [word for word in CALLED if word in run.tasks["network"].unique()]
    facts += f", network {' or '.join(attacked)}" if attacked else ""
    limits = [f"{config[f'attack.{name}']} {what}"
              for name, what in (("iterations", "iterations"), ("max_evaluations", "evaluations"))
              if config.get(f"attack.{name}", "0") != "0"]
    if limits:
        facts += f"; at most {' and '.join(limits)} a task"
    cut = [f"`{method}` ({own:,})" for method in sorted(rows["method"])
           if (own := int(config.get(f"attack.{method}.iterations", "0")))
           > int(config.get("attack.iterations", "0")) > 0]
    return Cell(
        network=run.name, data=run.data_name,
        batch=int(config["attack.probe_batch"]), facts=facts, threat=images["threat"].iloc[0],
        created=run.created_utc, program=f"{run.medpfl_version} ({run.git_sha})", rows=rows,
        cut=cut,
        prior=_prior_row(run, images), nearest=_nearest_row(run))


def _row(cell: Cell, attack: str, scores: pd.Series) -> dict[str, str]:
    made = {"network": cell.network, "batch": str(cell.batch), "attack": attack,
            "data_set": cell.data, "images": str(scores["n"])}
    for name, metric in SCORES.items():
        made |= scored(scores, metric, name)
        if name == "identified":
            made |= {column: scores[column] for column in VERDICT}
    return made


def _rows(cell: Cell) -> list[dict[str, str]]:
    """All attacks of a run as rows of the CSV file."""
    return [_row(cell, method, row) | {
        "evaluations": f"{row['evaluations']:.0f}", "seconds": bare(row["seconds"]),
        "memory_mib": f"{row['mebibytes']:.0f}", "ended": row["ended"],
        "oracle_psnr_db": bare(row["oracle_psnr"], "dB"), "threat": cell.threat,
        "knowledge": row["knowledge"]} for method, row in cell.rows.sort_index().iterrows()]


def _section(cells: list[Cell], file: str) -> list[str]:
    """What came out for one network and batch."""
    first = cells[0]
    lines = [f"## {first.network} · batch of {first.batch}", "",
             *([f"**Threat: {first.threat}.** Not comparable with the other tables.", ""]
               if first.threat != HONEST else []),
             first.facts + ".", ""]
    cut = dict.fromkeys(name for cell in cells for name in cell.cut)
    if cut:
        lines += [f"**Presets cut short**, with the iterations of their own: {', '.join(cut)}. A low "
                  f"score in {file} says nothing about them.", ""]
    judged = any(cell.rows["verdict"].any() for cell in cells)
    lines += ["| images of | n | attacks | most identified | 95 % | " + ("verdict | " if judged else "")
              + "by | median SSIM | of the mean test image |", "|" + " --- |" * (8 + judged)]
    for data in dict.fromkeys(cell.data for cell in cells):
        mine = [cell for cell in cells if cell.data == data]
        # The mean test image is that of the run with the strongest attack.
        rows = pd.concat([cell.rows.assign(prior=cell.prior["ssim"]) for cell in mine])
        best = rows.fillna({"identified": -1, "ssim": -2}).sort_values(
            ["identified", "ssim"], ascending=False, kind="stable").iloc[0]
        told = "not judged" if best["identified"] < 0 else number(best["identified"], "%")
        cells_of = [data, str(best["n"]), str(rows.index.nunique()), told,
                    interval(best, _BY_KEY["identified"]) or "–",
                    *([verdict_of(best).marked or "–"] if judged else []), f"`{best['method']}`",
                    number(best["ssim"]), number(best["prior"])]
        lines.append("| " + " | ".join(cells_of) + " |")
    return [*lines, ""]


def write_attack_page(folder: Path, output: Path, machine: str = "") -> list[Path]:
    """Compares the attacks of all complete runs folder/*/run.h5, in the order of the folders' names.

    Writes what came out for each network and batch to `output`, in Markdown, and all rows to
    data/NAME.csv beside it, NAME being that of the page. The page names runs that are not complete.
    Returns what it wrote. Raises RunFormatError if no run is complete.
    """
    found = sorted((path.parent for path in folder.glob("*/run.h5")),
                   key=lambda path: (not path.name.isdigit(), path.name.zfill(9)))
    listed = folder / "tasks.txt"
    expected = len(listed.read_text(encoding="utf-8").splitlines()) if listed.is_file() else 0
    missing = [str(n) for n in range(1, expected + 1) if not (folder / f"{n}/run.h5").is_file()]
    cells: list[Cell] = []
    for path in found:
        with open_run(path) as run:
            if run.status == "complete":
                cells.append(read_cell(run))
            else:
                missing.append(f"{path.name} ({run.status})")
    if not cells:
        raise RunFormatError(f"{folder}: holds no complete run, FOLDER/NAME/run.h5")
    days = sorted({cell.created[:10] for cell in cells})
    lines = ["# Attacks compared", "",
             f"{' to '.join(days[:1] + days[1:][-1:])} · "
             f"MedPFL {', '.join(sorted({cell.program for cell in cells}))}"
             + (f" · {machine}" if machine else "") + " · `jobs/attack_table.sh`", ""]
    if missing:
        lines += [f"**Not complete**, so not here: runs {', '.join(missing)} of {expected}.", ""]
    changed = [cell for cell in cells if cell.program.endswith("-dirty)")]
    if changed:
        lines += [f"**{len(changed)} of {len(cells)} runs are of changed trees** (`-dirty`), which "
                  "cannot be made again: their rows are no evidence.", ""]
    file = f"[data/{output.stem}.csv](data/{output.stem}.csv)"
    lines += [INTRODUCTION.format(file=file).rstrip(), "", MEAN_IMAGE]
    if any(cell.nearest is not None for cell in cells):
        lines += [NEAREST_IMAGE]
    if any(cell.rows["identified"].isna().any() for cell in cells):
        lines += [NOT_JUDGED]
    groups: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.network, cell.batch), []).append(cell)
    rows: list[dict[str, str]] = []
    for group in groups.values():
        lines += _section(group, file)
        rows += [row for cell in group for row in _rows(cell)]
        # Two runs of the same images have the same row.
        rows += {cell.data: _row(cell, PRIOR, cell.prior) for cell in group}.values()
        rows += {cell.data: _row(cell, NEAREST, cell.nearest) for cell in group
                 if cell.nearest is not None}.values()
    output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return [output, write_rows(output, rows)]
