"""jobs/study.sh: the list of cells, the cells themselves, resumed, and the page."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import image_folder
from harness import BINARY, ENVIRONMENT, REPOSITORY, medpfl

from medpfl_analysis.study import mean_accuracy, read_study

SCRIPT = REPOSITORY / "jobs" / "study.sh"
QUICK = [
    "--",
    "--networks=2",
    "--evaluations=20",
    "--model.name=lenet-dlg",
    "--model.init=uniform",
    "--data.image_size=16",
    "--data.phantom.train=32",
    "--data.phantom.test=32",
    "--federation.rounds=3",
    "--federation.clients=2",
]
# Generated brain scans without a defense, under noise of 0.3 of the norm, and with another activation; and X-rays.
FOUR = '--only=presets=dlg.*mri|mri.*gaussian.scale=0.3|xray" "--model|sigmoid'


def call(output: Path, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script as a user calls it, without images of the machine's."""
    clean = {name: value for name, value in os.environ.items() if name != "MEDPFL_DATA"}
    return subprocess.run(
        [SCRIPT, f"--output={output}", *map(str, words)],
        text=True,
        capture_output=True,
        timeout=600,
        env=clean | ENVIRONMENT | {"MEDPFL_BINARY": str(BINARY)} | environment,
        check=False,
    )


def listed(output: Path) -> list[list[str]]:
    return [shlex.split(line) for line in (output / "tasks.txt").read_text().splitlines()]


TRIED: set[tuple[str, ...]] = set()  # options of lines, which the designs have in common


@pytest.mark.parametrize("design", [[], ["--full"]])
def test_every_line_is_a_job_that_can_start(tmp_path: Path, design: list[str]) -> None:
    """With folders of images whose name is two words, and photographs."""
    root = tmp_path / "the images"
    for name in ("brain_tumor_mri", "chest_xray_pneumonia", "melanoma_cancer_dataset"):
        image_folder(root / name, each=24, size=32)
    image_folder(tmp_path / "some", each=4, size=48)
    photographs = tmp_path / "some" / "train" / sorted(path.name for path in (tmp_path / "some/train").iterdir())[0]
    done = call(tmp_path / "cells", "--data", root, "--natural", photographs, "--list", *design)
    assert done.returncode == 0, done.stderr
    assert "left out, because there are no images: covid_cxr_3class digits" in done.stdout
    lines = listed(tmp_path / "cells")
    assert len({tuple(line) for line in lines}) == len(lines) > 30
    for job, *words in lines:
        options = tuple(word for word in words if not word.startswith("--data.path="))
        assert Path(next(word for word in words if word.startswith("--data.path=")).partition("=")[2]).is_dir()
        if options in TRIED:
            continue
        TRIED.add(options)
        told = ["--print-config"] if job == "audit" else ["--list", f"--run.output={tmp_path / 'sweep'}"]
        checked = medpfl(job, *words, *told)
        assert checked.code == 0, f"{words}: {checked.err}"


def test_photographs_become_patches_of_four_classes(tmp_path: Path) -> None:
    image_folder(tmp_path / "some", each=8, size=48)
    folder = sorted((tmp_path / "some/train").iterdir())[0]
    made = subprocess.run(
        ["/usr/bin/python3", REPOSITORY / "jobs/contrast_sets.py", "--photographs", folder, tmp_path / "out"],
        check=False,
    )
    assert made.returncode == 0
    counts = {
        split: [len(list(path.iterdir())) for path in sorted((tmp_path / "out/photographs" / split).iterdir())]
        for split in ("train", "test")
    }
    assert counts == {"train": [150] * 4, "test": [40] * 4}


def test_cells_page_and_going_on(tmp_path: Path) -> None:
    output = tmp_path / "study"
    done = call(output, FOUR, "--at-once=2", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    cells, missing = read_study(output)
    assert len(cells) == 4
    assert len(missing) == len(listed(output)) - 4
    page = (output / "study.md").read_text()
    assert "**Not complete**" in page
    for cell in cells:
        assert cell.attacks["vanished"].notna().all() and not cell.attacks["attack"].str.startswith("public-").any()
        with h5py.File(output / f"{cell.number}/audit.h5") as audit:
            assert audit.attrs["rehearsed_apart"] == 1
            ends = []
            for network in (1, 2):
                with h5py.File(output / f"{cell.number}/network-{network}/federation/run.h5") as run:
                    ends.append(run["rounds/balanced_accuracy"][-1])
            assert mean_accuracy(cell)[0] == pytest.approx(np.mean(ends))
            assert audit.attrs["balanced_accuracy"] == pytest.approx(np.mean(ends))
    with (output / "data/study.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["defense"] for row in rows} == {"none", "gaussian relative=norm scale=0.3"}
    assert {row["attack"] for row in rows if row["part"] == "single"} >= {"idlg", "cpl", "untrained-prior"}
    assert {row["change"] for row in rows} == {"", "model.activation=sigmoid"}
    assert {row["data_set"] for row in rows} == {"phantom mri", "phantom xray"}
    assert (output / "pictures/study_noise.png").stat().st_size > 5000
    before = {cell.number: (output / f"{cell.number}/network-1/federation/run.h5").stat().st_mtime_ns for cell in cells}
    again = call(output, FOUR, "--at-once=2", f"--page={tmp_path / 'page.md'}", *QUICK)
    assert again.returncode == 0, again.stderr
    for number, then in before.items():
        assert (output / f"{number}/network-1/federation/run.h5").stat().st_mtime_ns == then
    assert (tmp_path / "page.md").read_text().replace("page", "study") == page.replace("page", "study")


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    """Brain scans of one file that is no image, in between; and where nothing is complete there is no page."""
    root = tmp_path / "images"
    for name in ("brain_tumor_mri", "chest_xray_pneumonia"):
        (root / name / "train" / "a").mkdir(parents=True)
    done = call(tmp_path / "cells", "--data", root, "--only=laplace")
    assert done.returncode == 1
    assert "brain_tumor_mri" in done.stderr
    assert "no cell is complete" in done.stderr


def test_missing_images_are_named(tmp_path: Path) -> None:
    done = call(tmp_path / "cells", "--data", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "nowhere/brain_tumor_mri" in done.stderr and "--data DIR" in done.stderr
    assert not (tmp_path / "cells").exists()
