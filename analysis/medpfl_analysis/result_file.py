"""What runs, sweeps and audits have in common: where a file is, who wrote it, and its options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import h5py
import pandas as pd

from .hdf5 import RunFormatError, attributes, find, table
from .verdicts import Verdict

Opened = TypeVar("Opened", bound="ResultFile")


class ResultFile:
    """A result file, open for reading. Everything is read when asked for, then kept; close after
    use. A notebook shows its verdict and its table."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self.path = Path(file.filename)
        self.folder = self.path.resolve().parent
        root = attributes(file)
        self.schema_version: tuple[int, ...] = tuple(root["schema_version"])
        self.status: str = root.get("status", "unknown")
        self.medpfl_version: str = root.get("medpfl_version", "unknown")
        self.git_sha: str = root.get("git_sha", "unknown")
        self.created_utc: str = root.get("created_utc", "unknown")

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; what has been read stays valid."""
        self._file.close()

    @property
    def file(self) -> h5py.File:
        """The open file. Raises RunFormatError after close()."""
        if not self._file:
            raise RunFormatError(f"{self.path}: was closed, and this had not been read before; read it inside the with block, or open "
                                 "the file again")
        return self._file

    def _group(self, name: str) -> h5py.Group | None:
        found = find(self.file, name)
        return found if isinstance(found, h5py.Group) else None

    def _attributes(self, name: str) -> dict[str, Any]:
        group = self._group(name)
        return {} if group is None else attributes(group)

    def _number(self, told: Mapping[str, Any], name: str, absent: float | None = None, least: float = -math.inf) -> float:
        """The number that is called `name` among attributes. Raises RunFormatError for text, for less than `least`, and where
        there is none and nothing is to stand in the place of an absent one."""
        value = told.get(name, absent)
        if value is None:
            raise RunFormatError(f"{self.path}: attribute {name} is missing, which schema 1 requires; the file is damaged")
        if not isinstance(value, (int, float)) or value < least:
            raise RunFormatError(f"{self.path}: attribute {name} is {value!r}; the file is damaged")
        return value

    def overview(self) -> tuple[Verdict, pd.DataFrame]:
        """The verdict, false where there is none, and the table that say most of what was found."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}: {self.status}{'' if self._file else ', closed'}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        verdict, table_ = self.overview()
        said = f"<p><b>{escape(verdict.marked)}</b>: {escape(verdict.reason)}</p>" if verdict else ""
        return (f"<p><b>{escape(self.folder.name)}</b>: {escape(self.status)}, {escape(self.created_utc)}, MedPFL "
                f"{escape(self.medpfl_version)}</p>{said}{table_.to_html(index=False, na_rep='', float_format='{:.3g}'.format)}")

    @cached_property
    def provenance(self) -> pd.DataFrame:
        """One row an option: option, value, source (default, command line or a file's name)."""
        return table(find(self.file, "config"), ("option", "value", "source"))

    @cached_property
    def config(self) -> dict[str, str]:
        """The value of each option, by section.option."""
        return dict(zip(self.provenance["option"], self.provenance["value"], strict=True))
