"""The page, the figures and the command line."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import h5py
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from synthetic import ROOT, SERVER_SEED, phantoms, write_run
from synthetic_sweep import CLAIM, write_claim

from medpfl_analysis import Run, open_run, plots, summarize
from medpfl_analysis.__main__ import main
from medpfl_analysis.decision import accuracy_words, network_words
from medpfl_analysis.pictures import displayable, spread
from medpfl_analysis.report import headline, render_report, subline
from medpfl_analysis.theme import DARK, LIGHT, PAGE, Theme, png, svg
from medpfl_analysis.words import at_most, number

PNG = b"\x89PNG\r\n\x1a\n"


def page(folder: Path) -> str:
    with open_run(folder) as run:
        return render_report(run)


def test_page_is_whole_and_self_contained(folder: Path) -> None:
    html = page(folder)
    with open_run(folder) as run:
        good = int((run.images_with_tasks().query("chosen == 1")["identified"]).sum())
    assert f"{good} of 4 private images are identified by what came back" in html
    assert "The attacker knew: weights; batch size 1; labels inferred" in html
    for title in ("For the decision", "What came back", "Scores", "Training", "Hospitals", "Time", "Configuration"):
        assert title in html
    assert "http" not in html and "@import" not in html
    addresses = re.findall(r'(?:src|srcset|href)="([^"]*)"', html)
    assert sum(address.startswith("data:image/png") for address in addresses) == 4 * (2 + 4), "a picture once"
    for address in addresses:
        kind, _, data = address.partition(",")
        assert address.startswith("#") or kind == "data:image/png;base64" and b64decode(data).startswith(PNG)
    assert re.findall(r"url\((?!#)", html) == []
    identifiers = re.findall(r'\bid="([^"]*)"', html)
    assert len(set(identifiers)) == len(identifiers)
    figures = re.findall(r'<svg role="img" aria-label="([^"]+)"', html)
    assert len(figures) == 6 and len(set(figures)) == 6
    for color in dict(PAGE.named()).values():
        assert color not in html
    assert 'role="status"' not in html


def test_page_is_the_same_each_time(folder: Path) -> None:
    assert page(folder) == page(folder)


def test_text_is_escaped(tmp_path: Path) -> None:
    html = page(write_run(tmp_path / "run", methods=("<b>x</b>",)))
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


@pytest.mark.parametrize("status", ["interrupted", "running", "failed"])
def test_banner(tmp_path: Path, status: str) -> None:
    html = page(write_run(tmp_path / "run", status=status, attacks=False))
    assert 'class="banner"' in html
    assert "the page shows" in html


def test_who_works_on_a_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", status="running", attacks=False)
    process = subprocess.Popen(["sleep", "60"])
    start = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    who = f"process {process.pid} of {platform.node()}"
    mark = f"{who}\nstarted {start} on {boot} {os.readlink('/proc/self/ns/pid')}\n"

    def held(mark: str) -> str:
        (folder / "run.lock").write_text(mark)
        with open_run(folder) as run:
            return run.holder

    def said(mark: str) -> str:
        holder = held(mark)
        assert f"{holder[0].upper()}{holder[1:]}." in page(folder)
        return holder

    at_work = f"{who} is at work on it"
    killed = (f"no process is at work on it now: {who} was killed or lost its node; "
              "go on with --resume")
    assert said(mark) == at_work
    assert said(mark.replace("started ", "started 9")) == killed, "another has its number"
    process.kill()
    while held(mark) == at_work:  # it ends in its own time, and is not waited for by its parent
        time.sleep(0.01)
    assert said(mark) == killed
    process.wait()
    assert said(mark) == killed
    for other in (mark.replace(" of ", " of another-"), mark.replace(boot, "another"), "", "\xff"):
        assert "cannot be known here" in said(other)
    (folder / "run.lock").unlink()
    with open_run(folder) as run:
        assert run.holder == "no process is at work on it now; go on with --resume"


def test_page_without_attacks_gradients_or_evaluation(tmp_path: Path) -> None:
    html = page(write_run(tmp_path / "run", attacks=False, gradients=False, rounds=1, ranks=1,
                          evaluated=False))
    assert "No reconstructions: this run says nothing about what its updates leak" in html
    assert "was not evaluated after the last round" in html
    assert "What came back" not in html
    assert "How the attacks converged" not in html


def test_page_of_a_run_without_rounds(tmp_path: Path) -> None:
    assert "<h2>Training" not in page(write_run(tmp_path / "run", rounds=0))


def test_page_with_several_methods_in_color(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", methods=("dlg", "cpl"), truth=phantoms(5, 3, 12),
                       noise=[0.01, 0.12, 0.12, 0.4, 0.5])
    html = page(folder)
    assert re.search(r"\d of 10 reconstructions identify their private image", html)
    assert "By attack and round: from" in html
    assert "All 10 reconstructions: the strongest attack first" in html


def test_accuracy_far_below_auroc_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the file's own flag; files of earlier versions have none."""
    words = "the network ranks the classes well, but decides as if there were one"
    folder = write_run(tmp_path / "run", attacks=False)
    assert words not in page(folder)
    with h5py.File(folder / "run.h5", "a") as file:
        file["rounds/one_class"][-1], file["rounds/accuracy"][-1] = 1, 0.5
        file["rounds/auroc"][-1], file["rounds/balanced_accuracy"][-1] = 0.93, 0.34
    said = f"Accuracy 0.50 while AUROC is 0.93: {words} (balanced accuracy 0.34)."
    assert said in page(folder)
    assert main(["summary", str(folder)]) == 0
    assert said in capsys.readouterr().out
    with h5py.File(folder / "run.h5", "a") as file:
        del file["rounds/one_class"]
    assert words not in page(folder)


