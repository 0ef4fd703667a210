"""One private Slurm for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from harness import BINARY, ENVIRONMENT
from private_slurm import PrivateSlurm


@pytest.fixture(scope="session")
def slurm() -> Iterator[PrivateSlurm]:
    """Running; its jobs find the program under test."""
    assert BINARY.is_file(), f"{BINARY} is missing: build it, or set MEDPFL_BINARY"
    private = PrivateSlurm(ENVIRONMENT | {"MEDPFL_BINARY": str(BINARY)})
    try:
        private.start()
        yield private
    finally:
        private.stop()
