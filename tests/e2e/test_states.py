"""What checkpoints hold: by name, and each object with a version that follows its entries.

states.txt lists the entries. After a change of an object raise the version that its function keep() states, and write
the list anew with MEDPFL_UPDATE_STATES=1.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import h5py
import pytest
from harness import FORMAT, INTERRUPTED, REPOSITORY, TINY, complete, medpfl, simulate, words
from states import change, layout

LIST = Path(__file__).with_name("states.txt")
# All that has a state, and attacks that do not end.
OPTIONS: dict[str, object] = {
    "federation.rounds": 1, "federation.server_optimizer": "adam", "defense.chain": "clip,gaussian",
    "defense.clip.bound": 1, "attack.method": "dlg,inverting-gradients", "attack.restarts": 2,
    "attack.dlg.iterations": 2, "attack.dlg.labels": "known", "attack.inverting-gradients.iterations": 10**7,
    "attack.iterations": 0}
RUNNING = "server/attack_queue/begun/*/state"
# Objects that take the place of one of those: what is in states.txt as PATH(NAME), the options, and where it is.
VARIANTS: dict[str, tuple[dict[str, object], str]] = {
    "sgd": ({"federation.server_optimizer": "sgd"}, "server/server_optimizer"),
    "momentum": ({"federation.server_optimizer": "momentum"}, "server/server_optimizer"),
    "lbfgs": ({"attack.method": "dlg", "attack.dlg.iterations": 300, "attack.restarts": 1000}, f"{RUNNING}/optimizer")}
# Where states.txt has each object of src/ with a function keep().
PLACES = {
    "Adam": f"{RUNNING}/optimizer", "Lbfgs": f"{RUNNING}/optimizer(lbfgs)", "Optimizer": f"{RUNNING}/optimizer",
    "Search": RUNNING, "Reconstruction": "server/attack_queue/begun/*/result",
    "Observation": "server/attack_cases/cases/*/observation", "AttackCase": "server/attack_cases/cases/*",
    "AttackCases": "server/attack_cases", "AttackQueue": "server/attack_queue", "AttackTask": "server/attack_queue/tasks",
    "ImageScore": "server/attack_queue/begun/*/scores", "OracleScore": "server/attack_queue/begun/*/oracle",
    "ServerOptimizer": "server/server_optimizer", "Sgd": "server/server_optimizer(sgd)",
    "Momentum": "server/server_optimizer(momentum)", "Adaptive": "server/server_optimizer",
    "RunRecord": "server/record", "RoundRecord": "server/record/rounds", "Utility": "server/record/initial",
    "WeightLog": "server/weight_log", "VirtualBlock": "server/weight_log/segments/*",
    "DefenseLog": "server/defense_log", "Row": "server/defense_log/rows",
    "DefenseReport": "server/defense_log/rows/report.norm_before", "WireCost": "server/defense_log/rows/report.cost.form",
    "GradientCapture": "shared/capture", "GradientRows": "shared/capture/rows",
    "GradientSegment": "shared/capture/segments/*", "RecordedAttack": "server(attack)"}


def keepers() -> set[str]:
    """The classes of src/ that have a function keep()."""
    found = set()
    for file in sorted((REPOSITORY / "src").rglob("*.[ch]pp")):
        if file.name.startswith("archive"):
            continue
        source = file.read_text(encoding="utf-8")
        for member in re.finditer(r"^( +(?:virtual )?|)void (?:(\w+)::)?keep\((?:Archive|Fields)& \w+", source,
                                  flags=re.MULTILINE):
            indent, outer = member.group(1), member.group(2)
            if outer:
                found.add(outer)
            elif indent:  # of the class that is open; else a function of what is sent between ranks
                space = len(indent.removesuffix("virtual ")) - 2
                found.add(re.findall(rf"^ {{{space}}}(?:class|struct) (\w+)", source[:member.start()],
                                     flags=re.MULTILINE)[-1])
    return found


def lines_of(folder: Path) -> set[str]:
    with h5py.File(folder / "checkpoint.h5") as file:
        return {line for name in ("shared", "server")
                for line in layout(bytes(file[f"state/{name}"][()]), name)}


def stopped_job(folder: Path, options: dict[str, object], *job: str) -> set[str]:
    """The entries of a job that was stopped with an attack under way."""
    for seconds in (4, 8, 16, 32, 59):
        ended = medpfl(*job, "--quiet", "--resume", f"--max-walltime=00:00:{seconds:02}",
                       *words(options | {"run.output": folder}))
        assert ended.code == INTERRUPTED, ended.err
        lines = lines_of(folder)
        if any(line.startswith(f"{RUNNING}/optimizer") for line in lines):
            return lines
    raise AssertionError("no attack was under way")


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with finished attacks and one under way."""
    folder = tmp_path_factory.mktemp("states") / "run"
    stopped_job(folder, TINY | OPTIONS, "simulate")
    return folder


