"""Images that are read otherwise than one thinks: the run says so once, with counts, on any number of ranks."""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from files import WRITERS, image_folder, npz, truncate
from harness import CONFIG, DATA, Result, complete, medpfl, simulate, words, TINY
from PIL import Image

RUN: dict[str, object] = {"data.dataset": "image-folder", "attack.method": "", "federation.rounds": 1}


def warnings(result: Result) -> list[str]:
    """The warnings of a run, in their order."""
    return re.findall(r"warning: (.*)", result.err)


def one_warning(result: Result, *parts: str) -> None:
    """A run that ended well, with one warning that has these parts."""
    assert result.code == 0, result.err
    found = [line for line in warnings(result) if parts[0] in line]
    assert len(found) == 1, result.err
    for part in parts:
        assert part in found[0], f"'{part}' is not in: {found[0]}"


def run(out: Path, path: Path, changes: dict[str, object] | None = None, ranks: int = 1) -> Result:
    """A run that shows information, too."""
    options = TINY | RUN | {"data.path": path, "run.output": out} | (changes or {})
    return medpfl("simulate", *words(options), ranks=ranks)


def png(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A gray PNG of the bits of `pixels`, with further chunks."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*one) for one in chunks) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def first_image(folder: Path, root: Path, channels: int = 1) -> np.ndarray:
    """What a run recorded of train/cyst/0.png, which is the first training image."""
    with complete(folder, RUN | {"data.path": root, "federation.clients": 1, "federation.batch_size": 0,
                                 "data.channels": channels}) as file:
        labels = file["gradients/batches/labels"][()]
        assert sorted(labels.tolist()) == labels.tolist()
        return file["gradients/batches/images"][0]


@pytest.mark.parametrize("chunk", [
    (b"gAMA", struct.pack(">I", 100000)), (b"gAMA", struct.pack(">I", 22727)), (b"sRGB", b"\1"),
    (b"cHRM", struct.pack(">8I", 31000, 33000, 70000, 20000, 20000, 70000, 10000, 10000)),
    (b"iCCP", b"profile\0\0" + zlib.compress(bytes(132))),
], ids=["gAMA 1", "gAMA 0.23", "sRGB", "cHRM", "iCCP"])
def test_stored_samples_are_used(chunk: tuple[bytes, bytes], tmp_path: Path) -> None:
    """Whatever a PNG says of gamma and colors."""
    root = image_folder(tmp_path / "data", size=16)
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    (root / "train/cyst/0.png").write_bytes(png(pixels, chunk))
    np.testing.assert_array_equal(first_image(tmp_path / "run", root)[0], pixels)


def test_significant_bits_scale_and_dark_images_are_counted(tmp_path: Path) -> None:
    """12 bits in 16: those with sBIT are right, those without are told."""
    root = image_folder(tmp_path / "data", size=16)
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16) * 16 + 15
    (root / "train/cyst/0.png").write_bytes(png(pixels, (b"sBIT", b"\x0c")))
    np.testing.assert_allclose(first_image(tmp_path / "run", root)[0], pixels / 4095, atol=1e-7)
    for name in ("train/tumor/1.png", "train/tumor/3.png", "test/cyst/0.png"):
        (root / name).write_bytes(png(pixels))
    for ranks in (1, 2):
        one_warning(run(tmp_path / f"out{ranks}", root, ranks=ranks),
                    "3 of 36 images use less than a quarter of the range", "data.window=LOW,HIGH")
    # A window holds for all files, and those of 8 bits are dark in it.
    one_warning(run(tmp_path / "windowed", root, {"data.window": "0,4095"}), "32 of 36 images use less")


def test_what_is_left_out_is_counted_once(tmp_path: Path) -> None:
    """Links that lead nowhere and files of other kinds; images in subfolders are read."""
    root = image_folder(tmp_path / "data", size=16)
    for i in range(5):
        (root / f"train/cyst/annex{i}.png").symlink_to("../../.git/annex/none")
        (root / f"test/tumor/{i}.tif").write_text("x")
    below = root / "train/cyst/patient7"
    below.mkdir()
    (root / "train/cyst/0.png").rename(below / "0.png")
    for ranks in (1, 3):
        result = run(tmp_path / f"out{ranks}", root, ranks=ranks)
        one_warning(result, "left out of image folder", "links that lead nowhere (5)", "files *.tif (5)")
        assert "18 training and 18 test images" in result.err


