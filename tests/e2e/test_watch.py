"""`medpfl watch`: what is seen of a job at work, from outside."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from pathlib import Path

import pytest
from harness import BINARY, ENVIRONMENT, FORMAT, TINY, command, complete, medpfl, words

PROGRESS = "run.progress"


def begin(output: Path, changes: dict[str, object], ranks: int = 1) -> subprocess.Popen:
    """Begins a run, and waits until it publishes an attack."""
    options = TINY | changes | {"run.output": output}
    run = subprocess.Popen(command(["simulate", "--quiet", *words(options)], ranks), env=os.environ | ENVIRONMENT,
                           stdin=subprocess.DEVNULL)
    file = output / PROGRESS
    while not file.exists() or "work=attack" not in file.read_text():
        assert run.poll() is None
        time.sleep(0.01)
    return run


def view_on_a_terminal(folder: Path) -> str:
    """What `medpfl watch` writes to a terminal until it ends."""
    ours, theirs = pty.openpty()
    watch = subprocess.Popen([BINARY, "watch", str(folder)], env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL,
                             stdout=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # the other end was closed
            break
        if not read:
            break
        shown += read
    assert watch.wait() == 0
    os.close(ours)
    return shown.decode()


# Attacks of more than a second, of which some are done while others are in hand.
WORK = {"attack.method": "inverting-gradients", "attack.iterations": 15000, "attack.snapshots": "1",
        "federation.clients": 6}


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_is_watched_to_its_end(tmp_path: Path, ranks: int) -> None:
    run = begin(tmp_path / "run", WORK, ranks)
    # Two who watch do not disturb each other.
    watch = subprocess.Popen([BINARY, "watch", str(tmp_path / "run")], env=os.environ | ENVIRONMENT,
                             stdout=subprocess.PIPE, text=True)
    seen = view_on_a_terminal(tmp_path / "run")
    out = watch.communicate()[0].splitlines()
    assert watch.returncode == 0 and run.wait() == 0
    assert re.match(r"attack \d of 6(, [\d:]+ left)?; 2 of 2 rounds trained, loss \d\.\d+, balanced accuracy \d+%; "
                    r"iteration \d+, objective \S+; inverting-gradients on probe 0 of hospital \d, round 0", out[0]), out
    assert out[-1] == "complete" and len(out) > 2
    assert "best so far PSNR" in seen
    assert "\x1b[" in seen and "inverting-gradients on probe 0 of hospital" in seen and seen.rstrip().endswith("complete\r\n\x1b[J")
    assert not (tmp_path / "run" / PROGRESS).exists()


def test_what_a_killed_run_left_is_no_job_at_work(tmp_path: Path) -> None:
    run = begin(tmp_path / "run", WORK)
    run.kill()
    run.wait()
    done = medpfl("watch", tmp_path / "run")
    assert done.code == 0 and "no process is at work on it now" in done.out
    resumed = medpfl("simulate", "--quiet", "--resume", *words(TINY | WORK | {"run.output": tmp_path / "run"}))
    assert resumed.code == 0, resumed.err
    assert not (tmp_path / "run" / PROGRESS).exists()


def test_a_complete_run_and_a_folder_without_one(tmp_path: Path) -> None:
    complete(tmp_path / "run", {}).close()
    done = medpfl("watch", tmp_path / "run")
    assert (done.code, done.out) == (0, "complete\n")
    nothing = medpfl("watch", tmp_path)
    assert nothing.code == FORMAT and "there is no run, audit or sweep at work" in nothing.errors[0]
