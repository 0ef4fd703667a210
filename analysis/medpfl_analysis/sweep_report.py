"""One self-contained HTML page of a sweep: what each defense prevents, and what it costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from . import frontier_plots as plots
from .claims import sweep_notes
from .defense_pictures import defense_grid
from .defense_tables import LEAKS, adaptations, differences, knowledge, lines, no_attack_leaks
from .frontier import by_method, findings, headline, panels
from .report import Picture, images_banner, picture, render
from .scores import METRICS
from .sweep import SCORES, Sweep
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
_BY_KEY = {metric.key: metric for metric in SCORES}


def _frontiers(sweep: Sweep) -> list[Picture]:
    """Leak by three measures against balanced accuracy, and against epsilon where claimed."""
    table, first = sweep.over_networks, sweep.measure
    caption = ("One mark a setting and attack, a thin line its 95 % interval where the files have "
               "one (of 2 to 4 networks their range); lines join three or more levels of a defense from weak to strong. Low and right is good. Dashed: "
               "balanced accuracy without defense; dotted: by chance.")
    made = [_labelled(plots.frontier(table, metric, PAGE), f"{metric.title} against balanced accuracy, a panel a set of images",
                      caption if metric is first else "", metric.title)
            for metric in (first, _BY_KEY["ssim"], _BY_KEY["asr_90"])]
    if np.isfinite(table.loc[table["method"] != "", "epsilon"]).any():
        made.append(_labelled(
            plots.frontier(table, first, PAGE, "epsilon"), f"{first.title} against the ε claimed",
            "Only settings that claim an ε. A bar: what any attack is at most expected to identify, "
            "by the noise that ε counts.",
            f"{first.title} against ε"))
    return made


def _labelled(figure: Figure, label: str, caption: str, title: str) -> Picture:
    figure.set_label(label)
    return picture(figure, caption, title)


def _curves(sweep: Sweep) -> list[Picture]:
    return [_labelled(
        plots.scale_curves(sweep.over_networks, rows, name, sweep.measure, PAGE),
        f"{sweep.measure.title} images and balanced accuracy over {name}",
        f"Above: share of images that are {sweep.measure.title.lower()}; in the gray band at "
        "least half are. Hollow: adapted attacks. A thin line is a 95 % interval. Below: balanced accuracy after the last round.", name)
        for name, rows in plots.scales(sweep.over_networks)]


def _grids(sweep: Sweep) -> list[Picture]:
    made = []
    for title, rows in panels(sweep.over_networks):
        for method, mine in by_method(rows)[:2]:
            made.append(_labelled(
                defense_grid(sweep, mine, PAGE),
                f"The same private images of {title} as {method} recovered them under each defense",
                "The same images in each line, at even ranks of PSNR in the first; not picked by "
                "eye. SSIM: median over all images of the setting.", f"{title}: {method}"))
    return made


def render_sweep(sweep: Sweep, with_images: bool = True) -> str:
    """The page as HTML text. Raises RunFormatError if the sweep or a complete point is damaged."""
    table = sweep.over_networks
    titled = panels(table)
    judged = bool(table["verdict"].any())
    grids = _grids(sweep) if with_images else []
    terms = [metric for metric in METRICS if metric.key in _BY_KEY]
    return render(
        "sweep.html.j2",
        sweep=sweep,
        name=sweep.folder.name,
        banner=BANNERS.get(sweep.status, ""),
        images_banner=images_banner(sweep.settings.image_sets if grids else []),
        headline=headline(table, sweep.measure),
        judgement=sweep.judgement,
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
        grids=grids,
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
