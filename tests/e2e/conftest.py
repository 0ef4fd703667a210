"""The program under test."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
from harness import BINARY, complete


@pytest.fixture(autouse=True, scope="session")
def binary() -> Path:
    """MEDPFL_BINARY, which must be there."""
    assert BINARY.is_file(), f"{BINARY} is missing: build it, or set MEDPFL_BINARY"
    return BINARY


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished tiny run on two ranks; tests must not change it."""
    output = tmp_path_factory.mktemp("runs") / "tiny"
    complete(output, {"attack.method": "idlg,dlg", "attack.restarts": 2}, ranks=2).close()
    return output


@pytest.fixture
def run(folder: Path) -> h5py.File:
    """The tiny run, open."""
    with h5py.File(folder / "run.h5", "r") as file:
        yield file
