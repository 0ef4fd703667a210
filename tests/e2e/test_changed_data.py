"""Runs that go on after their images, labels or weights have become others: refused, by name."""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import image_folder, npz
from harness import (
    DATA,
    INTERRUPTED,
    FORMAT,
    TINY,
    Result,
    complete,
    medpfl,
    simulate,
    stopped,
    text,
    words,
)
from test_same_bits import expect_same

# So many rounds that a signal behind the first is never too late.
RUN: dict[str, object] = {
    "attack.method": "", "federation.rounds": 100, "federation.clients": 2, "checkpoint.every": 1,
    "federation.evaluate_every": 50, "output.rounds": "0-2",
}
DIGESTS = ("train_images", "train_labels", "test_images", "test_labels")


def folder_options(data: Path) -> dict[str, object]:
    """A run over an image folder."""
    return RUN | {"data.dataset": "image-folder", "data.path": data}


def archive_options(data: Path) -> dict[str, object]:
    """A run over a MedMNIST archive."""
    return RUN | {"data.dataset": "medmnist", "data.path": data}


def stop(output: Path, options: dict[str, object], job: tuple[str, ...] = ("simulate",),
         ranks: int = 1) -> None:
    """Begins a job and ends it behind its first checkpoint."""
    arguments = [*job, "--quiet", *words(options | {"run.output": output})]
    assert stopped(output, *arguments, ranks=ranks) != 0  # mpirun has codes of its own
    with h5py.File(output / "run.h5") as file:
        assert text(file.attrs["status"]) == "interrupted"


def expect_refusal(result: Result, *names: str) -> None:
    """Exit code 3; what differs is named and nothing else, and what can be done."""
    assert result.code == DATA, result.err
    assert len(result.errors) == 1
    assert f"was begun with other {', '.join(names)} than there are now" in result.errors[0]
    assert "put back" in result.errors[0]
    assert "--overwrite" in result.errors[0]


def add(data: Path) -> None:
    """One more picture, a copy."""
    shutil.copy(data / "train/cyst/1.png", data / "train/cyst/1a.png")


def remove(data: Path) -> None:
    """One picture less."""
    (data / "train/healthy/2.png").unlink()


def replace(data: Path) -> None:
    """Another picture of the same size under an old name."""
    shutil.copy(data / "test/cyst/0.png", data / "train/cyst/0.png")


def swap(data: Path) -> None:
    """Two pictures of a class change their places."""
    first, second = data / "train/cyst/0.png", data / "train/cyst/5.png"
    pixels = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(pixels)


def relabel(data: Path) -> None:
    """The last picture of a class becomes the first of the next: the order stays."""
    (data / "train/cyst/5.png").rename(data / "train/healthy/!.png")


def move(data: Path) -> None:
    """From the training to the test split."""
    (data / "train/tumor/3.png").rename(data / "test/tumor/3a.png")


def replace_test(data: Path) -> None:
    """The same in the test split."""
    shutil.copy(data / "train/cyst/0.png", data / "test/cyst/0.png")


TRAIN, TEST = ("training images", "training labels"), ("test images", "test labels")


@pytest.mark.parametrize(("change", "names", "ranks"), [
    (add, TRAIN, (1, 1)), (remove, TRAIN, (2, 1)), (replace, TRAIN[:1], (1, 2)),
    (swap, TRAIN[:1], (2, 2)), (relabel, TRAIN[1:], (1, 1)), (move, TRAIN + TEST, (1, 1)),
    (replace_test, TEST[:1], (2, 2))])
def test_a_changed_folder_is_refused(change: Callable[[Path], None], names: tuple[str, ...],
                                     ranks: tuple[int, int], tmp_path: Path) -> None:
    """Each kind of change, begun and resumed on one rank or two; the run stays as it was."""
    data, output = image_folder(tmp_path / "data"), tmp_path / "out"
    stop(output, TINY | folder_options(data), ranks=ranks[0])
    before = {path: path.read_bytes() for path in output.rglob("*.h5")}
    change(data)
    expect_refusal(simulate(output, folder_options(data), "--resume", ranks=ranks[1]), *names)
    assert before == {path: path.read_bytes() for path in output.rglob("*.h5")}
    complete(output, folder_options(data) | {"federation.rounds": 3}, "--overwrite").close()


