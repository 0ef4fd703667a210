"""Data sets and result files, sound and broken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def image_folder(root: Path, each: int = 6, suffix: str = "png", size: int = 20) -> Path:
    """root/train and root/test with `each` noisy gray pictures of three classes."""
    random = np.random.default_rng(1)
    for split in ("train", "test"):
        for name in ("cyst", "healthy", "tumor"):
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(each):
                pixels = random.integers(0, 256, (size, size), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.{suffix}")
    return root


def class_folders(root: Path, each: int = 6, size: int = 20) -> Path:
    """root/CLASS with `each` noisy gray pictures of the classes of image_folder, none of them there."""
    random = np.random.default_rng(2)
    for name in ("cyst", "healthy", "tumor"):
        (root / name).mkdir(parents=True)
        for i in range(each):
            Image.fromarray(random.integers(0, 256, (size, size), dtype=np.uint8)).save(root / name / f"{i}.png")
    return root


def truncate(path: Path, share: float = 0.5) -> Path:
    """Cuts a file; its first part stays."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def npz(path: Path, labels: tuple[int, ...] = (0, 1, 2, 1) * 3, **changes: object) -> Path:
    """A MedMNIST archive; `changes` replace arrays, None leaves one out."""
    random = np.random.default_rng(1)
    arrays: dict[str, object] = {}
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = random.integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.array(labels, dtype=np.int64)[:, None]
    arrays |= changes
    with path.open("wb") as file:  # a path without .npz would get it
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    return path


def mnist(folder: Path) -> Path:
    """The idx files of MNIST's held-out split, which MedPFL divides: 42 noisy pictures of 3 digits."""
    random = np.random.default_rng(1)
    folder.mkdir(parents=True)
    pixels = random.integers(0, 256, (42, 28, 28), dtype=np.uint8)
    digits = np.arange(42, dtype=np.uint8) % 3
    (folder / "t10k-images-idx3-ubyte").write_bytes(
        struct.pack(">IIII", 0x803, 42, 28, 28) + pixels.tobytes())
    (folder / "t10k-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 42) + digits.tobytes())
    return folder


def text_chunk_png(path: Path) -> Path:
    """A PNG whose header is sound and whose pixels are not."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 20, 20, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                     chunk(b"IDAT", zlib.compress(b"too few pixels")) + chunk(b"IEND", b""))
    return path


# Of each data set that reads files: what writes a small one to a path, which it returns.
WRITERS = {"image-folder": image_folder, "medmnist": npz, "mnist": mnist}
