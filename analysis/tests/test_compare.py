"""Comparisons of runs and audits."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pytest
from synthetic import ROOT, write_run
from synthetic_audit import Stage, write_audit
from synthetic_sweep import Point, write_sweep

from medpfl_analysis.__main__ import main
from medpfl_analysis.compare import read_subject

LEAKS = ("leaks", "probes of round 0: at least 25 % are identified")


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def set_option(folder: Path, option: str, value: str) -> None:
    with h5py.File(folder / "run.h5", "a") as file:
        place = [name.decode() for name in file["config/option"][()]].index(option)
        file["config/value"][place] = value


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs of another network; the second defends itself and has no attack."""
    made = [write_run(tmp_path / "open"), write_run(tmp_path / "closed", attacks=False)]
    set_option(made[1], "defense.chain", "gaussian")
    return made


def test_runs_and_audits_stand_side_by_side(runs: list[Path], tmp_path: Path) -> None:
    audit = write_audit(tmp_path / "checked", [Stage("probe", 0, LEAKS)], LEAKS)
    page = tmp_path / "page.html"
    assert main(["report", *map(str, runs), str(audit), "--output", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    said = text(html)
    assert "open, closed and checked" in said
    assert "▲ leaks probes of round 0: at least 25 % are identified" in said
    assert "2 of 4 private images (50 %; 95 % interval 25 to 75 %)" in said.replace("\u00a0", " ")
    assert "defense.chain gaussian gaussian" in said and "run.name" not in said
    assert ROOT not in html and "http" not in html and "data:image" not in html
    assert html.count("<svg") == 1


def test_what_differs_is_listed_and_seeds_are_not(runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *map(str, runs)]) == 0
    assert capsys.readouterr().out == f"wrote {runs[0] / 'comparison.html'}\n"
    table = text((runs[0] / "comparison.html").read_text(encoding="utf-8").partition("What they differ in</h2>")[2]
                 .partition("</table>")[0])
    assert table == "Option open closed defense.chain gaussian"
    set_option(runs[1], "defense.chain", "")
    set_option(runs[1], "run.seed", "7")
    assert main(["report", *map(str, runs)]) == 0
    assert "All options are alike" in (runs[0] / "comparison.html").read_text(encoding="utf-8")


def test_a_share_comes_with_its_limits_and_chance(tmp_path: Path) -> None:
    audit = write_audit(tmp_path / "a", [Stage("probe", 0, LEAKS), Stage("update", 0, LEAKS, identified=(0.9, 0.6, 1))], LEAKS)
    assert read_subject(audit).identified == (0.9, 0.6, 1, 0.004), "of the stronger stage"


def test_sweeps_and_studies_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}, (0.9, 0.6, 0.6, 0.1))])
    assert main(["report", str(sweep), str(sweep)]) == 1
    assert "is a sweep, whose own report compares its points" in capsys.readouterr().err
    (tmp_path / "tasks.txt").write_text("audit\n")
    assert main(["report", str(sweep), str(tmp_path)]) == 1
    assert main(["report", str(write_run(tmp_path / "run")), str(tmp_path)]) == 1
    assert "is a study, whose own report compares its cells" in capsys.readouterr().err
