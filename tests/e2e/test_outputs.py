"""What a run leaves behind is what docs/file_format.md says, and its numbers add up."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import REPOSITORY, TINY, all_datasets, complete, medpfl, text, words
from reference import ms_ssim, perceptual_mse, ssim
from test_same_bits import expect_same

from medpfl_analysis import open_run, summarize, summarize_run
from medpfl_analysis.report import number, render_report
from medpfl_analysis.scores import METRICS


def test_every_dataset_says_what_it_is(run: h5py.File) -> None:
    """What it holds, in which unit, and along which axes; test_schema says which there are."""
    for name, dataset in all_datasets(run).items():
        assert text(dataset.attrs["description"]), name
        assert text(dataset.attrs["unit"]), name
        axes = [axis for axis in text(dataset.attrs["dimensions"]).split(",") if axis]
        assert len(axes) == dataset.ndim, f"{name}: {axes} for {dataset.shape}"
    assert text(run.attrs["status"]) == "complete"
    assert text(run.attrs["filetype"]) == "medpfl-run"


def test_shapes_agree(run: h5py.File) -> None:
    """Rows of one table are rows of the others."""
    tasks, images = len(run["attacks/tasks/task"]), len(run["attacks/images/task"])
    # 1 attacked round, 3 hospitals, 1 probe, 2 methods, 2 starts.
    assert tasks == images == 12
    assert run["attacks/truth"].shape == run["attacks/reconstruction"].shape == (12, 1, 16, 16)
    assert run["attacks/snapshots"].shape == (12, 2, 1, 16, 16)
    assert run["attacks/snapshot_iterations"][()].tolist() == [[1, 3]] * 12
    parameters = run["model"].attrs["parameters"]
    # 2 rounds, 3 hospitals, an update each, and a probe each in the attacked one.
    assert run["gradients/values"].shape == (9, parameters)
    assert run["rounds/weights"].shape == (3, parameters)
    sizes = run["model/size"][()]
    assert sizes.sum() == parameters
    assert run["model/offset"][()].tolist() == [0, *np.cumsum(sizes)[:-1].tolist()]
    assert run["clients/examples"][()].sum() == 24
    assert (run["clients/class_histogram"][()].sum(axis=1) == run["clients/examples"][()]).all()
    assert len(run["environment/host"]) == run["timings/seconds"].shape[0] == 2
    gradient = run["attacks/tasks/gradient"][()]
    for column in ("round", "client", "probe"):
        recorded = run[f"gradients/{column}"][()][gradient]
        assert (recorded == run[f"attacks/tasks/{column}"][()]).all()
    trace = run["attacks/trace/iteration"][()]
    assert (np.diff(trace, axis=1) > 0)[trace[:, 1:] >= 0].all()


def test_the_attacker_chooses_by_its_own_loss(run: h5py.File) -> None:
    """One restart of each observation and method is kept, that of the least objective."""
    columns = {name: run[f"attacks/tasks/{name}"][()]
               for name in ("method", "client", "probe", "round", "objective", "chosen")}
    groups: dict[tuple, list[tuple[float, int]]] = {}
    for *key, loss, chosen in zip(*columns.values(), strict=True):
        groups.setdefault(tuple(key), []).append((loss, chosen))
    assert len(groups) == 6
    for starts in groups.values():
        assert [chosen for _, chosen in sorted(starts)] == [1, 0]


def test_stored_scores_are_those_of_the_stored_images(run: h5py.File) -> None:
    """MSE, PSNR, SSIM, MS-SSIM, RDLV, success and rank, recomputed from truth and reconstruction."""
    truth, found = run["attacks/truth"][()], run["attacks/reconstruction"][()]
    assert 0 <= found.min() and found.max() <= 1
    prior = run["data/prior"][()]
    image = {name: dataset[()] for name, dataset in run["attacks/images"].items()}
    mse = ((truth.astype(float) - found) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(image["mse"], mse, rtol=1e-5)
    np.testing.assert_allclose(image["psnr"], np.minimum(100, -10 * np.log10(mse)), atol=1e-4)
    similar = np.array([ssim(a, b) for a, b in zip(truth, found, strict=True)])
    np.testing.assert_allclose(image["ssim"], similar, atol=1e-4)
    for name, score in {"ms_ssim": ms_ssim, "perceptual_mse": perceptual_mse}.items():
        expected = [score(a, b) for a, b in zip(truth, found, strict=True)]
        np.testing.assert_allclose(image[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)
    least = np.array([ssim(a, prior) for a in truth])
    np.testing.assert_allclose(image["rdlv"], (similar - least) / least, rtol=1e-3, atol=1e-4)
    for name, reached in {"success_ssim_50": similar >= 0.5, "success_ssim_90": similar >= 0.9,
                          "success_psnr_20": mse <= 0.01}.items():
        assert (image[name] == reached).all(), name
    assert run["attacks/images"].attrs["ssim_window"] == 11
    assert run["attacks/images"].attrs["ms_ssim_scales"] == 1
    assert text(run["attacks/tasks"].attrs["engine"]) == "native"

    pictures = run["gradients/batches/images"][()] / 255
    hospital = run["clients/assignment"][()][run["gradients/batches/index"][()]]
    client = run["attacks/tasks/client"][()][image["task"]]
    for i, reconstruction in enumerate(found):
        distance = ((pictures[hospital == client[i]] - reconstruction) ** 2).mean(axis=(1, 2, 3))
        assert image["rank_of_truth"][i] == (distance < mse[i] - 1e-9).sum()


def test_the_oracle_is_the_best_of_result_and_snapshots(run: h5py.File) -> None:
    """And nothing else has it: what was chosen is not always the best."""
    truth, image = run["attacks/truth"][()], run["attacks/images"]
    points = np.concatenate([run["attacks/reconstruction"][()][:, None],
                             run["attacks/snapshots"][()]], axis=1)
    error = ((truth[:, None].astype(float) - points) ** 2).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(image["oracle_psnr"][()],
                               np.minimum(100, -10 * np.log10(error.min(axis=1))), atol=1e-4)
    similar = [max(ssim(a, point) for point in kept) for a, kept in zip(truth, points, strict=True)]
    np.testing.assert_allclose(image["oracle_ssim"][()], similar, atol=1e-4)
    assert (image["oracle_psnr"][()] > image["psnr"][()] + 1e-6).any()


def test_the_trace_tells_the_parts_of_the_objective(tmp_path: Path) -> None:
    """NaN for a term that a task does not have, and past its end."""
    options = {"attack.method": "idlg,inverting-gradients", "attack.inverting-gradients.image_l2": 1,
               "attack.probes": 1, "attack.iterations": 3}
    with complete(tmp_path / "run", options) as run:
        method = run["attacks/tasks/method"].asstr()[()]
        objective = run["attacks/trace/objective"][()]
        terms = {name: values[()] for name, values in run["attacks/trace/terms"].items()}
        assert terms.keys() == {"matching", "tv", "image_l2"}
        assert (run["attacks/tasks/memory_growth"][()] >= 0).all()
    np.testing.assert_allclose(np.nansum(list(terms.values()), axis=0)[np.isfinite(objective)],
                               objective[np.isfinite(objective)], rtol=1e-12)
    assert np.isfinite(terms["tv"][method == "inverting-gradients"]).any(axis=1).all()
    assert np.isnan(terms["tv"][method == "idlg"]).all()
    assert np.array_equal(np.isnan(terms["matching"]), np.isnan(objective))
    with open_run(tmp_path / "run") as opened:
        assert opened.trace.terms.keys() == terms.keys()


def test_truth_is_what_the_gradient_came_from(run: h5py.File) -> None:
    """The attacked images and labels are those recorded beside the gradient."""
    start, use = run["gradients/batches/start"][()], run["gradients/batches/image"][()]
    pictures, labels = run["gradients/batches/images"][()], run["gradients/batches/labels"][()]
    for row, task in enumerate(run["attacks/images/task"][()]):
        gradient = run["attacks/tasks/gradient"][task]
        source = use[start[gradient] : start[gradient + 1]]
        assert len(source) == run["gradients/examples"][gradient] == 1
        np.testing.assert_array_equal(run["attacks/truth"][row],
                                      (pictures[source[0]] / np.float32(255)).astype(np.float32))
        assert run["attacks/images/label"][row] == labels[source[0]]
    index = run["gradients/batches/index"][()]
    assert (labels == run["clients/labels"][()][index]).all()


def test_h5dump_reads_every_dataset(folder: Path, run: h5py.File) -> None:
    """HDF5's own tool, without MedPFL."""
    done = subprocess.run(["h5dump", "-H", "run.h5"], cwd=folder, capture_output=True, text=True,
                          check=True)
    assert 'ATTRIBUTE "schema_version"' in done.stdout
    assert done.stdout.count("DATASET ") == len(all_datasets(run, axes=True))
    one = subprocess.run(["h5dump", "-d", "/gradients/norm", "run.h5"], cwd=folder,
                         capture_output=True, text=True, check=True)
    assert "(0):" in one.stdout


