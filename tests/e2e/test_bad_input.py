"""What a user gets wrong: one clear message, the exit code of its kind, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from files import image_folder, npz, text_chunk_png, truncate
from harness import CONFIG, DATA, NUMERIC, OUTPUT, Result, complete, medpfl, simulate, text


def expect_refusal(result: Result, code: int, *parts: str) -> None:
    """One error, of this kind, with these words."""
    assert result.code == code, f"exit code {result.code}\n{result.err}"
    assert len(result.errors) == 1, f"{len(result.errors)} errors\n{result.err}"
    for part in parts:
        assert part in result.errors[0], f"'{part}' is not in: {result.errors[0]}"
    assert "Exception raised from" not in result.err and "HDF5-DIAG" not in result.err


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(("changes", "parts"), [
    pytest.param({"federation.round": 3},
                 ["command line: unknown option 'federation.round'",
                  "(did you mean federation.rounds?)"],
                 id="unknown option"),
    pytest.param({"data.image_size": 4, "federation.sampling": 1.5, "model.name": "lenet-dlgg"},
                 ["data.image_size (command line): '4' is not allowed",
                  "it must be integer in [8, 1024]",
                  "federation.sampling (command line): '1.5' is not allowed",
                  "'lenet-dlgg' is not allowed", "(did you mean lenet-dlg?)"],
                 id="several at once"),
])
def test_options_are_refused_on_any_number_of_ranks(
        changes: dict[str, object], parts: list[str], ranks: int, tmp_path: Path) -> None:
    """Rank 0 alone says what is wrong."""
    expect_refusal(simulate(tmp_path / "out", changes, ranks=ranks), CONFIG, *parts)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("changes", "parts"), [
    ({"federation.rounds": 0}, ["federation.rounds", "'0' is not allowed", "integer in [1, 1000000]"]),
    ({"federation.learning_rate": "nan"}, ["federation.learning_rate", "'nan' is not allowed"]),
    ({"federation.sampling": 0}, ["federation.sampling", "'0' is not allowed"]),
    ({"attack.snapshots": "1,two"}, ["attack.snapshots: 'two' is not an iteration"]),
    ({"attack.rounds": "5"}, ["attack.rounds: '5' is outside 0 ... 1"]),
    ({"attack.method": "idlgg"}, ["unknown attack 'idlgg' (did you mean idlg?); known: dlg, idlg"]),
    ({"attack.method": "idlg,dlg,idlg"},
     ["attack.method: 'idlg' is named more than once, and each mention would be run and counted; "
      "name it once"]),
    ({"federation.rounds": 2**63 - 1}, ["federation.rounds", "integer in [1, 1000000]"]),
    ({"federation.clients": 2**63 - 1}, ["federation.clients", "integer in [1, 1000000]"]),
    ({"federation.local_epochs": 2**63 - 1}, ["federation.local_epochs", "integer in [1, 1000000]"]),
    ({"model.name": "mlp", "model.mlp.depth": 1_000_000},
     ["model.mlp.depth", "'1000000' is not allowed", "integer in [1, 1000]"]),
    ({"model.name": "convnet", "model.convnet.tail": 2**40}, ["model.convnet.tail", "integer in [0, 1000]"]),
    ({"model.name": "mlp", "model.mlp.hidden": 2**40},
     ["model.name=mlp with these options has", "parameters, for which a rank needs", "take a smaller network"]),
    ({"model.classes": 2**40}, ["parameters, for which a rank needs"]),
    ({"model.name": "convnet", "model.convnet.width": 2**40},
     ["parameter 'conv1.weight' of 2199023255552x1099511627776x3x3 values is too large; take a smaller network"]),
    ({"model.imprint_bins": 2**62, "attack.threat": "malicious-server"}, ["parameter 'imprint.weight' of"]),
    ({"defense.chain": "gausian"}, ["unknown defense 'gausian' (did you mean gaussian?)"]),
    ({"data.dataset": "medmnist"},
     ["data.path must name the file or folder of data.dataset=medmnist"]),
    ({"data.channels": 2}, ["data.channels must be 1 (gray) or 3 (RGB)"]),
    ({"attack.method": "modern", "attack.modern.exclude": "conv9*"},
     ["[attack.modern] exclude: 'conv9*' is no parameter tensor of the network"]),
    ({"attack.probe_batch": 2}, ["attack.labels=idlg (idlg) reads the label of one image",
                                 "attack.probe_batch=1"]),
    ({"attack.method": "dlg", "attack.dlg.output_error": "observed", "attack.probes": 0, "attack.targets": "updates",
      "federation.batch_size": 4},
     ["attack.dlg.output_error=observed holds for one image", "attack.probes=4"]),
    ({"model.classes": 3}, ["model.classes=3 is too small: the data set has 4 classes"]),
])
def test_options_are_refused(changes: dict[str, object], parts: list[str], tmp_path: Path) -> None:
    """Values that are wrong alone or together, each before anything is written."""
    expect_refusal(simulate(tmp_path / "out", changes), CONFIG, *parts)
    assert list(tmp_path.iterdir()) == []


def test_config_files_are_refused(tmp_path: Path) -> None:
    """Missing, unreadable, misspelled and contradictory files."""
    out = f"--run.output={tmp_path / 'out'}"
    bad = tmp_path / "bad.ini"
    for ranks in (1, 2):
        result = medpfl("simulate", "--config", tmp_path / "none.ini", out, ranks=ranks)
        expect_refusal(result, CONFIG, f"--config {tmp_path / 'none.ini'}: cannot read this file")
        result = medpfl("simulate", "--config", bad, "--config", bad, out, ranks=ranks)
        expect_refusal(result, CONFIG, "--config is given twice")
    expect_refusal(medpfl("simulate", "--config", tmp_path, out), CONFIG, "cannot read this file")
    expect_refusal(medpfl("simulate", out, "--config"), CONFIG, "option config needs a value: --config=...")
    for content, part in {
        "[federation]\nrouns=3\n": "unknown option 'federation.rouns' (did you mean",
        "[run]\nseed=1\nseed=2\n": "option run.seed is given twice",
        "[federation]\nrounds\n": str(bad),
        "[federation]\nrounds=many\n": f"federation.rounds ({bad}:2): 'many' is not allowed",
    }.items():
        bad.write_text(content)
        expect_refusal(medpfl("simulate", "--config", bad, out), CONFIG, part)
    assert not (tmp_path / "out").exists()


def test_another_file_as_config_is_refused_in_few_lines(tmp_path: Path) -> None:
    """At once, however many lines are none of a configuration."""
    text, other = tmp_path / "notes.ini", tmp_path / "data.npz"
    text.write_text("".join(f"note.{i} = {i}\n" for i in range(20_000)))
    result = medpfl("simulate", "--config", text, f"--run.output={tmp_path / 'run'}")
    expect_refusal(result, CONFIG, f"{text}:1: unknown option 'note.0'", "and 19950 more")
    assert len(result.err.splitlines()) == 51
    with other.open("wb") as file:
        file.truncate(1 << 30)
    result = medpfl("simulate", "--config", other, f"--run.output={tmp_path / 'run'}")
    expect_refusal(result, CONFIG, f"--config {other}: has 1073741824 bytes, more than any configuration")


def test_an_empty_config_file_is_all_defaults(tmp_path: Path) -> None:
    """It is no error."""
    (tmp_path / "empty.ini").write_text("")
    given = medpfl("simulate", "--config", tmp_path / "empty.ini", "--print-config")
    assert given.code == 0, given.err
    assert given.out == medpfl("simulate", "--print-config").out


def test_the_command_line_is_refused(tmp_path: Path) -> None:
    """Unknown jobs and families, words that belong to nothing, and values that are not there."""
    expect_refusal(medpfl("simulate", "--run.output=", cwd=tmp_path), CONFIG,
                   "run.output must name a folder")
    expect_refusal(medpfl("simulate", "--run.output", cwd=tmp_path), CONFIG,
                   "option run.output needs a value: --run.output=...")
    assert list(tmp_path.iterdir()) == []
    for ranks in (1, 2):
        expect_refusal(medpfl("simulat", ranks=ranks), CONFIG,
                       "unknown job 'simulat' (did you mean simulate?); jobs: simulate")
    expect_refusal(medpfl("list", "atacks"), CONFIG,
                   "unknown name 'atacks' (did you mean attacks?)")
    expect_refusal(medpfl("simulate", "run.ini"), CONFIG, "unknown option 'run.ini'")
    expect_refusal(medpfl("inspect"), CONFIG, "medpfl inspect takes the folder of a run")
    nothing = medpfl()
    assert nothing.code == CONFIG and "usage: medpfl JOB" in nothing.err


def no_folder(root: Path) -> Path:
    return root / "absent"


def no_classes(root: Path) -> Path:
    for split in ("train", "test"):
        (root / split).mkdir(parents=True)
    return root


def no_splits(root: Path) -> Path:
    return image_folder(root) / "train"


def cut_png(root: Path) -> Path:
    truncate(image_folder(root) / "train" / "tumor" / "2.png")
    return root


def cut_jpeg(root: Path) -> Path:
    truncate(image_folder(root, suffix="jpg") / "test" / "cyst" / "1.jpg", 0.9)
    return root


def bad_pixels(root: Path) -> Path:
    text_chunk_png(image_folder(root) / "train" / "cyst" / "0.png")
    return root


def not_an_image(root: Path) -> Path:
    (image_folder(root) / "train" / "healthy" / "0.png").write_text("a text")
    return root


@pytest.mark.parametrize(("make", "parts"), [
    (no_folder, ["cannot use image folder", "absent", "it does not exist"]),
    (no_classes, ["cannot use image folder", "train"]),
    (no_splits, ["it holds class folders (cyst, healthy, tumor) but no splits"]),
    (cut_png, ["cannot read image", "tumor/2.png", "replace or remove the file"]),
    (cut_jpeg, ["cannot read image", "cyst/1.jpg", "Premature end of JPEG file"]),
    (bad_pixels, ["cannot read image", "cyst/0.png"]),
    (not_an_image, ["cannot read image", "healthy/0.png", "neither a JPEG nor a PNG file"]),
])
def test_image_folders_are_refused(
        make: Callable[[Path], Path], parts: list[str], tmp_path: Path) -> None:
    """Also where another rank than the first meets the broken file."""
    changes = {"data.dataset": "image-folder", "data.path": make(tmp_path / "data")}
    for ranks in (1, 2) if make in (cut_png, no_folder) else (1,):
        result = simulate(tmp_path / "out", changes, ranks=ranks)
        expect_refusal(result, DATA, *parts)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("make", "parts"), [
    (lambda path: path, ["data.npz", "it does not exist; set path to a MedMNIST .npz file"]),
    (lambda path: truncate(npz(path)), ["cannot read", "data.npz"]),
    (lambda path: npz(path, train_images=None),
     ["it has no array train_images", "wanted:", "found:"]),
    (lambda path: npz(path, labels=(0, 1, -1, 2)), ["label -1 of image 2 is not a class"]),
    (lambda path: npz(path, test_labels=[[0], [1]]), ["there are 12 images and 2 labels"]),
    (lambda path: npz(path, train_images=[[0.5]]), ["images must be of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)"]),
])
def test_archives_are_refused(
        make: Callable[[Path], Path], parts: list[str], tmp_path: Path) -> None:
    """MedMNIST files that are cut or hold something else."""
    make(tmp_path / "data.npz")
    changes = {"data.dataset": "medmnist", "data.path": tmp_path / "data.npz"}
    expect_refusal(simulate(tmp_path / "out", changes), DATA, *parts)
    assert not (tmp_path / "out").exists()


def test_labels_beyond_the_model_are_refused(tmp_path: Path) -> None:
    """Three classes in the file, two in the model."""
    file = npz(tmp_path / "data.npz")
    changes = {"data.dataset": "medmnist", "data.path": file, "model.classes": 2}
    expect_refusal(simulate(tmp_path / "out", changes), CONFIG,
                   "model.classes=2 is too small: the data set has 3 classes")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("partition", ["iid", "dirichlet", "label-shards"])
def test_fewer_images_than_hospitals_are_refused(partition: str, tmp_path: Path) -> None:
    """A hospital without images cannot train."""
    changes = {"federation.clients": 25, "federation.partition": partition}
    result = simulate(tmp_path / "out", changes, ranks=2)
    assert result.code in (CONFIG, DATA)
    expect_refusal(result, result.code, "25", "24")
    assert not (tmp_path / "out").exists()


def test_training_that_diverges_is_named(tmp_path: Path) -> None:
    """The run ends with what to do, not with NaN in its tables."""
    changes = {"model.name": "mlp", "federation.learning_rate": 1e30, "federation.rounds": 5,
               "federation.algorithm": "fedavg", "attack.method": ""}
    result = simulate(tmp_path / "out", changes)
    expect_refusal(result, NUMERIC, "training", "diverged", "learning")


def test_outputs_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    """Below a regular file, and where the system makes no folders."""
    file = tmp_path / "file"
    file.write_text("keep me")
    for ranks in (1, 2):
        expect_refusal(simulate(file / "out", ranks=ranks), OUTPUT, f"run.output={file / 'out'}",
                       "file is not a folder")
        expect_refusal(simulate(Path("/proc/out"), ranks=ranks), OUTPUT, "/proc/out")
    expect_refusal(simulate(file), OUTPUT, f"run.output={file}: exists and is not a folder")
    assert file.read_text() == "keep me"


def test_a_run_is_replaced_only_when_told(tmp_path: Path) -> None:
    """--overwrite takes a finished run's place, and nothing but a run's."""
    complete(tmp_path / "out").close()
    before = (tmp_path / "out" / "run.h5").read_bytes()
    result = simulate(tmp_path / "out", {"run.seed": 2})
    expect_refusal(result, OUTPUT, "holds a run already", "--overwrite")
    assert (tmp_path / "out" / "run.h5").read_bytes() == before
    # A mistake must not cost the run that is there.
    missing = {"data.dataset": "image-folder", "data.path": "/none"}
    expect_refusal(simulate(tmp_path / "out", missing, "--overwrite"), DATA, "/none")
    assert (tmp_path / "out" / "run.h5").read_bytes() == before
    other = {"run.seed": 2, "output.gradients": "none"}
    with complete(tmp_path / "out", other, "--overwrite") as run:
        assert text(run.attrs["status"]) == "complete"
    assert not (tmp_path / "out" / "gradients").exists()


def test_a_run_killed_before_its_first_file_can_be_replaced(tmp_path: Path) -> None:
    """It leaves a folder of gradients alone."""
    (tmp_path / "out" / "gradients").mkdir(parents=True)
    expect_refusal(simulate(tmp_path / "out"), OUTPUT, "holds a run already", "--overwrite")
    complete(tmp_path / "out", None, "--overwrite").close()


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    """With and without --overwrite."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("keep me")
    for flags in ([], ["--overwrite"]):
        expect_refusal(simulate(tmp_path / "out", None, *flags), OUTPUT,
                       "is not empty and holds no run")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    complete(tmp_path / "empty").close()
