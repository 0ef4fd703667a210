"""Sweeps: the table, what it says, the pages, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import write_run
from synthetic_sweep import CLAIM, Point, write_sweep

from medpfl_analysis import RunFormatError, open_run, open_sweep
from medpfl_analysis.__main__ import main
from medpfl_analysis.defense_pictures import defense_grid, pictured
from medpfl_analysis.defense_tables import Change, adaptations, differences as changes, knowledge, lines, points_text
from medpfl_analysis.frontier import compare, findings, headline, levels, panels
from medpfl_analysis.frontier_plots import scales

LEAKS = (0.9, 0.6, 0.6, 0.1)
HALF = (0.8, 0.5, 0.2, 0.1)
LOST = (0.2, 0.1, 0.1, 0.0)


def laplace(scale: str, ssim: tuple[float, ...], accuracy: float, **more: object) -> Point:
    options = {"defense.chain": "laplace", "defense.laplace.scale": scale}
    return Point(options | more.pop("options", {}), ssim, accuracy, **more)


def points() -> list[Point]:
    """Nothing, three scales of noise (the middle one also under an adapted attack), dp-sgd."""
    return [
        Point({"defense.chain": ""}, LEAKS, 0.8),
        laplace("0.1", HALF, 0.75, norms=(3.0, 5.0)),
        laplace("1", LOST, 0.5, rank=(1, 2, 3, 4)),
        laplace("0.01", LEAKS, 0.79),
        laplace("0.1", LEAKS, 0.75, options={"attack.dlg.objective": "l1"}, block="adapted"),
        Point({"defense.chain": "dp-sgd", "defense.dp-sgd.sigma": "2"}, LOST, 0.6, epsilon=4.214,
              rank=(1, 1, 1, 1)),
    ]


@pytest.fixture(scope="module")
def sweep_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete sweep; tests must not change it."""
    return write_sweep(tmp_path_factory.mktemp("sweeps") / "noise", points())


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


def seeds() -> list[Point]:
    """No defense, and one setting under two networks."""
    return [Point({"defense.chain": ""}, LEAKS, 0.8),
            *(laplace("1", ssim, accuracy, rank=rank, options={"run.seed": seed})
              for seed, ssim, rank, accuracy in (("1", HALF, (0, 0, 3, 3), 0.5),
                                                 ("2", LOST, (1, 1, 1, 1), 0.7)))]


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


