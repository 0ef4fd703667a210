"""Verdicts: every page shows the one that the file holds, and makes none."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import write_run, write_verdicts
from synthetic_sweep import Point, write_sweep
from test_attack_page import run_of

from medpfl_analysis import open_run, open_sweep, summarize_run
from medpfl_analysis.__main__ import main
from medpfl_analysis.defense_tables import lines
from medpfl_analysis.report import render_report
from medpfl_analysis.verdicts import MEANINGS, Verdict

LEAKS = ("leaks", "at least 54 % are identified (chance < 4 %)")
WEAK = ("inconclusive", "the attack is too weak to judge: with the defense off it identifies 10 %")
ALL = ("leaks", "dlg on probes: at least 54 % are identified (chance < 4 %)")


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A run of schema 1.4 with two attacks, whose words do not follow from its numbers."""
    folder = write_run(tmp_path / "run", methods=("cpl", "dlg"), noise=[0.9] * 4, schema=(1, 4))
    write_verdicts(folder, {"dlg": LEAKS, "cpl": WEAK}, ALL)
    return folder


def page(folder: Path) -> str:
    with open_run(folder) as run:
        return render_report(run)


def test_the_verdict_is_the_headline_of_a_run(judged: Path) -> None:
    html = page(judged)
    [headline] = re.findall(r"<h1>.*?</h1>", html, re.DOTALL)
    assert re.sub(r"<[^>]*>|\s+", " ", headline).split() == [
        "▲", "Leaks", *ALL[1].replace("<", "&lt;").split()]
    assert "what came back" not in headline and "None of" not in html


def test_each_attack_has_its_verdict_and_reason(judged: Path) -> None:
    html = page(judged)
    assert '<th scope="col">Verdict</th>' in html
    assert f"<small>Inconclusive: {WEAK[1]}</small>" in html
    cells = re.findall(r'<td><span class="verdict ([a-z-]+)"><span aria-hidden="true">(.)</span> ([a-z ]+)</span>', html)
    assert cells == [("inconclusive", "?", "inconclusive"), ("leaks", "▲", "leaks")]


def test_words_and_marks_are_one_to_one() -> None:
    """And explained wherever they are shown; a mark is never without its word."""
    marks = [Verdict(word, "").mark for word in MEANINGS]
    assert len(set(marks)) == len(marks) == 4 and all(marks)
    assert Verdict("another", "").marked == "another", "of a later version"
    style = (Path(__file__).parents[1] / "medpfl_analysis/templates/report.css").read_text()
    for word in MEANINGS:
        assert f".{Verdict(word, '').name} {{ color:" in style


def test_older_files_keep_their_headline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path / "run")
    html = page(folder)
    assert re.search(r"<h1>\d of 4 private images are identified by what came back</h1>", html)
    assert "Verdict" not in html and 'class="verdict' not in html
    assert main(["summary", str(folder)]) == 0
    assert "verdict" not in capsys.readouterr().out
    with open_run(folder) as run:
        assert not run.verdict
        assert summarize_run(run)["verdict"].tolist() == [""]


def test_summary_and_export_have_the_verdict(
    judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", str(judged)]) == 0
    out = capsys.readouterr().out
    assert f"verdict: leaks; {ALL[1]}" in out
    assert f"verdict: inconclusive; {WEAK[1]}" in out
    assert main(["export", str(judged), "--output", str(tmp_path / "out")]) == 0
    table = pd.read_csv(tmp_path / "out/summary.csv")
    assert table[["method", "verdict", "verdict_reason"]].to_numpy().tolist() == [
        ["cpl", *WEAK], ["dlg", *LEAKS]]


LAPLACE = {"defense.chain": "laplace", "defense.laplace.scale": "1"}
PROTECTS = ("protects", "at most 8% are identified (chance 1%), and 90% with the defense off")
OF_INDEX = ("leaks", "at least 50% are identified (chance 1%)")


def pooled_sweep(folder: Path, told: dict[str, list[str]]) -> Path:
    """A setting of one network and one of two, whose runs all say LEAKS; `told` of the two settings."""
    pooled = {"setting": ["", "defense.chain=laplace, defense.laplace.scale=1"], "method": ["dlg"] * 2,
              "kind": ["probe"] * 2, "claim": [""] * 2,
              **{name: [0.5] * 2 for name in ("share", "low", "high", "effective")},
              **{name: [np.nan] * 2 for name in ("identified_bound", "epsilon", "identification_bound")},
              **{name: [2] * 2 for name in ("images", "clusters", "networks", "inferred")}}
    write_sweep(folder, [
        Point({"defense.chain": ""}), *(Point(LAPLACE | {"run.seed": seed}) for seed in "12")],
        pooled=pooled | told)
    for point in range(3):
        write_verdicts(folder / f"points/{point:05d}", {"dlg": LEAKS}, ALL)
    return folder


def test_the_index_has_the_verdict_on_a_setting(tmp_path: Path) -> None:
    """Also where it has one network alone: only the index knows the setting with the defense off."""
    folder = pooled_sweep(tmp_path / "s", {
        name: list(pair) for name, pair in zip(("verdict", "verdict_reason"), zip(OF_INDEX, PROTECTS, strict=True), strict=True)})
    with open_sweep(folder) as sweep:
        assert sweep.table["verdict"].tolist() == ["leaks"] * 3
        assert [tuple(line.plain.verdict) for line in lines(sweep.over_networks)] == [OF_INDEX, PROTECTS]
    assert main(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    for word, reason in (OF_INDEX, PROTECTS):
        assert html.count(f'<span class="verdict {word}" title="{reason}">') == 1


def test_an_older_index_has_none_on_several_networks(tmp_path: Path) -> None:
    folder = pooled_sweep(tmp_path / "s", {})
    with open_sweep(folder) as sweep:
        assert [tuple(line.plain.verdict) for line in lines(sweep.over_networks)] == [LEAKS, ("", "")]
    assert main(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert html.count('<span class="verdict leaks" title="at least 54 % are identified (chance &lt; 4 %)">') == 1
    assert main(["defenses", str(folder), "--output", str(tmp_path / "page.md")]) == 0
    csv = pd.read_csv(tmp_path / "data/page.csv", dtype=str, keep_default_na=False)
    assert csv[["verdict", "verdict_reason"]].to_numpy().tolist() == [list(LEAKS), ["", ""]]


def test_a_sweep_of_older_runs_has_no_such_column(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""})])
    assert main(["report", str(folder)]) == 0
    assert "Verdict" not in (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_of_attacks_has_the_verdict_on_the_strongest(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    page = tmp_path / "page.md"

    def line() -> str:
        assert main(["attacks", str(tmp_path), "--output", str(page)]) == 0
        [found] = [line for line in page.read_text().splitlines() if line.startswith("| brain")]
        return found

    assert "leaks" not in line()
    write_verdicts(folder, {"dlg": LEAKS}, ALL)
    assert "| ▲ leaks | `dlg` |" in line()
    csv = pd.read_csv(tmp_path / "data/page.csv", dtype=str, keep_default_na=False)
    assert csv["verdict"].tolist() == ["leaks", ""], "the mean image is no attack"


def test_a_run_at_work_says_what_its_file_says(judged: Path) -> None:
    with h5py.File(judged / "run.h5", "a") as file:
        group = file["attacks/summary"]
        group.attrs["verdict"], group.attrs["verdict_reason"] = "not tested", "nothing was attacked"
    html = page(judged)
    assert re.search(r"<h1>.*○.*Not tested.*nothing was attacked.*</h1>", html, re.DOTALL)
