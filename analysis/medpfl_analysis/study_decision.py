"""What a study's page says first, and what each defense buys and costs; beside decision.py, which does so for runs. Of a
cell and a state of its networks the strongest attack counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .claims import USELESS
from .decision import found_words, images_words, interval_words, over_all, server_sees
from .intervals import signed_interval
from .settings import NONE, is_attackers
from .study import Cell, mean_accuracy, state, strongest, verdict_of_round
from .study_claims import MEASURED, NOT_MEASURED, Claim, share, where
from .study_sections import center, medical
from .study_tables import accuracy_text, name_of
from .tables import DASH, Table, table
from .verdicts import LEAKS, NOT_TESTED
from .words import counted, joined, number, small_share


class Measured(NamedTuple):
    """The strongest attack on one state of a cell's networks."""

    cell: Cell
    round: int
    row: pd.Series
    """of Cell.stages"""


def measurements(cells: Sequence[Cell]) -> list[Measured]:
    """All states of all cells that were attacked, those that leak most first: by the lower limit of the share, then the
    share."""
    made = [Measured(cell, r, row) for cell in cells for r in cell.rounds if (row := strongest(cell, r)) is not None]
    return sorted(made, key=lambda one: (-one.row["identified_low"], -one.row["identified"]))


def study_headline(cells: Sequence[Cell]) -> str:
    """In how many of the cells of medical images and states images leak, with and without a defense."""
    told = []
    for word, mine in (("without a defense", [cell for cell in medical(cells) if cell.defense == NONE]),
                       ("with one", [cell for cell in medical(cells) if cell.defense != NONE])):
        words = [verdict_of_round(cell, r).word for cell in mine for r in cell.rounds]
        if words:
            told.append(f"{words.count(LEAKS)} of {counted(len(words), 'measurement')} {word}")
    return f"Images leak in {joined(told)}" if told else "No cell has medical images"


def _found(one: Measured) -> str:
    return f"{found_words(one.row, int(one.row['images']), one.cell.networks)} by {one.row['method']}"


def _came_back(cells: Sequence[Cell]) -> list[str]:
    mine = measurements(medical(center(cells)))
    if not mine:
        return []
    open_ = [one for one in mine if one.cell.defense == NONE]
    first = {one.cell.data: one for one in reversed(open_)}  # of each set of images the one that leaks most
    made = [f"{data} without a defense, {state(one.round)}, where most leaks: {_found(one)}." for data, one in reversed(first.items())]
    closed = [one for one in mine if one.cell.defense != NONE]
    if closed:
        least = min(closed, key=lambda one: (one.row["identified_high"], one.row["identified"]))
        made += [f"With a defense most leaks from {where(closed[0].cell, closed[0].round)}: {_found(closed[0])}.",
                 f"Least leaks from {where(least.cell, least.round)}: {_found(least)}."]
    chances = sorted(one.row["chance"] for one in mine)
    ends = list(dict.fromkeys(small_share(chance) for chance in (chances[0], chances[-1])))
    return [*made, f"A guess identifies {' to '.join(ends)}."]


def _accuracy(cells: Sequence[Cell]) -> list[str]:
    made = []
    for data in dict.fromkeys(cell.data for cell in cells):
        own = [cell for cell in cells if cell.data == data]
        bare = [cell for cell in own if cell.defense == NONE]
        defended = sorted((cell for cell in own if cell.defense != NONE), key=lambda cell: mean_accuracy(cell)[0])
        parts = []
        if bare:
            mean, *ends = mean_accuracy(bare[0])
            sure = interval_words(*ends)
            parts.append(f"{number(mean, '%')} without a defense" + (f" ({sure})" if sure else ""))
        if defended:
            ends = [f"{number(mean_accuracy(cell)[0], '%')} with `{cell.defense}`" for cell in (defended[0], defended[-1])]
            parts.append(" to ".join(dict.fromkeys(ends)))
        made.append(f"{data}: {joined(parts)}; chance is {number(own[0].chance, '%')}.")
        if bare and not mean_accuracy(bare[0])[1] > own[0].chance:
            made.append(f"{data}: without a defense these networks are not shown to be above chance, and {USELESS}.")
    return made


def _network(cells: Sequence[Cell]) -> list[str]:
    states = [state(r) for r in sorted({r for cell in cells for r in cell.rounds})]
    networks = sorted({cell.networks for cell in cells})
    each = str(networks[0]) if len(networks) == 1 else f"{networks[0]} to {networks[-1]}"
    return [f"Each cell has {each} networks, trained apart from other seeds, which were attacked {joined(states)}."]


