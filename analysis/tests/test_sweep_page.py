"""Pages of sweeps: what they say first, what they hold, and pages of defenses."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pandas as pd
import pytest
from synthetic_sweep import CLAIM, LOST, Point, laplace, points, seeds, write_sweep

from medpfl_analysis import open_sweep
from medpfl_analysis.__main__ import main
from medpfl_analysis.defense_pictures import defense_grid
from medpfl_analysis.defense_tables import Change, differences as changes, lines
from medpfl_analysis.sweep_decision import measured, sweep_first_screen


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


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_the_first_screen_names_the_ends_of_what_leaks(sweep_folder: Path) -> None:
    with open_sweep(sweep_folder) as sweep:
        said = {term: plain(" ".join(sentences)) for term, sentences in sweep_first_screen(sweep)}
    assert list(said) == ["What came back", "Network and images", "Accuracy", "What the server sees", "Privacy budget", "Not tested"]
    assert "Most leaks with no defense: 3 of 4 private images (75 %; 95 % interval 38 to 88 %) are identified by dlg" in (
        said["What came back"])
    assert re.search(r"Least leaks with (laplace scale=1|dp-sgd sigma=2): 0 of 4 private images \(0 %", said["What came back"])
    assert "80 % without a defense (95 % interval 68 to 92 %) and from 50 % (laplace scale=1) to 79 % (laplace scale=0.01)" in (
        said["Accuracy"])
    assert said["Privacy budget"].startswith("ε 4.21 (dp-sgd sigma=2); 3 of 4 defended settings claim none.")
    assert "Other networks" in said["Not tested"]


def test_what_values_of_the_grid_leak_and_cost(sweep_folder: Path) -> None:
    """By the strongest attack of each setting; options of the attack are not the hospitals' to choose."""
    with open_sweep(sweep_folder) as sweep:
        chain, scale = measured(sweep)
    rows = [[plain(cell) for cell in row] for row in chain.rows]
    assert (chain.title, scale.title) == ("`defense.chain`", "`defense.laplace.scale`"), "dp-sgd has one sigma"
    assert sorted(row[0] for row in rows) == ["dp-sgd", "laplace", "none"]
    noisy = next(row for row in rows if row[0] == "laplace")
    assert noisy[1].startswith("75 % (38 – 88) by dlg") and noisy[3].endswith("with laplace scale=1")
    assert noisy[4] == "50 % (38 – 62); cost 30 points"
    assert [row[0] for row in scale.rows] == ["0.01", "0.1", "1"] and len(scale.head) == 3, "no value has several settings"
    assert [plain(row[2]).split("; ")[1] for row in scale.rows] == ["cost 1 points", "cost 5 points", "cost 30 points"]


def test_costs_over_networks_are_of_the_same_seeds(tmp_path: Path) -> None:
    bare = [Point({"defense.chain": "", "run.seed": seed}, accuracy=a) for seed, a in (("7", 0.8), ("9", 0.7))]
    noisy = [laplace("1", LOST, a, options={"run.seed": seed}) for seed, a in (("7", 0.7), ("9", 0.6))]
    with open_sweep(write_sweep(tmp_path / "s", [*bare, *noisy])) as sweep:
        table = measured(sweep)[0]
    assert {plain(row[2]).split("; ")[-1] for row in table.rows if row[0] == "laplace"} == {"cost 10 points (10 to 10)"}


def test_the_gallery_has_cards_of_each_setting_the_strongest_first(sweep_folder: Path) -> None:
    assert main(["report", str(sweep_folder), "--output", str(sweep_folder.parent / "gallery.html")]) == 0
    html = (sweep_folder.parent / "gallery.html").read_text(encoding="utf-8")
    cards = re.findall(r'class="card" data-setting="([^"]*)"', html)
    assert cards[0] == "no defense" and set(cards) == {"no defense", "laplace scale=0.01", "laplace scale=0.1", "laplace scale=1",
                                                       "dp-sgd sigma=2"}
    assert all(cards.count(setting) <= 8 for setting in cards) and cards.index("laplace scale=0.1") < cards.index("laplace scale=1")
    assert html.count("<option>laplace scale=0.1</option>") == 1 and len(html) < 15_000_000


def test_a_sweep_that_attacks_nothing_has_a_page(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [Point({"attack.method": ""}), Point({"attack.method": "", "defense.chain": "laplace"})])
    assert main(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "no attack was run" in html and "data:image" not in html