def test_the_page_shows_differences_on_the_same_images(tmp_path: Path) -> None:
    """The file's, in points; and none where the index is older."""
    differences = {
        "setting": ["defense.chain=laplace", "data.limit=3"], "against": ["", "data.limit=2"], "control": [1, 0],
        "method": ["dlg"] * 2, "kind": ["probe", "update"], "difference": [-0.25, 0.0], "low": [-0.5, -0.1],
        "high": [0.125, 0.2], "inferred": [0, 1], "effective": [3.5, 7.0], "images": [12, 7], "clusters": [4, 7],
        "networks": [3, 1], "unpaired": [2, 0]}
    folder = write_sweep(tmp_path / "s", seeds(), schema=(1, 2), differences=differences)
    with open_sweep(folder) as sweep:
        first, second = changes(sweep.differences)
    assert first == Change("defense.chain=laplace", "the base configuration, the defense off", "dlg on probes",
                           "n = 12, 3 networks, 2 unpaired", "−25 points", "−50 to +12 over networks")
    assert (second.against, second.n, second.points, second.interval) == (
        "data.limit=2", "n = 7", "±0 points", "−10 to +20")
    assert main(["report", str(folder)]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "The same images at two settings" in page and "−50 to +12 over networks" in page
    older = write_sweep(tmp_path / "older", seeds())
    assert main(["report", str(older)]) == 0
    assert "at two settings" not in (older / "report.html").read_text(encoding="utf-8")


def test_an_index_without_pooled_shares_has_a_row_a_point(tmp_path: Path) -> None:
    """Of schema 1.0, or at work."""
    folder = write_sweep(tmp_path / "s", seeds())
    with h5py.File(folder / "sweep.h5", "r+") as file:
        del file["points/setting"]
    with open_sweep(folder) as sweep:
        assert sweep.over_networks["networks"].tolist() == [1, 1, 1]
        assert sweep.over_networks["identified"].tolist() == sweep.table["identified"].tolist()


def test_the_bounds_stand_beside_epsilon(tmp_path: Path) -> None:
    """And what epsilon covers, on both pages; from 20 on that it guarantees little."""
    def noised(sigma: str, epsilon: float) -> Point:
        return Point({"defense.chain": "dp-sgd", "defense.dp-sgd.sigma": sigma}, LOST, 0.6,
                     epsilon=epsilon, bound=epsilon / 100)

    for name, most in (("strong", 8.0), ("weak", 30.0)):
        folder = write_sweep(tmp_path / name, [Point({"defense.chain": ""}), noised("2", 4.0),
                                               noised("1", most)])
        with open_sweep(folder) as sweep:
            shown = [(line.epsilon, line.one_of, line.plain.bound) for line in lines(sweep.over_networks)]
        assert [tuple(cell.replace("\u00a0", " ") for cell in row) for row in shown] == [
            ("none", "–", "–"), (f"{most:.2f}", f"{most / 2:.1f} %", f"{most:.1f} %"),
            ("4.00", "2.0 %", "4.0 %")]
        for command, output in (("report", "page.html"), ("defenses", "page.md")):
            assert main([command, str(folder), "--output", str(tmp_path / output)]) == 0
            page = (tmp_path / output).read_text(encoding="utf-8")
            assert f"ε: {CLAIM}." in page and "add/remove adjacency" in page
            assert "One of 256: whoever names one image" in page
            assert ("From ε 20 on, ε alone guarantees little." in page) == (name == "weak")
        csv = pd.read_csv(tmp_path / "data/page.csv", dtype=str, keep_default_na=False)
        assert csv["identified_bound_percent"].tolist() == ["", f"{most:.1f}", "4.0"]
        assert csv["identification_bound_percent"].tolist() == ["", f"{most / 2:.1f}", "2.0"]


def test_a_sweep_without_claims_has_no_columns_of_bounds(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", seeds())
    assert main(["report", str(folder)]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "One of" not in page and "At most" not in page


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


def test_a_method_run_on_defended_messages_alone_is_adapted(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [
        Point({"defense.chain": ""}),
        laplace("1", LOST, 0.5, options={"attack.method": "dlg,cpl"})])
    with open_sweep(folder) as sweep:
        table = sweep.table
        assert table["method"].tolist() == ["dlg", "cpl", "dlg"]
        assert table["adapted"].tolist() == [False, True, False]
        assert compare(table)[["plain", "adapted"]].to_numpy().tolist() == [[0, -1], [2, 1]]


def test_sets_of_images_have_panels(tmp_path: Path) -> None:
    """And what else differs within one set is in the panel's name."""
    folder = write_sweep(tmp_path / "s", [
        Point({"data.path": "images/brain", "federation.clients": "3"}),
        Point({"data.path": "images/brain", "federation.clients": "9"}),
        Point({"data.path": "images/skin", "federation.clients": "3"})])
    with open_sweep(folder) as sweep:
        assert [title for title, _ in panels(sweep.table)] == [
            "brain, clients=3", "brain, clients=9", "skin"]


def test_a_malicious_server_has_a_panel_of_its_own(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [
        Point({"data.path": "a/x", "attack.threat": "honest-but-curious"}),
        Point({"data.path": "b/x", "attack.threat": "malicious-server"})])
    with open_sweep(folder) as sweep:
        assert [title for title, _ in panels(sweep.table)] == ["x", "x, malicious-server"]


def test_secure_aggregation_is_a_defense(tmp_path: Path) -> None:
    """One of the protocol, which is in no chain."""
    alone = {"federation.secure_aggregation": "false", "attack.sees": "messages"}
    masked = {"federation.secure_aggregation": "true", "attack.sees": "sum"}
    folder = write_sweep(tmp_path / "s", [
        Point(alone), Point(masked, LOST), laplace("1", LOST, 0.5, options=masked)])
    with open_sweep(folder) as sweep:
        table = sweep.table
        assert table["defense"].tolist() == [
            "none", "secure-aggregation", "laplace + secure-aggregation scale=1"]
        assert table["panel"].unique().tolist() == ["brain"] and not table["adapted"].any()


def test_constant_options_are_told_once(tmp_path: Path) -> None:
    held = {"defense.laplace.relative": "norm"}
    folder = write_sweep(tmp_path / "s", [
        laplace("1", LOST, 0.5, options=held), laplace("2", LOST, 0.5, options=held)])
    with open_sweep(folder) as sweep:
        assert sweep.settings.constants() == {"laplace": "relative=norm"}
        assert [name for name, _ in scales(sweep.table)] == ["scale (norm)"]


def test_a_point_without_attacks_has_its_utility(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [Point({"attack.method": "dlg"}),
                                          Point({"attack.method": ""}, accuracy=0.6)])
    with open_sweep(folder) as sweep:
        last = sweep.table.iloc[1]
        assert (last["method"], last["n"], last["balanced_accuracy"]) == ("", 0, 0.6)
        assert [len(rows) for _, rows in panels(sweep.table)] == [1]


def test_report_is_whole_and_self_contained(
    sweep_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(sweep_folder), "--output", str(page)]) == 0
    assert f"wrote {page}" in capsys.readouterr().out
    html = page.read_text(encoding="utf-8")
    for part in ("Privacy against utility", "Over the scale of a defense", "What came back",
                 "Plain against adapted attacks", "Noise without clipping claims no ε",
                 "2 of 4 defended settings", "adapted: dlg objective=l1", "6 of 6 points complete"):
        assert part in html.replace("\n", " ")
    assert "http" not in html and "Points that are not" not in html
    # Frontiers of identified, SSIM, ASR and over epsilon; one kind of scale; one grid, which alone has images.
    figures = re.findall(r'<svg role="img" aria-label="(.*?)".*?</svg>', html, re.DOTALL)
    assert len(figures) == 6 and len(set(figures)) == 6
    addresses = {address for address in re.findall(r'(?:src|srcset|href)="([^"]*)"', html) if not address.startswith("#")}
    assert addresses and all(address.startswith("data:image/png;base64,") for address in addresses)
    assert "This page holds private images of" in html
    assert main(["report", str(sweep_folder), "--no-images", "--output", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert "data:image" not in html and "holds private images" not in html


def test_points_that_are_not_complete_are_listed(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [
        *points()[:2], laplace("3", LOST, 0.5, status="failed", error="no room <left> | here"),
        laplace("4", LOST, 0.5, status="open"), laplace("5", LOST, 0.5, status="interrupted")],
        status="failed")
    assert main(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "Points of this sweep failed" in html and "2 of 5 points complete" in html
    assert "no room &lt;left&gt; | here" in html
    for name in ("points/00002", "points/00003", "points/00004"):
        assert name in html
    assert "defense.chain=laplace defense.laplace.scale=4" in html
    page = folder / "defenses.md"
    assert main(["defenses", str(folder), "--output", str(page)]) == 0
    assert ("points/00002 (failed: no room <left> \\| here), points/00003 (open), "
            "points/00004 (interrupted).") in page.read_text(encoding="utf-8")


def test_page_of_defenses(sweep_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "defenses.md"
    assert main(["defenses", str(sweep_folder), "--machine", "some processor", "--output",
                 str(page)]) == 0
    text = page.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert text.startswith("# Noise\n")
    assert "2026-01-02" in text and "some processor" in text and "0.1.0 (0123abc)" in text
    assert "[data/defenses.csv](data/defenses.csv) has all rows" in text
    assert not [line for line in text.splitlines() if line.startswith("|")]
    rows = pd.read_csv(tmp_path / "data/defenses.csv", dtype=str, keep_default_na=False)
    assert list(rows.columns[6:10]) == ["networks", "identified_percent", "identified_low", "identified_high"]
    shown = ["defense", "attack", "adapted", "images", "ssim", "ssim_50_percent", "balanced_accuracy_percent",
             "change_points", "epsilon"]
    assert rows[shown].to_numpy().tolist()[0][:4] == ["no defense", "dlg", "no", "4"]
    noisy = rows[rows["defense"] == "laplace scale=0.1"]
    assert noisy[shown[1:]].to_numpy().tolist() == [
        ["dlg", "no", "4", "0.35", "50", "75", "-5", "none"],
        ["dlg objective=l1", "yes", "4", "0.60", "75", "75", "-5", "none"]]
    assert "What was set in all points: `federation.rounds=3`." in text
    assert "defense.chain = laplace" in text.split("## The grid")[1]
    names = ["defenses_frontier_1.png", "defenses_scale_curves_1.png", "defenses_scale_curves_2.png"]
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == names
    assert main(["defenses", str(sweep_folder), "--images", "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    pictures = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert pictures == sorted([*names, "defenses_images_1.png"])
    assert [f"pictures/{name}" in text for name in pictures] == [True] * 4


def test_the_grid_leaves_out_images_that_a_point_did_not_attack(tmp_path: Path) -> None:
    """Hospital 0 of the second point attacked other images: fewer pictures are drawn."""
    folder = write_sweep(tmp_path / "s", [Point({"defense.chain": ""}), laplace("1", LOST, 0.5)])
    with open_sweep(folder) as sweep:
        whole = len(defense_grid(sweep, sweep.table).axes[0].images)
    with h5py.File(folder / "points/00001/run.h5", "r+") as file:
        file["attacks/truth"][:2] = 0.25
    with open_sweep(folder) as sweep:
        assert whole == 12
        assert len(defense_grid(sweep, sweep.table).axes[0].images) == 11


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