def test_the_network_stands_beside_what_leaked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the words of the file; files before schema 1.4 have none."""
    folder = write_run(tmp_path / "run", restarts=2)
    with h5py.File(folder / "run.h5", "a") as file:
        for name, value in (("", 0.35), ("_low", 0.3), ("_high", 0.41)):
            file[f"rounds/balanced_accuracy{name}"][-1] = value

    def told() -> list[str]:
        html = page(folder).replace("\u00a0", " ")
        with open_run(folder) as run:
            notes = [note.replace("\u00a0", " ") for note in accuracy_words(run) + network_words(run.config, [run.tasks])]
        assert main(["summary", str(folder)]) == 0
        summary = capsys.readouterr().out.replace("\u00a0", " ")
        assert all(note in html and note in summary for note in notes)
        return notes

    accuracy = "Balanced accuracy after 3 rounds is 35 % (95 % interval 30 to 41 %; chance is 33 %)."
    untrained = "The network attacked in round 0 was untrained."
    assert told() == [accuracy, untrained]
    with h5py.File(folder / "run.h5", "a") as file:
        file["rounds/network"][-1] = "at chance"
        file["attacks/tasks/network"][...] = "above chance"
    assert told() == [accuracy, "The model is at chance: what leaks from a network that nobody would use may differ.",
                      "The network attacked in round 0 was above chance."]
    with h5py.File(folder / "run.h5", "a") as file:
        del file["attacks/tasks/network"]
    assert len(told()) == 2, "without the states"


def test_what_epsilon_covers_and_the_bounds_stand_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "run")
    assert "What is claimed" not in page(folder)
    for epsilon in (4.0, 30.0):
        with h5py.File(folder / "run.h5", "a") as file:
            write_claim(file, np.full(3, epsilon))
            file["attacks/summary/identified_bound"][...] = 0.1201
        html = page(folder).replace("\u00a0", " ").replace("\n", " ")
        assert main(["summary", str(folder)]) == 0
        summary = capsys.readouterr().out.replace("\u00a0", " ")
        for text in (html, summary):
            assert f"ε {epsilon:.2f} (classic {epsilon + 1:.2f}) at δ 1e-05: {CLAIM}." in text
            assert "with its absence (add/remove adjacency)" in text
            assert (f"one image among 256 candidates is right with a probability of at most "
                    f"{epsilon / 2:.1f} %") in text
            assert f"and of at most {epsilon:.1f} % where they know" in text
            assert ("From ε 20 on, ε alone guarantees little." in text) == (epsilon >= 20)
        assert "no attack is expected to identify more than 12.1 %, by the noise that ε counts" in html
        assert re.search(r"at most, by ε\s+12.1 %", summary)
    with h5py.File(folder / "run.h5", "a") as file:  # by an earlier version
        del file["rounds/identification_bound"], file["rounds/epsilon"].attrs["weak_from"]
    html = page(folder)
    assert "add/remove adjacency" in html and "guarantees little" not in html and "candidates is" not in html


def test_vanished_gradients_are_counted_by_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, however many attacks and starts; in the report, the summary and the export."""
    folder = write_run(tmp_path / "run", methods=("dlg", "cpl"), restarts=2)
    assert "vanished gradients" not in page(folder)
    with h5py.File(folder / "run.h5", "a") as file:
        flag = file["attacks/tasks/vanished"]
        flag[...] = file["attacks/tasks/gradient"][()] == 1
        assert flag[()].sum() == 4
    said = "1 of 4 attacked messages have vanished gradients"
    assert said in page(folder)
    assert main(["summary", str(folder)]) == 0
    assert said in capsys.readouterr().out
    assert main(["export", str(folder), "--output", str(tmp_path / "out")]) == 0
    assert pd.read_csv(tmp_path / "out/tasks.csv")["vanished"].sum() == 4
    assert (pd.read_csv(tmp_path / "out/images.csv")["gradient_norm"] == 2.5).all()
    with h5py.File(folder / "run.h5", "a") as file:
        del file["attacks/tasks/vanished"]
    assert "vanished gradients" not in page(folder)


