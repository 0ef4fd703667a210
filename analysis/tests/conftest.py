"""Run folders to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from synthetic import write_run
from synthetic_sweep import points, write_sweep

from medpfl_analysis import Run, open_run, theme


@pytest.fixture(autouse=True)
def coarse_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of few pixels: drawing them is most of the tests' time."""
    monkeypatch.setattr(theme, "DPI", 40)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run: 4 images, one method, two restarts; tests must not change it."""
    return write_run(tmp_path_factory.mktemp("runs") / "demo", restarts=2)


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    """The complete run, open."""
    with open_run(folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def sweep_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete sweep; tests must not change it."""
    return write_sweep(tmp_path_factory.mktemp("sweeps") / "noise", points())
