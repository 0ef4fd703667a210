"""Sweeps: the table, what it says, the pages, and what is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import write_run
from synthetic_sweep import HALF, LEAKS, LOST, Point, laplace, points, seeds, write_sweep

from medpfl_analysis import RunFormatError, open_run, open_sweep
from medpfl_analysis.__main__ import main
from medpfl_analysis.defense_pictures import pictured
from medpfl_analysis.defense_tables import adaptations, knowledge, lines, points_text
from medpfl_analysis.frontier import compare, findings, headline, levels, panels

def test_the_table_by_hand(sweep_folder: Path) -> None:
    """Only chosen tasks count: the other restarts have SSIM 99."""
    with open_sweep(sweep_folder) as sweep:
        table = sweep.table
        assert sweep.left_out.empty
    assert table["point"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["defense"].tolist() == [
        "none", "laplace scale=0.1", "laplace scale=1", "laplace scale=0.01", "laplace scale=0.1",
        "dp-sgd sigma=2"]
    assert table["family"].tolist() == ["none", *["laplace"] * 4, "dp-sgd"]
    assert table["panel"].unique().tolist() == ["brain"]
    assert table["attack"].tolist() == ["dlg"] * 4 + ["dlg objective=l1", "dlg"]
    assert table["adapted"].tolist() == [False] * 4 + [True, False]
    assert table["n"].tolist() == [4] * 6
    assert table["ssim"].tolist() == pytest.approx([0.6, 0.35, 0.1, 0.6, 0.6, 0.1])
    assert table["asr_50"].tolist() == [0.75, 0.5, 0, 0.75, 0.75, 0]
    assert table["asr_70"].tolist() == [0.25, 0.25, 0, 0.25, 0.25, 0]
    assert table["asr_90"].tolist() == [0.25, 0, 0, 0.25, 0.25, 0]
    assert table["rank_1"].tolist() == [0.75, 0.75, 0, 0.75, 0.75, 0]
    assert table["identified"].tolist() == table["leak"].tolist() == [0.75, 0.75, 0, 0.75, 0.75, 0]
    assert table["identified_low"].tolist() == [0.375, 0.375, 0, 0.375, 0.375, 0]
    assert [c for c in table if c.endswith("_low")] == ["balanced_accuracy_low", "identified_low"], "no other has an interval"
    assert table["balanced_accuracy_high"].tolist() == [0.925, 0.875, 0.625, 0.915, 0.875, 0.725]
    assert table["balanced_accuracy"].tolist() == [0.8, 0.75, 0.5, 0.79, 0.75, 0.6]
    assert table["chance"].tolist() == pytest.approx([1 / 3] * 6)
    assert np.isnan(table["epsilon"][:5]).all() and table["epsilon"][5] == 4.214
    assert table["seconds"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert table["bytes"].tolist() == [240] * 6
    assert table["defense.laplace.scale"].tolist() == ["", "0.1", "1", "0.01", "0.1", ""]


@pytest.mark.parametrize(("kind", "options", "noise"), [
    # Deviation sqrt(2) 0.1 of each of 20 entries, to an update of norm 3.
    ("laplace", {"scale": "0.1", "relative": "absolute"}, 0.1 * 2**0.5 * 20**0.5 / 3),
    ("gaussian", {"scale": "0.1", "relative": "absolute"}, 0.1 * 20**0.5 / 3),
    ("gaussian", {"scale": "0.1", "relative": "norm"}, 0.1),
    # Norm 3 before and 5 after: noise of norm 4.
    ("gaussian", {"scale": "0.1", "relative": "p95"}, 4 / 3),
    # Clipped to 2: noise of norm sigma C sqrt(20) to an update of norm 2.
    ("fed-sdp", {"bound": "2", "sigma": "0.5"}, 0.5 * 20**0.5),
    ("personalized-ldp", {"bound": "2", "epsilon": "0.1..1"}, (25 - 4) ** 0.5 / 2),
    ("prune", {"ratio": "0.5"}, np.nan),
])
def test_relative_noise_by_hand(
    tmp_path: Path, kind: str, options: dict[str, str], noise: float
) -> None:
    own = {f"defense.{kind}.{name}": value for name, value in options.items()}
    point = Point({"defense.chain": kind} | own, norms=(3.0, 5.0))
    with open_sweep(write_sweep(tmp_path / "s", [point])) as sweep:
        assert sweep.table["relative_noise"][0] == pytest.approx(noise, nan_ok=True)


def test_findings_in_words(sweep_folder: Path) -> None:
    """0.1 is the largest scale with half of the images, under both attacks."""
    with open_sweep(sweep_folder) as sweep:
        table, measure = sweep.table, sweep.measure
        assert sweep.judgement == ""
    [(title, sentences)] = findings(table, measure)
    plain = [sentence.replace("\u00a0", " ") for sentence in sentences]
    assert title == "brain"
    assert plain[0] == (
        "Undefended, 75 % of the images are identified (dlg, n = 4), at a balanced accuracy of "
        "80 %; chance is 33 %.")
    assert plain[1:] == [
        "laplace: up to scale 0.1 at least half of the images are identified (75 % by dlg, n = 4); "
        "the balanced accuracy is 75 % there, 80 % undefended, 33 % by chance; under the attacks "
        "tried, which need not be the strongest, fewer than half are from 1 on, at a balanced "
        "accuracy of 50 %."]
    # laplace 0.01 and 0.1 of laplace 0.01, 0.1, 1 and dp-sgd.
    assert headline(table, measure) == ("2 of 4 defended settings leave at least half of the images "
                                        "identified by the attacks tried")
    assert headline(table[table["leak"] < 0.5], measure) == (
        "At none of 2 defended settings are half of the images identified by the attacks tried, which "
        "does not mean that these protect: another attack may find more")
    steps = levels(table[table["family"] == "laplace"])
    assert [step.scale for step in steps] == [0.01, 0.1, 1]
    assert [step.share for step in steps] == [0.75, 0.75, 0]


def test_runs_that_judge_no_images_are_measured_by_rank(tmp_path: Path) -> None:
    """One file of schema 1.2 among others: re-identified for all, with a note on both pages."""
    folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}, (0.05, 0.05, 0.6, 0.1)),
                                          laplace("1", LOST, 0.5)])
    with open_sweep(folder) as sweep:
        assert sweep.measure.key == "identified" and sweep.table["leak"][0] == 0.25
    with h5py.File(folder / "points/00001/run.h5", "r+") as file:
        for name in [name for name in file["attacks/summary"] if name.startswith("identified")]:
            del file[f"attacks/summary/{name}"]
        del file["attacks/images/identified"]
    with open_sweep(folder) as sweep:
        assert sweep.measure.key == "rank_1" and sweep.table["leak"][0] == 0.75
        assert "75\u00a0% of the images are re-identified" in findings(
            sweep.table, sweep.measure)[0][1][0]
    for command, name in (("report", "sweep.html"), ("defenses", "page.md")):
        assert main([command, str(folder), "--output", str(tmp_path / name)]) == 0
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert "some are of a schema before 1.3" in page and "images re-identified" in page


def test_the_strongest_attack_identifies_most(tmp_path: Path) -> None:
    """And has the highest median SSIM among equals."""
    def adapted(objective: str, ssim: tuple[float, ...], rank: tuple[int, ...]) -> Point:
        return laplace("1", ssim, 0.5, rank=rank, options={"attack.dlg.objective": objective})

    few, all_of_them = (0, 0, 3, 3), (0, 0, 0, 0)
    folder = write_sweep(tmp_path / "s", [
        Point({"defense.chain": ""}), laplace("1", LOST, 0.5), adapted("l1", LEAKS, few),
        adapted("cosine", HALF, all_of_them), adapted("max", LEAKS, all_of_them)])
    with open_sweep(folder) as sweep:
        assert compare(sweep.table)["adapted"].tolist() == [-1, 4]


def test_a_model_at_chance_shows_no_price(tmp_path: Path) -> None:
    """By the word of the file, whatever the number."""
    folder = write_sweep(tmp_path / "s", [
        Point({"defense.chain": ""}, accuracy=0.4, network="at chance"),
        laplace("1", LOST, 0.5, network="at chance"), laplace("2", LOST, 0.33)])
    with open_sweep(folder) as sweep:
        rows = sweep.over_networks
        assert "is at chance: what a defense costs cannot be seen" in findings(rows, sweep.measure)[0][1][1]
        assert [line.change for line in lines(rows)] == ["at chance", "+10 points, at chance", "−7 points"]
    with open_sweep(write_sweep(tmp_path / "other", points())) as sweep:
        assert not [s for s in findings(sweep.table, sweep.measure)[0][1] if "at chance" in s]


def test_plain_beside_adapted(sweep_folder: Path) -> None:
    """One line a setting, weak to strong, whatever the order of points."""
    with open_sweep(sweep_folder) as sweep:
        [(_, rows)] = panels(sweep.table)
        assert compare(rows)[["plain", "adapted"]].to_numpy().tolist() == [
            [0, -1], [3, -1], [1, 4], [2, -1], [5, -1]]
        made, [line] = lines(sweep.over_networks), adaptations(sweep.over_networks)
        assert pictured(rows).index.tolist() == [0, 3, 1, 4, 2, 5]
        assert pictured(rows, 5).index.tolist() == [0, 3, 4, 2, 5]
    assert [line.defense for line in made] == [
        "no defense", "laplace scale=0.01", "laplace scale=0.1", "laplace scale=1",
        "dp-sgd sigma=2"]
    assert [line.epsilon for line in made] == ["none"] * 4 + ["4.21"]
    assert [line.change for line in made] == [
        "", "−1 points", "−5 points", "−30 points", "−20 points"]
    shown = [cell[0] for cell in line.plain.cells], [cell[0] for cell in line.adapted.cells]
    assert [cells[0] for cells in shown] == ["75\u00a0%"] * 2, "identified"
    assert [cells[3] for cells in shown] == ["0.35", "0.60"], "median SSIM"
    assert line.plain.cells[0][1] == "38 – 88" and {cell[1] for cell in line.plain.cells[1:]} == {""}
    assert line.noise == "0.211"


def test_seeds_are_lines_of_their_own_and_one_level(tmp_path: Path) -> None:
    """Half of the images for one seed and none for the other: a quarter at that scale."""
    folder = write_sweep(tmp_path / "s", [
        laplace("1", HALF, accuracy, rank=rank, options={"run.seed": seed})
        for seed, rank, accuracy in (("1", (0, 0, 3, 3), 0.5), ("2", (1, 1, 1, 1), 0.7))])
    with open_sweep(folder) as sweep:
        assert compare(sweep.table)["plain"].tolist() == [0, 1]
        [level] = levels(sweep.table)
    assert (level.share, level.balanced_accuracy) == (0.25, pytest.approx(0.6))


POOLED = {"setting": ["defense.chain=laplace, defense.laplace.scale=1"], "method": ["dlg"],
          "kind": ["probe"], "claim": [""], "share": [0.3], "low": [0.1], "high": [0.6],
          "effective": [5.0], "identified_bound": [np.nan], "epsilon": [np.nan],
          "identification_bound": [np.nan], "images": [7], "clusters": [3], "networks": [2],
          "inferred": [0], "hospitals": [2]}


@pytest.mark.parametrize(("inferred", "interval"), [(0, "10 – 60, range"), (1, "10 – 60")])
def test_networks_of_one_setting_are_one_row_as_the_index_pools_them(
    tmp_path: Path, inferred: int, interval: str
) -> None:
    """Share and limits are the file's, the other scores means over networks."""
    folder = write_sweep(tmp_path / "s", seeds(), pooled=POOLED | {"inferred": [inferred]})
    with open_sweep(folder) as sweep:
        assert len(sweep.table) == 3
        rows = sweep.over_networks
        assert rows["networks"].tolist() == [1, 2]
        assert rows.loc[1, ["identified", "leak", "identified_low", "identified_high", "n"]
                        ].tolist() == [0.3, 0.3, 0.1, 0.6, 7]
        assert rows.loc[1, "ssim"] == pytest.approx((0.35 + 0.1) / 2)
        assert rows.loc[1, "balanced_accuracy"] == pytest.approx(0.6)
        [bare, one] = lines(rows)
        assert one.plain.cells[0] == ("30\u00a0%", interval) and one.plain.n == "n = 7 of 2 hospitals, 2 networks, untrained"
        assert bare.plain.n == "n = 4 of 3 hospitals, untrained"
    page = tmp_path / "page.md"
    for command, output in (("report", tmp_path / "page.html"), ("defenses", page)):
        assert main([command, str(folder), "--output", str(output)]) == 0
    csv = pd.read_csv(tmp_path / "data/page.csv", dtype=str, keep_default_na=False)
    assert csv[["images", "networks", "identified_percent", "identified_low"]].to_numpy().tolist() == [
        ["4", "1", "75", "38"], ["7", "2", "30", "10"]]


