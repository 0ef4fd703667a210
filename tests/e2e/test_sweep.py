"""Sweeps: points are ordinary runs, whoever worked on them and however often that was stopped."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import npz
from harness import (
    BUSY,
    CONFIG,
    DATA,
    ENVIRONMENT,
    INTERRUPTED,
    NUMERIC,
    OUTPUT,
    TINY,
    Result,
    all_datasets,
    command,
    complete,
    in_slices,
    lengthened,
    medpfl,
    text,
    words,
)
from test_same_bits import expect_same

from medpfl_analysis import open_sweep
from medpfl_analysis.sweep import SCORES

GRID = """# two blocks
[grid]
run.seed = 1 | 2
[none]
[noise]
defense.chain = gaussian   # a constant
defense.gaussian.scale = 0.01 | 0.1
"""
POINTS: list[dict[str, object]] = [
    {"run.seed": 1},
    {"run.seed": 2},
    *({"run.seed": seed, "defense.chain": "gaussian", "defense.gaussian.scale": scale}
      for seed in (1, 2) for scale in ("0.01", "0.1")),
]


def ini(options: dict[str, object]) -> str:
    """Options as the text of a config file."""
    lines = []
    for name, value in options.items():
        section, _, option = name.rpartition(".")
        lines += [f"[{section}]", f"{option}={value}"]
    return "\n".join(lines) + "\n"


class Sweep:
    """A grid and its base in a folder of their own."""

    def __init__(self, folder: Path, grid: str = GRID, changes: dict[str, object] | None = None,
                 ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.base, self.grid, self.output = (folder / name for name in ("b.ini", "g.ini", "out"))
        self.base.write_text(ini(TINY | (changes or {})))
        self.grid.write_text(grid)

    def words(self, *more: object) -> list[str]:
        """The command line."""
        return ["sweep", f"--config={self.base}", f"--grid={self.grid}",
                f"--run.output={self.output}", *(str(word) for word in more)]

    def run(self, *more: object, ranks: int = 1) -> Result:
        """Runs it to its end."""
        return medpfl(*self.words(*more), ranks=ranks)

    def again(self, *more: object) -> Result:
        """Goes on, knowing nothing but the folder."""
        return medpfl("sweep", f"--run.output={self.output}", *more)

    def start(self, *more: object, ranks: int) -> subprocess.Popen[bytes]:
        """Starts it in a process group of its own."""
        return subprocess.Popen(command(self.words(*more), ranks), env=os.environ | ENVIRONMENT,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def index(self) -> h5py.File:
        """sweep.h5, open."""
        return h5py.File(self.output / "sweep.h5", "r")


def column(index: h5py.File, name: str) -> list:
    """A column of /points as plain values."""
    return [text(value) if isinstance(value, bytes) else value
            for value in index[f"points/{name}"][()].tolist()]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The grid on one rank, one point after another."""
    sweep = Sweep(tmp_path_factory.mktemp("sweep"))
    result = sweep.run()
    assert result.code == 0, result.err
    assert "6 points: 6 complete, 0 interrupted, 0 failed, 0 open" in result.out
    return sweep


def expect_same_points(expected: Sweep, found: Sweep) -> None:
    """All points of both have the same bits."""
    with expected.index() as a, found.index() as b:
        assert list(a["runs"]) == list(b["runs"])
        for name in a["runs"]:
            expect_same(a["runs"][name], b["runs"][name])


def test_the_sweep_and_its_table_show_the_summaries_of_the_runs(done: Sweep) -> None:
    """Through the links of sweep.h5, and in what pages of sweeps are made from."""
    with done.index() as index, open_sweep(done.output) as sweep:
        assert len(sweep.table) > 0
        for _, row in sweep.table.iterrows():
            linked = index[f"runs/{row['point']:05}/attacks/summary"]
            with h5py.File(done.output / row["folder"] / "run.h5") as run:
                stored = run["attacks/summary"]
                assert stored["psnr"][()].tolist() == linked["psnr"][()].tolist()
                at = ((stored["round"][()] == row["round"])
                      & (stored["method"].asstr()[()] == row["method"])
                      & (stored["kind"].asstr()[()] == row["kind"]))
                assert at.sum() == 1
                for metric in SCORES:
                    np.testing.assert_equal(row[metric.key], stored[metric.column][at][0])