@pytest.fixture(scope="module")
def present(interrupted: Path) -> set[str]:
    """The entries of that run and of its variants."""
    found = lines_of(interrupted)
    for name, (options, place) in VARIANTS.items():
        lines = stopped_job(interrupted.parent / name, TINY | OPTIONS | options, "simulate")
        found |= {line.replace(place, f"{place}({name})", 1) for line in lines
                  if re.match(rf"{re.escape(place)}[ /]", line)}
    source = interrupted.parent / "source"
    complete(source, {"attack.method": ""}).close()
    again = stopped_job(interrupted.parent / "attack", {
        "attack.method": "inverting-gradients", "attack.inverting-gradients.iterations": 10**7,
        "attack.iterations": 0, "attack.labels": "known", "attack.probes": 0,
        "attack.targets": "updates"}, "attack", f"--input={source}")
    return found | {line.replace("server", "server(attack)", 1) for line in again if line.startswith("server version ")}


def versions(lines: set[str]) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[2]) for line in lines if " version " in line}


def own(lines: set[str], path: str) -> set[str]:
    """The entries of one object, without those of objects in it."""
    others = [other for other in versions(lines) if other.startswith(f"{path}/")]
    return {line for line in lines if line.startswith(f"{path}/") and " version " not in line
            and not any(line.startswith(f"{other}/") for other in others)}


def test_the_version_of_an_object_follows_its_entries(present: set[str]) -> None:
    now, then = present, set(LIST.read_text(encoding="utf-8").splitlines())
    for path in versions(now).keys() & versions(then).keys():
        raised = versions(now)[path] > versions(then)[path]
        assert raised or own(now, path) == own(then, path), f"{path} has changed: raise its version"
    if "MEDPFL_UPDATE_STATES" in os.environ:
        LIST.write_text("".join(f"{line}\n" for line in sorted(now)), encoding="utf-8")
    assert now == set(LIST.read_text(encoding="utf-8").splitlines())


def test_every_object_with_a_state_is_listed() -> None:
    """A new one needs a run that has it, in VARIANTS or in OPTIONS, and its place in PLACES."""
    assert keepers() == set(PLACES)
    lines = LIST.read_text(encoding="utf-8").splitlines()
    for name, place in PLACES.items():
        assert any(re.match(rf"{re.escape(place)}[ /]", line) for line in lines), f"{name} is not at {place}"


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


def test_a_state_that_does_not_fit_its_attack_is_one_error(interrupted: Path, tmp_path: Path) -> None:
    """Found by the rank that goes on with the attack, told by rank 0, and all ranks end in order."""
    folder = tmp_path / "run"
    shutil.copytree(interrupted, folder)
    change(folder / "checkpoint.h5", b"best_member", b"best_number")
    ended = simulate(folder, OPTIONS, "--resume", "--max-walltime=00:00:30", ranks=2)
    assert ended.code == FORMAT, ended.err
    assert len(ended.errors) == 1, ended.err
    assert "no entry 'best_member', which version 1 needs" in ended.errors[0]
    assert "resume with the program that wrote it" in ended.errors[0]
