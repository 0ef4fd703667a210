#!/usr/bin/python3
"""Damages result files and has medpfl_analysis read them: fuzz_analysis.py [--executions N] [--seed N] [FILE...].

Each execution damages one file, with its folder around it, and reads all that the analysis offers of it; one of thirty-two
does what summary, report --no-images or export does, which takes as long as thirty others. A RunFormatError is fine. Any
other exception, a signal and ten seconds of the processor without an end are faults: the program prints them with their
seeds, from which --executions 1 makes the same file again, and ends with 1.

FILE: run.h5, sweep.h5 or audit.h5; by default small ones of each that analysis/tests/synthetic*.py write.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from functools import cached_property
from pathlib import Path

ANALYSIS = Path(__file__).resolve().parents[2] / "analysis"
sys.path[:0] = [str(ANALYSIS), str(ANALYSIS / "tests")]

import synthetic
import synthetic_audit
import synthetic_sweep

from matplotlib.figure import Figure
from rewrite import heaps, rewrite

from medpfl_analysis import Audit, Run, RunFormatError, Sweep, open_audit, open_run, open_sweep
from medpfl_analysis.__main__ import _report, summary_text
from medpfl_analysis.export import export_run

MOST_SECONDS = 10
# A child ends after so many executions, and what it leaked with it.
BATCH = 100
# The folder of files without checksums. HDF5 1.10 itself crashes on some of these, which MedPFL does not write: signals
# are not counted there.
UNCHECKED = "unchecked"


def write_files(folder: Path) -> list[Path]:
    """A run, a sweep and an audit, with checksums and without."""
    gray = synthetic.phantoms(4, 1, 12)
    leaks = ("leaks", "an attack identifies more than chance")
    stage = synthetic_audit.Stage("update", 0, leaks, "dlg", (0.5, 0.2, 0.8), candidates=(("tv", 4, 0.5, 0.7),))
    written = []
    for checksums in (True, False):
        made = folder / ("checked" if checksums else UNCHECKED)
        files = [synthetic.write_run(made / "run", truth=gray) / "run.h5",
                 synthetic_sweep.write_sweep(made / "sweep", synthetic_sweep.points()[:2]) / "sweep.h5",
                 synthetic_audit.write_audit(made / "audit", [stage], leaks, truth=gray) / "audit.h5"]
        for file in files:
            rewrite(file, checksums=checksums)
        written += files
    return written


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """The bytes of a file with one to four changes, none of them in a heap."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(max(1, len(data)))
        length = min(chance.choice((1, 2, 4, 8, 64)), len(data) - at)
        match chance.randrange(8):
            case 0 | 1 | 2:
                data[at] ^= 1 << chance.randrange(8)
            case 3 | 4:
                data[at : at + length] = chance.randbytes(length)
            case 5:
                data[at : at + length] = bytes([chance.choice((0, 255))]) * length
            case 6:
                other = chance.randrange(len(data) - length + 1)
                data[at : at + length] = data[other : other + length]
            case 7 if chance.randrange(4) == 0:
                del data[at:]
                data = data or bytearray(b"\0")
    for heap in heaps(whole):
        data[heap] = whole[heap][: max(0, len(data) - heap.start)]
    return bytes(data)


def read_all(file: Path) -> None:
    """Each table and array of the file: one that is refused hides no other."""
    opened: Run | Sweep | Audit = {"run.h5": open_run, "sweep.h5": open_sweep, "audit.h5": open_audit}[file.name](file)
    with opened as result:
        for name, _ in inspect.getmembers(type(result), lambda member: isinstance(member, (property, cached_property))):
            with contextlib.suppress(RunFormatError):
                getattr(result, name)


def read_file(file: Path, output: Path, command: str) -> None:
    """What a command reads of a file, as it does: main() would hide what no RunFormatError is."""
    if command == "report" or file.name != "run.h5":
        _report([file], output / "report.html", False)
        return
    with open_run(file) as run:
        if command == "summary":
            summary_text(run)
        else:
            export_run(run, output / "export", as_json=True)


def draw_nothing(_: Figure, file: object, **options: object) -> None:
    """In the place of Figure.savefig: what is read has been put into the figure, and drawing takes most of the time."""
    if options.get("format") == "svg":
        file.write('<svg viewBox="0 0 1 1"></svg>')


def execute(file: Path, whole: bytes, seed: int) -> str:
    """Reads a damaged file; returns the traceback of a fault, or nothing."""
    chance = random.Random(seed)
    file.write_bytes(damaged(whole, chance))
    with tempfile.TemporaryDirectory(dir=file.parent) as output:
        try:
            if chance.randrange(32):
                read_all(file)
            else:
                read_file(file, Path(output), chance.choice(("summary", "report", "export")))
        except RunFormatError:
            pass
        except BaseException:
            return traceback.format_exc()
    return ""


def run_batch(files: list[Path], wholes: list[bytes], seeds: list[int], to: int) -> None:
    """The executions of a child: writes each seed, its fault if there is one, and a zero byte."""
    for seed in seeds:
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        which = seed % len(files)
        fault = execute(files[which], wholes[which], seed)
        signal.setitimer(signal.ITIMER_PROF, 0)
        files[which].write_bytes(wholes[which])
        os.write(to, f"{seed} {fault}\0".encode())


def read_batch(files: list[Path], wholes: list[bytes], seeds: list[int]) -> dict[int, str]:
    """What a child says of its executions, by seed; that of a child that died is the signal."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            run_batch(files, wholes, seeds, writer)
        finally:
            os._exit(0)
    os.close(writer)
    told = b""
    while part := os.read(reader, 1 << 16):
        told += part
    os.close(reader)
    _, status = os.waitpid(child, 0)
    found = {int(line.split(" ", 1)[0]): line.split(" ", 1)[1] for line in told.decode().split("\0")[:-1]}
    if os.WIFSIGNALED(status):
        found[seeds[len(found)]] = f"signal {signal.Signals(os.WTERMSIG(status)).name}"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first execution; each further one has the next")
    parser.add_argument("files", type=Path, nargs="*")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Figure.savefig = draw_nothing
    faults: Counter[str] = Counter()
    of_hdf5 = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as name:
        folder = Path(name)
        files = [shutil.copytree(file.parent, folder / str(n)) / file.name for n, file in enumerate(options.files)]
        files = files or write_files(folder)
        wholes = [file.read_bytes() for file in files]
        seeds = list(range(options.seed, options.seed + options.executions))
        while seeds:
            found = read_batch(files, wholes, seeds[:BATCH])
            seeds = seeds[len(found):]
            for file, whole in zip(files, wholes, strict=True):
                file.write_bytes(whole)
            for seed, fault in found.items():
                if not fault:
                    continue
                if fault.startswith("signal") and files[seed % len(files)].parts[-3] == UNCHECKED:
                    of_hdf5 += 1
                    continue
                place = "\n".join(fault.strip().splitlines()[-3:])
                faults[place] += 1
                if faults[place] == 1:
                    print(f"== seed {seed}\n{fault}", flush=True)
    for place, count in faults.most_common():
        print(f"{count} times: {place}")
    print(f"{options.executions} executions, {faults.total()} faults; {of_hdf5} signals from HDF5 for files without checksums")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
