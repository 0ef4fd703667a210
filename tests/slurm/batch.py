"""Submits the batch files of slurm/ as a user does."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from harness import REPOSITORY, TINY, words
from private_slurm import WAIT, Job, PrivateSlurm

LAYOUT = ("--nodes=1", "--ntasks=2", "--ntasks-per-node=2", "--cpus-per-task=1")


def submit(slurm: PrivateSlurm, file: str, log: Path, *arguments: str,
           options: tuple[str, ...] = LAYOUT, **environment: str) -> str:
    """sbatch slurm/FILE from the checkout; the id of the job."""
    done = slurm.run("sbatch", "--parsable", f"--output={log}", *options, f"slurm/{file}",
                     *arguments, cwd=REPOSITORY, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def finish(slurm: PrivateSlurm, file: str, log: Path, *arguments: str, seconds: float = WAIT,
           options: tuple[str, ...] = LAYOUT, **environment: str) -> Job:
    """The same; the job when it is over."""
    return slurm.wait(submit(slurm, file, log, *arguments, options=options, **environment), log,
                      seconds)


def tiny(output: Path | None = None, changes: Mapping[str, object] | None = None) -> list[str]:
    """The tiny federation as words."""
    place = {"run.output": output} if output else {}
    return words(TINY | dict(changes or {}) | place)


def stand_in(path: Path, text: str) -> str:
    """A shell script in the place of the program."""
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)
