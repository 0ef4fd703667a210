"""The page of a study."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic import ROOT
from synthetic_study import cell, stage, write_study

from medpfl_analysis.__main__ import main
from medpfl_analysis.study_decision import measured, study_first_screen, study_headline
from medpfl_analysis.study_plots import defense_figures, noise_figures
from medpfl_analysis.tables import Table, markdown, table, without_constant_names


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " "))


def text(html: str) -> str:
    return plain(re.sub(r"<[^>]*>", " ", html)).strip()


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("studies") / "noise")


def test_a_study_has_one_page_that_holds_all(study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(study_folder), "--output", str(page)]) == 0
    assert f"wrote {page}" in capsys.readouterr().out and not (study_folder / "report.html").exists()
    html = page.read_text(encoding="utf-8")
    said = text(html)
    assert "Images leak in 1 of 1 measurement without a defense and 0 of 1 measurement with one" in said
    assert "This study is not complete" in said and "lines 3 (running) of tasks.txt" in said
    assert "3 of 4 private images (75 %; 95 % interval 50 to 88 %) are identified by dlg" in said
    assert "Least leaks from brain, gaussian relative=norm scale=1 , untrained: 0 of 4 private images" in said
    assert "Holds: “Random noise does not always protect.”" not in said and "Not shown: “Random noise" in said
    for part in ("Who could do this", "Which claims hold", "Over the noise", "Under each defense", "Each attack", "What the words mean",
                 "Options set in all cells"):
        assert part in said
    # Identified over the noise and the accuracy; one state of the network under each defense.
    labels = re.findall(r'<svg role="img" aria-label="(.*?)"', html)
    assert len(labels) == len(set(labels)) == 3
    assert ROOT not in html and "http" not in html and "data:image" not in html and "`" not in said


def test_the_first_screen_says_what_leaks_by_set_of_images() -> None:
    open_ = [cell("none", stage(0, (1, 0.9, 1), "leaks"), stage(2, (0.5, 0.3, 0.7), "leaks"), data=data) for data in ("brain", "chest")]
    digits = cell("none", stage(0, (1, 0.95, 1), "leaks"), data="digits")
    hidden = cell("clip", stage(0, (0, 0, 0.05), "not tested"), accuracies=(0.2,) * 5)
    cells = [*open_, digits, hidden]
    said = {term: [plain(s) for s in sentences] for term, sentences in study_first_screen(cells, [], "Few.", [])}
    assert said["What came back"][:2] == [
        f"{data} without a defense, untrained, where most leaks: 40 of 40 private images of 5 networks (100 %; 95 % interval 90 to "
        "100 %) are identified by dlg." for data in ("brain", "chest")]
    assert "digits" not in " ".join(said["What came back"])
    assert said["Accuracy"][0] == "brain: 70 % without a defense (95 % interval 70 to 70 %) and 20 % with `clip`; chance is 25 %."
    assert said["Not tested"][0] == "brain, `clip`, untrained: because."
    assert study_headline(cells) == "Images leak in 4 of 4 measurements without a defense and 0 of 1 measurement with one"
    assert "Claims" not in said


def test_what_defenses_buy_and_cost_is_measured_on_the_same_networks() -> None:
    base = cell("none", stage(0, (1, 0.9, 1), "leaks"), accuracies=(0.7, 0.72, 0.68, 0.71, 0.69))
    dear = cell("clip", stage(0, (0, 0, 0.05), "protects"), accuracies=(0.5, 0.52, 0.47, 0.52, 0.48))
    known = cell("none", stage(0, (1, 0.9, 1), "leaks"), change="attack.labels=known evaluations=800")
    wide = cell("none", stage(0, (0.5, 0.4, 0.6), "leaks"), change="attack.probe_batch=4", accuracies=(0.6,))
    made, = measured([base, replace(dear, epsilon=8.0), known, wide])
    assert made.title == "brain" and made.head == ["Setting", "Identified, untrained", "Accuracy", "Cost", "ε"]
    assert [[plain(value) for value in row] for row in made.rows] == [
        ["no defense", "100 % (90 – 100)", "70 % (68 – 72)", "–", "–"],
        ["`clip`", "0 % (0 – 5)", "50 % (47 – 53)", "20 points (19 to 21)", "8.00"],
        ["`attack.probe_batch=4`", "50 % (40 – 60)", "60 %", "–", "–"]], "what the attacker chooses is no lever"


def test_figures_are_one_panel_each() -> None:
    cells = [cell("none", stage(0, (1, 0.9, 1), "leaks"), stage(2, (1, 0.9, 1), "leaks")),
             cell("gaussian scale=1", stage(0, (0, 0, 0.05), "protects"), stage(2, (0, 0, 0.05), "protects"), noise=1)]
    assert noise_figures(cells[:1]) == []
    assert [len(figure.axes) for figure in [*noise_figures(cells), *defense_figures(cells)]] == [1] * 5
    labels = [figure.get_label() for figure in defense_figures(cells)]
    assert labels[1].replace("\u00a0", " ") == "Identified: brain, after 2 rounds: no defense 100 %; gaussian scale=1 0 %"


def test_tables_leave_out_columns_that_say_nothing() -> None:
    made = table(("of", "by", "share", "bound"), [("a", "x", "–", "–"), ("a", "y", "–", "–")], names=2, fixed=3)
    assert made == Table(["of", "by", "share"], [["a", "x", "–"], ["a", "y", "–"]], 2)
    assert markdown(made) == ["| of | by | share |", "| --- | --- | --- |", "| a | x | – |", "| a | y | – |", ""]
    assert without_constant_names(made) == Table(["by", "share"], [["x", "–"], ["y", "–"]], 1)


def test_a_list_of_other_jobs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.txt").write_text("simulate\n")
    assert main(["report", str(tmp_path)]) == 1
    assert "no cell is complete; the cells of a study are audits" in capsys.readouterr().err
