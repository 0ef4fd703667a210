"""A run as files that any program reads: CSV tables, PNG pictures and SVG figures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.image import imsave

from .metadata import write_croissant, write_ro_crate
from .pictures import displayable
from .plots import figures
from .run import Run
from .scores import summarize_run, without_attack
from .theme import svg


def tables(run: Run) -> dict[str, pd.DataFrame]:
    """The tables of a run by file name; those without rows are left out."""
    images = run.reconstructions.copy()
    config = run.shared_provenance
    made = {
        "summary": pd.concat([summarize_run(run), without_attack(run)]), "images": images, "tasks": run.tasks, "rounds": run.rounds,
        "clients": run.clients.reset_index(), "timings": run.timings.reset_index(),
        "gradients": run.gradients, "defenses": run.defenses, "layers": run.layers, "config": config,
        "ranks": run.environment.ranks.reset_index(),
    }
    return {name: frame for name, frame in made.items() if len(frame)}


def export_run(run: Run, folder: Path, *, as_json: bool = False, ro_crate: bool = False, croissant: bool = False) -> int:
    """Writes NAME.csv for each table, figures/NAME.svg, and images/ROW_truth.png and images/ROW_reconstruction.png.

    `as_json`: each table also as NAME.json, a list of records. `ro_crate`, `croissant`: also a description of the files for
    catalogs of data, with their digests.

    Files to be shared: config.csv has the server's seed and not run.seed, from which noise and masks
    could be drawn again. ROW is the row of images.csv, which names both files. PNG pixels are the image's own, 8 bits.
    Returns how many files were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = tables(run)
    count = len(run.images)
    if count:
        (folder / "images").mkdir(exist_ok=True)
        width = max(5, len(str(count - 1)))
        for name in ("truth", "reconstruction"):
            files = [f"images/{row:0{width}d}_{name}.png" for row in range(count)]
            made["images"][f"{name}_file"] = files
            for row, file in enumerate(files):
                pixels = displayable(run.pictures(name, [row])[0])
                imsave(folder / file, pixels, cmap="gray", vmin=0, vmax=1)
    for name, frame in made.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        if as_json:
            frame.to_json(folder / f"{name}.json", orient="records", indent=1)
    drawn = {f"{name}_{n}": figure for name, several in figures(run).items() for n, figure in enumerate(several, 1)}
    for name, figure in drawn.items():
        (folder / "figures").mkdir(exist_ok=True)
        (folder / f"figures/{name}.svg").write_text(svg(figure, name), encoding="utf-8")
    if ro_crate:
        write_ro_crate(run, folder)
    if croissant:
        write_croissant(run, made, folder)
    return len(made) * (1 + as_json) + len(drawn) + 2 * count + ro_crate + croissant
