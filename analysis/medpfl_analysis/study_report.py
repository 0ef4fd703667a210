"""One self-contained HTML page of a study: what leaks, what each defense buys and costs, and which claims hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from .decision import levers, over_all, who_could
from .paper_setup import read_paper_setup
from .report import picture, render
from .settings import NONE
from .study import Cell, read_study
from .study_claims import claims
from .study_decision import measured, study_first_screen, study_headline, tried
from .study_page import cost, full_design, sizes
from .study_plots import defense_figures, noise_figures
from .study_retracted import TAKEN_BACK, retracted
from .study_sections import attack_sections, center, defense_sections, medical, study_sections
from .study_tables import name_of
from .tables import Table, table, without_constant_names
from .theme import PAGE
from .verdicts import meanings

MEASURED = (
    "Measured here, on the same images and networks: what the strongest attack identifies, with its 95 % interval over images and "
    "networks; the balanced accuracy at the end, and what the setting takes off it against no defense."
)


def _cells(cells: Sequence[Cell]) -> Table:
    """What each cell is and took."""
    rows = [[str(cell.number), cell.data, name_of(cell), str(cell.networks), f"{cell.evaluations:,}", f"{cell.seconds / 60:.1f}",
             cell.program, cell.created[:10]] for cell in cells]
    return table(("cell", "images of", "setting", "networks", "evaluations", "core-minutes", "MedPFL", "date"), rows, 3)


def _common_options(cells: Sequence[Cell]) -> list[str]:
    """Options that were set, and to the same value in all cells."""
    sets = [{f"{row.option}={row.value}" for row in cell.provenance.itertuples() if row.source != "default"} for cell in cells]
    return sorted(option for option in set.intersection(*sets) if not option.startswith("run.output="))


def render_study(name: str, cells: Sequence[Cell], missing: Sequence[str], setup: pd.DataFrame, full: str) -> str:
    """The page as HTML text; `setup` is that of read_paper_setup(), `full` what full_design() says."""
    made, taken_back = claims(medical(center(cells))), retracted(medical(cells))
    mine = [cell for cell in medical(cells) if not cell.change or cell.defense != NONE]
    days = sorted({cell.created[:10] for cell in cells})
    return render(
        "study.html.j2",
        name=name,
        days=" to ".join(dict.fromkeys((days[0], days[-1]))),
        programs=sorted({cell.program for cell in cells}),
        missing=missing,
        count=len(cells),
        headline=study_headline(cells),
        first=study_first_screen(cells, missing, sizes(cells), [*made, *taken_back]),
        measured=measured(cells),
        measured_note=MEASURED,
        levers=levers(cells[0].config, tried(cells)) if cells[0].config else [],
        who=" ".join(over_all([[who_could(cell.config)] for cell in cells], "cell")),
        claims=made,
        taken_back_text=TAKEN_BACK,
        taken_back=taken_back,
        noise=[picture(figure) for figure in noise_figures(medical(cells), PAGE)],
        defenses=[picture(figure) for figure in defense_figures(mine, PAGE)],
        sections=study_sections(cells),
        defense_sections=[section._replace(table=without_constant_names(section.table)) for section in defense_sections(cells)],
        attack_sections=attack_sections(cells, setup),
        meanings=meanings(shown=True),
        cost=cost(cells),
        full=full,
        cells=_cells(cells),
        options=_common_options(cells),
    )


def write_study_report(folder: Path, output: Path | None = None) -> Path:
    """Writes the page to `output`, by default report.html in the folder; returns its path. It has no images of patients.
    Raises RunFormatError as read_study()."""
    cells, missing = read_study(folder)
    output = output or folder / "report.html"
    page = render_study(folder.resolve().name, cells, missing, read_paper_setup(folder), full_design(folder, cells))
    output.write_text(page, encoding="utf-8")
    return output
