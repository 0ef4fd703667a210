"""jobs/attack_table.sh: the list of runs, the runs themselves, resumed, and the page."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import h5py
import pytest
from files import image_folder
from harness import BINARY, ENVIRONMENT, REPOSITORY, medpfl

SCRIPT = REPOSITORY / "jobs" / "attack_table.sh"
SETS = ("brain_tumor_mri", "covid_cxr_3class", "melanoma_cancer_dataset")


@pytest.fixture(name="data", scope="module")
def fixture_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three sets, small, in a folder whose name is two words."""
    root = tmp_path_factory.mktemp("table") / "the images"
    for name in SETS:
        image_folder(root / name, each=24, size=32)
    return root


def call(data: Path, output: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The script as a user calls it."""
    return subprocess.run([SCRIPT, "--data", data, f"--output={output}", *words], text=True,
                          env=os.environ | ENVIRONMENT | {"MEDPFL_BINARY": str(BINARY)},
                          capture_output=True, timeout=300, check=False)


def test_every_line_is_a_run_that_can_start(data: Path, tmp_path: Path) -> None:
    """All networks and batches on all sets; attacks that take one image only at batch 1."""
    done = call(data, tmp_path, "--list")
    assert done.returncode == 0, done.stderr
    lines = [shlex.split(line) for line in (tmp_path / "tasks.txt").read_text().splitlines()]
    networks = {Path(words[1]).stem for words in lines}
    assert networks == {file.stem for file in (REPOSITORY / "configs/attack_table").glob("*.ini")}
    assert len(lines) == 48
    for words in lines:
        options = dict(word[2:].split("=", 1) for word in words[2:])
        assert Path(options["data.path"]).is_dir()
        if options["attack.probe_batch"] == "4":
            assert "idlg" not in options["attack.method"].split(",")
        if Path(options["data.path"]).name == SETS[0]:
            checked = medpfl("simulate", "--print-config", *words)
            assert checked.code == 0, checked.err


def test_runs_page_and_going_on(data: Path, tmp_path: Path) -> None:
    """The quick cells, twice: what is complete stays as it is."""
    only = "--only=mlp.ini.*brain"
    done = call(data, tmp_path / "runs", only)
    assert done.returncode == 0, done.stdout + done.stderr
    folders = sorted(path.parent.name for path in (tmp_path / "runs").glob("*/run.h5"))
    assert folders == ["25", "28"]
    page = (tmp_path / "runs" / "attacks.md").read_text()
    assert "## MLP, untrained · batch of 1" in page
    assert "| brain_tumor_mri | 12 | 1 | 100\u00a0% | " in page and " | `fc-readout` | 1.00 | " in page
    rows = (tmp_path / "runs" / "data" / "attacks.csv").read_text()
    assert '"MLP, untrained",1,fc-readout,brain_tumor_mri,12,' in rows
    assert "**Not complete**" in page
    with h5py.File(tmp_path / "runs/25/run.h5") as run:
        assert run["attacks/images/psnr"][()].min() > 90
        assert len(run["environment/host"]) == 2
    before = (tmp_path / "runs/25/run.h5").stat().st_mtime_ns
    again = call(data, tmp_path / "runs", only, f"--page={tmp_path / 'page.md'}")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "runs/25/run.h5").stat().st_mtime_ns == before
    assert (tmp_path / "page.md").read_text() == page.replace("attacks.csv", "page.csv")
    assert (tmp_path / "data" / "page.csv").read_text() == rows


def test_a_run_that_fails_is_named_and_the_others_go_on(data: Path, tmp_path: Path) -> None:
    """A set with no images, in between."""
    root = tmp_path / "images"
    for name in SETS:
        (root / name).mkdir(parents=True)
    for name in SETS[::2]:
        (root / name).rmdir()
        (root / name).symlink_to(data / name)
    done = call(root, tmp_path / "runs", "--only=mlp.ini.*probe_batch=1 ")
    assert done.returncode == 1
    assert "runs that failed: 26" in done.stderr and SETS[1] in done.stderr
    assert {path.parent.name for path in (tmp_path / "runs").glob("*/run.h5")} == {"25", "27"}


def test_missing_images_are_named(tmp_path: Path) -> None:
    done = call(tmp_path / "nowhere", tmp_path / "runs")
    assert done.returncode == 1
    assert "nowhere/brain_tumor_mri" in done.stderr and "--data DIR" in done.stderr
    assert not (tmp_path / "runs").exists()
