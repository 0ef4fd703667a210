"""The page of a study: what leaks, what defenses buy and cost, and what other choices would have said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from .paper_setup import read_paper_setup
from .score_csv import bare, write_rows
from .settings import NONE
from .study import NOT_MEDICAL, Cell, mean_accuracy, preset, read_study, state, strongest, verdict_of_round
from .study_claims import claims, share
from .study_plots import noise_figure
from .theme import png
from .verdicts import Verdict, meanings
from .words import at_most, number, small_share

INTRODUCTION = """\
Written by `python3 -m medpfl_analysis study` from the cells that `jobs/study.sh` makes; not edited. {file} has all rows.

- A **cell** is an audit of {networks} networks ([audit](audit.md)). Its attack was chosen on public images under a network of its own,
  which nobody attacked, and then fixed. *Strongest* is the one that identified most of the two that may attack a defense: the one that served best
  under it, and the one that served best with it off ([decision 32](decisions/0032-two-attacks-judge-a-defense.md)).
- **Single attacks** are at their defaults, which answer the defense ([decision 27](decisions/0027-adapted-by-default.md)). They attack the same messages,
  with the same {evaluations} evaluations a message, and know the same.
- **Identified** is the share of images whose reconstruction is more like them than like all other candidates, and more like them than the
  mean public image is ([statistics](statistics.md)). *Nearest* leaves the second condition out. In brackets: the interval of 95 % over images and networks.
