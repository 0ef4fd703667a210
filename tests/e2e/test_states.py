"""What checkpoints hold: by name, and each object with a version that follows its entries.

states.txt lists the entries. After a change of an object raise the version that its function keep() states, and write
the list anew with MEDPFL_UPDATE_STATES=1.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import h5py
import pytest
from harness import FORMAT, INTERRUPTED, simulate
from states import change, layout

LIST = Path(__file__).with_name("states.txt")
# All that has a state, and attacks that do not end.
OPTIONS: dict[str, object] = {
    "federation.rounds": 1, "federation.server_optimizer": "adam", "defense.chain": "clip,gaussian",
    "defense.clip.bound": 1, "attack.method": "dlg,inverting-gradients", "attack.restarts": 2,
    "attack.dlg.iterations": 2, "attack.dlg.labels": "known", "attack.inverting-gradients.iterations": 10**7,
    "attack.iterations": 0}


def lines_of(folder: Path) -> set[str]:
    with h5py.File(folder / "checkpoint.h5") as file:
        return {line for name in ("shared", "server")
                for line in layout(bytes(file[f"state/{name}"][()]), name)}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with finished attacks and one under way."""
    folder = tmp_path_factory.mktemp("states") / "run"
    for seconds in (4, 8, 16, 32, 59):
        ended = simulate(folder, OPTIONS, "--resume", f"--max-walltime=00:00:{seconds:02}")
        assert ended.code == INTERRUPTED, ended.err
        if any("/state/optimizer" in line for line in lines_of(folder)):
            return folder
    raise AssertionError("no attack was under way")


def versions(lines: set[str]) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[2]) for line in lines if " version " in line}


def own(lines: set[str], path: str) -> set[str]:
    """The entries of one object, without those of objects in it."""
    others = [other for other in versions(lines) if other.startswith(f"{path}/")]
    return {line for line in lines if line.startswith(f"{path}/") and " version " not in line
            and not any(line.startswith(f"{other}/") for other in others)}


def test_the_version_of_an_object_follows_its_entries(interrupted: Path) -> None:
    now, then = lines_of(interrupted), set(LIST.read_text(encoding="utf-8").splitlines())
    for path in versions(now).keys() & versions(then).keys():
        raised = versions(now)[path] > versions(then)[path]
        assert raised or own(now, path) == own(then, path), f"{path} has changed: raise its version"
    if "MEDPFL_UPDATE_STATES" in os.environ:
        LIST.write_text("".join(f"{line}\n" for line in sorted(now)), encoding="utf-8")
    assert now == set(LIST.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(("old", "new", "said"), [
    (b"resumes", b"restart", "record has no entry 'resumes', which version 1 needs"),
    (b"weight_log", b"weightslog", "the state has no entry 'weight_log', which version 1 needs")])
def test_a_state_of_another_program_is_one_error(interrupted: Path, tmp_path: Path, old: bytes, new: bytes,
                                                 said: str) -> None:
    """On any number of ranks. It names the object, the entry and what to do."""
    folder = tmp_path / "run"
    shutil.copytree(interrupted, folder)
    change(folder / "checkpoint.h5", old, new)
    ended = simulate(folder, OPTIONS, "--resume", "--max-walltime=00:00:30", ranks=2)
    assert ended.code == FORMAT, ended.err
    assert len(ended.errors) == 1, ended.err
    assert f"the checkpoint in {folder}: {said}; resume with the program that wrote it, " in ended.errors[0]
    assert "or start the run anew with --overwrite" in ended.errors[0]
