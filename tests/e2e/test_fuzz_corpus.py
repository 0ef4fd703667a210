"""Every reader of files reads sound files and some hundred damaged ones, without faults: docs/fuzzing.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import BINARY, ENVIRONMENT, LIMIT, REPOSITORY

FUZZ = REPOSITORY / "tests/fuzz"
READERS = sorted(path.name.removesuffix("_fuzz.cpp") for path in FUZZ.glob("*_fuzz.cpp"))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sound files for each reader."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("seeds")
    subprocess.run([sys.executable, "-B", FUZZ / "make_seeds.py", folder], check=True, timeout=LIMIT,
                   env=os.environ | ENVIRONMENT | {"MEDPFL_BINARY": str(BINARY)})
    return folder


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_returns_or_refuses(reader: str, seeds: Path, tmp_path: Path) -> None:
    """A fault is a signal, or an exception that is not the project's own."""
    done = subprocess.run([BINARY.parent / f"{reader}_replay", "500", seeds / reader], cwd=tmp_path, timeout=LIMIT,
                          env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "500 changed ones: no fault" in done.stdout


def test_the_analysis_returns_or_refuses(tmp_path: Path) -> None:
    """Reports, summaries and exports of damaged files raise nothing but RunFormatError."""
    done = subprocess.run([sys.executable, "-B", FUZZ / "fuzz_analysis.py", "--executions", "60"], cwd=tmp_path,
                          timeout=LIMIT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 executions, 0 faults" in done.stdout