- **Accuracy** is balanced, of the model at the end with the defense on: the mean of the networks, and in brackets the interval of 95 % of
  that mean (Student's t). Cells of one set of images have the same seeds.
- **With the defense off** is what the same attack identifies of public images without the defense.
- **ε** is that of the worst hospital after all rounds. *At most, by ε* is the bound that follows from the noise.
- **Vanished** is the share of messages whose gradient is next to nothing, because the network is sure of the label.
"""
SETUP = """\
Each attack has a network of its own, untrained, with wide first weights and sigmoids, and color images; attacks are as published. The paper chooses
the iterate with the least true error, which no attacker knows: *by the truth* is the best of the result and the iterates after 1, 3, 10, 30, 100 and 300
iterations. The paper's rate is the share of images with an SSIM of 0.9 or more.
"""
SINGLE = """\
*SSIM ≥ 0.9* is the paper's success rate. The verdict of a single attack is what it alone would have told.
"""
_COLUMNS = ("identified by the strongest", "nearest", "by `idlg`", "by `cpl`", "with the defense off", "at most, by ε", "vanished",
            "verdict", "accuracy", "ε")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], fixed: int) -> list[str]:
    """A table without the columns behind the `fixed` first that have a dash in all rows."""
    kept = [i for i in range(len(head)) if i < fixed or any(row[i] != "–" for row in rows)]
    return ["| " + " | ".join(head[i] for i in kept) + " |", "|" + " --- |" * len(kept),
            *("| " + " | ".join(row[i] for i in kept) + " |" for row in rows), ""]


def _accuracy(cell: Cell) -> str:
    mean, low, high = mean_accuracy(cell)
    return number(mean, "%") + ("" if math.isnan(low) else f" ({100 * low:.0f} – {100 * high:.0f})")


def _vanished(cell: Cell, round_: int) -> float:
    mine = cell.attacks[(cell.attacks["round"] == round_) & (cell.attacks["part"] == "chosen")]
    return math.nan if mine.empty else float(mine["vanished"].iloc[0])


def _cells_table(cells: Sequence[Cell], column: str) -> list[str]:
    """A row a cell and round; `column` is the attribute of Cell that stands in the second column."""
    rows = []
    for cell in cells:
        for round_ in cell.rounds:
            best = strongest(cell, round_)
            rows.append([
                cell.data, f"`{getattr(cell, column) or 'nothing'}`", state(round_), share(best),
                "–" if best is None else number(best["reidentified"], "%"),
                *(share(preset(cell, round_, method)) for method in ("idlg", "cpl")),
                "–" if best is None else number(best["undefended"], "%"),
                "–" if best is None else at_most(best["identified_bound"]),
                number(_vanished(cell, round_), "%"), verdict_of_round(cell, round_).marked, _accuracy(cell), number(cell.epsilon)])
    return _table(("images of", "defense" if column == "defense" else "changed", "network", *_COLUMNS), rows, 4)


def _attack_rows(cell: Cell) -> list[tuple[pd.Series, str, pd.Series | None]]:
    """The rows of the chosen attacks and of presets, with "strongest" or "single", and their row of Cell.attacks."""
    made = []
    for frame, part in ((cell.stages, "strongest"), (cell.presets, "single")):
        for _, row in frame.iterrows():
            mine = cell.attacks[(cell.attacks["round"] == row["round"]) & (cell.attacks["attack"] == row["method"])
                                & ((cell.attacks["part"] == "preset") == (part == "single"))]
            made.append((row, part, mine.iloc[0] if len(mine) else None))
    return made


def _single_attacks(cells: Sequence[Cell]) -> list[str]:
    rows = [[cell.data, f"`{cell.defense}`", state(row["round"]), f"`{row['method']}`" + (", chosen" if part == "strongest" else ""),
             share(row), number(row["reidentified"], "%"), "–" if told is None else number(told["ssim_90"], "%"),
             Verdict(row["verdict"], "").marked] for cell in cells for row, part, told in _attack_rows(cell)]
    return _table(("images of", "defense", "network", "attack", "identified", "nearest", "SSIM ≥ 0.9", "verdict"), rows, 8)


def _setup_table(setup: pd.DataFrame) -> list[str]:
    rows = [[row["data"], f"`{row['attack']}`, `{row['model']}`", f"`{row['defense']}`", f"{row['images']}, {row['networks']}",
             number(row["ssim_90"], "%"), number(row["oracle_ssim_90"], "%"), share(row), number(row["vanished"], "%")]
            for _, row in setup.iterrows()]
    return _table(("images of", "attack, network", "defense", "images, networks", "SSIM ≥ 0.9, iterate by the objective", "by the truth",
                   "identified", "vanished"), rows, 8)


def _sizes(cells: Sequence[Cell]) -> str:
    attacked = [(int(row["images"]), cell.networks, int(row["hospitals"])) for cell in cells for _, row in cell.stages.iterrows()
                if row["images"]]
    images, networks, hospitals = ("–".join(str(n) for n in sorted({min(of), max(of)})) for of in zip(*attacked, strict=True))
    candidates = sorted({round(1 / row["chance"]) for cell in cells for _, row in cell.stages.iterrows() if row["chance"] > 0})
    return (f"{len(cells)} cells. Of each and each state of its network: {images} images of {hospitals} hospitals under {networks} networks, among "
            f"{candidates[0]} to {candidates[-1]} candidates.")


def _cost(cells: Sequence[Cell]) -> str:
    hours = [sum(getattr(cell, f"{name}_seconds") for cell in cells) / 3600 for name in ("training", "rehearsal", "attack")]
    minutes = sorted(cell.seconds / 60 for cell in cells)
    return (f"The {len(cells)} cells took {sum(hours):.1f} core-hours: training {hours[0]:.1f}, the search for attacks {hours[1]:.1f}, attacks on "
            f"the hospitals {hours[2]:.1f}. A cell took {minutes[0]:.1f} to {minutes[-1]:.1f} core-minutes, {minutes[len(minutes) // 2]:.1f} in the "
            "middle. These are sums of what the ranks measured, on a machine that may have had other work.")


def csv_rows(cells: Sequence[Cell]) -> list[dict[str, str]]:
    """A row a cell, round and attack."""
    made = []
    for cell in cells:
        accuracy, low, high = mean_accuracy(cell)
        for row, part, told in _attack_rows(cell):
            bound = row["identified_bound"]
            made.append({
                "cell": str(cell.number), "data_set": cell.data, "defense": cell.defense, "change": cell.change, "kind": row["kind"],
                "round": str(row["round"]), "attack": row["method"], "part": part, "options": row.get("options", ""),
                "evaluations": str(cell.evaluations), "images": str(row["images"]), "hospitals": f"{row['hospitals']:.0f}",
                "networks": str(cell.networks), "identified_percent": bare(row["identified"], "%"),
                "identified_low": bare(row["identified_low"], "%"), "identified_high": bare(row["identified_high"], "%"),
                "nearest_percent": bare(row["reidentified"], "%"), "ssim": bare(row["ssim"]),
                "ssim_90_percent": "" if told is None else bare(told["ssim_90"], "%"),
                "vanished_percent": "" if told is None else bare(told["vanished"], "%"),
                "chance_percent": small_share(row["chance"]).removesuffix("\u00a0%"),
                "undefended_percent": bare(row.get("undefended", math.nan), "%"),
                "bound_percent": "" if math.isnan(bound) else at_most(bound).removesuffix("\u00a0%"),
                "verdict": row["verdict"], "verdict_reason": row["verdict_reason"], "accuracy_percent": bare(accuracy, "%"),
                "accuracy_low": bare(low, "%"), "accuracy_high": bare(high, "%"), "epsilon": bare(cell.epsilon),
                "core_minutes": f"{cell.seconds / 60:.1f}"})
    return made


def _head(cells: Sequence[Cell], missing: Sequence[str], machine: str) -> list[str]:
    days, programs = (sorted(set(words)) for words in ((cell.created[:10] for cell in cells), (cell.program for cell in cells)))
    lines = ["# The MedPFL study", "",
             f"{' to '.join(days[:1] + days[1:][-1:])} · MedPFL {', '.join(programs)}" + (f" · {machine}" if machine else "")
             + " · `jobs/study.sh`", ""]
    if missing:
        lines += [f"**Not complete**, so not here: lines {', '.join(missing)} of tasks.txt.", ""]
    if any(program.endswith("-dirty)") for program in programs):
        lines += ["**Some cells are of changed trees** (`-dirty`), which cannot be made again.", ""]
    return lines


def study_page(cells: Sequence[Cell], setup: pd.DataFrame, missing: Sequence[str], file: str, picture: str, machine: str) -> str:
    """The page in Markdown; `setup` is that of read_paper_setup(), `file` and `picture` are addresses from the page."""
    center = [cell for cell in cells if not cell.change]
    medical = [cell for cell in center if cell.data not in NOT_MEDICAL]
    changed = [cell for cell in cells if cell.change]
    lines = _head(cells, missing, machine)
    lines += [INTRODUCTION.format(file=f"[{file}]({file})", networks=" or ".join(sorted({str(cell.networks) for cell in cells})),
                                  evaluations=" or ".join(f"{n:,}" for n in sorted({cell.evaluations for cell in center}))), _sizes(cells), ""]
    lines += ["## What came out", ""]
    for claim in claims(medical):
        lines += [f"**{claim.text}** {claim.word.capitalize()}.", "", *(f"- {line}" for line in claim.numbers), ""]
    if picture:
        lines += [f"![Shares identified by the strongest attack, and balanced accuracy, over the noise]({picture})", ""]
    lines += ["## Images, defenses and states of the network", "", *_cells_table(medical, "defense")]
    defenses = [cell.defense for cell in center if cell.data in NOT_MEDICAL]
    if defenses:
        lines += ["## Is there anything special about medical images?", "",
                  "Size, network, training and budget are the same, color is made grey, and digits and patches of photographs have as many "
                  "images and classes as brain scans. Chance differs with the number of candidates.", "",
                  *_cells_table([cell for cell in center if cell.defense in defenses], "defense")]
    if changed:
        lines += ["## One factor at a time", "",
                  "All of it on the first set of images. Other defenses are here, too.", "",
                  *_cells_table([cell for cell in medical if cell.data == changed[0].data and cell.defense == NONE] + changed, "change")]
    lines += ["## Single attacks on the same messages", "", SINGLE, *_single_attacks(medical)]
    if len(setup):
        lines += ["## The paper's own setup", "", SETUP, *_setup_table(setup)]
    lines += ["## Cost", "", _cost(cells), "", "## Verdicts", "", *(f"- {verdict.marked}: {text}" for verdict, text in meanings(shown=True))]
    return "\n".join(lines).rstrip() + "\n"


def write_study_page(folder: Path, output: Path, machine: str = "") -> list[Path]:
    """Writes the page to `output`, all rows to data/NAME.csv and a picture to pictures/NAME_noise.png beside it, NAME being
    that of the page. Returns what it wrote. Raises RunFormatError if no cell is complete or one is damaged."""
    cells, missing = read_study(folder)
    rows = write_rows(output, csv_rows(cells))
    written, picture = [output, rows], ""
    figure = noise_figure([cell for cell in cells if cell.data not in NOT_MEDICAL])
    if figure is not None:
        file = output.parent / "pictures" / f"{output.stem}_noise.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(figure))
        written.append(file)
        picture = f"pictures/{file.name}"
    page = study_page(cells, read_paper_setup(folder), missing, f"data/{rows.name}", picture, machine)
    output.write_text(page, encoding="utf-8")
    return written
