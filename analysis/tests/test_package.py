"""The package that pip installs has what the checkout has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from medpfl_analysis import __version__

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without pip and without a network, and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "medpfl_analysis"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / name)
    subprocess.run([sys.executable, "-c", "from setuptools.build_meta import build_wheel; build_wheel('.')"],
                   cwd=folder, check=True, capture_output=True, text=True)
    (file,) = folder.glob("*.whl")
    zipfile.ZipFile(file).extractall(folder / "unpacked")
    return folder / "unpacked"


def test_it_has_every_file(wheel: Path) -> None:
    """Modules, templates, and py.typed, by which type checkers know that it has types."""
    def files(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*")
                if path.is_file() and path.suffix != ".pyc"}

    packed = files(wheel / "medpfl_analysis")
    assert packed == files(PROJECT / "medpfl_analysis")
    assert {"py.typed", "templates/report.html.j2"} <= packed


def test_its_version_is_that_of_the_module(wheel: Path) -> None:
    (metadata,) = wheel.glob("*.dist-info")
    assert metadata.name == f"medpfl_analysis-{__version__}.dist-info"


def test_its_command_is_that_of_the_module(wheel: Path) -> None:
    """What pip makes of medpfl-analysis is what python3 -m medpfl_analysis calls."""
    (entries,) = wheel.glob("*.dist-info/entry_points.txt")
    points = ConfigParser()
    points.read(entries)
    module, _, function = points["console_scripts"]["medpfl-analysis"].partition(":")
    calls = [[sys.executable, "-c", f"import sys, {module}; sys.exit({module}.{function}())"],
             [sys.executable, "-m", "medpfl_analysis"]]
    told = [subprocess.run([*call, "--version"], cwd=wheel, check=True, capture_output=True, text=True,
                           env=os.environ | {"PYTHONPATH": str(wheel)}).stdout for call in calls]
    assert told == [f"{__version__}\n"] * 2
