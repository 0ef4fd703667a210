"""Tables of a study's pages, and the rows of its CSV file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from .score_csv import bare
from .settings import NONE
from .study import Cell, mean_accuracy, preset, state, strongest, verdict_of_round
from .study_claims import share
from .tables import DASH, Table, table
from .verdicts import Verdict
from .words import at_most, number, small_share

def accuracy_text(cell: Cell) -> str:
    """ "70 % (66 – 74)", the interval over networks."""
    mean, low, high = mean_accuracy(cell)
    return number(mean, "%") + ("" if math.isnan(low) else f" ({100 * low:.0f} – {100 * high:.0f})")


def name_of(cell: Cell) -> str:
    """What makes the cell: its defense, and what it changes of the center."""
    words = [word for word in (cell.defense if cell.defense != NONE else "", cell.change) if word]
    return f"`{' '.join(words)}`" if words else "no defense"


def _vanished(cell: Cell, round_: int) -> float:
    mine = cell.attacks[(cell.attacks["round"] == round_) & (cell.attacks["part"] == "chosen")]
    return math.nan if mine.empty else float(mine["vanished"].iloc[0])


_Column = tuple[str, Callable[[Cell, int, "pd.Series | None"], str]]
STRONGEST: _Column = ("identified by the strongest", lambda cell, r, best: share(best))
CHANCE: _Column = ("chance", lambda cell, r, best: DASH if best is None else small_share(best["chance"]))
NEAREST: _Column = ("nearest", lambda cell, r, best: DASH if best is None else number(best["reidentified"], "%"))
METHOD: _Column = ("by", lambda cell, r, best: DASH if best is None else f"`{best['candidate']}`")
UNDEFENDED: _Column = (
    "with the defense off",
    lambda cell, r, best: DASH if best is None else number(best["undefended"], "%"),
)
BOUND: _Column = ("at most, by ε", lambda cell, r, best: DASH if best is None else at_most(best["identified_bound"]))
VANISHED: _Column = ("vanished", lambda cell, r, best: number(_vanished(cell, r), "%"))
VERDICT: _Column = ("verdict", lambda cell, r, best: verdict_of_round(cell, r).marked)
ACCURACY: _Column = ("accuracy", lambda cell, r, best: accuracy_text(cell))
EPSILON: _Column = ("ε", lambda cell, r, best: number(cell.epsilon))


def of_single(method: str) -> _Column:
    """The column of an attack at its defaults."""
    return (f"by `{method}`", lambda cell, r, best: share(preset(cell, r, method)))


def cells_table(cells: Sequence[Cell], named: str, columns: Sequence[_Column]) -> Table:
    """A row a cell and round; `named` is the head of the column that says what makes the cell."""
    rows = [
        [cell.data, name_of(cell), state(r), *(of(cell, r, strongest(cell, r)) for _, of in columns)]
        for cell in cells
        for r in cell.rounds
    ]
    return table(("images of", named, "network", *(head for head, _ in columns)), rows, 3, 4)


def attack_rows(cell: Cell) -> list[tuple[pd.Series, str, pd.Series | None]]:
    """The rows of the chosen attacks and of presets, with "chosen" or "single", and their row of Cell.attacks."""
    made = []
    for frame, part in ((cell.stages, "chosen"), (cell.presets, "single")):
        for _, row in frame.iterrows():
            mine = cell.attacks[
                (cell.attacks["round"] == row["round"])
                & (cell.attacks["attack"] == row["method"])
                & ((cell.attacks["part"] == "preset") == (part == "single"))
            ]
            made.append((row, part, mine.iloc[0] if len(mine) else None))
    return made


def _attack_name(cell: Cell, row: pd.Series, part: str) -> str:
    """The attack, and whether the budget ends a single one before its own number of iterations."""
    if part == "chosen":
        return f"`{row['method']} {row['options']}`, chosen"
    own = cell.iterations.get(row["method"], 0)
    return f"`{row['method']}`" + (f", cut short (own: {own:,})" if own > cell.evaluations else "")


def attacks_table(cells: Sequence[Cell]) -> Table:
    """All attacks on the messages of cells, those that identified most first."""
    rows = []
    for cell in cells:
        for round_ in cell.rounds:
            mine = [one for one in attack_rows(cell) if one[0]["round"] == round_]
            mine.sort(key=lambda one: -one[0]["identified"] if one[0]["identified"] == one[0]["identified"] else 0)
            rows += [
                [
                    cell.data,
                    state(round_),
                    _attack_name(cell, row, part),
                    share(row),
                    number(row["reidentified"], "%"),
                    number(row["ssim"]),
                    DASH if told is None else number(told["ssim_90"], "%"),
                    DASH if told is None else f"{told['seconds'] / told['images']:.1f} s",
                    Verdict(row["verdict"], "").marked,
                ]
                for row, part, told in mine
            ]
    return table(
        ("images of", "network", "attack", "identified", "nearest", "mean SSIM", "SSIM ≥ 0.9", "an image", "verdict"),
        rows,
        3,
        9,
    )


def setup_table(setup: pd.DataFrame) -> Table:
    """The rows of read_paper_setup()."""
    rows = [
        [
            row["data"],
            f"`{row['attack']}`, `{row['model']}`",
            name_of_defense(row["defense"]),
            f"{row['images']}, {row['networks']}",
            number(row["ssim_90"], "%"),
            number(row["oracle_ssim_90"], "%"),
            share(row),
            number(row["vanished"], "%"),
        ]
        for _, row in setup.iterrows()
    ]
    return table(
        (
            "images of",
            "attack, network",
            "defense",
            "images, networks",
            "SSIM ≥ 0.9, iterate by the objective",
            "by the truth",
            "identified",
            "vanished",
        ),
        rows,
        3,
        8,
    )


def name_of_defense(defense: str) -> str:
    """A defense as tables name it."""
    return "no defense" if defense == NONE else f"`{defense}`"


def csv_rows(cells: Sequence[Cell]) -> list[dict[str, str]]:
    """A row a cell, round and attack."""
    made = []
    for cell in cells:
        accuracy, low, high = mean_accuracy(cell)
        for row, part, told in attack_rows(cell):
            bound = row["identified_bound"]
            made.append(
                {
                    "cell": str(cell.number),
                    "data_set": cell.data,
                    "defense": cell.defense,
                    "change": cell.change,
                    "kind": row["kind"],
                    "round": str(row["round"]),
                    "attack": row["method"],
                    "part": part,
                    "options": row.get("options", ""),
                    "evaluations": str(cell.evaluations),
                    "images": str(row["images"]),
                    "hospitals": f"{row['hospitals']:.0f}",
                    "networks": str(cell.networks),
                    "identified_percent": bare(row["identified"], "%"),
                    "identified_low": bare(row["identified_low"], "%"),
                    "identified_high": bare(row["identified_high"], "%"),
                    "nearest_percent": bare(row["reidentified"], "%"),
                    "ssim": bare(row["ssim"]),
                    "ssim_90_percent": "" if told is None else bare(told["ssim_90"], "%"),
                    "vanished_percent": "" if told is None else bare(told["vanished"], "%"),
                    "chance_percent": small_share(row["chance"]).removesuffix("\u00a0%"),
                    "undefended_percent": bare(row.get("undefended", math.nan), "%"),
                    "bound_percent": "" if math.isnan(bound) else at_most(bound).removesuffix("\u00a0%"),
                    "verdict": row["verdict"],
                    "verdict_reason": row["verdict_reason"],
                    "accuracy_percent": bare(accuracy, "%"),
                    "accuracy_low": bare(low, "%"),
                    "accuracy_high": bare(high, "%"),
                    "epsilon": bare(cell.epsilon),
                    "core_minutes": f"{cell.seconds / 60:.1f}",
                }
            )
    return made
