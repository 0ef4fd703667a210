"""Checked reading of HDF5: every failure becomes a RunFormatError that says what to do."""

from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
import pandas as pd

SCHEMA_MAJOR = 1
# Files before schema 1.6 may hold text that is no UTF-8; later ones have it as this shows it.
_NO_UTF8 = "backslashreplace"


class RunFormatError(Exception):
    """A file is missing, broken or of another version; the message says which and what to do."""


Function = TypeVar("Function", bound=Callable[..., Any])


def _refusing(function: Function) -> Function:
    """A function of an object of an open file, its first argument. What h5py raises where the file is damaged, which may be
    nearly anything, becomes a RunFormatError that names file and object."""
    @functools.wraps(function)
    def called(source: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return function(source, *arguments, **options)
        except (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
            raise RunFormatError(f"{source.file.filename}: {source.name or 'an object'} cannot be read ({error}); the file is "
                                 "damaged, copy it again from its origin") from None
    return called


def open_file(path: Path, expected: str = "a run folder or its run.h5") -> h5py.File:
    """Opens an HDF5 file for reading. RunFormatError if missing, not HDF5 or cut off."""
    if not path.is_file():
        raise RunFormatError(f"{path}: no such file; give {expected}")
    if path.stat().st_size == 0:
        raise RunFormatError(f"{path}: the file is empty; copy it again from its origin")
    try:
        # Archives are often on read-only or lock-free file systems.
        return _open_locked(path)
    except OSError as error:
        text = str(error)
        if "signature not found" in text:
            raise RunFormatError(f"{path}: not an HDF5 file; give {expected}") from None
        if "truncated" in text:
            raise RunFormatError(
                f"{path}: the file is truncated ({path.stat().st_size} bytes are left of it); "
                "copy it again from its origin"
            ) from None
        raise RunFormatError(f"{path}: cannot be opened: {text}") from None


def _open_locked(path: Path) -> h5py.File:
    """Opens a file with a lock, and without where the file system knows none."""
    try:
        return h5py.File(path, "r", locking="best-effort")
    except OSError as error:
        # errno 11: another process holds the lock, so there are locks.
        if "lock" not in str(error) or "errno = 11," in str(error):
            raise
        return h5py.File(path, "r", locking=False)


def open_result(path: Path, filetype: str, expected: str) -> h5py.File:
    """Opens a result file of this filetype and schema version SCHEMA_MAJOR.x for reading: `path`, or
    in a folder the file that is named as its type, as sweep.h5.

    RunFormatError as open_file, and for another filetype or major version; it says `expected`, what
    to give instead.
    """
    if path.is_dir():
        path = path / f"{filetype.removeprefix('medpfl-')}.h5"
    file = open_file(path.absolute(), expected)
    try:
        root = attributes(file)
        if root.get("filetype") != filetype:
            raise RunFormatError(
                f"{path}: filetype is {root.get('filetype', 'absent')!r}, not '{filetype}'; "
                f"give {expected}"
            )
        version = root.get("schema_version")
        if not isinstance(version, list) or len(version) != 2:
            raise RunFormatError(
                f"{path}: schema_version is {version}, not two numbers; the file is damaged"
            )
        if version[0] != SCHEMA_MAJOR:
            age = "newer" if version[0] > SCHEMA_MAJOR else "older"
            raise RunFormatError(
                f"{path}: has schema version {version[0]}.{version[1]}, this medpfl_analysis reads "
                f"{SCHEMA_MAJOR}.x; use the {age} medpfl_analysis that belongs to MedPFL "
                f"{root.get('medpfl_version', 'unknown')}"
            )
        return file
    except BaseException:
        file.close()
        raise


def decode(value: Any) -> Any:
    """An attribute as str, list, int or float, whichever string type the writer used."""
    if isinstance(value, bytes):
        return value.decode("utf-8", _NO_UTF8)
    if isinstance(value, np.ndarray):
        return [decode(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return decode(value.item())
    return value


def names(value: Any) -> list[str]:
    """A list of names, from a text array or from one text with commas or lines between them."""
    value = decode(value)
    if isinstance(value, str):
        return [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
    return [str(part) for part in value]


@_refusing
def find(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """What is called `name` in the group, or None."""
    return group.get(name)


@_refusing
def members(group: h5py.Group) -> tuple[str, ...]:
    """The names of what is in the group. h5py gives bytes for a name that is no UTF-8."""
    return tuple(decode(name) for name in group)


@_refusing
def attributes(group: h5py.Group) -> dict[str, Any]:
    """All attributes of a group, decoded."""
    return {decode(name): decode(value) for name, value in group.attrs.items()}


def dataset(group: h5py.Group, name: str, dimensions: int) -> h5py.Dataset:
    """The dataset `name` of the group. Raises RunFormatError if there is none of so many dimensions."""
    found = find(group, name)
    where = f"{group.file.filename}: dataset {group.name.rstrip('/')}/{name}"
    if not isinstance(found, h5py.Dataset):
        raise RunFormatError(f"{where} is missing, which schema 1 requires; the file is damaged or was not written by MedPFL")
    if len(_shape(found)) != dimensions:
        raise RunFormatError(f"{where} has {len(_shape(found))} dimensions and not {dimensions}; the file is damaged")
    return found


@_refusing
def _shape(source: h5py.Dataset) -> tuple[int, ...]:
    """The extents of a dataset; one without a dataspace of values has none."""
    return source.shape or ()


@_refusing
def read(source: h5py.Dataset, selection: Any = ()) -> Any:
    """The values of a dataset, text decoded, numbers in the processor's order of bytes. Raises RunFormatError if they cannot be
    read, or are neither numbers nor text."""
    if h5py.check_string_dtype(source.dtype) is not None:
        return source.asstr(errors=_NO_UTF8)[selection]
    if source.dtype.kind not in "biuf":
        raise TypeError(f"{source.dtype} is neither numbers nor text")
    values = source[selection]
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def read_rows(source: h5py.Dataset, rows: Sequence[int] | np.ndarray | None) -> np.ndarray:
    """Rows of a dataset in the order asked for, repeats allowed; None reads all of them.

    Raises IndexError if a row is outside [0, number of rows).
    """
    if rows is None:
        return read(source)
    wanted = np.asarray(rows, dtype=np.int64).reshape(-1)
    if wanted.size == 0:
        return np.empty((0, *source.shape[1:]), dtype=source.dtype)
    if wanted.min() < 0 or wanted.max() >= source.shape[0]:
        bad = wanted[(wanted < 0) | (wanted >= source.shape[0])][0]
        raise IndexError(f"{source.name}: row {bad} is outside its {source.shape[0]} rows")
    unique, inverse = np.unique(wanted, return_inverse=True)
    return read(source, unique)[inverse]


def read_recorded(source: h5py.Dataset, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """As read_rows, of a dataset whose rows have their CRC-32 in the column `checksum` beside it. Files before schema 1.6
    have no such column, and rows of a run that was begun before have -1.

    Raises RunFormatError for a row that has another one.
    """
    values = read_rows(source, rows)
    sums = find(source.parent, "checksum")
    if sums is None:
        return values
    # h5py has no bfloat16 and makes it float32, with zeros behind.
    short = source.id.get_type().get_size() < values.itemsize
    stored = (values.view(np.uint32) >> 16).astype(np.uint16) if short else np.ascontiguousarray(values)
    for at, wanted in enumerate(read_rows(sums, rows)):
        if wanted not in (-1, zlib.crc32(stored[at].data)):
            row = at if rows is None else rows[at]
            raise RunFormatError(f"{source.file.filename}: row {row} of {source.name} differs from its checksum; a file behind "
                                 "it is damaged, copy it again from its origin (medpfl verify names it)")
    return values


def table(
    group: h5py.Group | None, columns: Iterable[str], index: str | None = None,
    newer: Iterable[str] = (),
) -> pd.DataFrame:
    """One-dimensional datasets of equal length as columns; no rows without the group.

    `newer` columns, which files of earlier versions lack, come last; there they are NaN.
    """
    absent = [name for name in newer if group is not None and find(group, name) is None]
    columns = [*columns, *(name for name in newer if name not in absent)]
    if group is None:
        frame = pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
    else:
        data = {name: read(dataset(group, name, 1)) for name in columns}
        lengths = {name: len(values) for name, values in data.items()}
        if len(set(lengths.values())) > 1:
            raise RunFormatError(
                f"{group.file.filename}: columns of {group.name} differ in length: {lengths}; "
                "the file is damaged"
            )
        frame = pd.DataFrame(data)
    for name in absent:
        frame[name] = np.nan
    if index is not None:
        frame.index.name = index
    return frame


def open_virtual(file: h5py.File, name: str, dimensions: int) -> h5py.Dataset:
    """A virtual dataset of so many dimensions, its source files looked up beside `file` from any working directory.

    HDF5 returns fill values where a source is absent, so all sources are checked first. Raises
    RunFormatError that names the first source that is missing or damaged, and how many there are.
    """
    folder = Path(file.filename).resolve().parent
    access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    access.set_virtual_prefix(os.fsencode(folder))
    dataset(file, name, dimensions)
    found = h5py.Dataset(h5py.h5d.open(file.id, name.encode(), access))
    if not found.is_virtual:
        return found
    sources = found.virtual_sources()
    missing = sorted({s.file_name for s in sources if not (folder / s.file_name).is_file()})
    if missing:
        raise RunFormatError(
            f"{file.filename}: {name} needs {folder / missing[0]}, which is missing "
            f"({len(missing)} of {len({s.file_name for s in sources})} files are); "
            f"keep the folder {Path(missing[0]).parent} beside run.h5"
        )
    covered = 0
    for source in sources:
        with open_file(folder / source.file_name) as segment:
            shape = dataset(segment, source.dset_name, dimensions).shape
        if not _fits(source, shape):
            raise RunFormatError(
                f"{folder / source.file_name}: {source.dset_name} has shape {shape}, which is not "
                f"what {name} takes from it; the file does not belong to this run"
            )
        covered += source.vspace.get_select_npoints()
    if covered < found.size:
        raise RunFormatError(
            f"{file.filename}: {name} has {found.size} values and only {covered} in segment files; "
            "the file is damaged"
        )
    return found


def _fits(source: Any, shape: tuple[int, ...]) -> bool:
    """Whether a dataset of this shape has all that the mapping takes from it."""
    space = source.src_space
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        return int(np.prod(shape)) == source.vspace.get_select_npoints()
    last = space.get_select_bounds()[1]
    return len(last) == len(shape) and all(a < b for a, b in zip(last, shape, strict=True))
