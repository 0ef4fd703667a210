"""HDF5 files written anew, as the program writes them or without checksums."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np


def stored(value: object) -> dict[str, object]:
    """What h5py needs to store a value, its text as text of fixed length."""
    values = np.asarray(value)
    dtype = values.dtype
    if dtype.kind in "OSU":
        values = np.array([text.encode() if isinstance(text, str) else text for text in values.ravel()], dtype="S")
        dtype = h5py.string_dtype("utf-8", max(1, values.dtype.itemsize))
    return {"data": values.ravel(), "shape": np.shape(value), "dtype": dtype}


def copy_group(source: h5py.Group, to: h5py.Group, checksums: bool) -> None:
    """Copies what is in a group."""
    for name in source:
        link = source.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            to[name] = link
            continue
        item = source[name]
        if isinstance(item, h5py.Group):
            copy_group(item, to.create_group(name), checksums)
            continue
        if item.is_virtual:
            source.copy(item, to, name)
            continue
        value = stored(item[()])
        data = value.pop("data")
        made = to.create_dataset(name, **value, fletcher32=True if checksums and item.size and item.shape else None)
        if item.size:
            made.id.write(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=made.id.get_type())
        copy_attributes(item, made)
    copy_attributes(source, to)


def copy_attributes(source: h5py.HLObject, to: h5py.HLObject) -> None:
    """Copies attributes but those of axes, which are references."""
    for key, value in source.attrs.items():
        if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
            to.attrs.create(key, **stored(value))


def heaps(data: bytes) -> list[slice]:
    """Where the global heaps of a file are, which hold the names of segment files. They have no checksums, and HDF5 1.10
    neither ends nor keeps within its memory on damaged ones (docs/fuzzing.md)."""
    starts = [found.start() for found in re.finditer(b"GCOL", data)]
    return [slice(at, at + int.from_bytes(data[at + 8 : at + 16], "little")) for at in starts]


def rewrite(path: Path, *, checksums: bool) -> None:
    """Writes a file anew, its text of fixed length: nobody can read a damaged file safely that has text of variable length,
    which files before schema 1.6 have, because HDF5 runs beyond its memory there.

    `checksums`: with those that the program writes, by which HDF5 refuses nearly all damage itself.
    """
    old = path.rename(path.with_suffix(".old"))
    with h5py.File(old) as source, h5py.File(path, "w", libver=("v108" if checksums else "earliest", "latest")) as to:
        copy_group(source, to, checksums)
    old.unlink()
