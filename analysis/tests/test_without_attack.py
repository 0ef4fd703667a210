"""What is had without an attack stands in every table: the mean public image, and the one nearest to the truth."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from synthetic import write_run, write_without_attack
from synthetic_sweep import Point, write_sweep

from medpfl_analysis import open_run
from medpfl_analysis.__main__ import main
from medpfl_analysis.claims import duplicate_notes
from medpfl_analysis.report import render_report
from medpfl_analysis.scores import PUBLIC_MEAN, PUBLIC_NEAREST, summarize_run, without_attack

NEAR = ("3 of 4 images of probes have near-duplicates (SSIM of 0.9 or more) among the candidates: they may be "
        "missed, or taken for one another.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_run(tmp_path / "run", methods=("cpl", "dlg"), schema=(1, 5))
    write_without_attack(made)
    return made


def test_rows_are_those_of_the_file(folder: Path) -> None:
    with open_run(folder) as run:
        rows, attacks = without_attack(run), summarize_run(run)
        assert rows["method"].tolist() == [PUBLIC_MEAN, PUBLIC_NEAREST]
        assert rows["n"].tolist() == [4, 4] and rows["ssim"].tolist() == [0.5, 0.5]
        mean, nearest = (row for _, row in rows.iterrows())
        assert math.isnan(mean["identified"]) and math.isnan(mean["identified_low"])
        assert nearest[["identified", "identified_low", "identified_high"]].tolist() == [0.25, 0.05, 0.5]
        assert "oracle" in nearest["knowledge"] and "oracle" not in mean["knowledge"]
        assert set(rows.columns) == set(attacks.columns)
        assert attacks["method"].tolist() == ["cpl", "dlg"], "no attack is not among the attacks"
        assert attacks["among"].tolist() == [8, 8] and attacks["by_chance"].tolist() == [0.125, 0.125]


def test_the_report_has_both_and_says_k_and_distance(folder: Path) -> None:
    with open_run(folder) as run:
        html = render_report(run)
    groups = re.findall(r"<b>([a-z-]+)</b>, (all rounds|round 0),", html)
    assert groups == [("cpl", "round 0"), ("dlg", "round 0"), (PUBLIC_MEAN, "all rounds"), (PUBLIC_NEAREST, "all rounds")]
    assert html.count("; each looked for among 8 candidates by mean squared error (chance 12\u00a0%)") == 4
    assert "The attacker knew: no message, but the private images, which nobody is told: as an oracle" in html
    assert f'<p class="note">{NEAR}</p>' in html


def test_summary_and_export_have_both(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"\n{PUBLIC_NEAREST}, no attack, all rounds, probe: 4 images\n" in out and NEAR in out
    assert main(["export", str(folder), "--output", str(tmp_path / "out")]) == 0
    table = pd.read_csv(tmp_path / "out/summary.csv")
    assert table["method"].tolist() == ["cpl", "dlg", PUBLIC_MEAN, PUBLIC_NEAREST]
    assert table["near_duplicated"].tolist() == [3] * 4


def test_older_files_have_neither(tmp_path: Path) -> None:
    with open_run(write_run(tmp_path / "run")) as run:
        assert without_attack(run).empty and duplicate_notes(run) == []
        html = render_report(run)
    assert "near-duplicates" not in html and PUBLIC_NEAREST not in html


def test_pages_of_sweeps_have_both(tmp_path: Path) -> None:
    """A row for each panel, of what its first point attacked; the other numbers are as without them."""
    options = {"defense.chain": "laplace", "defense.laplace.scale": "1"}
    folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}), Point(options)])

    def pages() -> tuple[str, pd.DataFrame]:
        assert main(["report", str(folder)]) == 0
        assert main(["defenses", str(folder), "--output", str(tmp_path / "page.md")]) == 0
        csv = pd.read_csv(tmp_path / "data/page.csv", dtype=str, keep_default_na=False)
        return (folder / "report.html").read_text(encoding="utf-8"), csv

    html, before = pages()
    assert "no attack" not in html and "no attack" not in before["defense"].tolist()
    assert "oracle" not in html + (tmp_path / "page.md").read_text()
    for point in range(2):
        write_without_attack(folder / f"points/{point:05d}")
    html, after = pages()
    assert re.findall(r"<td>no attack</td><td>([a-z-]+)<small>n = (\d+)</small>", html) == [
        (PUBLIC_MEAN, "4"), (PUBLIC_NEAREST, "4")]
    assert "which only an oracle can choose" in html and "which only an oracle can choose" in (tmp_path / "page.md").read_text()
    assert after.iloc[:-2].equals(before)
    assert after.iloc[-2:][["defense", "attack", "images", "identified_percent", "identified_high", "balanced_accuracy_percent"]
                           ].to_numpy().tolist() == [["no attack", PUBLIC_MEAN, "4", "", "", ""],
                                                     ["no attack", PUBLIC_NEAREST, "4", "25", "50", ""]]