def test_points_are_what_simulate_gives(done: Sweep, tmp_path: Path) -> None:
    """Read through the links of the index, captured gradients included."""
    with done.index() as index:
        assert sorted(index["runs"]) == [f"{i:05}" for i in range(6)]
        for i, options in enumerate(POINTS):
            run = index[f"runs/{i:05}"]
            assert abs(run["gradients/values"][()]).max() > 0
            with complete(tmp_path / str(i), options) as alone:
                expect_same(alone, run)


def test_the_index(done: Sweep) -> None:
    """Every column, and what each dataset says of itself."""
    with done.index() as index:
        assert {name: text(index.attrs[name]) for name in ("filetype", "status")} == {
            "filetype": "medpfl-sweep", "status": "complete"}
        assert index.attrs["schema_version"].tolist() == [1, 3]
        assert {"medpfl_version", "git_sha", "created_utc"} <= set(index.attrs)
        assert text(index["grid/text"][()]) == GRID
        assert f"output={done.output}\n" in text(index["config/resolved"][()])
        assert column(index, "folder") == [f"points/{i:05}" for i in range(6)]
        assert column(index, "block") == ["none"] * 2 + ["noise"] * 4
        assert column(index, "status") == ["complete"] * 6
        assert column(index, "exit_code") == [0] * 6
        assert column(index, "error") == [""] * 6
        assert all(seconds > 0 for seconds in column(index, "seconds"))
        for option in ("run.seed", "defense.chain", "defense.gaussian.scale"):
            assert column(index, f"options/{option}") == [
                str(point.get(option, "")) for point in POINTS]
        for name, dataset in all_datasets(index).items():
            assert {"description", "unit", "dimensions"} <= set(dataset.attrs), name
            names = [n for n in text(dataset.attrs["dimensions"]).split(",") if n]
            assert len(names) == dataset.ndim, name


@pytest.mark.parametrize(("ranks", "flags"), [
    (2, ()), (2, ("--ranks-per-point=1",)), (4, ("--ranks-per-point=2",)),
    (4, ("--ranks-per-point=3",))])
def test_groups_of_ranks_give_the_same_bits(ranks: int, flags: tuple[str, ...], done: Sweep,
                                            tmp_path: Path) -> None:
    """Each group works on points of its own; too few ranks for a group join another."""
    sweep = Sweep(tmp_path)
    result = sweep.run(*flags, ranks=ranks)
    assert result.code == 0, result.err
    expect_same_points(done, sweep)
    with sweep.index() as index:
        per_point = int(flags[0][-1]) if flags else ranks
        sizes = {len(index[f"runs/{i:05}/environment/host"]) for i in range(6)}
        assert sizes == ({per_point} if ranks % per_point == 0 else {ranks})


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Three points, done at once, that take several times the first second of `in_slices`."""
    folder = tmp_path_factory.mktemp("long")

    def run(n: int) -> Sweep:
        sweep = Sweep(folder / str(n), "[grid]\nrun.seed = 1 | 2 | 3\n", {
            "federation.rounds": 8, "federation.clients": 4, "attack.method": "idlg,dlg",
            "attack.rounds": "0,7", "attack.iterations": 900, "attack.restarts": 2 * n,
            "attack.idlg.stop_loss": 0, "attack.dlg.stop_loss": 0})
        result = sweep.run()
        assert result.code == 0, result.err
        return sweep

    return lengthened(run)


@pytest.mark.parametrize("flag", ["--max-walltime", "SIGTERM", "SIGUSR1", "SIGKILL"])
def test_what_was_stopped_goes_on(flag: str, long: Sweep, tmp_path: Path) -> None:
    """With the same bits, and without doing again what is complete."""
    sweep = Sweep(tmp_path, long.grid.read_text())
    sweep.base.write_text(long.base.read_text())
    if flag.startswith("--"):
        assert in_slices(lambda limit: (sweep.again if sweep.output.exists() else sweep.run)(limit))
    else:
        first = sweep.output / "points" / "00000" / "run.h5"
        second = sweep.output / "points" / "00001" / "run.h5"
        process = sweep.start(ranks=1)
        while not second.exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(getattr(signal, flag))
        assert process.wait(timeout=60) == (-9 if flag == "SIGKILL" else INTERRUPTED)
        before = first.stat().st_mtime_ns
        with sweep.index() as index:
            assert text(index.attrs["status"]) == (
                "running" if flag == "SIGKILL" else "interrupted")
        listed = sweep.again("--list").out.splitlines()
        assert [line.split()[1] for line in listed[:3]] == ["complete", "interrupted", "open"]
        result = sweep.again()
        assert result.code == 0, result.err
        assert first.stat().st_mtime_ns == before
    expect_same_points(long, sweep)
    with sweep.index() as index:
        assert column(index, "status") == ["complete"] * 3


@pytest.mark.parametrize(("ranks", "flags"), [(1, ()), (2, ()), (3, ("--ranks-per-point=1",))])
def test_a_failing_point_leaves_the_others(ranks: int, flags: tuple[str, ...], tmp_path: Path,
                                           ) -> None:
    """It is recorded with its message, stays so, and is run again when that is asked for."""
    data = tmp_path / "data.npz"
    sweep = Sweep(tmp_path, f"""
