"""One self-contained HTML page of a sweep: what each defense prevents, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from . import frontier_plots as plots
from .claims import sweep_notes
from .decision import Extremes, extremes, levers
from .defense_pictures import strips
from .defense_tables import LEAKS, adaptations, differences, knowledge, lines, no_attack_leaks
from .frontier import by_method, findings, headline, panels
from .gallery import MAX_CARDS, Gallery, gallery, picture_address
from .report import WITHOUT_IMAGES, Picture, images_banner, picture, render
from .scores import METRICS
from .sweep import SCORES, Sweep
from .sweep_decision import (
    measured,
    setting_name,
    strongest_rows,
    sweep_first_screen,
    sweep_who_could,
    tried_options,
)
from .theme import PAGE
from .verdicts import meanings

BANNERS = {
    "running": "This sweep has not finished: the page shows the points that are complete.",
    "interrupted": "This sweep was interrupted: the page shows the points that are complete. "
                   "It can be resumed.",
    "failed": "Points of this sweep failed: the page shows those that are complete.",
}
HOW_TO_READ = (
    "A row is one setting. It says what leaks to a plain attack and to one adapted to the "
    "defense, how good the model is after the last round with the defense on, and the ε that is "
    "claimed. Noise without clipping claims no ε, whatever its scale: “none” is written there, "
    "which is not 0. Relative noise is the norm of the noise over that of the updates it is added "
    "to; probes of few images may have larger gradients than those. An image is identified where "
    "it is the nearest of the candidates to its reconstruction, by mean squared error, and more like it (SSIM) than the mean "
    "public image is. A black border alone raises SSIM, so read it with RDLV: 0 or less is no "
    "better than the mean public image. A low score says that the attacks of this table failed, "
    "not that every attack does. Scores are of what the attacker keeps by its own objective."
)
NO_ATTACK = (
    "Rows without an attack are of public images: public-mean takes the mean public image for each private "
    "one; public-nearest takes the public image most like it (least mean squared error), which only an oracle "
    "can choose, who is told the private image. It shows what resembles an image that has not leaked."
)
INTERVALS = ("its 95 % interval, as the files have it. Of one run it "
             "is about images under the network of that run. Points that differ in run.seed alone are "
             "networks of one setting, and one row: the interval is about other networks, too, or the "
             "range over networks where these are fewer than five; the other scores are means over "
             "networks, and have no interval.")
MEASURED = (
    "Measured here: each value of the grid that hospitals choose, by the strongest attack tried, with its 95 % interval. Where "
    "several settings have a value, first the one that leaks most, then the one that leaks least. Cost is what the defense takes "
    "off the balanced accuracy of the same networks without one."
)
_BY_KEY = {metric.key: metric for metric in SCORES}
_SETTING = ["panel", "defense"]
_GRID_BYTES = 4_000_000
"""Of the pictures of the grids, which stand beside those of a gallery in a page below 15 MB."""


def _frontiers(sweep: Sweep) -> list[Picture]:
    """Leak by three measures against balanced accuracy, and against epsilon where claimed, a figure a set of images and
    attack."""
    table, first = sweep.over_networks, sweep.measure
    shown = [(f": {title}, {method}" if table["panel"].nunique() > 1 else f": {method}", rows)
             for title, part in panels(table) for method, rows in by_method(part)]
    made = [plots.frontier(table, rows, metric, metric.title + whose, PAGE)
            for metric in (first, _BY_KEY["ssim"], _BY_KEY["asr_90"]) for whose, rows in shown]
    made += [plots.frontier(table, rows, first, f"{first.title} against ε{whose}", PAGE, "epsilon")
             for whose, rows in shown if np.isfinite(rows["epsilon"]).any()]
    return [picture(figure) for figure in made]


def _curves(sweep: Sweep) -> list[Picture]:
    return [picture(figure) for name, rows in plots.scales(sweep.over_networks)
            for figure in plots.scale_figures(sweep.over_networks, rows, name, sweep.measure, PAGE)]


def _gallery(sweep: Sweep) -> Gallery:
    """Of the strongest points first, MAX_CARDS of them at most."""
    order = strongest_rows(sweep)
    several = order["panel"].nunique() > 1
    table = sweep.table.set_index(["panel", "defense"])
    chosen = [(point, setting_name(row, several)) for _, row in order.iterrows()
              for point in table.loc[[(row["panel"], row["defense"])], "point"].unique()][:MAX_CARDS]
    runs = [sweep.open_point(point) for point, _ in chosen]
    try:
        return gallery(runs, [name for _, name in chosen])
    finally:
        for run in runs:
            run.close()


@dataclass(frozen=True)
class _Grid:
    """The same images at all settings, as addresses of pictures: name, note, score, and "" for an image that is missing."""

    title: str
    strips: list[tuple[str, str, str, list[str]]]


def _grids(sweep: Sweep) -> list[_Grid]:
    """A grid a set of images and attack, as many as _GRID_BYTES hold."""
    made, size = [], 0
    for title, rows in panels(sweep.over_networks):
        for method, mine in by_method(rows)[:2]:
            lines = [(strip.name, strip.note, strip.score,
                      ["" if image is None else picture_address(image) for image in strip.images]) for strip in strips(sweep, mine)]
            size += sum(len(address) for *_, addresses in lines for address in addresses)
            if size > _GRID_BYTES:
                return made
            made.append(_Grid(f"{title}: {method}", lines))
    return made


def _extremes(sweep: Sweep, rows: pd.DataFrame) -> list[Extremes]:
    """Of the setting that leaks most."""
    if rows.empty:
        return []
    same = sweep.table[(sweep.table[_SETTING] == rows.iloc[0][_SETTING]).all(axis=1)
                       & (sweep.table["attack"] == rows.iloc[0]["attack"])]
    runs = [sweep.open_point(point) for point in same["point"].unique()]
    try:
        return extremes(runs)
    finally:
        for run in runs:
            run.close()


def render_sweep(sweep: Sweep, with_images: bool = True) -> str:
    """The page as HTML text. Raises RunFormatError if the sweep or a complete point is damaged."""
    table = sweep.over_networks
    titled = panels(table)
    judged = bool(table["verdict"].any())
    shown = _gallery(sweep) if with_images and titled else WITHOUT_IMAGES if titled else Gallery()
    terms = [metric for metric in METRICS if metric.key in _BY_KEY]
    claimed = {"epsilon"} if table["epsilon"].notna().any() else set()
    return render(
        "sweep.html.j2",
        sweep=sweep,
        name=sweep.folder.name,
        banner=BANNERS.get(sweep.status, ""),
        images_banner=images_banner(sweep.settings.image_sets if shown.cards else []),
        headline=headline(table, sweep.measure),
        judgement=sweep.judgement,
        first=sweep_first_screen(sweep),
        extremes=_extremes(sweep, strongest_rows(sweep)),
        measured=measured(sweep),
        measured_note=MEASURED,
        levers=levers(sweep.settings.configs[0], {*tried_options(sweep), *claimed}),
        who=sweep_who_could(sweep),
        gallery=shown,
        findings=findings(table, sweep.measure),
        how_to_read=f"{HOW_TO_READ} Below the share of identified images stands {INTERVALS}",
        frontiers=_frontiers(sweep) if titled else [],
        curves=_curves(sweep),
        metrics=LEAKS,
        judged=judged,
        meanings=meanings(judged),
        claims=sweep_notes(table),
        candidates=int(table["candidates"].max()),
        measure=sweep.measure.title.lower(),
        tables=[(title, lines(rows), no_attack_leaks(sweep, rows)) for title, rows in titled],
        no_attack=NO_ATTACK,
        adapted=[(title, adaptations(rows)) for title, rows in titled],
        differences=differences(sweep.differences),
        constants=sweep.settings.constants(),
        knowledge=knowledge(table),
        grids=_grids(sweep) if with_images else [],
        left_out=sweep.left_out.reset_index().to_dict("records"),
        terms=terms,
        points=len(sweep.points),
        complete=len(sweep.complete),
    )


def write_sweep_report(sweep: Sweep, output: Path | None = None, with_images: bool = True) -> Path:
    """Writes the page to `output`, by default report.html beside sweep.h5; returns its path."""
    output = output or sweep.folder / "report.html"
    output.write_text(render_sweep(sweep, with_images), encoding="utf-8")
    return output