@pytest.mark.parametrize(("array", "name"), [
    ("train_images", "training images"), ("train_labels", "training labels"),
    ("test_images", "test images"), ("test_labels", "test labels")])
def test_a_changed_archive_is_refused(array: str, name: str, tmp_path: Path) -> None:
    """One value of one array."""
    data, output = npz(tmp_path / "data.npz"), tmp_path / "out"
    stop(output, TINY | archive_options(data))
    with np.load(data) as archive:
        arrays = dict(archive)
    arrays[array] = arrays[array].copy()
    # So many gray levels that resizing does not round them away.
    arrays[array].flat[1] = (int(arrays[array].flat[1]) + 100) % 256 if "images" in array else 2
    np.savez(data, **arrays)
    expect_refusal(simulate(output, archive_options(data), "--resume"), name)


def test_unchanged_data_go_on(tmp_path: Path) -> None:
    """Copied elsewhere and back, with other times: the same bits, on other numbers of ranks, too."""
    data, output = image_folder(tmp_path / "data"), tmp_path / "out"
    stop(output, TINY | folder_options(data), ranks=2)
    shutil.copytree(data, tmp_path / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(data)
    (tmp_path / "copy").rename(data)
    (data / "train/cyst/0.png").rename(data / "train/cyst/00.png")  # the order stays
    with complete(tmp_path / "whole", folder_options(data)) as whole, \
            complete(output, folder_options(data), "--resume", ranks=3) as found:
        assert found["environment"].attrs["resumes"] == 1
        expect_same(whole, found)
        for name in DIGESTS:
            digest = text(whole["data"].attrs[f"{name}_digest"])
            assert len(digest) == 64
            assert text(found["data"].attrs[f"{name}_digest"]) == digest
        assert text(whole["data"].attrs["train_images_digest"]) == digest_of_images(
            whole["gradients/batches/images"][()])
        assert text(whole["data"].attrs["train_labels_digest"]) == digest_of_labels(whole)


def digest_of_images(images: np.ndarray) -> str:
    """By docs/file_format.md; all images of all hospitals are recorded, in order."""
    each = b"".join(hashlib.blake2b(struct.pack("<4q", 3, *image.shape) + image.tobytes(),
                                    digest_size=32).digest() for image in images)
    return hashlib.blake2b(each, digest_size=32).hexdigest()


def digest_of_labels(run: h5py.File) -> str:
    """The same of the training labels."""
    names = [text(name).encode() for name in run["data"].attrs["class_names"]]
    labels = run["clients/labels"][()].astype("<i8")
    data = struct.pack("<q", len(names)) + b"".join(struct.pack("<q", len(n)) + n for n in names)
    data += struct.pack("<q", len(labels)) + labels.tobytes()
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def weights_of(run: h5py.File, path: Path) -> None:
    """The first weights of a run as a PyTorch file."""
    import torch  # here, as it takes seconds

    flat = run["rounds/weights"][0]
    columns = zip(run["model/name"], run["model/offset"], run["model/size"], run["model/shape"],
                  strict=True)
    torch.save({text(name): torch.tensor(flat[at:at + size].reshape(
        [int(extent) for extent in text(shape).split("x")])) for name, at, size, shape in columns},
        path)


def test_another_weights_file_is_refused(tmp_path: Path) -> None:
    """A file that is gone is not needed any more, and said."""
    path, output = tmp_path / "w.pt", tmp_path / "out"
    for seed in (1, 2):
        with complete(tmp_path / f"{seed}", {"attack.method": "", "run.seed": seed}) as run:
            weights_of(run, tmp_path / f"{seed}.pt")
            assert text(run["model"].attrs["weights_digest"]) == ""
    shutil.copy(tmp_path / "1.pt", path)
    options = RUN | {"model.weights": path}
    stop(output, TINY | options)
    shutil.copy(tmp_path / "2.pt", path)
    expect_refusal(simulate(output, options, "--resume"), "weights file")
    path.unlink()
    result = simulate(output, options, "--resume")
    assert result.code == 0, result.err
    assert "the run goes on with the weights it has" in result.err
    with h5py.File(output / "run.h5") as run:
        assert len(text(run["model"].attrs["weights_digest"])) == 64


def test_a_checkpoint_without_names_is_refused(tmp_path: Path) -> None:
    """A checkpoint of version 7: its states are bytes without names."""
    output = tmp_path / "out"
    stop(output, TINY | RUN)
    for name in ("checkpoint.h5", "checkpoint.previous.h5"):
        with h5py.File(output / name, "a") as file:
            file.attrs["checkpoint_version"] = np.int64(7)
    before = (output / "run.h5").read_bytes()
    result = simulate(output, RUN, "--resume")
    assert result.code == FORMAT, result.err
    assert "checkpoint version 7, this program reads 8" in result.err
    assert "resume with the program that wrote it" in result.err
    assert (output / "run.h5").read_bytes() == before


def test_a_point_of_a_sweep_is_refused(tmp_path: Path) -> None:
    """The point that was begun fails and says why; the images put back, it goes on."""
    data, output, grid = image_folder(tmp_path / "data"), tmp_path / "out", tmp_path / "grid.ini"
    grid.write_text("[grid]\nfederation.learning_rate = 0.1 | 0.2\n")
    stop_sweep(output, data, grid)
    shutil.copytree(data, tmp_path / "copy")
    replace(data)
    arguments = ["sweep", "--quiet", "--grid", str(grid),
                 *words(TINY | folder_options(data) | {"run.output": output})]
    result = medpfl(*arguments)
    assert result.code == DATA, result.err
    failed = (output / "points/00000.txt").read_text()
    assert "was begun with other training images than there are now" in failed
    shutil.rmtree(data)
    (tmp_path / "copy").rename(data)
    result = medpfl(*arguments, "--retry-failed")
    assert "points/00000" not in result.err


def stop_sweep(output: Path, data: Path, grid: Path) -> None:
    """Ends a sweep in its first point."""
    arguments = ["sweep", "--quiet", "--grid", str(grid),
                 *words(TINY | folder_options(data) | {"run.output": output})]
    assert stopped(output / "points/00000", *arguments) == INTERRUPTED


def test_an_attack_on_another_input_is_refused(tmp_path: Path) -> None:
    """The run under attack is replaced meanwhile; the same run made again is the same input."""
    data, source, output = image_folder(tmp_path / "data"), tmp_path / "source", tmp_path / "out"
    options = folder_options(data) | {"federation.rounds": 3}
    complete(source, options).close()
    # Unlike dlg it ends at no slope, so that there is something to stop whatever the seed draws.
    attack = {"attack.method": "inverting-gradients", "attack.iterations": 1000,
              "attack.probes": 0, "attack.targets": "updates",
              "attack.rounds": 0, "attack.restarts": 2, "checkpoint.seconds": 0.05}
    stop(output, attack, ("attack", "--input", str(source)))
    arguments = ["attack", "--input", source, "--resume", "--quiet",
                 *words(attack | {"run.output": output})]
    shutil.move(source, tmp_path / "kept")
    shutil.copytree(data, tmp_path / "copy")
    replace(data)
    complete(source, options).close()
    expect_refusal(medpfl(*arguments), "training images", "recorded messages")
    shutil.rmtree(source)
    shutil.rmtree(data)
    (tmp_path / "copy").rename(data)
    complete(source, options, ranks=2).close()
    result = medpfl(*arguments)
    assert result.code == 0, result.err
    with h5py.File(output / "run.h5") as run, h5py.File(source / "run.h5") as old:
        assert run.attrs["source_digest"]
        for name in DIGESTS:
            assert run["data"].attrs[f"{name}_digest"] == old["data"].attrs[f"{name}_digest"]