def test_the_python_package_reads_and_reports(folder: Path, tmp_path: Path) -> None:
    """Tables, captured gradients and the HTML page."""
    with open_run(folder) as run:
        assert run.status == "complete"
        assert len(run.tasks) == len(run.images) == 12
        assert run.gradient_values([0, 8]).shape == (2, run.model["parameters"])
        assert run.gradient_batches.images.shape[1:] == (1, 16, 16)
        assert run.config["run.output"] == str(folder)
    page = tmp_path / "report.html"
    commands = ((["report", "--output", str(page)], "wrote"), (["summary"], "idlg"))
    for arguments, expected in commands:
        done = subprocess.run(
            [sys.executable, "-m", "medpfl_analysis", *arguments, str(folder)], text=True,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY / "analysis")}, capture_output=True,
            check=False)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    content = page.read_text()
    assert "idlg" in content and "data:image/png;base64," in content


def test_each_attacked_network_has_a_word(folder: Path, run: h5py.File) -> None:
    """That of round 0 is untrained; of others it is the word of the round before."""
    after = run["rounds/network"].asstr()[()]
    low, high, value = (run[f"rounds/balanced_accuracy{end}"][()] for end in ("_low", "_high", ""))
    chance = run["rounds"].attrs["chance"]
    assert chance == 1 / len(run["data"].attrs["class_names"])
    assert (low <= value).all() and (value <= high).all() and (high - low < 1).all()
    assert after.tolist() == ["at chance" if limit <= chance else "above chance" for limit in low]
    tasks = zip(run["attacks/tasks/round"][()], run["attacks/tasks/network"].asstr()[()], strict=True)
    assert {(r, word) for r, word in tasks} == {
        (r, after[r - 1] if r else "untrained") for r in run["attacks/tasks/round"][()]}
    shown = medpfl("inspect", folder).out
    assert (f"Balanced accuracy after the last round: {100 * value[-1]:.0f}% ({100 * low[-1]:.0f}% to "
            f"{100 * high[-1]:.0f}%; chance is 25%).") in shown
    assert "The network attacked in round 0 was untrained.\n" in shown
    told = json.loads(medpfl("inspect", "--json", folder).out)
    assert told["chance"] == chance and [row["network"] for row in told["rounds"]] == list(after)


