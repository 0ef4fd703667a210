"""The pages of a study, on cells made by hand and on audits of a folder."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_audit import Stage, write_audit
from synthetic_study import cell, stage

from medpfl_analysis.__main__ import main
from medpfl_analysis.hdf5 import RunFormatError
from medpfl_analysis.intervals import interval_of_mean, share_interval
from medpfl_analysis.study import Cell, read_study, strongest, verdict_of_round
from medpfl_analysis.study_claims import claims, share
from medpfl_analysis.study_plots import noise_figure
from medpfl_analysis.study_retracted import retracted
from medpfl_analysis.study_tables import attacks_table, csv_rows

def word(cells: list[Cell], part: str) -> str:
    """What became of the claim with this part in its text."""
    return next(claim.word for claim in claims(cells) if part in claim.text)


def retracted_word(cells: list[Cell], part: str) -> str:
    """The same of the sentences that were taken back."""
    return next(claim.word for claim in retracted(cells) if part in claim.text)


def test_the_interval_of_a_mean_is_students() -> None:
    """Half of it holds 95 % of Student's distribution, integrated here."""
    for n in range(2, 11):
        values = np.arange(n, dtype=float)
        mean, low, high = interval_of_mean(values)
        assert mean == pytest.approx(values.mean())
        t = (high - mean) / (values.std(ddof=1) / math.sqrt(n))
        assert mean - low == pytest.approx(high - mean)
        x, step = np.linspace(-t, t, 200001, retstep=True)
        nu = n - 1
        density = (
            math.gamma((nu + 1) / 2)
            / (math.sqrt(nu * math.pi) * math.gamma(nu / 2))
            * (1 + x**2 / nu) ** (-(nu + 1) / 2)
        )
        assert ((density[1:] + density[:-1]) / 2 * step).sum() == pytest.approx(0.95, abs=5e-5)
    assert math.isnan(interval_of_mean([0.5])[1]) and np.isnan(share_interval([0.5])[1:]).all()
    assert share_interval([0.9, 1.0])[2] == 1 and share_interval([0.0, 0.1])[1] == 0


@pytest.mark.parametrize(
    ("lows", "expected"), [((0.9, 0.6), "holds"), ((0.9, 0.1), "depends on images and network"), ((0.1, 0.2), "fails")]
)
def test_whether_images_leak_badly_is_told_by_the_lower_limits(lows: tuple[float, float], expected: str) -> None:
    cells = [cell("none", *(stage(i, (1, low, 1), "leaks") for i, low in enumerate(lows)))]
    assert word(cells, "leak badly") == expected
    assert word([], "leak badly") == "not measured"


def test_noise_protects_or_not_by_the_verdicts_of_the_files() -> None:
    hidden = cell("gaussian scale=1", stage(0, (0.0, 0.0, 0.05), "protects"), noise=1)
    open_ = cell("gaussian scale=0.1", stage(0, (0.9, 0.8, 1), "leaks"), noise=0.1)
    assert word([hidden], "always protect") == "not shown"
    assert word([hidden, open_], "always protect") == "holds"
    told = next(claim for claim in claims([hidden, open_]) if "fall to what chance" in claim.text)
    assert told.numbers == [
        "brain, untrained: at noise of 1 of the norm 0\u00a0% (0 – 5) are identified, chance 1\u00a0%; balanced "
        "accuracy is 70\u00a0%"
    ]


def test_sentences_that_were_taken_back_are_judged_by_the_numbers() -> None:
    wide, all_, few, none = (0.5, 0.3, 0.7), (1, 0.9, 1), (0.2, 0.1, 0.4), (0, 0, 0.05)
    base = cell("none", stage(0, all_, "leaks"), stage(2, wide, "leaks"))
    for found, expected in ((few, "fails"), (none, "holds")):
        noisy = cell("gaussian scale=0.3", stage(0, found, "leaks" if found == few else "protects"), noise=0.3)
        assert retracted_word([noisy], "Noise of 0.3") == expected
    assert retracted_word([base], "Noise of 0.3") == "not measured"

    for found, expected in ((few, "not shown"), (none, "holds within this budget")):
        deep = replace(cell("none", stage(2, found, "leaks"), change="model.name=resnet18"), typed={"model.name": "resnet18"})
        assert retracted_word([base, deep], "Deeper") == expected
    assert retracted_word([base], "trained a little") == "holds"
    alike = cell("clip", stage(0, all_, "leaks"), stage(2, all_, "leaks"))
    assert retracted_word([base, alike], "trained a little") == "depends on defense and images"

    prune, mixup = cell("prune ratio=0.9", stage(0, wide, "leaks")), cell("mixup", stage(0, none, "not tested"))
    assert retracted_word([prune], "pruning") == "holds"
    assert retracted_word([prune, mixup], "pruning") == "depends on defense and network"

    private = replace(cell("dp-sgd epsilon=8", stage(0, none, "protects"), accuracies=(0.5,) * 5), epsilon=8.0)
    assert retracted_word([base, private], "small ε") == "holds"
    assert retracted_word([base, replace(private, accuracies=(0.7,) * 5)], "small ε") == "not shown"


