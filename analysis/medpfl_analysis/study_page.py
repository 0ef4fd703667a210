"""The pages of a study: what leaks, what defenses buy and cost, and what other attacks and metrics would have said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .paper_setup import read_paper_setup
from .score_csv import write_rows
from .study import Cell, read_study
from .study_claims import Claim, claims
from .study_plots import noise_figure
from .study_retracted import TAKEN_BACK, retracted
from .study_sections import Section, attack_sections, center, defense_sections, medical, study_sections
from .study_tables import attack_rows, csv_rows
from .tables import markdown
from .theme import png
from .verdicts import meanings
from .words import counted

INTRODUCTION = """\
Written by `python3 -m medpfl_analysis study` from the cells that `jobs/study.sh` makes; not edited. {file} has [all rows](#all-rows).
Which attacks recover what: [attacks](attacks.md). What each defense does: [defenses](defenses.md).

- A **cell** is an audit of {networks} networks ([audit](audit.md)). Its attack was chosen on public images under a network of its own,
  which nobody attacked, and then fixed. *Strongest* is the one that identified most of the two that may attack a defense: the one that served best
  under it, and the one that served best with it off ([decision 32](decisions/0032-two-attacks-judge-a-defense.md)).
- **Identified** is the share of images whose reconstruction is more like them than like any other candidate, and more like them than the
  mean public image is ([statistics](statistics.md)). In brackets: the interval of 95 % over images and networks.
- **Accuracy** is balanced, of the model at the end with the defense on: the mean of the networks, and in brackets the interval of 95 % of
  that mean (Student's t). Cells of one set of images have the same seeds.
"""
DEFENSES = """\
All cells of medical images that change nothing but the defense; the words are those of [the study](study.md), and {file} has all rows.

- *Nearest* leaves out that the reconstruction must be more like the image than the mean public image is.
- *By `idlg`* and *by `cpl`*: attacks at their defaults, which answer the defense ([decision 27](decisions/0027-adapted-by-default.md)), with the same
  {evaluations} evaluations a message.
- *With the defense off* is what the strongest attack identifies of public images without the defense. Less than half: it cannot judge the defense.
- *ε* is that of the worst hospital after all rounds; *at most, by ε* is the bound on the share that anyone identifies, which follows from the noise.
"""
ATTACKS = """\
What single attacks at their defaults recover without a defense, beside the one that the rehearsal chose (*chosen*), on the same messages, with the same
{evaluations} evaluations a message and the same knowledge. An attack with more iterations of its
own is *cut short*: its low score says nothing about what it can do with more. The words are those of [the study](study.md), and {file} has all rows.

- *SSIM ≥ 0.9* is the success rate of the MedPFL paper.
- *An image* is the time that the attack took for each, on one thread.
"""
COLUMNS = """\
{file} has {rows} rows, one for each cell, state of the network and attack.

- `cell` is the line of `tasks.txt`; `data_set`, `defense` and `change` say what makes it; `kind` is what was attacked, and `round` the rounds of training
  before it.
- `attack` with `options` is *chosen* by the rehearsal or a *single* attack at its defaults, as `part` says; `evaluations` is what it could spend on a message.
- `images` of `hospitals` hospitals were attacked, over all `networks` networks.
- `identified_percent` and `nearest_percent` are as above, `chance_percent` is what chance identifies, `ssim` the mean SSIM, `ssim_90_percent` the share at
  0.9 or more, and `vanished_percent` the share of messages whose gradient is next to nothing.
- `undefended_percent` is what the attack identifies of public images with the defense off, and `bound_percent` what anyone identifies at most, by ε.
- `verdict` and `verdict_reason` are on this attack alone. `accuracy_percent` and `epsilon` are those of the cell, `core_minutes` what it took.
"""


def _claims(found: Sequence[Claim]) -> list[str]:
    return [
        line
        for claim in found
        for line in (f"**{claim.text}** {claim.word.capitalize()}.", "", *(f"- {told}" for told in claim.numbers), "")
    ]


def sizes(cells: Sequence[Cell]) -> str:
    """How many images, hospitals, networks and candidates the cells have."""
    rows = [(cell, row) for cell in cells for _, row in cell.stages.iterrows() if row["images"]]
    texts = []
    for values in (
        [int(row["images"]) for _, row in rows],
        [int(row["hospitals"]) for _, row in rows],
        [cell.networks for cell, _ in rows],
    ):
        low, high = min(values), max(values)
        texts.append(str(low) if low == high else f"{low} to {high}")
    candidates = [round(1 / row["chance"]) for _, row in rows if row["chance"] > 0]
    return (
        f"{counted(len(cells), 'cell')}. In each, for each state of its networks: {texts[0]} images of {texts[1]} hospitals under {texts[2]} "
        f"networks, each image among {min(candidates)} to {max(candidates)} candidates."
    )


def cost(cells: Sequence[Cell]) -> str:
    """How long the cells took."""
    hours = [
        sum(getattr(cell, f"{name}_seconds") for cell in cells) / 3600 for name in ("training", "rehearsal", "attack")
    ]
    minutes = sorted(cell.seconds / 60 for cell in cells)
    return (
        f"{counted(len(cells), 'cell')} took {sum(hours):.1f} core-hours: training {hours[0]:.1f}, the search for attacks {hours[1]:.1f}, attacks on "
        f"the hospitals {hours[2]:.1f}. A cell took {minutes[0]:.1f} to {minutes[-1]:.1f} core-minutes, {minutes[len(minutes) // 2]:.1f} in the "
        "middle. These are sums of what the ranks measured, on a machine that may have had other work."
    )


def full_design(folder: Path, cells: Sequence[Cell]) -> str:
    """What the list in folder/full/tasks.txt would cost, by what the cells cost; "" where there is none. Attacks and rehearsals are taken
    to cost the same for each evaluation and state, attacks also for each of the chosen and single ones, training for each network.
    """
    listed = folder / "full" / "tasks.txt"
    mine = center(cells)
    if not listed.is_file() or not mine:
        return ""
    lines = [line for line in listed.read_text(encoding="utf-8").splitlines() if line.startswith("audit ")]
    options = [dict(re.findall(r"--([\w.-]+)=([^\s\"]*)", line)) for line in lines]
    states = sum(len(cell.rounds) for cell in mine)
    training = sum(cell.training_seconds for cell in mine) / sum(cell.networks + 1 for cell in mine)
    search = sum(cell.rehearsal_seconds / cell.evaluations for cell in mine) / states
    attacks = sum(len(attack_rows(cell)) for cell in mine)
    attack = sum(cell.attack_seconds / cell.evaluations / cell.networks for cell in mine) / attacks
    seconds = 0.0
    for one in options:
        networks, evaluations = int(one["networks"]), int(one["evaluations"])
        stages, single = len(one["attack.rounds"].split(",")), len(one["presets"].split(","))
        seconds += training * (networks + 1) + stages * evaluations * (search + attack * networks * (1 + single))
    return (
        f"The full design (`jobs/study.sh --full`) has {len(lines)} cells, and would take some {seconds / 3600:,.0f} core-hours, if an evaluation, a "
        "state and a network cost in it what they cost here."
    )


def _head(title: str, cells: Sequence[Cell], missing: Sequence[str], machine: str) -> list[str]:
    days, programs = (
        sorted(set(words)) for words in ((cell.created[:10] for cell in cells), (cell.program for cell in cells))
    )
    lines = [
        f"# {title}",
        "",
        f"{' to '.join(days[:1] + days[1:][-1:])} · MedPFL {', '.join(programs)}"
        + (f" · {machine}" if machine else "")
        + " · `jobs/study.sh`",
        "",
    ]
    if missing:
        lines += [f"**Not complete**, so not here: lines {', '.join(missing)} of tasks.txt.", ""]
    if any(program.endswith("-dirty)") for program in programs):
        lines += ["**Some cells are of changed trees** (`-dirty`), which cannot be made again.", ""]
    return lines


def _sections(sections: Sequence[Section]) -> list[str]:
    return [line for section in sections
            for line in (f"## {section.title}", "", *([section.text, ""] if section.text else []), *markdown(section.table))]


def _study(cells: Sequence[Cell], head: Sequence[str], file: str, rows: int, picture: str, full: str) -> list[str]:
    networks = " or ".join(sorted({str(cell.networks) for cell in cells}))
    lines = [*head, INTRODUCTION.format(file=file, networks=networks), sizes(cells), "", "## What came out", ""]
    lines += _claims(claims(medical(center(cells))))
    if picture:
        lines += [f"![Shares identified by the strongest attack, and balanced accuracy, over the noise]({picture})", ""]
    lines += ["## Sentences that were taken back", "", TAKEN_BACK, "", *_claims(retracted(medical(cells))),
              *_sections(study_sections(cells))]
    return [
        *lines,
        "## Cost",
        "",
        cost(cells),
        "",
        *([full, ""] if full else []),
        "## Verdicts",
        "",
        *(f"- {verdict.marked}: {text}" for verdict, text in meanings(shown=True)),
        "",
        "## All rows",
        "",
        COLUMNS.format(file=file, rows=rows),
    ]


def write_study_pages(folder: Path, output: Path, machine: str = "") -> list[Path]:
    """Writes the page of the study to `output`, defenses.md and attacks.md beside it, all rows to data/NAME.csv and a picture to
    pictures/NAME_noise.png, NAME being that of `output`. Returns what it wrote. Raises RunFormatError if no cell is complete
    or one is damaged."""
    cells, missing = read_study(folder)
    rows = csv_rows(cells)
    table = write_rows(output, rows)
    file = f"[data/{table.name}](data/{table.name})"
    written, picture = [table], ""
    figure = noise_figure(medical(cells))
    if figure is not None:
        place = output.parent / "pictures" / f"{output.stem}_noise.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(png(figure))
        written.append(place)
        picture = f"pictures/{place.name}"
    evaluations = " or ".join(f"{n:,}" for n in sorted({cell.evaluations for cell in cells if not cell.change}))
    pages = {
        output: _study(
            cells,
            _head("The MedPFL study", cells, missing, machine),
            file,
            len(rows),
            picture,
            full_design(folder, cells),
        ),
        output.parent / "defenses.md": [
            *_head("Defenses", cells, missing, machine),
            DEFENSES.format(file=file, evaluations=evaluations),
            *_sections(defense_sections(cells)),
        ],
        output.parent / "attacks.md": [
            *_head("Attacks", cells, missing, machine),
            ATTACKS.format(file=file, evaluations=evaluations),
            *_sections(attack_sections(cells, read_paper_setup(folder))),
        ],
    }
    for path, lines in pages.items():
        path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return [*pages, *written]
