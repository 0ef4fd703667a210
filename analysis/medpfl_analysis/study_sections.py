"""The tables of a study in the order of its pages, for Markdown and for HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from .settings import NONE
from .study import NOT_MEDICAL, Cell
from .study_tables import (
    ACCURACY,
    BOUND,
    CHANCE,
    EPSILON,
    METHOD,
    NEAREST,
    STRONGEST,
    UNDEFENDED,
    VANISHED,
    VERDICT,
    attacks_table,
    cells_table,
    of_single,
    setup_table,
)
from .tables import Table

_COLUMNS = (STRONGEST, CHANCE, VERDICT, ACCURACY, EPSILON)


class Section(NamedTuple):
    """A table under its heading."""

    title: str
    text: str
    """what stands above the table; "" for nothing"""
    table: Table


def medical(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of medical images."""
    return [cell for cell in cells if cell.data not in NOT_MEDICAL]


def center(cells: Sequence[Cell]) -> list[Cell]:
    """The cells that change nothing but the defense."""
    return [cell for cell in cells if not cell.change]


def study_sections(cells: Sequence[Cell]) -> list[Section]:
    """What was crossed, medical images beside others, and what was changed alone."""
    mine, changed = medical(center(cells)), [cell for cell in cells if cell.change]
    crossed = [cell for cell in mine if sum(other.defense == cell.defense for other in mine) > 1]
    made = [Section("Images, defenses and states of the network", "", cells_table(crossed or mine, "defense", _COLUMNS))]
    defenses = {cell.defense for cell in center(cells) if cell.data in NOT_MEDICAL}
    if defenses:
        made.append(Section(
            "Is there anything special about medical images?",
            "Size, network, training and budget are the same, color is made gray, and digits and patches of photographs have as many "
            "images and classes as brain scans. Chance differs with the number of candidates.",
            cells_table([cell for cell in center(cells) if cell.defense in defenses], "defense", _COLUMNS)))
    if changed:
        base = [cell for cell in mine if cell.data == changed[0].data and cell.defense == NONE]
        made.append(Section(
            "One factor at a time", "On one set of images, without a defense unless it is named.",
            cells_table([*base, *changed], "changed", (*_COLUMNS[:3], VANISHED, ACCURACY))))
    return made


def defense_sections(cells: Sequence[Cell]) -> list[Section]:
    """What each defense does, a section a set of medical images."""
    mine = [cell for cell in medical(cells) if not cell.change or cell.defense != NONE]
    columns = (STRONGEST, METHOD, NEAREST, of_single("idlg"), of_single("cpl"), UNDEFENDED, BOUND, VERDICT, ACCURACY, EPSILON)
    return [Section(data, "", cells_table([cell for cell in mine if cell.data == data], "defense", columns))
            for data in dict.fromkeys(cell.data for cell in mine)]


def attack_sections(cells: Sequence[Cell], setup: pd.DataFrame) -> list[Section]:
    """What single attacks recover without a defense, and the rows of read_paper_setup()."""
    mine = [cell for cell in medical(center(cells)) if cell.defense == NONE]
    made = [Section("Without a defense", "", attacks_table(mine))]
    return made + ([Section("The paper's own setup", SETUP, setup_table(setup))] if len(setup) else [])


SETUP = """\
Each attack has a network of its own, untrained, with wide first weights and sigmoids, and color images; attacks are as published. The paper chooses
the iterate with the least true error, which no attacker knows: *by the truth* is the best of the result and the iterates after 1, 3, 10, 30, 100 and 300
iterations. *Vanished* is the share of messages whose gradient is next to nothing, because the network is sure of the label."""
