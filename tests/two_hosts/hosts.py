"""Shell scripts on hosta and hostb."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from harness import BINARY, ENVIRONMENT, LIMIT, REPOSITORY, TINY, Result, words

SCRIPT = REPOSITORY / "tests" / "on_two_hosts.sh"

ALL_RANKS = 'mpirun -n 4 "$@"'
AT_WORK = """\
mpirun -n 4 "$@" & job=$!
until [[ -e run/checkpoint.previous.h5 ]]; do [[ $(jobs -r) ]]; sleep 0.05; done
"""


def on_two_hosts(folder: Path, script: str, *arguments: str, environment: Mapping[str, str] | None = None,
                 timeout: float = LIMIT) -> Result:
    """Runs a script of bash on hosta, in `folder`, which both hosts see; `on_host HOST COMMAND` is in its PATH."""
    done = subprocess.run(
        [SCRIPT, "bash", "-ec", f'PATH+=":{SCRIPT.parent}/two_hosts"\n{script}', "bash", *arguments],
        cwd=folder, env=os.environ | ENVIRONMENT | dict(environment or {}), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def federation(changes: Mapping[str, object] | None = None) -> list[str]:
    """The command of a tiny federation that writes to `run` in the current folder, or goes on there."""
    return [str(BINARY), "simulate", "--quiet", "--resume", *words(TINY | {"run.output": "run"} | dict(changes or {}))]