def broken(root: Path) -> Path:
    """image_folder() with twelve files that are no images, of three kinds."""
    image_folder(root, size=16)
    for i in range(5):
        (root / f"train/cyst/{i}.png").write_bytes(b"")
        (root / f"train/tumor/{i}.png").write_text("<html>")
    for i in range(2):
        truncate(root / f"test/healthy/{i}.png", 0.8)
    return root


def test_unreadable_images_stop_or_are_skipped(tmp_path: Path) -> None:
    """stop is the default; skip counts them by reason and is the same on any number of ranks."""
    root = broken(tmp_path / "data")
    stopped = run(tmp_path / "stopped", root)
    assert stopped.code == DATA and len(stopped.errors) == 1
    digests = []
    for ranks in (1, 3):
        out = tmp_path / f"out{ranks}"
        result = run(out, root, {"data.on_error": "skip"}, ranks=ranks)
        one_warning(result, "left out 12 of 36 images", "5: the file is empty", "5: its first bytes",
                    "2: the PNG file is truncated")
        assert "8 training and 16 test images" in result.err
        with complete(tmp_path / f"again{ranks}", RUN | {"data.path": root, "data.on_error": "skip"},
                      ranks=ranks) as file:
            data = file["data"].attrs
            digests.append((data["train_images_digest"], data["test_images_digest"]))
    assert digests[0] == digests[1]


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_dry_run_lists_the_first_ten_faults(ranks: int, tmp_path: Path) -> None:
    """In the order of the images, with their number."""
    root = broken(tmp_path / "data")
    arguments = ["simulate", *words(TINY | RUN | {"data.path": root, "run.output": tmp_path / "out"}),
                 "--dry-run"]
    result = medpfl(*arguments, ranks=ranks)
    assert result.code == DATA and len(result.errors) == 1, result.err
    head, *lines = result.errors[0].splitlines()
    assert "12 of 36 images cannot be read" in head and "the first 10" in head
    names = [f"train/cyst/{i}.png" for i in range(5)] + [f"train/tumor/{i}.png" for i in range(5)]
    assert len(lines) == 10 and all(name in line for name, line in zip(names, lines, strict=True))
    skipped = medpfl(*arguments, "--data.on_error=skip", ranks=ranks)
    assert skipped.code == 0 and "8 training and 16 test images" in skipped.out, skipped.err


def test_stray_bytes_of_a_jpeg_are_counted(tmp_path: Path) -> None:
    """Two bytes before the scan: the pixels are those of the whole file."""
    root = image_folder(tmp_path / "data", suffix="jpg", size=16)
    whole = first_image(tmp_path / "whole", root)
    path = root / "train/cyst/0.jpg"
    at = path.read_bytes().index(b"\xff\xda")
    path.write_bytes(path.read_bytes()[:at] + b"\0\0" + path.read_bytes()[at:])
    np.testing.assert_array_equal(first_image(tmp_path / "stray", root), whole)
    one_warning(run(tmp_path / "out", root), "1 of 36 images are JPEG files with stray bytes")


def test_colors_made_gray_are_said_once(tmp_path: Path) -> None:
    """Color files only: gray ones that are stored as RGB lose nothing."""
    root = image_folder(tmp_path / "data", size=16)
    pixels = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)
    Image.fromarray(pixels).save(root / "train/cyst/0.png")
    Image.open(root / "train/cyst/1.png").convert("RGB").save(root / "train/cyst/1.png")
    for ranks in (1, 2):
        one_warning(run(tmp_path / f"out{ranks}", root, ranks=ranks),
                    "the colors of 1 of 36 images became gray")
    assert not any("gray" in line for line in warnings(run(tmp_path / "rgb", root, {"data.channels": 3})))


