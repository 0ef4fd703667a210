"""Stops before the first step is done: nothing is lost, and nobody waits."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import ENVIRONMENT, INTERRUPTED, TINY, command, complete, stopped, words
from PIL import Image
from test_interruption import start


def pictures(folder: Path) -> dict[str, object]:
    """A folder of images that take minutes to read: many names of one large image."""
    image = folder / "image.png"
    Image.effect_noise((1500, 1500), 60).save(image)
    for split, count in (("train", 3000), ("test", 4)):
        for name in ("well", "ill"):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                (folder / split / name / f"{i}.png").hardlink_to(image)
    return {"data.dataset": "image-folder", "data.path": folder}


def phantoms(_: Path) -> dict[str, object]:
    """Generated images, minutes of them."""
    return {"data.phantom.train": 1_000_000}


@pytest.mark.parametrize("images", [pictures, phantoms])
@pytest.mark.parametrize("ranks", [1, 2])
def test_a_stop_is_seen_while_images_load(images: Callable[[Path], dict[str, object]], ranks: int, tmp_path: Path) -> None:
    """Nothing has been computed then: the next call begins."""
    output, folder = tmp_path / "run", tmp_path / "images"
    folder.mkdir()
    run = start(output, images(folder), ranks)
    while not (output / "run.lock").exists():
        time.sleep(0.01)
    run.send_signal(signal.SIGUSR1)
    assert run.wait(timeout=60) == INTERRUPTED
    assert not (output / "run.h5").exists() and not (output / "checkpoint.h5").exists()
    complete(output, TINY, "--resume", ranks=ranks).close()


def test_a_second_interrupt_ends_a_run_at_once(tmp_path: Path) -> None:
    """The first says so; the step in hand would take days."""
    options = TINY | {"federation.algorithm": "fedavg", "federation.local_epochs": 1_000_000, "run.output": tmp_path / "run"}
    run = subprocess.Popen(command(["simulate", *words(options)], 1), env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    while not (tmp_path / "run" / "run.lock").exists():
        time.sleep(0.01)
    time.sleep(2)  # images are loaded then
    run.send_signal(signal.SIGINT)
    for line in run.stderr:
        if "another Ctrl-C ends the job at once" in line:
            break
    with pytest.raises(subprocess.TimeoutExpired):
        run.wait(timeout=1)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=10) == -signal.SIGINT


@pytest.mark.parametrize("job", ["sweep", "audit"])
def test_jobs_of_many_runs_see_it_too(job: str, tmp_path: Path) -> None:
    output, grid = tmp_path / job, tmp_path / "grid.ini"
    grid.write_text("[grid]\nrun.seed = 1 | 2\n")
    options = {"sweep": TINY | phantoms(tmp_path), "audit": {"data.phantom.train": 40_000}}[job] | {"run.output": output}
    begun = {"sweep": output / "points/00000/run.lock", "audit": output}[job]
    flags = {"sweep": [f"--grid={grid}"], "audit": []}[job]
    assert stopped(output, job, *flags, *words(options), begun=begun.exists) == INTERRUPTED
