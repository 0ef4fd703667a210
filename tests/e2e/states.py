"""The states in checkpoints, read as the comment of src/core/archive.hpp describes their bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
from harness import text

GROUP, LIST, TEXT, NOTHING = 1, 2, 3, 4
NUMBERS = {5: "int64", 6: "uint64", 7: "float64", 8: "float32", 9: "uint8", 10: "bool"}


def entries(data: bytes) -> list[tuple[int, str, bytes]]:
    """Kind, name and content of each."""
    found, at = [], 0
    while at < len(data):
        kind, length = data[at], data[at + 1]
        name = data[at + 2:at + 2 + length].decode()
        size, = struct.unpack_from("<q", data, at + 2 + length)
        at += 10 + length + size
        found.append((kind, name, data[at - size:at]))
    assert at == len(data)
    return found


def numbers(kind: int, content: bytes) -> np.ndarray:
    """The values, in their shape."""
    shape = struct.unpack_from(f"<{content[0]}q", content, 1)
    return np.frombuffer(content, NUMBERS[kind], offset=1 + 8 * len(shape)).reshape(shape)


def layout(data: bytes, path: str) -> set[str]:
    """A line for each entry: its path, its type and its number of axes; of `version` its value."""
    lines = set()
    for kind, name, content in entries(data):
        at = f"{path}/{name or '*'}"
        if kind in (GROUP, LIST):
            lines |= layout(content, at)
        elif name == "version":
            lines.add(f"{path} version {numbers(kind, content)}")
        elif kind in NUMBERS:
            lines.add(f"{at} {NUMBERS[kind]} {len(numbers(kind, content).shape)}")
        elif name == "state" and content:
            lines |= layout(content, at)
        elif kind == TEXT:
            lines.add(f"{at} text")
    return lines


def change(checkpoint: Path, old: bytes, new: bytes) -> None:
    """Replaces bytes of rank 0's state, and gives the checkpoint the checksum of what it holds then."""
    with h5py.File(checkpoint, "r+") as file:
        state = file["state/server"]
        data = bytes(state[()])
        assert data.count(old) == 1 and len(old) == len(new)
        state[()] = np.frombuffer(data.replace(old, new), np.uint8)
        parts = [file["config"][()], file["inputs"][()], text(file.attrs["build"]).encode(),
                 text(file.attrs["client_states"]).encode(), bytes(file["state/shared"][()]), bytes(state[()])]
        file.attrs["checksum"] = np.int64(zlib.crc32(b"".join(parts)))
