"""Runs of the program as a user makes them, small enough to take a second or two."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import h5py

T = TypeVar("T")

BINARY = Path(os.environ.get("MEDPFL_BINARY", "build/release/bin/medpfl")).resolve()
REPOSITORY = Path(__file__).resolve().parents[2]
MPIRUN = "/usr/bin/mpirun"

# Exit codes of src/core/error.hpp.
CONFIG, DATA, OUTPUT, FORMAT, NUMERIC, COMMUNICATION, DROPOUT, BUSY = 2, 3, 4, 5, 6, 7, 8, 9
INTERRUPTED = 75

# Seconds that what takes a few, or thirty, may take on a crowded machine.
LIMIT = 300

ENVIRONMENT = dict(line.split("=", 1) for name in (["mpi.env", "mpi_root.env"] if os.getuid() == 0 else ["mpi.env"])
                   for line in (REPOSITORY / "jobs" / name).read_text().splitlines() if not line.startswith("#"))

TINY: dict[str, object] = {
    "data.dataset": "phantom",
    "data.image_size": 16,
    "data.phantom.train": 24,
    "data.phantom.test": 12,
    "model.name": "lenet-dlg",
    "model.init": "uniform",
    "federation.algorithm": "fedsgd",
    "federation.clients": 3,
    "federation.rounds": 2,
    "attack.method": "idlg",
    "attack.probes": 1,
    "attack.targets": "probes",
    "attack.iterations": 4,
    "attack.snapshots": "1,3",
    "output.weights": "true",
}


@dataclass(frozen=True)
class Result:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The messages of the log, one a call of log_error, with the lines that follow."""
        found: list[str] = []
        open_message = False
        for line in self.err.splitlines():
            if re.match(r"\[\d{4}-\d\d-\d\d ", line):
                head, _, message = line.partition("error: ")
                open_message = bool(message) and head.count("[") <= 2
                if open_message:
                    found.append(message)
            elif line.startswith("---") or not line.strip():
                open_message = False
            elif open_message:
                found[-1] += "\n" + line
        return found


def words(options: Mapping[str, object]) -> list[str]:
    """Options as command-line words."""
    return [f"--{name}={value}" for name, value in options.items()]


def command(arguments: list[str], ranks: int) -> list[str]:
    """The command of one process, or of several under mpirun."""
    launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
    return [*launcher, str(BINARY), *arguments]


def medpfl(*arguments: object, ranks: int = 1, cwd: Path | None = None,
           timeout: float = LIMIT) -> Result:
    """Runs `medpfl ARGUMENTS` to its end."""
    done = subprocess.run(
        command([str(word) for word in arguments], ranks),
        cwd=cwd, env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=timeout, check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def simulate(output: Path, changes: Mapping[str, object] | None = None, *flags: str, ranks: int = 1,
             timeout: float = LIMIT) -> Result:
    """Runs the tiny federation with some options changed."""
    options = TINY | dict(changes or {}) | {"run.output": output}
    return medpfl("simulate", "--quiet", *flags, *words(options), ranks=ranks, timeout=timeout)


def complete(output: Path, changes: Mapping[str, object] | None = None, *flags: str,
             ranks: int = 1) -> h5py.File:
    """The same, which must succeed; the run, open."""
    result = simulate(output, changes, *flags, ranks=ranks)
    assert result.code == 0, result.err
    return h5py.File(output / "run.h5", "r")


def installed(folder: Path) -> Path:
    """A prefix of `cmake --install` in `folder`, moved after the installation."""
    subprocess.run(["cmake", "--install", BINARY.parents[1], "--prefix", folder / "built"], check=True,
                   capture_output=True, text=True)
    return (folder / "built").rename(folder / "moved")


def stopped(folder: Path, *arguments: object, ranks: int = 1, begun: Callable[[], bool] | None = None) -> int:
    """Begins a job and sends it SIGTERM once `begun` says so, or it has replaced a checkpoint in `folder`;
    its exit code."""
    begun = begun or (folder / "checkpoint.previous.h5").exists
    run = subprocess.Popen(command([str(word) for word in arguments], ranks),
                           env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)
    while not begun():
        assert run.poll() is None
        time.sleep(0.01)
    run.terminate()
    return run.wait(timeout=60)


def lengthened(run: Callable[[int], T], seconds: float = 4) -> T:
    """What run(n) gives for the first n of 1, 2, 4, ... at which its programs compute that long.

    It counts seconds of the processor, which a busy machine makes no longer: work that takes so
    many of them can be stopped well before, on any machine.
    """
    for n in (2**i for i in range(12)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run(n)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime >= seconds:
            return result
    raise AssertionError("more work takes no longer")


def in_slices(run: Callable[[str], Result]) -> int:
    """Calls run(--max-walltime of 1, 2, 4, ... seconds) to the end; how often it was stopped."""
    for stops in range(8):
        result = run(f"--max-walltime=00:{2**stops}")
        if result.code != INTERRUPTED:
            assert result.code == 0, result.err
            return stops
    raise AssertionError("it does not end")


def all_datasets(file: h5py.Group, *, axes: bool = False) -> dict[str, h5py.Dataset]:
    """Every dataset by its path; with `axes` also those that have no values and only name an axis."""
    found: dict[str, h5py.Dataset] = {}
    file.visititems(lambda name, item: found.update({name: item})
                    if isinstance(item, h5py.Dataset) and (axes or not names_an_axis(item)) else None)
    return found


def names_an_axis(dataset: h5py.Dataset) -> bool:
    """Whether a dataset is what netCDF calls a dimension that is no variable."""
    return text(dataset.attrs.get("NAME", "")).startswith("This is a netCDF dimension but not a netCDF variable")


def text(value: object) -> str:
    """Text as HDF5 hands it out."""
    return value.decode() if isinstance(value, bytes) else str(value)
