"""Command line: python3 -m medpfl_analysis report | summary | export RUN, report AUDIT,
report | defenses SWEEP, report | study STUDY, attacks FOLDER, or correlations FOLDER..."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from . import __version__
from .attack_page import write_attack_page
from .audit import is_audit, open_audit
from .audit_report import write_audit_report
from .claims import duplicate_notes
from .compare import write_comparison
from .correlations import correlations_text, read_reconstructions, write_correlations
from .decision import first_screen
from .defense_page import write_defense_page
from .export import export_run
from .hdf5 import RunFormatError
from .report import headline, interval, one_class_note, subline, vanished_note, write_report
from .run import Run, open_run
from .scores import METRICS, summarize_run, verdict_of, without_attack
from .study import is_study
from .study_page import write_study_pages
from .study_report import write_study_report
from .sweep import is_sweep, open_sweep
from .sweep_report import write_sweep_report
from .words import at_most, number


def summary_text(run: Run) -> str:
    """The run's tables as plain text for a terminal."""
    images = run.images_with_tasks()
    summary = summarize_run(run)
    parts = [
        f"{run.name}: {run.status}, {run.created_utc}, MedPFL {run.medpfl_version}",
        *filter(None, [run.holder]),
        f"data {run.dataset_name} · model {run.model.get('name', 'unknown')} · "
        f"{len(run.clients)} hospitals · {len(run.rounds)} rounds · {len(run.gradients)} gradients",
        f"verdict: {run.verdict}" if run.verdict else f"{headline(images)}.",
    ]
    if len(summary) > 1:
        parts.append(subline(summary))
    parts += [f"{term.lower()}: {' '.join(sentences)}" for term, sentences in first_screen(run)]
    parts += [*filter(None, [vanished_note(run.tasks)]), *duplicate_notes(run)]
    heads = [f"round {row['round']}, {row['kind']}: {row['n']} images, {row['tasks']} attacks, {row['diverged']} diverged"
             for _, row in summary.iterrows()]
    without = without_attack(run)
    heads += [f"no attack, all rounds, {row['kind']}: {row['n']} images" for _, row in without.iterrows()]
    for head, (_, row) in zip(heads, pd.concat([summary, without]).iterrows(), strict=True):
        parts.append(f"\n{row['method']}, {head}\nthe attacker knew: {row['knowledge']}")
        if verdict := verdict_of(row):
            parts.append(f"verdict: {verdict}")
        for metric in METRICS:
            value, spread = number(row[metric.key], metric.unit), interval(row, metric)
            parts.append(f"  {metric.title:<20}{value:>10}" + (f"   {spread}" if spread else ""))
            if metric.key == "identified" and np.isfinite(row["among"]):
                parts.append(f"  {'candidates, chance':<20}{row['among']:>10.0f}   {number(row['by_chance'], '%')}")
            if metric.key == "identified" and np.isfinite(row["bound"]):
                parts.append(f"  {'at most, by ε':<20}{at_most(row['bound']):>10}")
    if len(run.rounds):
        shown = run.rounds[["round", "train_loss", "test_loss", "accuracy", "balanced_accuracy",
                            "auroc", "seconds"]]
        parts.append("\nrounds\n" + _text(shown))
        if note := one_class_note(run):
            parts.append(note)
    if len(run.clients):
        parts.append("\nhospitals\n" + _text(run.clients.reset_index()))
    if run.timings.size:
        seconds = run.timings.agg(["mean", "min", "max"]).T.rename_axis("phase").reset_index()
        parts.append("\nseconds over ranks\n" + _text(seconds))
    return "\n".join(parts)


