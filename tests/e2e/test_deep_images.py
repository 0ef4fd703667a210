"""Images of 12 and 16 bits keep their levels, from the file to the scores and the recorded truth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, DATA, complete, medpfl, simulate, stopped, text, words, TINY
from PIL import Image
from test_changed_data import digest_of_images
from test_same_bits import expect_same

from medpfl_analysis import open_run

SIDE, EACH = 16, 6
CLASSES = ("cyst", "healthy", "tumor")


def levels_of(split: str) -> np.ndarray:
    """uint16 [18, 16, 16], by class. 8 bits of 16 would leave sixteen gray levels of these 4096."""
    random = np.random.default_rng({"train": 1, "test": 2}[split])
    return random.integers(0, 4096, (EACH * len(CLASSES), SIDE, SIDE), dtype=np.uint16)


def png_folder(root: Path) -> dict[str, object]:
    """16-bit PNG files, one class after the other; the options that read them."""
    for split in ("train", "test"):
        for i, pixels in enumerate(levels_of(split)):
            folder = root / split / CLASSES[i // EACH]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return {"data.dataset": "image-folder", "data.path": root}


def archive(path: Path, kind: str, window: str) -> dict[str, object]:
    """The same as an archive of this number type, and the options that read it."""
    path = path.with_suffix(".npz")
    labels = np.repeat(np.arange(len(CLASSES)), EACH)
    np.savez(path, **{f"{split}_{what}": array for split in ("train", "test") for what, array in
                      (("images", levels_of(split).astype(kind)), ("labels", labels))})
    return {"data.dataset": "medmnist", "data.path": path, "data.window": window}


SOURCES = {
    "16-bit PNG": (65535, png_folder),
    "uint16, 12 of its bits": (4095, lambda path: archive(path, "<u2", "0,4095")),
    "big-endian uint16": (65535, lambda path: archive(path, ">u2", "auto")),
    "float32": (4095, lambda path: archive(path, "<f4", "0,4095")),
}
RUN: dict[str, object] = {"attack.method": "idlg", "attack.labels": "known",
                          "federation.batch_size": 2, "federation.rounds": 2}


@pytest.mark.parametrize("source", SOURCES)
def test_every_level_is_trained_attacked_scored_and_recorded(source: str, tmp_path: Path) -> None:
    """What is recorded are the levels of the source, exactly; the attack again scores the same."""
    white, make = SOURCES[source]
    options = RUN | make(tmp_path / "data")
    expected = levels_of("train")[:, None]
    with complete(tmp_path / "run", options) as run:
        data = run["data"]
        assert (data.attrs["black_level"], data.attrs["white_level"]) == (0, white)
        images = run["gradients/batches/images"]
        assert images.dtype == np.float32 and text(images.attrs["unit"]) == "0 to 1"
        np.testing.assert_array_equal(np.rint(images[()].astype(float) * white), expected)
        np.testing.assert_array_equal(images[()], (expected / white).astype(np.float32))
        assert text(data.attrs["train_images_digest"]) == digest_of_images(images[()])
        np.testing.assert_allclose(run["data/prior"][()],
                                   (levels_of("test")[:, None] / white).mean(axis=0), atol=1e-7)
        truth = run["attacks/truth"][()]
        known = {image.tobytes() for image in images[()]}
        assert len(truth) > 0 and all(image.tobytes() in known for image in truth)
        mse = ((truth.astype(float) - run["attacks/reconstruction"][()]) ** 2).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(run["attacks/images/mse"][()], mse, rtol=1e-4)
        again = medpfl("attack", "--input", tmp_path / "run", "--quiet",
                       f"--run.output={tmp_path / 'again'}")
        assert again.code == 0, again.err
        with h5py.File(tmp_path / "again/run.h5") as other:
            assert other["data"].attrs["white_level"] == white
            for name in ("truth", "reconstruction", "images/psnr", "images/rank_of_truth"):
                assert run["attacks"][name][()].tobytes() == other["attacks"][name][()].tobytes()


def test_gradients_are_those_of_the_deep_images(tmp_path: Path) -> None:
    """The same images in 8 bits give another loss."""
    options = RUN | archive(tmp_path / "deep", "<u2", "0,4095")
    eight = RUN | archive(tmp_path / "eight", "<u2", "0,4095")
    with np.load(tmp_path / "eight.npz") as file:
        arrays = dict(file)
    for split in ("train", "test"):
        arrays[f"{split}_images"] = (arrays[f"{split}_images"] / 4095 * 255).round().astype("u1")
    np.savez(tmp_path / "eight.npz", **arrays)
    eight["data.window"] = "auto"
    with complete(tmp_path / "a", options) as deep, complete(tmp_path / "b", eight) as flat:
        assert flat["gradients/batches/images"].dtype == np.uint8
        assert "black_level" not in flat["data"].attrs
        ours, theirs = deep["gradients/values"][()], flat["gradients/values"][()]
        assert 0 < np.abs(ours - theirs).max() < 0.1 * np.abs(ours).max()


def test_ranks_and_interruptions_change_no_bit(tmp_path: Path) -> None:
    """Stopped on two ranks, gone on with on three, against one run on one rank."""
    options = RUN | png_folder(tmp_path / "data") | {
        "federation.rounds": 600, "checkpoint.every": 1, "federation.evaluate_every": 200,
        "output.rounds": "0-2", "attack.iterations": 1}
    arguments = ["simulate", "--quiet", *words(TINY | options | {"run.output": tmp_path / "out"})]
    assert stopped(tmp_path / "out", *arguments, ranks=2) != 0
    with (complete(tmp_path / "whole", options) as whole,
          complete(tmp_path / "out", options, "--resume", ranks=3) as found):
        assert found["environment"].attrs["resumes"] == 1
        expect_same(whole, found)


def test_the_analysis_shows_them(tmp_path: Path) -> None:
    """Arrays in [0, 1], and a report with the figures of every image."""
    options = RUN | png_folder(tmp_path / "data")
    complete(tmp_path / "run", options).close()
    with open_run(tmp_path / "run") as run:
        batches = run.gradient_batches
        np.testing.assert_array_equal(np.rint(batches.unit_images.astype(float) * 65535),
                                      levels_of("train")[:, None])
    done = subprocess.run([sys.executable, "-m", "medpfl_analysis", "report",
                           str(tmp_path / "run")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    inspected = medpfl("inspect", tmp_path / "run")
    assert inspected.code == 0, inspected.err


@pytest.mark.parametrize(("window", "kind", "code", "words_of"), [
    ("4095,0", "<u2", CONFIG, "data.window=4095,0"),
    ("auto", "<i2", DATA, "does not say which level is white"),
    ("auto", "<f4", DATA, "set data.window to"),
])
def test_levels_without_a_white_are_refused(window: str, kind: str, code: int, words_of: str,
                                            tmp_path: Path) -> None:
    result = simulate(tmp_path / "out", RUN | archive(tmp_path / "data", kind, window))
    assert result.code == code, result.err
    assert words_of in result.err
