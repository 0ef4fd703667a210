"""Jobs on the two hosts of tests/on_two_hosts.sh, compared with jobs on one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("e2e", "slurm")]

from harness import BINARY


@pytest.fixture(autouse=True, scope="session")
def binary() -> Path:
    """MEDPFL_BINARY, which must be there."""
    assert BINARY.is_file(), f"{BINARY} is missing: build it, or set MEDPFL_BINARY"
    return BINARY
