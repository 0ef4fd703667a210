"""Cells of a study: the audits in the numbered folders that jobs/study.sh or slurm/tasks.sh fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from .audit import Audit, is_audit, open_audit
from .hdf5 import RunFormatError
from .intervals import share_interval
from .run import Run, open_run
from .scores import WITHOUT_ATTACK
from .settings import NONE
from .sweep import is_sweep
from .verdicts import LEAKS, PROTECTS, Verdict
from .words import counted, generated

_PARTS = {"attack": "chosen", "judge": "second", "presets": "preset"}
_EPSILON = "--epsilon"
_TYPED = ("command line", _EPSILON)
# Where a cell is and how long it may take says nothing of what it is.
_NO_FACTOR = ("run.", "data.path", "data.dataset", "data.phantom.modality", "attack.rounds")
NOT_MEDICAL = ("digits", "photographs")
"""Names of the sets of images that jobs/contrast_sets.py makes."""
ATTACK_COLUMNS = ("attack part round images ssim_90 vanished seconds").split()


@dataclass(frozen=True)
class Cell:
    """One audit of a study."""

    number: int
    """the line of tasks.txt"""
    data: str
    """name of the images"""
    defense: str
    """ "none", or the chain with the options that the cell sets: "gaussian scale=0.3 relative=norm" """
    relative_noise: float
    """scale of the noise in units of the gradient's norm; NaN for other defenses"""
    typed: dict[str, str]
    """other options on its command line that say what it is"""
    stages: pd.DataFrame
    """as Audit.stages"""
    presets: pd.DataFrame
    """as Audit.presets"""
    attacks: pd.DataFrame
    """a row an attack and round with ATTACK_COLUMNS: `ssim_90` and `vanished` are shares, of images and of messages,
    over all networks; `part` is chosen, second or preset"""
    evaluations: int
    """of an attack on a message"""
    iterations: dict[str, int]
    """of each attack at its defaults, its own number"""
    accuracies: tuple[float, ...]
    """balanced, of each network at the end"""
    chance: float
    """the balanced accuracy of answers that do not depend on the images"""
    epsilon: float
    """of the worst hospital of all networks after the last round; NaN where none is claimed"""
    training_seconds: float
    rehearsal_seconds: float
    attack_seconds: float
    """of all ranks together, as the files of the runs have them"""
    program: str
    created: str
    change: str = ""
    """what of these other cells have not, which is a change of the study's center: "model.name=resnet18"; "" for nothing"""
    provenance: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["option", "value", "source"]))
    """as Audit.provenance, without run.seed"""

    @property
    def config(self) -> dict[str, str]:
        """The value of each option but run.seed, by section.option."""
        return dict(zip(self.provenance["option"], self.provenance["value"], strict=True))

    @property
    def networks(self) -> int:
        return len(self.accuracies)

    @property
    def seconds(self) -> float:
        return self.training_seconds + self.rehearsal_seconds + self.attack_seconds

    @property
    def rounds(self) -> list[int]:
        """Rounds whose messages were attacked, ascending."""
        return sorted(int(r) for r in self.stages["round"].unique())


def _short(option: str) -> str:
    return option.split(".", 2)[-1] if option.startswith("defense.") else option


def _factors(audit: Audit) -> tuple[str, float, dict[str, str]]:
    """The defense, its noise relative to the norm, and what else the command line set."""
    table = audit.provenance
    typed = table[table["source"].isin(_TYPED)]
    values = dict(zip(typed["option"], typed["value"], strict=True))
    chain = values.pop("defense.chain", "") or NONE
    own = {option: value for option, value in values.items() if option.startswith("defense.")}
    # The noise that keeps an epsilon differs between sets of images; what was asked for is the epsilon.
    sources = dict(zip(typed["option"], typed["source"], strict=True))
    words = [chain, *(f"{_short(option)}={value}" for option, value in own.items() if sources[option] != _EPSILON)]
    other = {
        option: value for option, value in values.items() if option not in own and not option.startswith(_NO_FACTOR)
    }
    other["evaluations"] = str(audit.evaluations("probe"))
    scale = own.get(f"defense.{chain}.scale", "nan") if own.get(f"defense.{chain}.relative") == "norm" else "nan"
    return " ".join(words), float(scale), other


def _federations(audit: Audit) -> list[Path]:
    first = 1 if audit.apart else 0
    return [
        audit.folder / ("federation" if n == 0 else f"network-{n}/federation")
        for n in range(first, first + audit.networks)
    ]


def _seconds(run: Run) -> float:
    """What the ranks of a run spent in its phases, together."""
    return float(run.timings.to_numpy().sum())


def _seconds_of(folders: Iterable[Path]) -> float:
    """The same of the runs in these folders."""
    total = 0.0
    for folder in folders:
        with open_run(folder) as run:
            total += _seconds(run)
    return total


def _images_of(run: Run) -> str:
    """The name of the images; of generated ones with what they look like."""
    looks = run.config.get("data.phantom.modality", "") if generated(run.config) else ""
    return f"{run.data_name} {looks}".strip()


def _attacks(audit: Audit) -> tuple[pd.DataFrame, float]:
    """The rows of Cell.attacks, and the seconds of the ranks."""
    rows, seconds = [], 0.0
    for part, word in _PARTS.items():
        for path in sorted(audit.folder.glob(f"**/{part}/round-*/run.h5")):
            with open_run(path.parent) as run:
                seconds += _seconds(run)
                rounds = run.summary[(run.summary["round"] >= 0) & ~run.summary["method"].isin(list(WITHOUT_ATTACK))]
                rows += [
                    {
                        "attack": row["method"],
                        "part": word,
                        "round": int(row["round"]),
                        "images": row["images"],
                        "ssim_90": row["images"] * row["success_ssim_90"],
                        "vanished": row["vanished"],
                        "tasks": row["tasks"],
                        "seconds": row["tasks"] * row["seconds"],
                    }
                    for _, row in rounds.iterrows()
                ]
    table = pd.DataFrame(rows, columns=[*ATTACK_COLUMNS, "tasks"])
    table = table.groupby(["attack", "part", "round"], as_index=False, sort=False).sum()
    table["ssim_90"] /= table["images"]
    table["vanished"] /= table["tasks"]
    return table[ATTACK_COLUMNS], seconds


