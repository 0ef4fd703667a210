"""One self-contained HTML page that sets two or more runs or audits side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .audit import Audit, is_audit, open_audit
from .audit_report import audit_first_screen, opened, strongest_stage
from .decision import first_screen, strongest_attack
from .hdf5 import RunFormatError
from .report import picture, render
from .run import Run, open_run
from .share_plot import Share, shares_figure
from .study import is_study
from .sweep import is_sweep
from .theme import PAGE
from .verdicts import Verdict, meanings
from .words import joined

# Where a result is, when it was made and how its work was spread is no difference of settings.
_OUTSIDE = ("run.", "output.", "checkpoint.")


@dataclass(frozen=True)
class Subject:
    """A run or an audit, as a comparison shows it."""

    name: str
    verdict: Verdict
    identified: tuple[float, float, float, float]
    """share identified by the strongest attack, its limits, and what a guess gets; NaN without an attack"""
    first: dict[str, list[str]]
    """the first screen: term and sentences"""
    options: dict[str, str]
    """what may be shared of the configuration"""


def _numbers(row: pd.Series | None, chance: str) -> tuple[float, float, float, float]:
    if row is None:
        return (math.nan,) * 4
    return tuple(float(row[name]) for name in ("identified", "identified_low", "identified_high", chance))


def _of_run(run: Run) -> Subject:
    shared = run.shared_provenance
    return Subject(run.folder.name, run.verdict, _numbers(strongest_attack(run), "by_chance"), dict(first_screen(run)),
                   dict(zip(shared["option"], shared["value"], strict=True)))


def _of_audit(audit: Audit) -> Subject:
    federation, _ = opened(audit.open_federation)
    stage = strongest_stage(audit)
    attacks = [] if stage is None else opened(audit.open_attacks, stage)[0] or []
    try:
        options = audit.provenance[audit.provenance["option"] != "run.seed"]
        return Subject(audit.folder.name, audit.verdict(), _numbers(stage, "chance"),
                       dict(audit_first_screen(audit, federation, attacks)),
                       dict(zip(options["option"], options["value"], strict=True)))
    finally:
        for run in filter(None, (federation, *attacks)):
            run.close()


def read_subject(path: Path) -> Subject:
    """Reads the run or audit of a folder. Raises RunFormatError as open_run and open_audit, and where it is a sweep or a study."""
    if is_sweep(path):
        raise RunFormatError(f"{path}: is a sweep, whose own report compares its points; give runs or audits")
    if is_study(path):
        raise RunFormatError(f"{path}: is a study, whose own report compares its cells; give runs or audits")
    if is_audit(path):
        with open_audit(path) as audit:
            return _of_audit(audit)
    with open_run(path) as run:
        return _of_run(run)


def differing_options(subjects: Sequence[Subject]) -> list[tuple[str, list[str]]]:
    """The options whose values differ, and the value of each subject; "" where it has none. An option of a component that is
    nowhere on counts, too."""
    names = dict.fromkeys(name for subject in subjects for name in subject.options)
    rows = [(name, [subject.options.get(name, "") for subject in subjects]) for name in names
            if not name.startswith(_OUTSIDE) and name != "server_seed"]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def render_comparison(subjects: Sequence[Subject]) -> str:
    """The page as HTML text."""
    terms = list(dict.fromkeys(term for subject in subjects for term in subject.first))
    attacked = [subject for subject in subjects if np.isfinite(subject.identified[0])]
    return render(
        "compare.html.j2",
        title=joined([subject.name for subject in subjects]),
        subjects=subjects,
        terms=[(term, [subject.first.get(term, []) for subject in subjects]) for term in terms],
        differences=differing_options(subjects),
        figures=[picture(shares_figure([Share(subject.name, *subject.identified) for subject in attacked],
                                       "Identified by the strongest attack", PAGE),
                         "The line is the interval of 95 % that the file has; the gray mark is a guess. Shares whose intervals "
                         "overlap may be the same.")] if attacked else [],
        meanings=meanings(any(subject.verdict for subject in subjects)),
    )


def write_comparison(paths: Sequence[Path], output: Path) -> Path:
    """Writes the page about these folders to `output`; returns it."""
    output.write_text(render_comparison([read_subject(path) for path in paths]), encoding="utf-8")
    return output
