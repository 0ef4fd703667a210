"""medpfl verify finds what is damaged in each file of a run, and readers refuse it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import h5py
import numpy as np
import pytest
from files import truncate
from harness import CONFIG, FORMAT, TINY, complete, medpfl

from medpfl_analysis import RunFormatError, open_run

# A run that leaves files of every kind, and a checkpoint.
ALL = TINY | {"attack.method": "idlg", "checkpoint.every": 1, "output.gradients": "all"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "run"
    complete(folder, ALL).close()
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def flip(path: Path, values: np.ndarray) -> None:
    """Flips a bit of the only place in the file with the bytes of `values`."""
    data = bytearray(path.read_bytes())
    at = bytes(data).find(values.tobytes())
    assert at > 0 and bytes(data).find(values.tobytes(), at + 1) < 0
    data[at] ^= 1
    path.write_bytes(data)


def in_file(run: Path, name: str, dataset: str, selection: object) -> Path:
    """Flips a bit of such values of a file of the run."""
    with h5py.File(run / name) as file:
        values = file[dataset][selection]
    flip(run / name, values)
    return run / name


def score(run: Path) -> Path:
    return in_file(run, "run.h5", "attacks/images/mse", ())


def gradient(run: Path) -> Path:
    return in_file(run, "gradients/segment-00000.h5", "values", np.s_[1, :50])


def image(run: Path) -> Path:
    return in_file(run, "gradients/images.h5", "images", 2)


def weights(run: Path) -> Path:
    return in_file(run, "weights/segment-00000.h5", "weights", 0)


def cut(run: Path) -> Path:
    return truncate(run / "gradients/images.h5")


def gone(run: Path) -> Path:
    (run / "weights/segment-00000.h5").unlink()
    return run / "weights/segment-00000.h5"


def test_a_whole_run_is_said_to_be(whole: Path) -> None:
    for path in (whole, whole / "run.h5", whole.parent):
        done = medpfl("verify", path)
        assert done.code == 0, done.err
        assert "run.h5: " in done.out and "datasets, all whole\n" in done.out and "fault" not in done.out


@pytest.mark.parametrize("damage", [score, gradient, image, weights, cut, gone])
def test_damage_is_found(damage: Callable[[Path], Path], copy: Path) -> None:
    damaged = damage(copy)
    done = medpfl("verify", copy)
    assert done.code == FORMAT
    assert f"{damaged.relative_to(copy)}" in done.out and "fault" in done.out
    assert "fault in" in done.err or "faults in" in done.err


def anywhere(run: Path) -> Path:
    """Damage that no checksum within the file covers: text behind its end."""
    with (run / "run.h5").open("ab") as file:
        file.write(b"x")
    return run / "run.h5"


@pytest.mark.parametrize("damage", [anywhere, score, gradient, image, weights, cut, gone])
def test_files_differ_from_their_digests(damage: Callable[[Path], Path], copy: Path) -> None:
    """As b2sum finds without medpfl, too."""
    check = ["b2sum", "--check", "--quiet", "B2SUMS"]
    assert subprocess.run(check, cwd=copy, check=False).returncode == 0
    damaged = damage(copy)
    assert subprocess.run(check, cwd=copy, check=False).returncode != 0
    done = medpfl("verify", copy)
    assert done.code == FORMAT
    assert "B2SUMS: 1 fault\n" in done.out and f"{damaged}: is " in done.out


@pytest.mark.parametrize("line", ["", "abc  run.h5", "0" * 64 + "  ../run.h5", "0" * 64 + "  /etc/passwd"])
def test_odd_digests_are_refused(line: str, copy: Path) -> None:
    (copy / "B2SUMS").write_text(line + "\n")
    done = medpfl("verify", copy)
    assert done.code == FORMAT and "B2SUMS: line 1 is not a digest and a file in this folder" in done.out


@pytest.mark.parametrize("damage", [gradient, image, weights, cut, gone])
def test_what_is_damaged_is_not_attacked(damage: Callable[[Path], Path], copy: Path, tmp_path: Path) -> None:
    damaged = damage(copy)
    done = medpfl("attack", f"--input={copy}", f"--run.output={tmp_path / 'again'}", "--attack.method=idlg", "--attack.rounds=all",
                  "--attack.iterations=1")
    assert done.code == FORMAT
    assert damaged.name in done.err


@pytest.mark.parametrize("damage", [gradient, image])
def test_what_is_damaged_is_not_analyzed(damage: Callable[[Path], Path], copy: Path) -> None:
    with open_run(copy) as run:
        gradients, images = run.gradient_values(), run.gradient_batches.images
        assert len(gradients) > 1 and len(images) > 2
    damage(copy)
    with open_run(copy) as run, pytest.raises(RunFormatError, match=r"row \d+ of .* differs from its checksum"):
        _ = run.gradient_values([1]), run.gradient_batches


def test_a_damaged_score_is_not_analyzed(copy: Path) -> None:
    score(copy)
    with open_run(copy) as run, pytest.raises(RunFormatError, match=r"/attacks/images/mse cannot be read .*damaged"):
        _ = run.images


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_checksums_are_those_of_the_bytes(precision: str, tmp_path: Path) -> None:
    """By Python's own CRC-32 of what the files behind a run hold, written by two ranks."""
    with complete(tmp_path / "run", ALL | {"output.precision": precision}, ranks=2) as run:
        for values, sums in (("gradients/values", "gradients/checksum"), ("gradients/batches/images", "gradients/batches/checksum")):
            found = [sum for source in run[values].virtual_sources() for sum in checksums(tmp_path / "run" / source.file_name, source.dset_name)]
            assert found == run[sums][()].tolist() and len(set(found)) > 3
    done = medpfl("verify", tmp_path / "run")
    assert done.code == 0, done.err


def checksums(path: Path, name: str) -> list[int]:
    """Of the bytes of each row, as the file holds them."""
    with h5py.File(path) as file:
        stored = file[name].id
        rows = np.empty((file[name].shape[0], stored.get_type().get_size() * int(np.prod(file[name].shape[1:]))), np.uint8)
        stored.read(h5py.h5s.ALL, h5py.h5s.ALL, rows, mtype=stored.get_type())
        return [crc32(row.tobytes()) for row in rows]


def test_no_results_are_an_error(tmp_path: Path) -> None:
    done = medpfl("verify", tmp_path)
    assert done.code == FORMAT and f"{tmp_path}: holds no results" in done.err
    assert medpfl("verify").code == CONFIG