def images_of(psnr: list[float], method: str = "dlg") -> pd.DataFrame:
    n = len(psnr)
    return pd.DataFrame({
        "task": np.arange(n), "psnr": psnr, "success_psnr_20": [int(p >= 20) for p in psnr],
        "identified": [int(p >= 20) for p in psnr],
        "chosen": 1, "method": method, "round": 0, "client": np.arange(n), "kind": "update",
        "probe": -1, "gradient": np.arange(n), "knowledge": "", "label": 0, "status": "finished",
        "vanished": 0})


@pytest.mark.parametrize(("psnr", "words"), [
    ([30, 25, 8], "2 of 3 private images are identified by what came back"),
    ([10, 20], "1 of 2 private images are identified by what came back"),
    ([10, 19], "None of 2 reconstructions identifies its private image, which does not mean that "
               "the images are safe: another attack may find more"),
    ([30], "The private image is identified by what came back"),
    ([3], "None of 1 reconstructions identifies its private image, which does not mean that the "
          "images are safe: another attack may find more"),
    ([], "No reconstructions: this run says nothing about what its updates leak"),
])
def test_headline(psnr: list[float], words: str) -> None:
    assert headline(images_of(psnr)) == words


def test_headline_counts_only_what_the_attacker_keeps() -> None:
    assert headline(images_of([30, 30]).assign(chosen=0)) == "No attack has finished yet"
    assert headline(images_of([30, 30]).assign(identified=np.nan)) == (
        "2 reconstructions, not judged: an earlier version wrote this run")


def test_subline_names_the_range() -> None:
    weak, strong = images_of([30, 10, 9, 8], "cpl"), images_of([30, 30, 30, 8], "dlg")
    strong["task"] += 4
    columns = {"ssim": 0.5, "rdlv": 0.1, "success_ssim_50": 1, "success_ssim_70": 0,
               "success_ssim_90": 0, "label_inferred": 0, "label_found": 0,
               "rank_of_truth": 0, "objective": 1.0, "matching_loss": 1.0}
    summary = summarize(pd.concat([weak, strong], ignore_index=True).assign(**columns))
    assert subline(summary) == (
        "By attack and round: from 1 of 4 (cpl, round 0, update) to 3 of 4 (dlg, round 0, update).")
    same = summary.iloc[[0, 0]].reset_index(drop=True)
    assert subline(same) == "The share is the same for every attack and round."
    assert subline(summary.iloc[:1]) == ""
    assert subline(summary.assign(identified=np.nan)) == "", "by an earlier version"


