"""The tables of a sweep as text: what leaks, what the model loses, what epsilon is claimed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .claims import CALLED
from .frontier import compare, epsilon_text, undefended
from .report import interval
from .scores import Metric, verdict_of, without_attack
from .settings import NONE
from .sweep import SCORES, Sweep
from .verdicts import Verdict
from .words import at_most, number, of_hospitals

_BY_KEY = {metric.key: metric for metric in SCORES}
BASE = "the base configuration"
"""The name of the setting that sets no option of the grid."""
LEAKS = tuple(_BY_KEY[key] for key in ("identified", "rank_1", "psnr", "ssim", "asr_90", "rdlv"))


@dataclass(frozen=True)
class Leak:
    """What one attack got: its name, images and networks, and LEAKS as (value, interval)."""

    attack: str
    n: str
    """ "n = 12 of 3 hospitals", "n = 12 of 1 hospital, 5 networks, untrained" """
    cells: list[tuple[str, str]]
    bound: str
    """what any attack is at most expected to identify; a dash where nothing bounds it"""
    verdict: Verdict
    """that of the index on the setting; of an index without them that of the run's file"""


@dataclass(frozen=True)
class Line:
    """A setting under a plain attack, and under the strongest one adapted to it (or None)."""

    defense: str
    noise: str
    plain: Leak
    adapted: Leak | None
    accuracy: str
    change: str
    """difference of balanced accuracy to no defense: "−12 points", and whether it is at chance"""
    epsilon: str
    one_of: str
    """what naming one image among the candidates of a claim is at most right with"""


def _cell(row: pd.Series, metric: Metric) -> tuple[str, str]:
    return number(row[metric.key], metric.unit), interval(row, metric)


def _leak(row: pd.Series) -> Leak:
    told = [f"n = {int(row['n'])}{of_hospitals(row)}"]
    told += [f"{int(row['networks'])} networks"] if row["networks"] > 1 else []
    told += [word for word in row["attacked"].split(" | ") if word in CALLED]
    return Leak(row["attack"], ", ".join(told),
                [_cell(row, metric) for metric in LEAKS], at_most(row["bound"]), verdict_of(row))


def no_attack(sweep: Sweep, rows: pd.DataFrame) -> pd.DataFrame:
    """What public images score on the images that the first point of a panel attacks: rows as those of
    Sweep.over_networks, as far as a Leak is of them; none for runs before schema 1.3."""
    with sweep.open_point(rows["point"].iloc[0]) as run:
        found = without_attack(run)
    several = found["kind"].nunique() > 1
    return found.assign(attack=found["method"] + (", " + found["kind"] if several else ""), networks=1,
                        attacked="")


def no_attack_leaks(sweep: Sweep, rows: pd.DataFrame) -> list[Leak]:
    """The same, as text."""
    return [_leak(row) for _, row in no_attack(sweep, rows).iterrows()]


def points_text(change: float) -> str:
    """A difference of shares as text, such as "−12 points"; "" where it is not known."""
    if np.isnan(change):
        return ""
    rounded = round(100 * change)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else '±'}{abs(rounded)} points"


@dataclass(frozen=True)
class Change:
    """What one attack identified at a setting, less what it did at another on the same images."""

    setting: str
    against: str
    attack: str
    n: str
    """ "n = 12, 5 networks, 3 unpaired" """
    points: str
    interval: str


def differences(rows: pd.DataFrame) -> list[Change]:
    """The rows of read_differences() as text."""
    made = []
    for row in rows.itertuples():
        told = [f"n = {row.images}"]
        told += [f"{row.networks} networks"] if row.networks > 1 else []
        told += [f"{row.unpaired} unpaired"] if row.unpaired else []
        limits = " to ".join(points_text(limit).removesuffix(" points") for limit in (row.low, row.high))
        made.append(Change(
            row.setting or BASE, f"{row.against or BASE}{', the defense off' if row.control else ''}",
            f"{row.method} on {row.kind}s", ", ".join(told), points_text(row.difference),
            limits if row.inferred else f"{limits} over networks"))
    return made


def lines(rows: pd.DataFrame) -> list[Line]:
    """The table of one panel of Sweep.over_networks, ordered as compare()."""
    made = []
    for pair in compare(rows).itertuples():
        row = rows.loc[pair.plain]
        base = undefended(rows, row["panel"])
        noise = row["relative_noise"]
        made.append(Line(
            defense="no defense" if row["defense"] == NONE else row["defense"],
            noise="" if np.isnan(noise) else f"{noise:.3g}",
            plain=_leak(row),
            adapted=None if pair.adapted == -1 else _leak(rows.loc[pair.adapted]),
            accuracy=number(row["balanced_accuracy"], "%"),
            change=", ".join(filter(None, [
                "" if row["chain"] == NONE else points_text(row["balanced_accuracy"] - base),
                row["network"] if "at chance" in row["network"] else ""])),
            epsilon=epsilon_text(row["epsilon"]), one_of=at_most(row["identification_bound"])))
    return made


def knowledge(table: pd.DataFrame) -> list[str]:
    """What the attackers knew, by method, apart from the defense, which they always know."""
    told = table[table["method"] != ""]
    known = told["knowledge"].str.replace(r"; defenses: [^;|]*", "", regex=True)
    return sorted({f"{method}: {text}" for method, text in zip(told["method"], known, strict=True)})


def adaptations(rows: pd.DataFrame) -> list[Line]:
    """Those lines that met an adapted attack."""
    return [line for line in lines(rows) if line.adapted]
