"""Compares the defenses of a sweep: a page of what came out, with pictures, and a CSV file of all rows."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from . import frontier_plots as plots
from .claims import sweep_notes
from .defense_pictures import defense_grid
from .defense_tables import knowledge, no_attack
from .frontier import by_method, compare, epsilon_text, findings, headline, panels, undefended
from .score_csv import bare, scored, write_rows
from .scores import VERDICT
from .settings import NONE
from .sweep import SCORES, Sweep
from .sweep_report import HOW_TO_READ, INTERVALS, NO_ATTACK
from .theme import LIGHT, png
from .words import at_most

COLUMNS = {"identified": "identified", "ssim": "ssim", "ssim_50": "asr_50", "ssim_90": "asr_90",
           "reidentified": "rank_1", "psnr": "psnr", "rdlv": "rdlv"}
"""The scores of a row by the names of their columns: keys of SCORES."""
_BY_KEY = {metric.key: metric for metric in SCORES}
_COLORS = 96
_GRID_IMAGES, _GRID_SETTINGS = 4, 9


def small_png(figure: Figure) -> bytes:
    """The figure as PNG of few colors, for pages under version control."""
    buffer = BytesIO()
    with Image.open(BytesIO(png(figure))) as image:
        flat = image.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
        flat.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _at_most(probability: float) -> str:
    return "" if np.isnan(probability) else at_most(probability).removesuffix("\u00a0%")


def _leak(row: pd.Series, adapted: bool) -> dict[str, str]:
    made = {"attack": row["attack"], "adapted": "yes" if adapted else "no",
            "images": str(int(row["n"])), "networks": str(int(row["networks"]))}
    for name, key in COLUMNS.items():
        made |= scored(row, _BY_KEY[key], name)
        if key == "identified":
            made |= {name: row[name] for name in VERDICT}
            made["identified_bound_percent"] = _at_most(row["bound"])
    return made


def defense_rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """All settings as rows of the CSV file: each under a plain attack, and under the strongest one
    adapted to it."""
    made = []
    for title, rows in panels(table):
        for pair in compare(rows).itertuples():
            row = rows.loc[pair.plain]
            change = 100 * (row["balanced_accuracy"] - undefended(rows, row["panel"]))
            noise, bare_model = row["relative_noise"], row["chain"] == NONE
            setting = {
                "study": title, "defense": "no defense" if row["defense"] == NONE else row["defense"],
                "relative_noise": "" if np.isnan(noise) else f"{noise:.3g}"}
            cost = {
                "balanced_accuracy_percent": bare(row["balanced_accuracy"], "%"),
                "change_points": "" if bare_model or np.isnan(change) else f"{round(change)}",
                "epsilon": epsilon_text(row["epsilon"]),
                "identification_bound_percent": _at_most(row["identification_bound"])}
            made += [setting | _leak(rows.loc[index], adapted) | cost
                     for index, adapted in ((pair.plain, False), (pair.adapted, True)) if index != -1]
    return made


def no_attack_rows(sweep: Sweep) -> list[dict[str, str]]:
    """What public images score on the images of each panel, as rows of the CSV file; a column that
    says nothing of them is left out."""
    return [{"study": title, "defense": "no attack"} | _leak(row, adapted=False)
            for title, rows in panels(sweep.over_networks)
            for _, row in no_attack(sweep, rows).iterrows()]


def _figures(sweep: Sweep, images: bool) -> dict[str, tuple[str, Figure]]:
    """name -> alternative text and figure: frontiers, curves over each kind of scale, grids."""
    table, measure = sweep.over_networks, sweep.measure
    drawn = [("frontier", plots.frontier(table, rows, measure, f"{measure.title}: {title}, {method}", LIGHT))
             for title, part in panels(table) for method, rows in by_method(part)]
    drawn += [(f"{name.split(' ')[0]}_curves", figure) for name, rows in plots.scales(table)
              for figure in plots.scale_figures(table, rows, name, measure, LIGHT)]
    names = [name for name, _ in drawn]
    made = {f"{name}_{names[:place + 1].count(name)}": (str(figure.get_label()), figure) for place, (name, figure) in enumerate(drawn)}
    for i, (title, rows) in enumerate(panels(table) if images else [], start=1):
        method, mine = by_method(rows)[0]
        made[f"images_{i}"] = (
            f"{title}: the same private images, and what {method} recovered under each defense",
            defense_grid(sweep, mine, LIGHT, _GRID_IMAGES, _GRID_SETTINGS))
    return made


def _page(sweep: Sweep, file: str, no_attacks: bool, pictures: dict[str, str], machine: str) -> str:
    """What came out of the sweep, in Markdown; `file` is the address of all rows ("": there are
    none), `no_attacks` says whether some are of no attack, `pictures` holds alternative texts by
    address, shown in their order.

    Raises RunFormatError if no point is complete, or a complete one is damaged.
    """
    table = sweep.over_networks
    page = [
        f"# {sweep.name or 'Defenses compared'}", "",
        f"{sweep.created_utc[:10]} · MedPFL {sweep.medpfl_version} ({sweep.git_sha})"
        + (f" · {machine}" if machine else "")
        + f" · `medpfl sweep`, {len(sweep.complete)} of {len(sweep.points)} points", "",
        "Written by `python3 -m medpfl_analysis defenses FOLDER` from the sweep whose base and "
        "grid are at the end; not edited.", "", f"**{headline(table, sweep.measure)}.**", ""]
    page += [sweep.judgement, ""] if sweep.judgement else []
    if file:
        page += [f"[{file}]({file}) has all rows, one for each setting and attack. {HOW_TO_READ} "
                 "The share of identified images is `identified_percent`; `identified_low` and "
                 f"`identified_high` hold {INTERVALS}{f' {NO_ATTACK}' if no_attacks else ''}", ""]
    for title, sentences in findings(table, sweep.measure):
        page += [f"**{title}**", "", *(f"- {sentence}" for sentence in sentences), ""]
    left = sweep.left_out
    if len(left):
        told = [f"{p['folder']} ({p['status']}" + (f": {_one_line(p['error'])}" if p["error"] else "")
                + ")" for _, p in left.iterrows()]
        page += ["**Not complete**, so not here: " + ", ".join(told) + ".", ""]
    page += [part for address, alt in pictures.items() for part in (f"![{alt}]({address})", "")]
    page += [part for note in sweep_notes(table) for part in (note, "")]
    for chain, text in sweep.settings.constants().items():
        page += [f"`{chain}`: {text} throughout.  "]
    page += [f"What the attacker knew, besides the defense. {text}  " for text in knowledge(table)]
    page += ["", "## The grid", "",
             "What was set in all points: " + ", ".join(f"`{o}`" for o in sweep.base) + ".", "",
             "```", sweep.shared_grid.strip(), "```"]
    return "\n".join(page).rstrip() + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write_defense_page(sweep: Sweep, output: Path, machine: str = "",
                       images: bool = False) -> list[Path]:
    """Writes what came out to `output`, all rows to data/NAME.csv and pictures to
    pictures/NAME_*.png beside it, NAME being that of the page; with `images` also grids of private
    and reconstructed images. Returns what it wrote."""
    folder = output.parent / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    written, addresses = [output], {}
    for name, (alt, figure) in _figures(sweep, images).items():
        file = folder / f"{output.stem}_{name}.png"
        file.write_bytes(small_png(figure))
        written.append(file)
        addresses[f"pictures/{file.name}"] = alt
    no_attacks = no_attack_rows(sweep)
    rows = defense_rows(sweep.over_networks) + no_attacks
    file = f"data/{write_rows(output, rows).name}" if rows else ""
    written += [output.parent / file] if file else []
    output.write_text(_page(sweep, file, bool(no_attacks), addresses, machine), encoding="utf-8")
    return written