def test_an_attack_on_a_recorded_run_has_its_words(folder: Path, run: h5py.File, tmp_path: Path) -> None:
    """Those of the run that it attacked."""
    done = medpfl("attack", "--quiet", f"--input={folder}", f"--run.output={tmp_path / 'again'}", "--attack.rounds=all",
                  "--attack.probes=0", "--attack.targets=updates", "--attack.method=dlg", "--attack.iterations=1",
                  "--attack.labels=known")
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "again/run.h5") as again:
        tasks = zip(again["attacks/tasks/round"][()], again["attacks/tasks/network"].asstr()[()], strict=True)
        assert set(tasks) == {(0, "untrained"), (1, run["rounds/network"].asstr()[0])}


def test_inspect_prints_the_tables(folder: Path) -> None:
    """By folder and by file."""
    shown = medpfl("inspect", folder)
    assert shown.code == 0, shown.err
    for part in ("status complete", "data phantom (24 training images, 4 classes), model lenet-dlg",
                 "3 hospitals, 2 ranks", "round", "idlg", "dlg", "PSNR dB", "9 gradients of"):
        assert part in shown.out
    assert medpfl("inspect", folder / "run.h5").out == shown.out


def test_inspect_and_the_report_show_the_summary_of_the_file(folder: Path, run: h5py.File) -> None:
    """One summary of one run: medians over what the attacker chose, by an independent sum, too."""
    stored = {name: column[()] for name, column in run["attacks/summary"].items()}
    method, kind = (run[f"attacks/summary/{name}"].asstr()[()] for name in ("method", "kind"))
    shown = medpfl("inspect", folder).out.splitlines()
    tasks, images = run["attacks/tasks"], run["attacks/images"]
    assert (tasks["chosen"][()] == 0).any()
    base = np.isin(method, ["public-mean", "public-nearest"])
    assert base.any() and (stored["tasks"][base] == 0).all()
    assert (np.isnan(stored["identified"]) == (method == "public-mean")).all()
    for row in np.flatnonzero((stored["round"] == -1) & ~base):
        of = ((tasks["method"].asstr()[()] == method[row]) & (tasks["chosen"][()] == 1)
              & (tasks["kind"].asstr()[()] == kind[row]))
        kept = of[images["task"][()]]
        assert stored["images"][row] == kept.sum()
        for name in ("psnr", "ssim", "mse"):
            assert stored[name][row] == np.median(images[name][kept]), name
        assert stored["success_psnr_20"][row] == pytest.approx((images["psnr"][kept] >= 20).mean())
        assert stored["evaluations"][row] == np.median(tasks["evaluations"][of])
        line = next(line.split() for line in shown if line.split()[:2] == [method[row], kind[row]])
        assert stored["identified"][row] == images["identified"][kept].mean()
        assert stored["identified_low"][row] <= stored["identified"][row] <= stored["identified_high"][row]
        verdict = run["attacks/summary/verdict"].asstr()[row].split()
        assert line[2:10 + len(verdict)] == [
            str(stored["images"][row]), f"{100 * stored['identified'][row]:.0f}%",
            f"{100 * stored['identified_low'][row]:.0f}", "to", f"{100 * stored['identified_high'][row]:.0f}%",
            *verdict, f"{stored['psnr'][row]:.2f}", f"{100 * stored['success_psnr_20'][row]:.0f}%",
            f"{stored['ssim'][row]:.3f}"]
        assert line[-2] == f"{stored['evaluations'][row]:.0f}"
    with open_run(folder) as again:
        for rounds in (False, True):
            told = summarize_run(again, all_rounds=rounds)
            for _, score in told.iterrows():
                at = np.flatnonzero((method == score["method"]) & (kind == score["kind"])
                                    & (stored["round"] == score["round"]))
                for metric in METRICS:
                    np.testing.assert_equal(score[metric.key], stored[metric.column][at[0]])
        same = summarize(again.images_with_tasks())
        for metric in METRICS:  # the rule that intervals and files of schema 1.0 go by
            np.testing.assert_allclose(same[metric.key].astype(float),
                                       summarize_run(again)[metric.key].astype(float))
        page = render_report(again)
        for _, score in summarize_run(again).iterrows():
            for metric in METRICS:
                assert f'"value">{number(score[metric.key], metric.unit)}<' in page