def _budget(cells: Sequence[Cell]) -> list[str]:
    claimed = [cell for cell in cells if math.isfinite(cell.epsilon)]
    defended = [cell for cell in cells if cell.defense != NONE]
    if not claimed:
        return ["None is claimed in any cell."]
    told = [f"{cell.data}, `{cell.defense}`: ε {number(cell.epsilon)}." for cell in claimed]
    return [*told, f"{len(defended) - len(claimed)} of {counted(len(defended), 'cell')} with a defense claim none."]


def _not_tested(cells: Sequence[Cell], missing: Sequence[str]) -> list[str]:
    made = [f"Not complete, so not here: lines {', '.join(missing)} of tasks.txt."] if missing else []
    found: dict[str, list[str]] = {}
    for cell in cells:
        for r in cell.rounds:
            verdict = verdict_of_round(cell, r)
            if verdict.word == NOT_TESTED:
                found.setdefault(verdict.reason, []).append(where(cell, r))
    made += [f"{'; '.join(places)}: {reason}." for reason, places in found.items()]
    return [*made, "Attacks that are not known today, and larger budgets."]


def _claims(found: Sequence[Claim]) -> list[str]:
    """The claims by what became of them."""
    by_word: dict[str, list[str]] = {}
    for claim in found:
        if claim.word not in (MEASURED, NOT_MEASURED):
            by_word.setdefault(claim.word, []).append(claim.text)
    return [f"{word[0].upper()}{word[1:]}: {' '.join(f'“{text}”' for text in texts)}" for word, texts in by_word.items()]


def study_first_screen(cells: Sequence[Cell], missing: Sequence[str], sizes: str, claims: Sequence[Claim]) -> list[tuple[str, list[str]]]:
    """As decision.first_screen(), of all complete cells; `claims` are all that the study judges."""
    terms = [
        ("What came back", _came_back(cells)),
        ("How sure", [f"{sizes} Intervals are of 95\u00a0%, over images and networks."]),
        ("Claims", _claims(claims)),
        ("Network and images", _network(cells) + over_all([images_words(cell.config) for cell in cells], "cell")),
        ("Accuracy", _accuracy(medical(center(cells)))),
        ("What the server sees", over_all([server_sees(cell.config) for cell in cells if cell.config], "cell")),
        ("Privacy budget", _budget(cells)),
        ("Not tested", _not_tested(cells, missing)),
    ]
    return [(term, sentences) for term, sentences in terms if sentences]


def _hospitals_choose(cell: Cell) -> bool:
    """Whether a cell differs from the center in something that is not the attacker's to choose."""
    options = [word.partition("=")[0] for word in cell.change.split()]
    return cell.defense != NONE or not options or any("." in option and not is_attackers(option) for option in options)


def cost_text(cell: Cell, base: Cell | None) -> str:
    """What a cell costs in balanced accuracy, against the same networks at the center: "12 points (3 to 21)"; a dash where
    there is nothing to compare."""
    if base is None or base is cell or len(base.accuracies) != len(cell.accuracies):
        return DASH
    return signed_interval(np.array(base.accuracies) - np.array(cell.accuracies))


def measured(cells: Sequence[Cell]) -> list[Table]:
    """A table a set of medical images: what the strongest attack identifies in each cell that hospitals could choose, the
    accuracy and what it costs."""
    made = []
    mine = [cell for cell in medical(cells) if _hospitals_choose(cell)]
    for data in dict.fromkeys(cell.data for cell in mine):
        own = [cell for cell in mine if cell.data == data]
        base = next((cell for cell in own if cell.defense == NONE and not cell.change), None)
        rounds = sorted({r for cell in own for r in cell.rounds})
        head = ["Setting", *(f"Identified, {state(r)}" for r in rounds), "Accuracy", "Cost", "ε"]
        rows = [[name_of(cell), *(share(strongest(cell, r)) for r in rounds), accuracy_text(cell), cost_text(cell, base),
                 number(cell.epsilon)] for cell in own]
        made.append(table(head, rows, title=data))
    return made


def tried(cells: Sequence[Cell]) -> set[str]:
    """The options that cells differ in."""
    varied = {option for cell in cells for option, value in cell.config.items()
              if value != cells[0].config.get(option)}
    return varied | ({"epsilon"} if any(math.isfinite(cell.epsilon) for cell in cells) else set())