def _text(frame: pd.DataFrame) -> str:
    return frame.to_string(index=False, max_rows=20, na_rep="-", float_format="{:.4g}".format)


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="medpfl_analysis", description="Reads MedPFL result files.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="write one self-contained HTML page, of several runs or audits one that compares")
    report.add_argument("--output", type=Path, metavar="FILE", help="default: report.html in the folder; comparison.html beside the first of several")
    report.add_argument("--no-images", action="store_true", help="without private and reconstructed images")
    summary = commands.add_parser("summary", help="print the tables")
    export = commands.add_parser("export", help="write tables as CSV, images as PNG and figures as SVG")
    export.add_argument("--output", type=Path, metavar="DIR", required=True,
                        help="folder to write to")
    export.add_argument("--json", action="store_true", help="also every table as JSON, a list of records")
    export.add_argument("--ro-crate", action="store_true", help="also ro-crate-metadata.json, which describes all files (RO-Crate 1.1)")
    export.add_argument("--croissant", action="store_true", help="also croissant.json, which describes the tables (Croissant 1.0)")
    for command in (report, summary, export):
        if command is not report:
            command.add_argument("run", metavar="RUN", type=Path, help="run folder, or its run.h5")
    report.add_argument("runs", metavar="RUN", type=Path, nargs="+",
                        help="run folder, or its run.h5; or the folder of a sweep, an audit or a study; of two or more runs and audits a comparison is written")
    attacks = commands.add_parser("attacks", help="compare the attacks of many runs: a page, and all rows as CSV")
    attacks.add_argument("folder", metavar="FOLDER", type=Path, help="holds the runs' folders")
    defenses = commands.add_parser(
        "defenses", help="compare the defenses of a sweep: a page with pictures, and all rows as CSV")
    defenses.add_argument("folder", metavar="FOLDER", type=Path, help="of the sweep")
    defenses.add_argument(
        "--images", action="store_true",
        help="with private and reconstructed images: only where those may be shown")
    study = commands.add_parser("study", help="what the cells of a study say: pages, a picture, and all rows as CSV")
    study.add_argument("folder", metavar="FOLDER", type=Path, help="which jobs/study.sh has filled")
    for command in (attacks, defenses, study):
        command.add_argument("--machine", default="", metavar="TEXT", help="named on the page")
        command.add_argument("--output", type=Path, metavar="PAGE", required=True,
                             help="in Markdown; all rows go to data/NAME.csv beside it")
    correlations = commands.add_parser(
        "correlations", help="compare how scores rank reconstructions: a page, and all pairs as CSV")
    correlations.add_argument("folders", metavar="FOLDER", type=Path, nargs="+",
                              help="of runs, sweeps or audits, whose runs are all counted")
    correlations.add_argument("--output", type=Path, metavar="PAGE", required=True,
                              help="in Markdown; all pairs go to data/NAME.csv beside it")
    return top


def _report(paths: Sequence[Path], output: Path | None, with_images: bool) -> Path:
    """Writes the page of a run, sweep, audit or study, or the comparison of several; returns its path."""
    if len(paths) > 1:
        beside = paths[0] if paths[0].is_dir() else paths[0].parent
        return write_comparison(paths, output or beside / "comparison.html")
    if is_audit(paths[0]):
        with open_audit(paths[0]) as audit:
            return write_audit_report(audit, output, with_images)
    if is_sweep(paths[0]):
        with open_sweep(paths[0]) as sweep:
            return write_sweep_report(sweep, output, with_images)
    if is_study(paths[0]):
        return write_study_report(paths[0], output)
    with open_run(paths[0]) as run:
        return write_report(run, output, with_images)


def _work(options: argparse.Namespace) -> None:
    """Runs a command."""
    if options.command == "attacks":
        _say_written(write_attack_page(options.folder, options.output, options.machine))
    elif options.command == "study":
        _say_written(write_study_pages(options.folder, options.output, options.machine))
    elif options.command == "correlations":
        found = read_reconstructions(options.folders)
        print(correlations_text(found))
        _say_written(write_correlations(found, options.output))
    elif options.command == "defenses":
        with open_sweep(options.folder) as sweep:
            _say_written(write_defense_page(sweep, options.output, options.machine, options.images))
    elif options.command == "report":
        _say_written([_report(options.runs, options.output, not options.no_images)])
    else:
        with open_run(options.run) as run:
            if options.command == "summary":
                print(summary_text(run), flush=True)
            else:
                count = export_run(run, options.output, as_json=options.json, ro_crate=options.ro_crate,
                                   croissant=options.croissant)
                print(f"wrote {count} files to {options.output}")


def _say_written(files: Iterable[Path]) -> None:
    for file in files:
        print(f"wrote {file}")


def _said(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, FileExistsError):
        return f"{error.filename}: exists and is not a folder"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def _leave_output() -> None:
    """Keeps the interpreter from writing to an output again that takes nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code: 0, or 1 after a one-line error."""
    try:
        try:
            _work(parser().parse_args(arguments))
        finally:
            sys.stdout.flush()  # which a full disk refuses
    except BrokenPipeError:
        _leave_output()  # the reader (head, less) has gone
    except (RunFormatError, ValueError, OSError) as error:
        print(f"medpfl_analysis: {_said(error)}", file=sys.stderr)
        if isinstance(error, OSError) and error.filename is None:
            _leave_output()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
