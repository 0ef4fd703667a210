"""What runs, sweeps and audits have in common: where a file is, who wrote it, and its options."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TypeVar

import h5py
import pandas as pd

from .hdf5 import attributes, table

Opened = TypeVar("Opened", bound="ResultFile")


class ResultFile:
    """A result file, open for reading. Everything is read when asked for, then kept; close after
    use."""

    def __init__(self, file: h5py.File) -> None:
        self.file = file
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
        self.file.close()

    @cached_property
    def provenance(self) -> pd.DataFrame:
        """One row an option: option, value, source (default, command line or a file's name)."""
        return table(self.file.get("config"), ("option", "value", "source"))

    @cached_property
    def config(self) -> dict[str, str]:
        """The value of each option, by section.option."""
        return dict(zip(self.provenance["option"], self.provenance["value"], strict=True))