[phantom]
run.seed = 1
[missing]
data.dataset = medmnist
data.path = {data}
[diverging]
federation.learning_rate = 1e30
[last]
run.seed = 2
""", {"data.limit": 12, "federation.rounds": 3})
    result = sweep.run(*flags, ranks=ranks)
    assert result.code == DATA, result.err
    assert "failed: 1-2; run them again with medpfl sweep" in result.out
    with sweep.index() as index:
        assert text(index.attrs["status"]) == "failed"
        assert column(index, "status") == ["complete", "failed", "failed", "complete"]
        assert column(index, "exit_code") == [0, DATA, NUMERIC, 0]
        errors = column(index, "error")
        assert str(data) in errors[1]
        assert "diverged" in errors[2]
        assert "00001" not in index["runs"]
    npz(data)
    before = (sweep.output / "points" / "00000" / "run.h5").stat().st_mtime_ns
    assert sweep.again().code == DATA
    result = sweep.again("--retry-failed")
    assert result.code == NUMERIC, result.err
    with sweep.index() as index:
        assert column(index, "status") == ["complete", "complete", "failed", "complete"]
        assert column(index, "error")[1] == ""
        assert text(index["runs/00001"].attrs["status"]) == "complete"
    assert (sweep.output / "points" / "00000" / "run.h5").stat().st_mtime_ns == before


def test_tasks_of_an_array(done: Sweep, tmp_path: Path) -> None:
    """Points and shares by their numbers, also at the same time; then the index."""
    sweep = Sweep(tmp_path)
    tasks = [sweep.start(f"--index={index}", ranks=1) for index in ("2", "0/4", "1/4")]
    assert [task.wait(timeout=120) for task in tasks] == [0, 0, 0]
    assert sorted(path.name for path in sweep.output.iterdir()) == ["points"]
    assert not list(sweep.output.rglob("*.partial"))
    listed = sweep.again("--list").out
    assert "6 points: 5 complete, 0 interrupted, 0 failed, 1 open" in listed
    assert sweep.again("--merge").code == 0
    with sweep.index() as index:
        assert column(index, "status") == [
            "complete", "complete", "complete", "open", "complete", "complete"]
        assert column(index, "exit_code") == [0, 0, 0, -1, 0, 0]
        assert "00003" not in index["runs"]
    result = sweep.again("--index=3")
    assert result.code == 0 and "medpfl sweep --merge" in result.out
    assert sweep.again("--merge").code == 0
    expect_same_points(done, sweep)


def test_a_point_that_another_process_has_is_left_alone(tmp_path: Path) -> None:
    """It stays as it is, the others are run; the exit code says that something is left."""
    sweep = Sweep(tmp_path, "[grid]\nrun.seed = 1 | 2\n")
    folder = sweep.output / "points" / "00000"
    folder.mkdir(parents=True)
    with (folder / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 1 of elsewhere")
        lock.flush()
        result = sweep.run(ranks=2)
        assert result.code == BUSY, result.err
        assert "process 1 of elsewhere is at work on this run" in result.err
        with sweep.index() as index:
            assert column(index, "status") == ["open", "complete"]
        listed = sweep.again("--list").out.splitlines()
        assert listed[0].split()[1] == "running"
        assert listed[1] == "       by process 1 of elsewhere, unless it was killed"
        assert listed[-1] == "2 points: 1 complete, 0 interrupted, 0 failed, 0 open, 1 running"
        assert [path.name for path in folder.iterdir()] == ["run.lock"]
        alone = medpfl("simulate", *words(TINY | {"run.output": folder}), "--resume")
        assert alone.code == BUSY and len(alone.errors) == 1, alone.err
    assert sweep.again().code == 0
    with sweep.index() as index:
        assert column(index, "status") == ["complete"] * 2
    assert not list(sweep.output.rglob("run.lock"))


def test_a_group_that_cannot_write_ends_all(tmp_path: Path) -> None:
    """The other groups do not wait for it for ever."""
    sweep = Sweep(tmp_path, "[grid]\nrun.seed = 1 | 2 | 3 | 4\n")
    (sweep.output / "points" / "00001.txt").mkdir(parents=True)
    result = sweep.run("--ranks-per-point=1", "--retry-failed", ranks=2)
    assert result.code == OUTPUT, result.err
    assert "00001.txt" in result.err


def test_a_point_without_its_folder_is_run_again(tmp_path: Path) -> None:
    """And --overwrite runs all again."""
    sweep = Sweep(tmp_path, "[grid]\nrun.seed = 1 | 2\n")
    assert sweep.run().code == 0
    folders = [sweep.output / "points" / name for name in ("00000", "00001")]
    before = [(folder / "run.h5").stat().st_mtime_ns for folder in folders]
    shutil.rmtree(folders[1])
    assert sweep.again().code == 0
    assert (folders[0] / "run.h5").stat().st_mtime_ns == before[0]
    assert (folders[1] / "run.h5").exists()
    sweep.grid.write_text("[grid]\nrun.seed = 3\n")
    assert sweep.run("--overwrite").code == 0
    with sweep.index() as index:
        assert column(index, "options/run.seed") == ["3"]
        assert not folders[1].exists()


@pytest.mark.parametrize(("change", "code", "part"), [
    (["--run.seed=3"], CONFIG, "run.seed is given on the command line and by the grid, at "),
    (["--federation.rounds=3"], CONFIG, "was begun with another configuration"),
    (["--index=6"], CONFIG, "--index 6: give the number of a point, 0 to 5"),
    (["--index=4/4"], CONFIG, "a share I/N"),
    (["--index=0", "--overwrite"], CONFIG, "--overwrite removes all points"),
    (["--ranks-per-point=2"], CONFIG, "a number from 1 to the number of ranks, 1"),
])
def test_what_cannot_be(change: list[str], code: int, part: str, done: Sweep) -> None:
    """One error, and nothing changes."""
    before = (done.output / "sweep.h5").stat().st_mtime_ns
    result = done.run(*change)
    assert (result.code, len(result.errors)) == (code, 1), result.err
    assert part in result.errors[0]
    assert (done.output / "sweep.h5").stat().st_mtime_ns == before


def test_grids_that_cannot_be(done: Sweep, tmp_path: Path) -> None:
    """The last point is looked at before the first is run."""
    for grid, part in {
        "[grid]\nrun.seed = 1\n": "was begun with another grid",
        "[a]\nrun.seed = 1\n[b]\nrun.seed = 1\n": "point 1 (run.seed=1) has the same options as "
                                                  "point 0",
        "[grid]\nrun.sed = 1\n": "other.ini:2: unknown option 'run.sed'",
        "[grid]\nattack.method = idlg | nothing\n": "point 1 (attack.method=nothing)",
    }.items():
        other = tmp_path / "other.ini"
        other.write_text(grid)
        output = done.output if "another" in part else tmp_path / "fresh"
        result = medpfl("sweep", f"--config={done.base}", f"--grid={other}",
                        f"--run.output={output}")
        assert result.code == CONFIG and part in result.err, result.err
    assert not (tmp_path / "fresh").exists()
    result = medpfl("sweep", f"--run.output={tmp_path / 'fresh'}")
    assert result.code == CONFIG and "sweep needs a grid: --grid FILE" in result.err
    result = medpfl("sweep", f"--grid={done.grid}", "--run.output="
                    f"{done.output / 'points' / '00000'}")
    assert result.code == OUTPUT and "holds a run, not a sweep" in result.err
    assert "--grid is a flag of medpfl sweep" in medpfl("simulate", f"--grid={done.grid}").err


def test_a_look_ahead(done: Sweep, tmp_path: Path) -> None:
    """--dry-run and --list write nothing."""
    fresh = tmp_path / "fresh"
    words = [f"--config={done.base}", f"--grid={done.grid}", f"--run.output={fresh}"]
    result = medpfl("sweep", *words, "--dry-run", "--index=5", ranks=2)
    assert result.code == 0, result.err
    assert result.out.count("nothing was written") == 1
    assert "defense.gaussian.scale=0.1" in result.out
    result = medpfl("sweep", *words, "--list")
    assert "6 points: 0 complete, 0 interrupted, 0 failed, 6 open" in result.out
    assert not fresh.exists()
