"""One self-contained HTML page of an audit: the verdict, what it rests on, and what was not tested."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from .audit import KINDS, Audit
from .claims import USELESS, privacy_notes
from .decision import (
    budget_words,
    extremes,
    found_words,
    images_words,
    levers,
    network_words,
    server_sees,
    who_could,
)
from .gallery import gallery
from .hdf5 import RunFormatError
from .report import WITHOUT_IMAGES, images_banner, interval, not_generated, render
from .run import Run
from .scores import METRICS, verdict_of
from .settings import NONE
from .verdicts import LEAKS, NOT_TESTED, meanings
from .words import at_most, counted, number, small_share

Opened = TypeVar("Opened")

BANNERS = {
    "running": "This audit has not finished: the page and its verdict are about the stages that are "
               "done. If no process works on it any more, go on with --resume.",
    "interrupted": "This audit was interrupted: the page and its verdict are about the stages that are "
                   "done. Go on with --resume.",
}
OF_KIND = {"update": "on updates, which hospitals really send",
           "probe": "on probes, gradients of single batches"}
_IDENTIFIED = next(metric for metric in METRICS if metric.key == "identified")
SETTING = (("Network", "model.name"), ("Hospitals", "federation.clients"),
           ("Rounds", "federation.rounds"), ("Algorithm", "federation.algorithm"),
           ("Defense", "defense.chain"))


def stage_title(stage: pd.Series) -> str:
    """ "updates of round 0" """
    return f"{stage['kind']}s of round {stage['round']}"


def _groups(audit: Audit, stage: pd.Series) -> str:
    """How many hospitals the images are of, and how many groups of images depend on each other where
    these are messages, because hospitals hold random draws of the same images; "" where nothing was
    attacked."""
    if stage["clusters"] == 0:
        return ""
    messages = audit.config.get("federation.partition") == "iid"
    if math.isnan(stage["hospitals"]):  # an earlier version
        return f"in {counted(stage['clusters'], 'message' if messages else 'hospital')}"
    hospitals = f"in {counted(int(stage['hospitals']), 'hospital')}"
    return f"{hospitals}, {counted(stage['clusters'], 'message')}" if messages else hospitals


def _stages(audit: Audit) -> list[dict]:
    """Rows of the table of stages as text."""
    return [
        {"title": stage_title(stage), "verdict": verdict_of(stage),
         "attack": " ".join(filter(None, [stage["method"], stage["options"]])),
         "candidate": stage["candidate"], "evaluations": f"{stage['evaluations']:,}",
         "images": f"{stage['images']:,}", "groups": _groups(audit, stage),
         "identified": number(stage["identified"], "%"),
         "interval": interval(stage, _IDENTIFIED), "nearest": number(stage["reidentified"], "%"),
         "chance": small_share(stage["chance"]),
         "undefended": number(stage["undefended"], "%"), "bound": at_most(stage["identified_bound"]),
         "accuracy": number(stage["balanced_accuracy"], "%")}
        for _, stage in audit.stages.iterrows()
    ]


def _rehearsals(audit: Audit) -> list[tuple[str, list[dict]]]:
    """What was tried for each stage that has an attack, once also where two attacked it."""
    made = []
    for _, stage in audit.stages.drop_duplicates(["kind", "round"]).iterrows():
        rows = audit.rehearsal(stage)
        if len(rows):
            made.append((stage_title(stage), [
                row | {"identified": number(row["identified"], "%"),
                       "reidentified": number(row["reidentified"], "%"),
                       "ssim": f"{row['ssim']:.2f}".replace("-0.00", "0.00")}
                for row in rows.to_dict("records")]))
    return made


def _presets(audit: Audit) -> list[dict]:
    """What single attacks at their defaults found, as text."""
    return [
        {"title": stage_title(row), "method": row["method"], "verdict": verdict_of(row),
         "images": f"{row['images']:,}", "identified": number(row["identified"], "%"),
         "interval": interval(row, _IDENTIFIED),
         "nearest": number(row["reidentified"], "%"),
         "ssim": f"{row['ssim']:.2f}".replace("-0.00", "0.00")}
        for _, row in audit.presets.iterrows()
    ]


def _untested(audit: Audit) -> list[str]:
    """The stages that were not tested, each with the reason."""
    stages = audit.stages
    return [f"{stage_title(stage)}: {stage['verdict_reason']}"
            for _, stage in stages[stages["verdict"] == NOT_TESTED].iterrows()]


def strongest_leak(audit: Audit) -> pd.Series | None:
    """The stage that leaks with the highest lower limit of the share identified, and then the
    highest share; None where none leaks."""
    leaking = audit.stages[audit.stages["verdict"] == LEAKS]
    if leaking.empty:
        return None
    return leaking.sort_values(["identified_low", "identified"], ascending=False,
                               kind="stable").iloc[0]


def strongest_stage(audit: Audit) -> pd.Series | None:
    """The stage of strongest_leak(), or where nothing leaks the one of whose images most may be identified, of equal ones the one
    that works best with the defense off; None where nothing was attacked."""
    leak = strongest_leak(audit)
    attacked = audit.stages[audit.stages["images"] > 0]
    if leak is not None or attacked.empty:
        return leak
    return attacked.sort_values(["identified_high", "identified", "undefended"], ascending=False, kind="stable").iloc[0]


def _came_back(audit: Audit) -> list[str]:
    """What the attack of strongest_stage() found; nothing where none was tried."""
    stage = strongest_stage(audit)
    if stage is None:
        return []
    made = [f"{found_words(stage, int(stage['images']), audit.networks)} by the strongest attack here, {stage['method']} on "
            f"{stage_title(stage)}, which was chosen on public images.",
            f"A guess identifies {small_share(stage['chance'])}."]
    if math.isfinite(stage["undefended"]):
        made.append(f"With the defense off the same attack identifies {number(stage['undefended'], '%')} of public images.")
    return made


def audit_first_screen(audit: Audit, federation: Run | None, attacks: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """As decision.first_screen(), of an audit."""
    state = network_words(audit.config, [attack.tasks for attack in attacks]) if attacks else []
    if audit.networks > 1:
        state.append("The networks were trained apart, each from another seed.")
    mean = f"that is the mean of {audit.networks} networks; " if audit.networks > 1 else ""
    accuracy = [f"Balanced accuracy at the end is {number(audit.balanced_accuracy, '%')} ({mean}chance is "
                f"{number(audit.chance, '%')}).", *filter(None, [_network_note(audit, federation)])]
    budget = budget_words(federation, audit.config)
    bound = audit.stages["identified_bound"].max()
    if not math.isnan(bound):
        budget.append(f"By this ε no attack is expected to identify more than {at_most(bound)} of the attacked images.")
    untested = [f"{text[0].upper()}{text[1:]}." for text in _untested(audit)]
    untested.append("Attacks that are not known today, and larger budgets." if audit.networks > 1 else
                    "Other networks: this is one, and another seed gives another. Attacks that are not known today, and larger budgets.")
    terms = [
        ("What came back", _came_back(audit)),
        ("Network and images", state + images_words(audit.config)),
        ("Accuracy", accuracy),
        ("What the server sees", server_sees(audit.config)),
        ("Privacy budget", budget),
        ("Not tested", untested),
    ]
    return [(term, sentences) for term, sentences in terms if sentences]


def _facts(audit: Audit) -> list[tuple[str, str]]:
    """Names and values under the verdicts."""
    config = audit.config
    facts = [("Images", _data(audit))]
    facts += [(title, config[option].replace(",", ", ") or NONE)
              for title, option in SETTING if option in config]
    if audit.minutes:
        facts.append(("Time given", f"{audit.minutes:g} minutes"))
    if audit.networks > 1:
        facts.append(("Networks", str(audit.networks)))
    return facts + [("Evaluations", f"{audit.evaluations('update'):,} an update, "
                                    f"{audit.evaluations('probe'):,} a probe")]


def _data(audit: Audit) -> str:
    return Path(audit.config.get("data.path", "")).name or audit.config.get("data.dataset", "unknown")


def _network_note(audit: Audit, federation: Run | None) -> str:
    """Says that the model at the end, the first of several, is at chance, by the word of its run;
    else ""."""
    words = federation.rounds["network"].tolist()[-1:] if federation else []
    model = "The model" if audit.networks == 1 else "The first model"
    return f"{model} at the end is at chance: {USELESS}." if words == ["at chance"] else ""


def _about(audit: Audit) -> str:
    """What the limits of shares are about."""
    if audit.networks == 1:
        return "interval, as the file has it, which is about images under this network alone"
    attacked = audit.stages[audit.stages["images"] > 0]
    if (attacked["inferred"] == 0).any():
        return (f"interval, as the file has it, or the range over the {audit.networks} networks, from "
                "which nothing is inferred about others")
    return f"interval, as the file has it, which is about images and networks ({audit.networks} were attacked)"


def opened(opening: Callable[..., Opened], *arguments: pd.Series) -> tuple[Opened | None, str]:
    """What is opened of the audit, or None and why it cannot be read."""
    try:
        return opening(*arguments), ""
    except RunFormatError as error:
        return None, str(error)


def render_audit(audit: Audit, with_images: bool = True) -> str:
    """The page as HTML text. Raises RunFormatError if the audit, or a run of it, is damaged; a run
    that is not there is said to be missing."""
    stages = audit.stages
    federation, federation_missing = opened(audit.open_federation)
    leak = strongest_leak(audit)
    attacks, attack_missing = ([], "") if leak is None else opened(audit.open_attacks, leak)
    options = audit.provenance[audit.provenance["option"] != "run.seed"]
    shown = gallery(attacks or []) if with_images else WITHOUT_IMAGES
    try:
        return render(
            "audit.html.j2",
            audit=audit,
            name=audit.folder.name,
            banner=BANNERS.get(audit.status, ""),
            verdict=audit.verdict(),
            kinds=[(OF_KIND[kind], audit.verdict(kind)) for kind in KINDS],
            images_banner=images_banner(not_generated(audit.config, _data(audit), shown)),
            first=audit_first_screen(audit, federation, attacks or []),
            extremes=extremes(attacks or []),
            levers=levers(audit.config, noise=audit.noise),
            who=who_could(audit.config),
            facts=_facts(audit),
            stages=_stages(audit),
            second_attack=bool(stages.duplicated(["kind", "round"]).any()),
            defended=bool(stages["undefended"].notna().any()),
            bounded=bool(stages["identified_bound"].notna().any()),
            leak="" if leak is None else stage_title(leak),
            about=_about(audit),
            gallery=shown,
            notes=list(filter(None, [federation_missing, attack_missing])),
            rehearsals=_rehearsals(audit),
            presets=_presets(audit),
            privacy=privacy_notes(federation) if federation else [],
            meanings=meanings(shown=True),
            set_options=options[options["source"] != "default"].to_dict("records"),
            options=options.to_dict("records"),
        )
    finally:
        for run in filter(None, (federation, *(attacks or []))):
            run.close()


def write_audit_report(audit: Audit, output: Path | None = None, with_images: bool = True) -> Path:
    """Writes the page to `output`, by default report.html beside audit.h5; returns its path."""
    output = output or audit.folder / "report.html"
    output.write_text(render_audit(audit, with_images), encoding="utf-8")
    return output