def test_an_index_without_pooled_shares_has_a_row_a_point(tmp_path: Path) -> None:
    """Of schema 1.0, or at work."""
    folder = write_sweep(tmp_path / "s", seeds())
    with h5py.File(folder / "sweep.h5", "r+") as file:
        del file["points/setting"]
    with open_sweep(folder) as sweep:
        assert sweep.over_networks["networks"].tolist() == [1, 1, 1]
        assert sweep.over_networks["identified"].tolist() == sweep.table["identified"].tolist()


def test_what_may_leave_numbers_the_roots(tmp_path: Path) -> None:
    """Noise can be drawn again from run.seed: no page of a sweep has it."""
    roots = ("8123456789012345678", "8123456789012345679")
    folder = write_sweep(tmp_path / "s", [
        *(laplace("1", ssim, 0.5, options={"run.seed": root})
          for root, ssim in zip(roots, (HALF, LOST), strict=True)),
        laplace("2", LOST, 0.5, status="open", options={"run.seed": roots[1]})])
    with h5py.File(folder / "sweep.h5", "r+") as file:
        file["grid/text"][...] = f"[grid]\nrun.seed = {' | '.join(roots)} # two\ndata.limit = 3\n"
        file["config/value"][0], file["config/source"][0] = roots[0], "base.ini"
    with open_sweep(folder) as sweep:
        assert sweep.options["run.seed"].tolist() == [roots[0], roots[1], roots[1]]
        assert sweep.table["run.seed"].tolist() == ["root 1", "root 2"]
        assert sweep.shared_grid == "[grid]\nrun.seed = root 1 | root 2\ndata.limit = 3\n"
        assert "run.seed=root 2" in sweep.left_out["setting"].iloc[0]
        assert not [option for option in sweep.base if option.startswith("run.seed")]
    for command, name in (("report", "sweep.html"), ("defenses", "page.md")):
        assert main([command, str(folder), "--output", str(tmp_path / name)]) == 0
        page = (tmp_path / name).read_text()
        assert "root 2" in page and not [root for root in roots if root in page]