def test_protection_costs_only_where_the_interval_of_the_loss_is_above_zero() -> None:
    base = cell("none", stage(0, (1, 0.9, 1), "leaks"), accuracies=(0.7, 0.72, 0.68, 0.71, 0.69))
    dear = cell("clip", stage(0, (0, 0, 0.05), "protects"), accuracies=(0.5, 0.52, 0.47, 0.52, 0.48))
    cheap = cell("clip", stage(0, (0, 0, 0.05), "protects"), accuracies=(0.71, 0.7, 0.69, 0.7, 0.7))
    useless = cell("clip", stage(0, (0.5, 0.4, 0.6), "leaks"), accuracies=(0.3,) * 5)
    assert word([base, dear], "mitigation") == "holds"
    assert word([base, cheap], "mitigation") == "not shown"
    assert word([base, dear, cheap], "mitigation") == "depends on the defense"
    assert word([base, useless], "mitigation") == "not measured"
    numbers = next(claim.numbers for claim in claims([base, dear]) if "mitigation" in claim.text)
    assert "20 points (19 to 21)" in numbers[0]


def test_single_attacks_and_the_papers_rate_are_held_against_the_strongest() -> None:
    weak = stage(0, (0.1, 0.02, 0.3), "inconclusive", "idlg")
    cells = [cell("none", stage(0, (1, 0.9, 1), "leaks"), presets=(weak,), ssim_90=0.2)]
    assert word(cells, "single attack") == "holds"
    assert word(cells, "success rate") == "holds"
    same = [
        cell("none", stage(0, (1, 0.9, 1), "leaks"), presets=(stage(0, (0.95, 0.8, 1), "leaks", "idlg"),), ssim_90=0.95)
    ]
    assert word(same, "single attack") == "not shown"
    assert word(same, "success rate") == "fails"


def test_of_two_attacks_the_stronger_speaks() -> None:
    one = cell("clip", stage(0, (0, 0, 0.2), "inconclusive", "modern"), stage(0, (0.01, 0, 0.05), "protects"))
    assert strongest(one, 0)["method"] == "dlg"
    assert verdict_of_round(one, 0).word == "protects"
    assert share(strongest(one, 0)).startswith("1\u00a0% (0 – 5")
    assert strongest(one, 3) is None
    assert [row["part"] for row in csv_rows([one])] == ["chosen", "chosen"]


def test_a_picture_needs_two_levels_of_noise() -> None:
    base = cell("none", stage(0, (1, 0.9, 1), "leaks"))
    assert noise_figure([base]) is None
    figure = noise_figure([base, cell("gaussian scale=1", stage(0, (0, 0, 0.05), "protects"), noise=1)])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Identified, untrained", "Balanced accuracy"]


def test_folders_without_a_complete_cell_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunFormatError, match=r"tasks\.txt"):
        read_study(tmp_path)
    (tmp_path / "tasks.txt").write_text("audit\naudit\n")
    write_audit(tmp_path / "1", [Stage("probe", 0, ("leaks", "why"))], ("leaks", "why"), status="interrupted")
    assert main(["study", str(tmp_path), "--output", str(tmp_path / "study.md")]) == 1
    assert "no cell is complete" in capsys.readouterr().err


def test_attacks_that_the_budget_ends_early_are_marked() -> None:
    single = tuple(stage(0, (0.1, 0.02, 0.3), "inconclusive", method) for method in ("idlg", "cpl"))
    table = attacks_table([cell("none", stage(0, (1, 0.9, 1), "leaks"), presets=single)])
    assert [row[2] for row in table.rows] == ["`dlg `, chosen", "`idlg`, cut short (own: 300)", "`cpl`"]