def test_number() -> None:
    shown = [number(0.754, "%"), number(31.25, "dB"), number(0.7), number(8.5e-4), number(np.nan),
             number(np.inf), number(0.0)]
    assert shown == ["75\u00a0%", "31.2\u00a0dB", "0.70", "8.5e-04", "–", "∞", "0.00"]
    assert [at_most(p) for p in (0.12, 0.1201, 1e-9, 1.0, np.nan)] == [
        "12.0\u00a0%", "12.1\u00a0%", "0.1\u00a0%", "100.0\u00a0%", "–"], "a bound stays one"


def test_spread_takes_even_ranks_and_labels_them() -> None:
    picked = spread(images_of(list(range(100, 141))), 5)
    assert list(picked["psnr"]) == [140, 130, 120, 110, 100]
    assert list(picked["place"]) == ["best", "11 of 41", "median", "31 of 41", "worst"]
    assert list(picked.index) == [40, 30, 20, 10, 0]


@pytest.mark.parametrize("count", [3, 6, 12])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 12, 13, 50])
def test_spread_never_loses_the_ends(n: int, count: int) -> None:
    picked = spread(images_of(list(np.linspace(5, 50, n))), count)
    assert len(picked) == min(n, count)
    assert picked["psnr"].is_monotonic_decreasing and picked["rank"].is_unique
    assert {picked["rank"].iloc[0], picked["rank"].iloc[-1]} == {0, n - 1}
    assert n < 3 or (picked["place"] == "median").sum() == 1


def test_displayable() -> None:
    assert displayable(np.zeros((3, 4, 5))).shape == (4, 5, 3)
    gray = displayable(np.array([[[np.nan, -1.0, 0.25, 2.0]]]))
    assert list(gray[0]) == [0, 0, 0.25, 1]


def figures(run: Run, theme: Theme) -> list[Figure]:
    found = plots.figures(run, theme)
    assert list(found) == ["training", "hospitals", "histogram", "convergence", "timings"]
    return [figure for several in found.values() for figure in several]


def test_figures_draw_in_all_themes_as_png_and_svg(run: Run) -> None:
    for theme in (LIGHT, DARK, PAGE):
        for figure in figures(run, theme):
            assert png(figure).startswith(PNG)
            assert ElementTree.fromstring(svg(figure, "x")).tag.endswith("svg")


def test_figures_fit_a_phone(run: Run) -> None:
    """390 pixels wide less margins, with text of 9 points or more."""
    for figure in figures(run, LIGHT):
        assert figure.get_figwidth() * 96 <= 420
        figure.canvas.draw()
        texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
        assert min(text.get_fontsize() for text in texts) >= 9


def test_thirteen_series_have_colors_that_can_be_told_apart() -> None:
    for theme in (LIGHT, DARK):
        assert len({theme.color(i) for i in range(13)}) == 13 and theme.color(13) == theme.color(0)
        colors = np.array([to_rgb(color) for color in (*theme.palette, theme.ink)])
        apart = np.linalg.norm(lab(colors)[:, None] - lab(colors)[None], axis=-1)
        assert apart[~np.eye(14, dtype=bool)].min() > 18, "CIE76"