def test_printed_config_gives_the_same_run(folder: Path, tmp_path: Path) -> None:
    """--print-config is a config file, and so is /config/resolved."""
    options = TINY | {"attack.method": "idlg,dlg", "attack.restarts": 2,
                      "run.output": tmp_path / "again"}
    printed = medpfl("simulate", "--print-config", *words(options))
    assert printed.code == 0, printed.err
    assert not (tmp_path / "again").exists()
    file = tmp_path / "printed.ini"
    file.write_text(printed.out)
    fed_back = medpfl("simulate", "--print-config", "--config", file)
    drop_comments = [line for line in printed.out.splitlines() if not line.startswith("#")]
    assert [line for line in fed_back.out.splitlines() if not line.startswith("#")] == drop_comments
    assert medpfl("simulate", "--quiet", "--config", file).code == 0
    with h5py.File(folder / "run.h5") as first, h5py.File(tmp_path / "again" / "run.h5") as second:
        expect_same(first, second)
        parsed = configparser.ConfigParser(interpolation=None)
        parsed.read_string(text(second["config/resolved"][()]))
        assert parsed["attack"]["restarts"] == "2"
        sources = dict(zip(second["config/option"].asstr()[()], second["config/source"].asstr()[()],
                           strict=True))
        assert sources["attack.restarts"] == str(file)