def read_cell(folder: Path, number: int) -> Cell:
    """Raises RunFormatError if the audit or a run of it is missing or damaged, or it is not complete."""
    with open_audit(folder) as audit:
        if audit.status != "complete":
            raise RunFormatError(f"{audit.path}: is {audit.status}, not complete")
        defense, noise, typed = _factors(audit)
        if len(kinds := sorted(audit.stages["kind"].unique())) > 1:
            raise RunFormatError(
                f"{audit.path}: has attacks on {' and '.join(kinds)} messages, and a study compares those on one kind; "
                "set attack.targets to updates or probes"
            )
        accuracies, epsilons, training = [], [], 0.0
        for place in _federations(audit):
            with open_run(place) as run:
                accuracies.append(float(run.rounds["balanced_accuracy"].iloc[-1]))
                epsilons.append(run.privacy.epsilon if run.privacy else np.nan)
                training += _seconds(run)
                data = _images_of(run)
        epsilon = float(np.nanmax(epsilons)) if np.isfinite(epsilons).any() else np.nan
        if _EPSILON in set(audit.provenance["source"]):
            defense += f" epsilon={epsilon:.3g}"
        if audit.apart:
            training += _seconds_of([audit.folder / "federation"])
        attacks, attack_seconds = _attacks(audit)
        rehearsal = _seconds_of(path.parent for path in audit.folder.glob("rehearsal/**/run.h5"))
        return Cell(
            number=number,
            data=data,
            defense=defense,
            relative_noise=noise,
            typed=typed,
            stages=audit.stages,
            presets=audit.presets,
            attacks=attacks,
            evaluations=audit.evaluations("probe"),
            iterations={
                method: int(audit.config.get(f"attack.{method}.iterations", "0")) for method in audit.presets["method"]
            },
            accuracies=tuple(accuracies),
            chance=audit.chance,
            epsilon=epsilon,
            training_seconds=training,
            rehearsal_seconds=rehearsal,
            attack_seconds=attack_seconds,
            program=f"{audit.medpfl_version} ({audit.git_sha})",
            created=audit.created_utc,
            provenance=audit.provenance[audit.provenance["option"] != "run.seed"],
        )


def is_study(path: Path) -> bool:
    """Whether the path is a folder with a list of cells."""
    return (path / "tasks.txt").is_file()


def read_study(folder: Path) -> tuple[list[Cell], list[str]]:
    """The complete cells in the order of tasks.txt, and the others as "12 (running)".

    Raises RunFormatError if the folder has no tasks.txt, or no cell is complete.
    """
    listed = folder / "tasks.txt"
    if not is_study(folder):
        raise RunFormatError(f"{listed}: no such file; give a folder that jobs/study.sh has filled")
    cells, missing = [], []
    for number in range(1, len(listed.read_text(encoding="utf-8").splitlines()) + 1):
        place = folder / str(number)
        if is_sweep(place):
            continue
        if not is_audit(place):
            missing.append(str(number))
            continue
        with open_audit(place) as audit:
            status = audit.status
        if status == "complete":
            cells.append(read_cell(place, number))
        else:
            missing.append(f"{number} ({status})")
    if not cells:
        raise RunFormatError(f"{folder}: no cell is complete; the cells of a study are audits in folders named as the lines of tasks.txt")
    return _with_changes(cells), missing


def _with_changes(cells: list[Cell]) -> list[Cell]:
    """The cells with `change`: options that most cells have are those of the center."""
    common = {
        option
        for cell in cells
        for option in cell.typed.items()
        if 2 * sum(option in other.typed.items() for other in cells) > len(cells)
    }
    return [
        replace(
            cell,
            change=" ".join(
                f"{option}={value}" for option, value in cell.typed.items() if (option, value) not in common
            ),
        )
        for cell in cells
    ]


def mean_accuracy(cell: Cell) -> tuple[float, float, float]:
    """The balanced accuracy at the end as share_interval()."""
    return share_interval(cell.accuracies)


def strongest(cell: Cell, round_: int) -> pd.Series | None:
    """The row of the attack on a round's messages that identified most; None where none applies."""
    mine = cell.stages[(cell.stages["round"] == round_) & cell.stages["identified"].notna()]
    if mine.empty:
        return None
    return mine.sort_values("identified", ascending=False, kind="stable").iloc[0]


def preset(cell: Cell, round_: int, method: str) -> pd.Series | None:
    """The row of an attack at its defaults on a round's messages; None where it was not tried."""
    mine = cell.presets[(cell.presets["round"] == round_) & (cell.presets["method"] == method)]
    return None if mine.empty else mine.iloc[0]


def verdict_of_round(cell: Cell, round_: int) -> Verdict:
    """The verdict on a round's messages: of two attacks that of the stronger word, in the program's order."""
    mine = cell.stages[cell.stages["round"] == round_]
    order = [mine[mine["verdict"] == word] for word in (LEAKS, PROTECTS)] + [mine]
    first = next(rows for rows in order if len(rows)).iloc[0]
    return Verdict(first["verdict"], first["verdict_reason"])


def state(round_: int) -> str:
    """How far the attacked network was trained."""
    return "untrained" if round_ == 0 else f"after {counted(round_, 'round')}"
