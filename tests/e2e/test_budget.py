"""--evaluations: what an attack may spend, in the only unit that is the same on any machine."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pytest
from harness import CONFIG, TINY, medpfl, text, words

# Runs of several attacks, of one and of many evaluations an iteration, that nothing ends early.
LONG = {name: value for name, value in TINY.items() if name != "attack.iterations"} | {
    "attack.method": "idlg,inverting-gradients", "attack.idlg.stop_loss": 0, "federation.rounds": 1,
    "federation.clients": 1}


def run_long(output: Path, *more: str) -> h5py.File:
    """A run of these attacks, open."""
    result = medpfl("simulate", *words(LONG), f"--run.output={output}", *more)
    assert result.code == 0, result.err
    return h5py.File(output / "run.h5")


def options(run: h5py.File) -> dict[str, tuple[str, str]]:
    """Each option that somebody set: its value and its source."""
    rows = zip(*(run[f"config/{name}"][()] for name in ("option", "value", "source")))
    return {text(option): (text(value), text(source)) for option, value, source in rows}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("budget") / "run"
    run_long(folder, "--evaluations=40").close()
    return folder


def expect_budget(run: h5py.File, evaluations: int) -> None:
    assert options(run)["attack.max_evaluations"] == (str(evaluations), "command line")
    assert options(run)["attack.iterations"] == (str(evaluations), "command line")
    spent = run["attacks/tasks/evaluations"][()]
    assert len(spent) == 2
    assert all(evaluations <= n < evaluations + 30 for n in spent)


def test_it_ends_attacks_and_is_recorded(recorded: Path, tmp_path: Path) -> None:
    with h5py.File(recorded / "run.h5") as run:
        expect_budget(run, 40)
        with run_long(tmp_path / "options", "--attack.max_evaluations=40", "--attack.iterations=40") as other:
            assert run["attacks/reconstruction"][()].tobytes() == other["attacks/reconstruction"][()].tobytes()


def test_attacks_on_recorded_runs_and_sweeps_take_it(recorded: Path, tmp_path: Path) -> None:
    again = medpfl("attack", f"--input={recorded}", "--evaluations=60", f"--run.output={tmp_path / 'again'}")
    assert again.code == 0, again.err
    with h5py.File(tmp_path / "again/run.h5") as run:
        expect_budget(run, 60)
    grid = tmp_path / "grid.ini"
    grid.write_text("[grid]\nrun.seed = 1 | 2\n")
    sweep = medpfl("sweep", f"--grid={grid}", "--evaluations=20", *words(LONG), f"--run.output={tmp_path / 'sweep'}")
    assert sweep.code == 0, sweep.err
    for point in ("00000", "00001"):
        with h5py.File(tmp_path / f"sweep/points/{point}/run.h5") as run:
            assert all(20 <= n < 50 for n in run["attacks/tasks/evaluations"][()])
    grid.write_text("[grid]\nattack.max_evaluations = 10 | 20\n")
    both = medpfl("sweep", f"--grid={grid}", "--evaluations=20", *words(LONG), f"--run.output={tmp_path / 'both'}")
    assert both.code == CONFIG
    assert "attack.max_evaluations is given on the command line and by the grid" in both.err


@pytest.mark.parametrize("option", ["attack.max_evaluations", "attack.iterations", "attack.max_seconds"])
def test_it_stands_for_options_that_are_then_not_given(option: str, tmp_path: Path) -> None:
    result = medpfl("simulate", *words(LONG), f"--{option}=7", "--evaluations=40", f"--run.output={tmp_path / 'run'}")
    assert result.code == CONFIG
    assert f"{option} is given twice" in result.err


def test_a_file_gives_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("[attack]\niterations = 7\nmax_evaluations = 9\nmax_seconds = 5\n")
    shown = medpfl("simulate", f"--config={tmp_path / 'a.ini'}", "--evaluations=40", "--print-config").out
    for line in ("iterations = 40", "max_evaluations = 40", "max_seconds = 0"):
        assert line in shown.replace("=", " = ").replace("  ", " ")
    plain = medpfl("simulate", f"--config={tmp_path / 'a.ini'}", "--evaluations=0", "--print-config").out
    assert "max_evaluations = 9" in plain.replace("=", " = ").replace("  ", " ")


def most(said: str) -> int:
    """The evaluations that a dry run, or the log of a run, says attacks take at most."""
    found = re.search(r"attack tasks .* (\d+) evaluations", said)
    assert found, said
    return int(found[1])


def test_what_attacks_may_spend_is_said_before(recorded: Path, tmp_path: Path) -> None:
    """That of each attack, and of L-BFGS what finishes its iteration; the same by every way."""
    budget = 40 + 40 + 19
    dry = medpfl("simulate", *words(LONG), "--evaluations=40", "--dry-run", f"--run.output={tmp_path / 'a'}")
    assert dry.code == 0, dry.err
    assert most(dry.out) == budget
    again = ["attack", f"--input={recorded}", "--evaluations=40", f"--run.output={tmp_path / 'again'}"]
    shown = medpfl(*again, "--dry-run")
    assert shown.code == 0, shown.err
    assert "2 attack tasks on 1 messages (1 of them probes)" in shown.out
    assert most(shown.out) == budget
    assert not (tmp_path / "again").exists()
    ran = medpfl(*again)
    assert most(ran.err) == budget
    with h5py.File(tmp_path / "again/run.h5") as run:
        assert run["attacks/tasks/evaluations"][()].sum() <= budget


@pytest.mark.parametrize("ranks", [1, 2])
def test_the_time_left_does_not_rise(ranks: int, tmp_path: Path) -> None:
    """It is shown while the first tasks run, which end on no machine before the run is stopped."""
    options = LONG | {"attack.method": "inverting-gradients", "attack.probes": 3, "run.output": tmp_path / "run",
                      "data.image_size": 32}
    result = medpfl("simulate", *words(options), "--evaluations=1000000", "--max-walltime=00:16", ranks=ranks)
    assert "attack 0/3" in result.err
    left = [60 * int(minutes) + int(seconds)
            for minutes, seconds in re.findall(r"attack \d/3, (?:at most )?(\d+):(\d\d) left", result.err)]
    assert left, result.err
    assert left == sorted(left, reverse=True)
    assert left[-1] > 60