def test_knowledge_is_told_once_for_all_defenses(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}), laplace("1", LOST, 0.5)])
    for point, defense in enumerate(("none", "laplace scale=1")):
        with h5py.File(folder / f"points/{point:05d}/run.h5", "r+") as file:
            file["attacks/tasks/knowledge"][...] = f"labels: known; defenses: {defense}"
    with open_sweep(folder) as sweep:
        assert knowledge(sweep.table) == ["dlg: labels: known"]


def test_points_text() -> None:
    assert [points_text(x) for x in (-0.12, 0.034, 0.001, np.nan)] == [
        "−12 points", "+3 points", "±0 points", ""]


def test_a_point_without_attacks_has_its_utility(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [Point({"attack.method": "dlg"}),
                                          Point({"attack.method": ""}, accuracy=0.6)])
    with open_sweep(folder) as sweep:
        last = sweep.table.iloc[1]
        assert (last["method"], last["n"], last["balanced_accuracy"]) == ("", 0, 0.6)
        assert [len(rows) for _, rows in panels(sweep.table)] == [1]


def refusal(path: Path) -> str:
    with pytest.raises(RunFormatError) as caught, open_sweep(path) as sweep:
        _ = sweep.table
    return str(caught.value)


def test_refusals(tmp_path: Path) -> None:
    other = write_sweep(tmp_path / "other", points()[:1], filetype="medpfl-run")
    assert "filetype is 'medpfl-run', not 'medpfl-sweep'; give a sweep's folder" in refusal(other)
    newer = write_sweep(tmp_path / "newer", points()[:1], schema=(2, 0))
    assert "schema version 2.0" in refusal(newer)
    with open_sweep(write_sweep(tmp_path / "minor", points()[:1], schema=(1, 9))) as sweep:
        assert len(sweep.table) == 1
    assert "no such file; give a sweep's folder or its sweep.h5" in refusal(tmp_path)
    none = write_sweep(tmp_path / "none", [laplace("1", LOST, 0.5, status="open")])
    assert "none of its 1 points is complete; continue the sweep" in refusal(none)


def test_damaged_sweeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_sweep(tmp_path / "s", points()[:2])
    run = folder / "points/00001/run.h5"
    with h5py.File(run, "r+") as file:
        file.attrs["status"] = "running"
    assert f"{run}: is running, and" in refusal(folder)
    run.unlink()
    assert "points/00001: has no run.h5" in refusal(folder)
    assert main(["report", str(folder)]) == 1
    assert "has no run.h5" in capsys.readouterr().err
    with h5py.File(folder / "sweep.h5", "r+") as file:
        del file["points/status"]
    assert "dataset /points/status is missing" in refusal(folder)
    with h5py.File(folder / "sweep.h5", "r+") as file:
        del file["points"]
    assert "has no /points" in refusal(folder)


def test_a_run_and_a_sweep_are_told_apart(sweep_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFormatError, match="is a sweep; give one of its runs"):
        open_run(sweep_folder)
    assert main(["report", str(write_run(tmp_path / "run"))]) == 0
    assert "MedPFL report" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
