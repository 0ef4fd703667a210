"""One self-contained HTML page of a run: pictures inside, nothing fetched."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from . import plots
from .claims import duplicate_notes, privacy_notes
from .decision import extremes, first_screen, levers, who_could
from .gallery import Gallery, gallery
from .run import Run
from .scores import (
    ALL_ROUNDS,
    GROUP,
    METRICS,
    Metric,
    chosen_images,
    summarize_run,
    verdict_of,
    without_attack,
)
from .theme import PAGE, PANEL, inline_svg, style_sheet
from .verdicts import meanings
from .words import at_most, generated, joined, number, of_hospitals

BANNERS = {
    "running": "This run has not finished: the page shows its last checkpoint.",
    "interrupted": "This run was interrupted: the page shows what was written before. "
                   "It can be resumed.",
    "failed": "This run failed: the page shows what was written before.",
}
SETTING = (("Algorithm", "federation.algorithm"), ("Defense", "defense.chain"),
           ("Attack", "attack.method"),
           ("Server", "attack.threat"))


WITHOUT_IMAGES = Gallery(note="Images were left out of this page (--no-images).")


@dataclass(frozen=True)
class Picture:
    """A figure as an element of the page, and its words."""

    svg: Markup
    caption: str = ""
    title: str = ""
    wide: bool = False
    """whether it takes the whole width of a page, and is scrolled on a phone"""


def interval(row: pd.Series, metric: Metric) -> str:
    """'50–94' in the unit of the value, or nothing where the file has no interval; says so where it
    is the range over networks."""
    ends = [row[limit] for limit in metric.limits]
    if not ends or any(math.isnan(end) for end in ends):
        return ""
    words = " – ".join(number(end, metric.unit).removesuffix(f"\u00a0{metric.unit}") for end in ends)
    return words if row.get("inferred", 1) else f"{words}, range"


def headline(images: pd.DataFrame) -> str:
    """How many images are identified, from Run.images_with_tasks(): the headline where the file has
    no verdict."""
    if len(images) == 0:
        return "No reconstructions: this run says nothing about what its updates leak"
    chosen = chosen_images(images)
    if len(chosen) == 0:
        return "No attack has finished yet"
    if chosen["identified"].isna().all():
        return f"{len(chosen)} reconstructions, not judged: an earlier version wrote this run"
    n, good = len(chosen), int(chosen["identified"].sum())
    if good == 0:
        return (f"None of {n} reconstructions identifies its private image, which does not mean that "
                "the images are safe: another attack may find more")
    if n == 1:
        return "The private image is identified by what came back"
    if chosen.groupby(GROUP).ngroups == 1:
        return f"{good} of {n} private images are identified by what came back"
    return f"{good} of {n} reconstructions identify their private image"


def subline(summary: pd.DataFrame) -> str:
    """Says how attacks and rounds differ, where there are several and images are judged; else ""."""
    if len(summary) < 2 or summary["identified"].isna().any():
        return ""
    best = summary.loc[summary["identified"].idxmax()]
    worst = summary.loc[summary["identified"].idxmin()]
    if best["identified"] == worst["identified"]:
        return "The share is the same for every attack and round."

    def said(row: pd.Series) -> str:
        share = f"{round(row['identified'] * row['n'])} of {row['n']}"
        return f"{share} ({plots.group_title(tuple(row[GROUP]))})"

    return f"By attack and round: from {said(worst)} to {said(best)}."


def one_class_note(run: Run) -> str:
    """Says why the accuracy after the last round is far below AUROC, where it is; else ""."""
    if len(run.rounds) == 0 or run.rounds["one_class"].iloc[-1] != 1:
        return ""
    last = run.rounds.iloc[-1]
    return (f"Accuracy {last['accuracy']:.2f} while AUROC is {last['auroc']:.2f}: the network ranks the "
            "classes well, but decides as if there were one "
            f"(balanced accuracy {last['balanced_accuracy']:.2f}).")


def vanished_note(tasks: pd.DataFrame) -> str:
    """Says how many of the attacked messages of Run.tasks have vanished gradients; "" for none."""
    messages = tasks.groupby(["round", "client", "probe"])["vanished"].max()
    gone = int((messages == 1).sum())
    if gone == 0:
        return ""
    return (f"{gone} of {len(messages)} attacked messages have vanished gradients: the network is sure of "
            "those images, and little of them is left to read.")


def picture(figure: Figure, caption: str = "", title: str = "") -> Picture:
    """A figure that was drawn with PAGE, and has a label."""
    return Picture(inline_svg(figure), caption, title, figure.get_figwidth() > PANEL)


def _coded(text: str) -> Markup:
    """Text as HTML, what stands in `backticks` as code and what stands in *asterisks* with emphasis."""
    code = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", code))


def render(template: str, **values: object) -> str:
    """A page of templates/, with its style sheet and its script, which filters galleries and opens what is folded before printing."""
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters["coded"] = _coded
    style = Markup(style_sheet() + (folder / "report.css").read_text(encoding="utf-8"))
    script = Markup((folder / "page.js").read_text(encoding="utf-8"))
    return environment.get_template(template).render(style=style, script=script, **values)


def images_banner(image_sets: Sequence[str]) -> str:
    """What must be known before a page with images of these sets, none of which are generated, is passed on; "" without
    any."""
    if not image_sets:
        return ""
    return (f"This page holds private images of {joined(image_sets)}, and what came back of them. Pass it on only where those "
            "may be seen; report --no-images makes one without them.")


def not_generated(config: Mapping[str, str], name: str, shown: Gallery) -> list[str]:
    """The name of the images in a gallery, for images_banner()."""
    return [name] if shown.cards and not generated(config) else []


def _caption(run: Run, section: str) -> str:
    """What stands below the last of the figures of a section."""
    hospitals = len(run.class_histogram)
    return {
        "training": "The global model after each round; 0 is before training. Balanced accuracy is the mean recall of the classes, "
                    "with its 95 % interval; AUROC is macro, one class against the rest.",
        "privacy": "That of the hospital that gave away most so far.",
        "hospitals": "Training images of each hospital by class."
                     + (f" The first 40 of {hospitals} hospitals." if hospitals > 40 else ""),
        "histogram": "All that the attacker kept, by PSNR in steps of 2 dB; gray below 20 dB.",
        "convergence": "One line for each attack, from the start that the attacker kept. The attacker sees this number and not "
                       "the true image. Objectives of different attacks are not comparable.",
        "timings": "Mean over ranks; the thin line runs from the fastest rank to the slowest." if len(run.timings) > 1 else "One rank.",
    }[section]


def _figures(run: Run) -> dict[str, list[Picture]]:
    """The figures there is data for, by section."""
    return {section: [picture(figure, _caption(run, section) if figure is drawn[-1] else "") for figure in drawn]
            for section, drawn in plots.figures(run, PAGE).items()}


def _facts(run: Run) -> list[tuple[str, str]]:
    """The setting in a few words: name and value."""
    facts = [("Data", run.dataset_name)]
    if run.model:
        channels, height, width = run.model["input_shape"]
        color = {1: "gray", 3: "RGB"}.get(channels, f"{channels} channels")
        facts += [("Images", f"{height} × {width} px, {color}"), ("Model", str(run.model["name"])),
                  ("Parameters", f"{int(run.model['parameters']):,}")]
    facts += [("Hospitals", str(len(run.clients))), ("Rounds", str(len(run.rounds)))]
    facts += [(title, run.config[option].replace(",", ", ") or "none")
              for title, option in SETTING if option in run.config]
    return facts


def _scores(summary: pd.DataFrame) -> list[dict]:
    """Rows of the score table as text."""
    return [
        {
            "method": row["method"], "kind": row["kind"], "n": row["n"], "of": of_hospitals(row),
            "round": "all rounds" if row["round"] == ALL_ROUNDS else f"round {row['round']}",
            "tasks": row["tasks"], "diverged": row["diverged"], "vanished": row["vanished"],
            "knowledge": row["knowledge"],
            "among": "" if math.isnan(row["among"]) else f"{row['among']:.0f}",
            "chance": number(row["by_chance"], "%"),
            "bound": "" if math.isnan(row["bound"]) else at_most(row["bound"]),
            "verdict": verdict_of(row),
            "cells": [(number(row[m.key], m.unit), interval(row, m)) for m in METRICS],
        }
        for _, row in summary.iterrows()
    ]


def _banner(run: Run) -> str:
    """Says what a reader must know of a run that is not complete; "" for a complete one."""
    return " ".join(filter(None, (BANNERS.get(run.status, ""), _sentence(run.holder))))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def render_report(run: Run, with_images: bool = True) -> str:
    """The page as HTML text. Raises RunFormatError or ValueError if the run is damaged."""
    images = run.images_with_tasks()
    summary = summarize_run(run)
    several = summary["round"].nunique() > 1
    overall = summarize_run(run, all_rounds=True) if several else summary.iloc[:0]
    shown = gallery([run]) if with_images else WITHOUT_IMAGES
    options = run.shared_provenance
    set_options = options[options["source"] != "default"]
    last = run.rounds.iloc[-1] if len(run.rounds) else None
    judged = bool(summary["verdict"].any())
    return render(
        "report.html.j2",
        run=run,
        banner=_banner(run),
        images_banner=images_banner(not_generated(run.config, run.data_name, shown)),
        verdict=run.verdict,
        judged=judged,
        meanings=meanings(judged or bool(run.verdict)),
        headline=headline(images),
        subline=subline(summary),
        facts=_facts(run),
        first=first_screen(run),
        extremes=extremes([run]),
        levers=levers(run.config),
        who=who_could(run.config),
        gallery=shown,
        figures=_figures(run),
        metrics=METRICS,
        # What hospitals really send first.
        scores=sorted(_scores(overall) + _scores(summary) + _scores(without_attack(run)),
                      key=lambda row: row["kind"] == "probe"),
        last=last,
        evaluated=last is not None and bool(np.isfinite(last["accuracy"])),
        one_class=one_class_note(run),
        vanished=vanished_note(run.tasks),
        duplicates=duplicate_notes(run),
        privacy=privacy_notes(run),
        number=number,
        set_options=set_options.to_dict("records"),
        options=options.to_dict("records"),
        ranks=run.environment.ranks.to_dict("records"),
        layers=run.layers.to_dict("records"),
    )


def write_report(run: Run, output: Path | None = None, with_images: bool = True) -> Path:
    """Writes the page to `output`, by default report.html beside run.h5; returns its path."""
    output = output or run.folder / "report.html"
    output.write_text(render_report(run, with_images), encoding="utf-8")
    return output
