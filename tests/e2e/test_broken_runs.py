"""Result files that are broken or of another version, and runs that lose a rank."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import pytest
from files import truncate
from harness import ENVIRONMENT, FORMAT, TINY, command, complete, medpfl, text, words
from test_bad_input import expect_refusal


def test_inspect_refuses_what_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    """Missing, no HDF5, truncated, no run, another schema."""
    copy = tmp_path / "run.h5"

    def refused(*parts: str) -> None:
        expect_refusal(medpfl("inspect", copy), FORMAT, str(copy), *parts)

    refused("no such file")
    expect_refusal(medpfl("inspect", tmp_path), FORMAT, "run.h5", "no such file")
    copy.write_text("a text")
    refused("not an HDF5 file, or damaged")
    copy.write_bytes(b"")
    refused("not an HDF5 file, or damaged")
    shutil.copy(folder / "run.h5", copy)
    truncate(copy)
    refused()
    with h5py.File(copy, "w") as file:
        file["x"] = 1
    refused("an HDF5 file, but not a MedPFL run")
    with h5py.File(copy, "w") as file:
        file.attrs["filetype"] = "something-else"
    refused("filetype is 'something-else', not 'medpfl-run'")
    shutil.copy(folder / "run.h5", copy)
    with h5py.File(copy, "a") as file:
        file.attrs["schema_version"] = [2, 0]
    refused("schema version 2 is not supported, this program reads 1.x",
            "use the MedPFL that wrote it")
    shutil.copy(folder / "run.h5", copy)
    with h5py.File(copy, "a") as file:
        del file["rounds/train_loss"]
    refused("/rounds/train_loss")


def children(pid: int) -> list[int]:
    """Processes that `pid` started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return sorted(found)


def wait_until(what: str, condition, process: subprocess.Popen, seconds: float = 60) -> None:
    """Polls `condition` while the process lives."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"ended with {process.returncode} before: {what}"
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.05)


@pytest.mark.parametrize("victim", [0, 2])
def test_a_rank_that_dies_ends_the_job(victim: int, tmp_path: Path) -> None:
    """Soon, with an error, and what was published stays readable; the folder can be used again."""
    output = tmp_path / "out"
    # A megabyte a message, so that segments fill quickly.
    changes = TINY | {"run.output": output, "data.image_size": 32, "model.name": "mlp",
                      "model.mlp.hidden": 512, "federation.clients": 4, "federation.rounds": 40,
                      "attack.method": "", "output.weights": "false"}
    big = words(changes)
    process = subprocess.Popen(command(["simulate", *big], 3), env=os.environ | ENVIRONMENT,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        wait_until("segment", (output / "gradients" / "segment-00000.h5").exists, process)
        wait_until("three ranks", lambda: len(children(process.pid)) == 3, process)
        os.kill(children(process.pid)[victim], signal.SIGKILL)
        assert process.wait(timeout=300) != 0
    finally:
        if process.poll() is None:
            process.kill()
    with h5py.File(output / "run.h5", "r") as run:
        assert text(run.attrs["status"]) == "running"
        assert len(run["rounds/round"]) < 40
    shown = medpfl("inspect", output)
    assert shown.code == 0 and "status running" in shown.out, shown.err
    with complete(output, None, "--overwrite") as again:
        assert text(again.attrs["status"]) == "complete"
    assert sorted(path.name for path in (output / "gradients").iterdir()) == [
        "images.h5", "segment-00000.h5"]
