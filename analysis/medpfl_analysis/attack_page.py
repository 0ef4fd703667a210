"""A page that compares attacks over the runs of one folder: networks, data sets, batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from .hdf5 import RunFormatError
from .report import interval, number
from .run import Run, open_run
from .scores import COSTS, METRICS, Metric, chosen_images, summarize, summarize_run
from .settings import HONEST

_BY_KEY = {metric.key: metric for metric in METRICS}
SCORES = (
    _BY_KEY["psnr"],
    _BY_KEY["ssim"],
    replace(_BY_KEY["asr_90"], title="SSIM ≥\u00a00.9"),
    _BY_KEY["psnr_20"],
    _BY_KEY["label_accuracy"],
)
PRIOR = "*mean test image*"
INTRODUCTION = """\
Written by `python3 -m medpfl_analysis attacks` from the runs that `jobs/attack_table.sh` makes; not
edited.

Scores are of what the attacker keeps, chosen by its own objective. They are medians or shares over
`n` images, with a 95 % bootstrap interval over images. There is no interval for fewer than five
images, nor where all have one value.

- *SSIM ≥ 0.9* is the attack success rate of the MedPFL study.
- *PSNR ≥ 20 dB* is a threshold that the mean test image passes for some images, too: compare with
  its rows.
- *Labels right* is the share of the images whose class the attacker worked out, or was given.
- *evaluations* of the objective, *s* (wall time of a task on its own rank) and *MiB* (growth of
  the process during the task) are medians over tasks.
- *ended* says how the tasks ended, *knew* what the attacker knew, by the letters below each table.
- *oracle PSNR* is the median of the best PSNR among the result and the snapshots on the way, found
  with the truth. **No attacker can pick that point**; it is no result.

"""
MEAN_IMAGE = f"""\
{PRIOR} is no attack. It is the mean of the held-out images, what knowing such images in general is
worth. An attack that does not exceed it has failed.
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
                        label_inferred=-1, method=PRIOR)
    made["success_psnr_20"] = (made["psnr"] >= 20).astype(int)
    made["success_ssim_90"] = (made["ssim"] >= 0.9).astype(int)
    return summarize(made, SCORES).iloc[0]


def read_cell(run: Run) -> Cell:
    """The numbers of one run. Raises RunFormatError if it is not complete or attacked nothing."""
    if run.status != "complete":
        raise RunFormatError(f"{run.path}: is {run.status}, not complete")
    images = run.images_with_tasks()
    if len(images) == 0:
        raise RunFormatError(f"{run.path}: has no attacks")
    rows = summarize_run(run, (*SCORES, *COSTS)).set_index("method", drop=False)
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
        prior=_prior_row(run, images))


def _scores(row: pd.Series) -> list[str]:
    def cell(metric: Metric) -> str:
        spread = interval(row, metric)
        return number(row[metric.key], metric.unit) + (f" [{spread}]" if spread else "")

    return [cell(metric) for metric in SCORES]


def _section(cells: list[Cell]) -> list[str]:
    """The table of one network and batch."""
    first = cells[0]
    malicious = first.threat != HONEST
    lines = [f"## {first.network} · batch of {first.batch}", "",
             *([f"**Threat: {first.threat}.** Not comparable with the other tables.", ""]
               if malicious else []),
             first.facts + ".", ""]
    cut = dict.fromkeys(name for cell in cells for name in cell.cut)
    if cut:
        lines += [f"**Presets cut short**, with the iterations of their own: {', '.join(cut)}. A low "
                  "score here says nothing about them.", ""]
    head = ["attack", "images of", "n", *(metric.title for metric in SCORES), "evaluations", "s",
            "MiB", "ended", "knew", "oracle PSNR (no attack)"]
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    knowledge: dict[str, str] = {}
    for method in sorted({method for cell in cells for method in cell.rows["method"]}):
        for cell in cells:
            if method not in cell.rows.index:
                continue
            row = cell.rows.loc[method]
            letter = knowledge.setdefault(row["knowledge"], chr(ord("a") + len(knowledge)))
            lines.append("| " + " | ".join(
                [f"`{method}`", cell.data, str(row["n"]), *_scores(row),
                 f"{row['evaluations']:.0f}", number(row["seconds"]), f"{row['mebibytes']:.0f}",
                 row["ended"], letter, number(row["oracle_psnr"], "dB")]) + " |")
    # Two runs of the same images have the same row.
    lines += dict.fromkeys(
        "| " + " | ".join([PRIOR, cell.data, str(cell.prior["n"]), *_scores(cell.prior),
                           *["–"] * 6]) + " |" for cell in cells)
    lines += ["", *(f"{letter}: {text}  " for text, letter in knowledge.items()), ""]
    return lines


def attack_page(folder: Path, machine: str = "") -> str:
    """Markdown of all complete runs folder/*/run.h5, a table for each network and batch, in the
    order of the folders' names; those that are not complete are named.

    Raises RunFormatError if no run is complete.
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
    lines += [INTRODUCTION.rstrip(), "", MEAN_IMAGE]
    groups: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.network, cell.batch), []).append(cell)
    for group in groups.values():
        lines += _section(group)
    return "\n".join(lines).rstrip() + "\n"
