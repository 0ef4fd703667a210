"""Who works on a run, by the mark of src/results/folder/process_mark.hpp in its run.lock."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

MARK = re.compile(r"(process (\d+) of (.+))\nstarted (\S*) on (.*)\n")


def _place() -> str:
    """Names where numbers of processes mean the same as here: this start of this host, this
    container."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {os.readlink('/proc/self/ns/pid')}"


def _start(process: int) -> str:
    """Returns when a process began, or "ended" for one that only its parent still knows."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return "ended" if fields[0] in "ZX" else fields[19]


def _has_ended(mark: re.Match[str]) -> bool | None:
    """Whether the process that made the mark has ended; None where that is not known, because
    it is of another host, container or start of the host."""
    try:
        if mark[3] != platform.node() or mark[5] != _place():
            return None
        os.kill(int(mark[2]), 0)
        return _start(int(mark[2])) != mark[4]
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return None


def describe_holder(folder: Path) -> str:
    """Says in words whether any process works on the run in a folder that is not complete."""
    try:
        text = (folder / "run.lock").read_text()
    except FileNotFoundError:
        return "no process is at work on it now; go on with --resume"
    except (OSError, ValueError):
        text = ""
    mark = MARK.fullmatch(text)
    ended = _has_ended(mark) if mark else None
    process = mark[1] if mark else text.partition("\n")[0] or "another process"
    if ended is None:
        return (f"{process} was at work on it when it was last written; whether it still is "
                "cannot be known here")
    if not ended:
        return f"{process} is at work on it"
    return (f"no process is at work on it now: {process} was killed or lost its node; "
            "go on with --resume")
