"""Files of others in the folder of a run: none is removed, and the one in the way is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import pytest

from harness import (
    INTERRUPTED, OUTPUT, TINY, Result, complete, medpfl, simulate, stopped, text, words,
)

QUICK = {"attack.method": "", "federation.rounds": 1}
LONG = {"attack.method": "", "federation.rounds": 100, "checkpoint.every": 1}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def put(path: Path, data: str = "precious") -> Path:
    """A file of the user."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data)
    return path


def foreign_hdf5(path: Path) -> None:
    """An HDF5 file of another program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["mine"] = [1, 2, 3]


def interrupted(folder: Path) -> None:
    """A run that was stopped on its way, with a checkpoint."""
    options = words(TINY | LONG | {"run.output": folder})
    assert stopped(folder, "simulate", "--quiet", *options) == INTERRUPTED


def expect_refusal(result: Result, name: str) -> None:
    """Exit code 4 and the name of what is in the way."""
    assert result.code == OUTPUT, result.err
    assert any(name in error for error in result.errors), result.err


@pytest.mark.parametrize("name", ["weights/best.pt", "gradients/mine.npz", "states/notes.txt",
                                  "report.html", "weights", "gradients/segment-00000.h5",
                                  "weights/segment-00001.h5", "weights/segment-00000.h5/best.pt"])
@pytest.mark.parametrize("flags", [[], ["--resume"], ["--overwrite"]])
def test_a_folder_of_the_user_is_left_alone(tmp_path: Path, name: str, flags: list[str]) -> None:
    """No run.h5 and no checkpoint show that it is a run."""
    put(tmp_path / "project" / name)
    result = simulate(tmp_path / "project", QUICK, *flags)
    shown = name.removesuffix("/best.pt") if "segment" in name else name
    expect_refusal(result, shown)
    assert contents(tmp_path / "project") == {name: b"precious"}


@pytest.mark.parametrize("name", ["run.h5", "checkpoint.h5"])
@pytest.mark.parametrize("flags", [["--resume"], ["--overwrite"]])
def test_an_hdf5_file_of_another_program_is_kept(tmp_path: Path, name: str,
                                                 flags: list[str]) -> None:
    """It only has the name of one of ours."""
    folder = tmp_path / "project"
    foreign_hdf5(folder / name)
    before = contents(folder)
    expect_refusal(simulate(folder, QUICK, *flags), name)
    assert contents(folder) == before


def test_a_foreign_run_file_beside_a_checkpoint_is_kept(tmp_path: Path) -> None:
    """The checkpoint shows a run, the run.h5 is of another program all the same."""
    folder = tmp_path / "out"
    interrupted(folder)
    (folder / "run.h5").unlink()
    foreign_hdf5(folder / "run.h5")
    before = contents(folder)
    expect_refusal(simulate(folder, None, "--overwrite"), "run.h5")
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["weights/best.pt", "gradients/mine.npz", "states/notes.txt"])
def test_a_file_of_the_user_in_a_run_is_kept(tmp_path: Path, name: str) -> None:
    """Neither a new run nor one that goes on removes anything then."""
    folder = tmp_path / "out"
    interrupted(folder)
    put(folder / name)
    before = contents(folder)
    for flag in ("--overwrite", "--resume"):
        expect_refusal(simulate(folder, LONG, flag), name)
        assert contents(folder) == before
    (folder / name).rename(tmp_path / "mine")
    with complete(folder, LONG, "--resume") as run:
        assert text(run.attrs["status"]) == "complete"


def test_a_complete_run_may_have_files_of_the_user_in_it(tmp_path: Path) -> None:
    """Nothing of it is removed by --resume, and --overwrite keeps files beside it."""
    folder = tmp_path / "out"
    complete(folder, QUICK).close()
    put(folder / "weights" / "best.pt")
    put(folder / "notes.txt")
    assert simulate(folder, QUICK, "--resume").code == 0
    expect_refusal(simulate(folder, QUICK, "--overwrite"), "weights/best.pt")
    (folder / "weights" / "best.pt").unlink()
    put(folder / "report.html")
    complete(folder, QUICK, "--overwrite").close()
    assert (folder / "notes.txt").read_text() == "precious"
    assert not (folder / "report.html").exists()


def test_what_a_link_leads_to_is_kept(tmp_path: Path) -> None:
    """A new run takes the place of the link alone."""
    folder = tmp_path / "out"
    complete(folder, QUICK).close()
    shutil.move(folder / "weights", tmp_path / "elsewhere")
    (folder / "weights").symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path / "elsewhere")
    assert before
    complete(folder, QUICK, "--overwrite").close()
    assert contents(tmp_path / "elsewhere") == before
    assert not (folder / "weights").is_symlink()


def test_a_run_killed_before_its_first_file_is_begun_again(tmp_path: Path) -> None:
    """By --resume: it left its lock, empty folders and files under names of ours."""
    folder = tmp_path / "out"
    for name in ("run.lock", "run.h5.partial", "checkpoint.h5.partial", "gradients/segment.partial",
                 "gradients/segment.partial.locktest.1",
                 "gradients/segment.partial-500695041-44.lock",
                 "weights/segment-00000.h5", "weights/segment.partial", "states/states.partial",
                 "states/round-00000.h5", "states/scratch.a1B2c3"):
        put(folder / name, "half")
    with complete(folder, QUICK, "--resume") as run:
        assert text(run.attrs["status"]) == "complete"
    assert not list(folder.rglob("*.partial")) and not (folder / "states").exists()


def test_a_run_killed_while_it_is_replaced_can_be_replaced(tmp_path: Path) -> None:
    """Its run.h5 was set aside, its segments are still there."""
    folder = tmp_path / "out"
    complete(folder, QUICK).close()
    (folder / "run.h5").rename(folder / "run.h5.partial")
    assert (folder / "gradients" / "segment-00000.h5").exists()
    complete(folder, QUICK, "--resume").close()


def test_an_attack_leaves_files_of_the_user_alone(tmp_path: Path) -> None:
    """medpfl attack removes by the same rules."""
    complete(tmp_path / "source").close()
    put(tmp_path / "project" / "weights" / "best.pt")
    for flag in ("--resume", "--overwrite"):
        result = medpfl("attack", "--input", tmp_path / "source", "--quiet", flag,
                        f"--run.output={tmp_path / 'project'}")
        expect_refusal(result, "weights/best.pt")
    assert contents(tmp_path / "project") == {"weights/best.pt": b"precious"}


def test_a_point_of_a_sweep_leaves_files_of_the_user_alone(tmp_path: Path) -> None:
    """The point fails, the others are run."""
    sweep = tmp_path / "sweep"
    put(sweep / "points" / "00000" / "weights" / "best.pt")
    grid = put(tmp_path / "grid.ini", "[grid]\nrun.seed = 1 | 2\n")
    result = medpfl("sweep", "--quiet", "--grid", grid, *words(TINY | QUICK),
                    f"--run.output={sweep}")
    assert result.code == OUTPUT, result.err
    assert "weights/best.pt" in result.err
    assert contents(sweep / "points" / "00000") == {"weights/best.pt": b"precious"}
    assert (sweep / "points" / "00001" / "run.h5").exists()