def test_classes_and_equal_images_are_told(tmp_path: Path) -> None:
    """What a limit empties, what a stray label makes, and test images that were trained on."""
    root = image_folder(tmp_path / "data", size=16)
    for name in ("0.png", "5.png"):
        (root / "test/cyst" / name).write_bytes((root / "train/tumor/2.png").read_bytes())
    for ranks in (1, 2):
        one_warning(run(tmp_path / f"equal{ranks}", root, ranks=ranks),
                    "of 18 test images 2 are training images")
    one_warning(run(tmp_path / "limit", root, {"data.limit": 2, "federation.clients": 2}),
                "data.limit=2 leaves 1 of 3 classes without a training image: tumor")
    for split in ("train", "test"):
        (root / split / "copy").symlink_to(root / split / "tumor")
    one_warning(run(tmp_path / "twice", root, ranks=2), "are also there with another label, pixel by pixel")
    single = image_folder(tmp_path / "single", size=16)
    for folder in (*single.glob("*/healthy"), *single.glob("*/tumor")):
        shutil.rmtree(folder)
    one_warning(run(tmp_path / "one", single), "all images are of one class, cyst")
    archive = npz(tmp_path / "stray.npz", train_labels=np.array([0, 1, 2, 9] + [1] * 8))
    one_warning(run(tmp_path / "stray", archive, {"data.dataset": "medmnist"}),
                "6 of 10 classes have no training image: 3, 4, 5, 6, 7 and 1 more", "stray label")


def test_test_images_from_elsewhere(tmp_path: Path) -> None:
    """A folder with train and val alone: val as the test split, or a share held out by the seed."""
    root = image_folder(tmp_path / "data", size=16)
    with complete(tmp_path / "plain", RUN | {"data.path": root}) as file:
        expected = file["data"].attrs["test_images_digest"]
    (root / "test").rename(root / "val")
    refused = run(tmp_path / "out", root)
    assert refused.code == DATA and "data.test_split=val" in refused.errors[0]
    with complete(tmp_path / "val", RUN | {"data.path": root, "data.test_split": "val"}) as file:
        assert file["data"].attrs["test_images_digest"] == expected
    digests = []
    for name, seed, ranks in (("a", 1, 1), ("b", 1, 3), ("c", 2, 1)):
        held = RUN | {"data.path": root, "data.holdout": 0.5, "run.seed": seed}
        with complete(tmp_path / name, held, ranks=ranks) as file:
            assert len(file["clients/assignment"]) == 9
            digests.append(file["data"].attrs["test_images_digest"])
    assert digests[0] == digests[1] != digests[2]
    both = run(tmp_path / "out", root, {"data.holdout": 0.5, "data.test_split": "val"})
    assert both.code == CONFIG and "give one of them" in both.errors[0]
    phantom = simulate(tmp_path / "out", {"data.test_split": "val"})
    assert phantom.code == CONFIG and "data.test_split=val is of data sets" in phantom.errors[0]


@pytest.mark.parametrize(("data", "images", "tested"),
                         [("image-folder", 18, 0), ("medmnist", 12, 0), ("mnist", 42, 6)])
def test_held_out_images_are_those_not_trained_on(data: str, images: int, tested: int, tmp_path: Path) -> None:
    """All images that could be trained on are trained on or tested on, none twice: by their sums.

    Without a share held out, `tested` of them are test images, because the t10k files of MNIST are divided.
    """
    options = RUN | {"data.dataset": data, "data.path": WRITERS[data](tmp_path / "data"),
                     "federation.clients": 1, "federation.batch_size": 0}

    def sums(name: str, share: float) -> tuple[int, np.ndarray, np.ndarray]:
        with complete(tmp_path / name, options | {"data.holdout": share}) as file:
            trained = file["gradients/batches/images"][()] / 255
            return len(trained), trained.sum(axis=0), file["data/prior"][()].astype(float)

    held, held_sum, held_mean = sums("held", 0.5)
    rest, rest_sum, rest_mean = sums("rest", 0)
    assert rest + tested == images and abs(held - images / 2) <= 2
    np.testing.assert_allclose(held_sum + (images - held) * held_mean, rest_sum + tested * rest_mean, rtol=1e-5)


@pytest.mark.parametrize("changes", [
    {"data.phantom.train": 2**63 - 1}, {"data.phantom.test": 2**63 - 1},
    {"data.phantom.train": 10**6, "data.image_size": 512, "data.channels": 3},
    {"data.image_size": 2**63 - 1}, {"data.limit": -(2**63)},
])
def test_absurd_sizes_end_in_one_line(changes: dict[str, object], tmp_path: Path) -> None:
    """Never in all of the memory."""
    result = simulate(tmp_path / "out", {"data.phantom.train": 24} | changes)
    assert result.code in (CONFIG, DATA), result.err
    assert len(result.errors) == 1 and "\n" not in result.errors[0], result.err
