"""Tables of text, of which pages make Markdown or HTML (templates/table.html.j2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DASH = "–"


@dataclass(frozen=True)
class Table:
    """Text may have code in backticks."""

    head: list[str]
    rows: list[list[str]]
    names: int = 1
    """how many columns say what a row is about"""
    title: str = ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], names: int = 1, fixed: int = 0, title: str = "") -> Table:
    """A table without the columns behind the `fixed` first (at least `names`) that have a dash in all rows."""
    kept = [i for i in range(len(head)) if i < max(names, fixed) or any(row[i] != DASH for row in rows)]
    return Table([head[i] for i in kept], [[row[i] for i in kept] for row in rows], names, title)


def without_constant_names(shown: Table) -> Table:
    """The table without the columns of names that are alike in all rows, but for the last."""
    kept = [i for i in range(len(shown.head)) if i >= shown.names - 1 or len({row[i] for row in shown.rows}) > 1]
    return Table([shown.head[i] for i in kept], [[row[i] for i in kept] for row in shown.rows],
                 shown.names - (len(shown.head) - len(kept)), shown.title)


def markdown(shown: Table) -> list[str]:
    """The lines of a table, and an empty one."""
    return [f"| {' | '.join(shown.head)} |", "|" + " --- |" * len(shown.head),
            *(f"| {' | '.join(row)} |" for row in shown.rows), ""]
