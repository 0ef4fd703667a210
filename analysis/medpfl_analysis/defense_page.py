"""A page that compares the defenses of a sweep, in Markdown, and its pictures."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from . import frontier_plots as plots
from .defense_pictures import defense_grid
from .defense_tables import LEAKS, Leak, Line, adaptations, knowledge, lines
from .frontier import by_method, findings, headline, panels
from .sweep import SCORES, Sweep
from .sweep_report import HOW_TO_READ
from .theme import LIGHT, png

_COLORS = 96
_GRID_IMAGES, _GRID_SETTINGS = 4, 9


def small_png(figure: Figure) -> bytes:
    """The figure as PNG of few colors, for pages under version control."""
    buffer = BytesIO()
    with Image.open(BytesIO(png(figure))) as image:
        flat = image.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
        flat.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _cells(leak: Leak) -> list[str]:
    return [value + (f" [{spread}]" if spread else "") for value, spread in leak.cells]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head),
            *("| " + " | ".join(row) + " |" for row in rows), ""]


def _figures(sweep: Sweep, images: bool) -> dict[str, tuple[str, Figure]]:
    """name -> alternative text and figure: frontier, a curve for each kind of scale, grids."""
    table = sweep.table
    ssim = next(metric for metric in SCORES if metric.key == "ssim")
    made = {"frontier": ("Median SSIM of the reconstructions against balanced accuracy",
                         plots.frontier(table, ssim, LIGHT))}
    for name, rows in plots.scales(table):
        word = name.split(" ")[0] if f"{name.split(' ')[0]}_curves" not in made else (
            name.replace(" ", "_").replace("(", "").replace(")", ""))
        made[f"{word}_curves"] = (f"Images at SSIM ≥ 0.5 and balanced accuracy over {name}",
                                  plots.scale_curves(table, rows, name, LIGHT))
    for i, (title, rows) in enumerate(panels(table) if images else [], start=1):
        method, mine = by_method(rows)[0]
        made[f"images_{i}"] = (
            f"{title}: the same private images, and what {method} recovered under each defense",
            defense_grid(sweep, mine, LIGHT, _GRID_IMAGES, _GRID_SETTINGS))
    return made


def defense_page(sweep: Sweep, pictures: dict[str, str], machine: str = "") -> str:
    """Markdown of the sweep; `pictures` holds alternative texts by address, shown in their order.

    Raises RunFormatError if no point is complete, or a complete one is damaged.
    """
    table = sweep.table
    page = [
        f"# {sweep.name or 'Defenses compared'}", "",
        f"{sweep.created_utc[:10]} · MedPFL {sweep.medpfl_version} ({sweep.git_sha})"
        + (f" · {machine}" if machine else "")
        + f" · `medpfl sweep`, {len(sweep.complete)} of {len(sweep.points)} points", "",
        "Written by `python3 -m medpfl_analysis defenses FOLDER` from the sweep whose base and "
        "grid are at the end; not edited.", "", f"**{headline(table)}.**", "", HOW_TO_READ, ""]
    for title, sentences in findings(table):
        page += [f"**{title}**", "", *(f"- {sentence}" for sentence in sentences), ""]
    left = sweep.left_out
    if len(left):
        told = [f"{p['folder']} ({p['status']}" + (f": {_one_line(p['error'])}" if p["error"] else "")
                + ")" for _, p in left.iterrows()]
        page += ["**Not complete**, so not here: " + ", ".join(told) + ".", ""]
    page += [part for address, alt in pictures.items() for part in (f"![{alt}]({address})", "")]
    metrics = [metric.title for metric in LEAKS]
    for title, rows in panels(table):
        page += [f"## {title}", ""]
        page += _table(
            ["defense", "relative noise", "attack", "n", *metrics, "balanced accuracy",
             "against none", "ε"],
            [row for line in lines(rows) for row in _setting(line)])
        met = adaptations(rows)
        if met:
            page += ["Plain against adapted:", ""]
            page += _table(
                ["defense", "adapted attack", *(f"{m}, plain → adapted" for m in metrics)],
                [[f"`{line.defense}`", f"`{line.adapted.attack}`",
                  *(f"{a} → {b}" for (a, _), (b, _) in zip(
                      line.plain.cells, line.adapted.cells, strict=True))] for line in met])
    for chain, text in sweep.settings.constants().items():
        page += [f"`{chain}`: {text} throughout.  "]
    page += [f"What the attacker knew, besides the defense. {text}  " for text in knowledge(table)]
    page += ["", "## The grid", "",
             "What was set in all points: " + ", ".join(f"`{o}`" for o in sweep.base) + ".", "",
             "```", sweep.shared_grid.strip(), "```"]
    return "\n".join(page).rstrip() + "\n"


def _setting(line: Line) -> list[list[str]]:
    made = [[f"`{line.defense}`", line.noise or "–", f"`{line.plain.attack}`", str(line.plain.n),
             *_cells(line.plain), line.accuracy, line.change or "–", line.epsilon]]
    if line.adapted:
        made.append(["", "", f"adapted: `{line.adapted.attack}`", str(line.adapted.n),
                     *_cells(line.adapted), "", "", ""])
    return made


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write_defense_page(sweep: Sweep, output: Path, machine: str = "",
                       images: bool = False) -> list[Path]:
    """Writes the page to `output` and its pictures to pictures/NAME_*.png beside it, NAME being
    that of the page; with `images` also grids of private and reconstructed images. Returns what it
    wrote."""
    folder = output.parent / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    written, addresses = [output], {}
    for name, (alt, figure) in _figures(sweep, images).items():
        file = folder / f"{output.stem}_{name}.png"
        file.write_bytes(small_png(figure))
        written.append(file)
        addresses[f"pictures/{file.name}"] = alt
    output.write_text(defense_page(sweep, addresses, machine), encoding="utf-8")
    return written