def lab(colors: np.ndarray) -> np.ndarray:
    """CIELAB of sRGB [n, 3] in [0, 1], by CIE 15 with the white D65."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    x, y, z = (np.where(v > 216 / 24389, np.cbrt(v), (24389 / 27 * v + 16) / 116)
               for v in (xyz / [0.9505, 1, 1.089]).T)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_no_line_joins_two_points(tmp_path: Path) -> None:
    for rounds, line in ((1, "None"), (3, "-")):
        with open_run(write_run(tmp_path / str(rounds), rounds=rounds)) as run:
            held_out = plots.loss_curve(run).axes[0].lines[-1]
            assert (len(held_out.get_xdata()), held_out.get_linestyle()) == (rounds + 1, line)


def test_many_classes_are_the_largest_and_the_others(run: Run) -> None:
    rng = np.random.default_rng(3)
    run.class_histogram, run.class_names = rng.integers(1, 50, (3, 20)), [f"class {c}" for c in range(20)]  # type: ignore[misc]
    axes = plots.class_distribution(run).axes[0]
    assert len(axes.patches) == 3 * 13
    assert axes.get_legend().get_texts()[-1].get_text() == "8 others"
    assert sum(bar.get_width() for bar in axes.patches) == run.class_histogram.sum()


def test_objective_without_positive_values_is_drawn_linear(run: Run) -> None:
    run.trace.objective[:] = -1.0
    assert plots.attack_convergence(run)[0].axes[0].get_yscale() == "linear"


def test_unevaluated_rounds_are_left_out(tmp_path: Path) -> None:
    with open_run(write_run(tmp_path / "run", evaluated=False)) as run:
        loss = plots.loss_curve(run).axes[0]
        assert [len(line.get_xdata()) for line in loss.lines] == [3, 1]


def test_command_report(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    assert main(["report", str(folder), "--output", str(output)]) == 0
    assert output.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_command_report_default_place(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", attacks=False)
    assert main(["report", str(folder / "run.h5")]) == 0
    assert (folder / "report.html").is_file()


def test_command_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "dlg, round 0, probe: 4 images, 4 attacks, 0 diverged" in out
    assert "the attacker knew: weights; batch size 1; labels inferred" in out
    assert re.search(r"PSNR ≥\s20\sdB\s+\d+\s%", out)


def test_command_export(folder: Path, tmp_path: Path) -> None:
    assert main(["export", str(folder), "--output", str(tmp_path / "out")]) == 0
    images = pd.read_csv(tmp_path / "out/images.csv")
    assert len(images) == 8
    assert len(pd.read_csv(tmp_path / "out/summary.csv")) == 1
    assert len(list((tmp_path / "out/images").iterdir())) == 16
    for name in ("training_1", "training_2", "hospitals_1", "histogram_1", "convergence_1", "timings_1"):
        assert ElementTree.parse(tmp_path / f"out/figures/{name}.svg").getroot().tag.endswith("svg")
    pixels = matplotlib.image.imread(tmp_path / "out" / images["truth_file"][2])
    assert pixels.shape[:2] == (12, 12)
    np.testing.assert_allclose(pixels[..., 0], phantoms(4, 1, 12)[1, 0], atol=1 / 255)


def test_no_file_to_be_shared_holds_the_root(folder: Path, tmp_path: Path) -> None:
    """Noise and masks can be drawn again from run.seed; the server's own seed is there."""
    assert main(["export", str(folder), "--output", str(tmp_path / "out")]) == 0
    tables = [file.read_text() for file in (tmp_path / "out").glob("*.csv")]
    with open_run(folder) as run:
        page = render_report(run)
    for shared in (*tables, page):
        assert ROOT not in shared and "run.seed" not in shared
    assert any(SERVER_SEED in shared for shared in tables) and SERVER_SEED in page


@pytest.mark.parametrize("command", ["report", "summary", "export"])
def test_errors_are_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = ["--output", str(tmp_path / "out")] if command == "export" else []
    assert main([command, str(tmp_path / "absent"), *extra]) == 1
    error = capsys.readouterr().err
    assert error.startswith("medpfl_analysis: ") and "no such file" in error
    assert error.count("\n") == 1


def test_module_runs_and_has_help() -> None:
    done = subprocess.run([sys.executable, "-m", "medpfl_analysis", "--help"], text=True,
                          capture_output=True, cwd=Path(__file__).parents[1], check=True)
    for command in ("report", "summary", "export"):
        assert command in done.stdout