def test_values_know_where_they_came_from(tmp_path: Path) -> None:
    """Defaults, the file, and the command line, which wins."""
    file = tmp_path / "some.ini"
    file.write_text("[data]\nimage_size=16\n[federation]\nrounds=3\n"
                    "[data.phantom]\ntrain=12\ntest=4\n")
    done = medpfl("simulate", "--quiet", "--config", file, f"--run.output={tmp_path / 'out'}",
                  "--federation.rounds=2")
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "out" / "run.h5") as run:
        columns = [run[f"config/{name}"].asstr()[()] for name in ("option", "value", "source")]
        rows = {option: (value, source) for option, value, source in zip(*columns, strict=True)}
        assert "attacks" not in run
    assert rows["data.image_size"] == ("16", str(file))
    assert rows["federation.rounds"] == ("2", "command line")
    assert rows["federation.clients"] == ("4", "default")


def test_help_version_and_list() -> None:
    """What a user asks first."""
    assert "jobs:" in medpfl("--help").out
    assert re.match(r"medpfl \d+\.\d+\.\d+ \(.+\), LibTorch \d+\.\d+\.\d+\n", medpfl("--version").out)
    shown = medpfl("simulate", "--help", "all").out
    for name in TINY:
        assert f"--{name}" in shown, name
    listed = medpfl("list").out
    for name in ("idlg", "gaussian", "lenet-medpfl", "image-folder", "fedavg"):
        assert name in listed, name
    assert "idlg" not in medpfl("list", "models").out


def test_quickstart_runs_within_a_minute(tmp_path: Path) -> None:
    """The configuration a newcomer meets first."""
    begin = time.monotonic()
    done = medpfl("simulate", "--config", REPOSITORY / "configs" / "quickstart.ini",
                  f"--run.output={tmp_path / 'quick'}", ranks=2)
    assert done.code == 0, done.err
    assert time.monotonic() - begin < 60
    assert "What leaked" in done.out and "results: " in done.out
    with h5py.File(tmp_path / "quick" / "run.h5") as run:
        assert text(run.attrs["status"]) == "complete"
        assert run["attacks/images/label_found"][()].mean() > 0.9


@pytest.mark.parametrize("changes", [
    {"data.dataset": "medmnist", "data.path": "medmnist/breastmnist.npz", "data.image_size": 28,
     "data.limit": 40, "federation.algorithm": "fedavg", "federation.batch_size": 10},
    {"data.dataset": "image-folder", "data.path": "brain_tumor_mri", "data.image_size": 32,
     "data.channels": 3, "data.limit": 16},
])
def test_real_data_runs(changes: dict[str, object], tmp_path: Path) -> None:
    """MEDPFL_TEST_DATA, where it names the folder of real images; else phantoms of that shape."""
    root = os.environ.get("MEDPFL_TEST_DATA", "")
    kept = ("data.dataset", "data.path", "data.limit")
    options = changes | {"data.path": f"{root}/{changes['data.path']}"} if root else {
        name: value for name, value in changes.items() if name not in kept}
    with complete(tmp_path / "out", options, ranks=2) as run:
        assert text(run["data"].attrs["dataset"]) == options.get("data.dataset", "phantom")
        if root:
            assert run["clients/examples"][()].sum() == changes["data.limit"]
        assert run["attacks/truth"][()].std() > 0.05
        assert np.isfinite(run["rounds/train_loss"][()]).all()
