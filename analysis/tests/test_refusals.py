"""Files that must be refused, and what the message says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from synthetic import write_run

from medpfl_analysis import Run, RunFormatError, open_run
from medpfl_analysis.hdf5 import dataset, read


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A run folder that the test may damage."""
    return write_run(tmp_path / "run")


def refusal(path: Path) -> str:
    with pytest.raises(RunFormatError) as caught:
        open_run(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("version", "age"), [((2, 3), "newer"), ((0, 9), "older")])
def test_other_major_version(tmp_path: Path, version: tuple[int, int], age: str) -> None:
    message = refusal(write_run(tmp_path / "run", schema=version) / "run.h5")
    assert f"schema version {version[0]}.{version[1]}" in message
    assert "reads 1.x" in message
    assert f"use the {age} medpfl_analysis that belongs to MedPFL 0.1.0" in message


def test_other_minor_version_is_read(tmp_path: Path) -> None:
    with open_run(write_run(tmp_path / "run", schema=(1, 7))) as run:
        assert run.schema_version == (1, 7)


def test_missing_file_and_folder_without_run(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.h5")
    assert "has no run.h5" in refusal(tmp_path)


def test_not_hdf5_and_empty(tmp_path: Path) -> None:
    text = tmp_path / "notes.h5"
    text.write_text("not a result file " * 100)
    assert "not an HDF5 file" in refusal(text)
    text.write_bytes(b"")
    assert "is empty" in refusal(text)


def test_truncated(fresh: Path) -> None:
    file = fresh / "run.h5"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refusal(file)


@pytest.mark.parametrize(("number", "reads"), [(37, True), (38, True), (11, False)])
def test_file_systems_without_locks(
    number: int, reads: bool, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unlocked(h5py.File):
        def __init__(self, *args: object, locking: object, **more: object) -> None:
            if locking is not False:
                raise OSError(f"Unable to open file (unable to lock file, errno = {number}, ...)")
            super().__init__(*args, locking=locking, **more)

    monkeypatch.setattr(h5py, "File", Unlocked)
    if reads:
        open_run(fresh).close()
    else:
        assert "unable to lock" in refusal(fresh)


def test_other_filetype(tmp_path: Path) -> None:
    file = tmp_path / "other.h5"
    with h5py.File(file, "w") as f:
        f.attrs["filetype"] = np.bytes_("weights")
    assert "filetype is 'weights', not 'medpfl-run'" in refusal(file)


def test_no_schema_version(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "a") as f:
        del f.attrs["schema_version"]
    assert "schema_version is None" in refusal(fresh / "run.h5")


def test_missing_segment_is_no_fill_value(fresh: Path) -> None:
    (fresh / "gradients/segment-00001.h5").unlink()
    with open_run(fresh) as run:
        assert len(run.gradients) == 4
        with pytest.raises(RunFormatError, match=r"segment-00001.h5, which is missing \(1 of 2"):
            run.gradient_values([0])


def test_missing_images_file(fresh: Path) -> None:
    (fresh / "gradients/images.h5").unlink()
    with open_run(fresh) as run:
        with pytest.raises(RunFormatError, match="keep the folder gradients beside run.h5"):
            _ = run.gradient_batches


def test_truncated_segment(fresh: Path) -> None:
    segment = fresh / "gradients/segment-00000.h5"
    segment.write_bytes(segment.read_bytes()[:-40])
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="00000.h5: the file is trunc"):
        run.gradient_values()


@pytest.mark.parametrize("shape", [(1, 20), (2, 19)])
def test_segment_of_another_run(fresh: Path, shape: tuple[int, int]) -> None:
    with h5py.File(fresh / "gradients/segment-00000.h5", "w") as segment:
        segment["values"] = np.zeros(shape, np.float32)
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="does not belong to this run"):
        run.gradient_values()


def test_rows_in_no_segment(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "a") as f:
        del f["gradients/values"]
        layout = h5py.VirtualLayout((4, 20), np.float32)
        layout[:2] = h5py.VirtualSource("gradients/segment-00000.h5", "values", shape=(2, 20))
        f.create_virtual_dataset("gradients/values", layout)
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="80 values and only 40"):
        run.gradient_values()


def test_part_of_a_segment(fresh: Path) -> None:
    """A mapping may take some rows of a segment; they must be there."""
    with h5py.File(fresh / "run.h5", "a") as f:
        del f["gradients/values"]
        layout = h5py.VirtualLayout((1, 20), np.float32)
        source = h5py.VirtualSource("gradients/segment-00001.h5", "values", shape=(2, 20))
        layout[:1] = source[1:2]
        f.create_virtual_dataset("gradients/values", layout)
    with open_run(fresh) as run:
        assert run.gradient_values()[0, 0] == 3
    with h5py.File(fresh / "gradients/segment-00001.h5", "w") as segment:
        segment["values"] = np.zeros((1, 20), np.float32)
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="does not belong to this run"):
        run.gradient_values()


def test_missing_column_and_unequal_columns(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "a") as f:
        del f["rounds/auroc"]
        del f["attacks/images/psnr"]
        f["attacks/images/psnr"] = np.zeros(3)
    with open_run(fresh) as run:
        with pytest.raises(RunFormatError, match="/rounds/auroc is missing"):
            _ = run.rounds
        with pytest.raises(RunFormatError, match="/attacks/images differ in length"):
            _ = run.images


def test_pictures_of_other_length(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "a") as f:
        short = f["attacks/truth"][:3]
        del f["attacks/truth"]
        f["attacks/truth"] = short
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="has 3 rows, /attacks/images"):
        _ = run.truth


def test_image_of_unknown_task(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "a") as f:
        f["attacks/images/task"][0] = 77
    with open_run(fresh) as run, pytest.raises(RunFormatError, match=r"names tasks \[77\]"):
        run.images_with_tasks()


def test_whatever_h5py_raises_names_the_object(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged files make it raise nearly anything."""
    def broken(*_: object) -> None:
        raise RuntimeError("bad local heap signature")

    with open_run(fresh) as run:
        monkeypatch.setattr(h5py.Group, "get", broken)
        with pytest.raises(RunFormatError, match=r"run\.h5: / cannot be read \(bad local heap signature\); the file is damaged"):
            _ = run.rounds


def test_columns_of_other_dimensions(fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "r+") as file:
        del file["timings/seconds"]
        file["timings/seconds"] = 1.5
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="/timings/seconds has 0 dimensions and not 2"):
        _ = run.timings


def test_numbers_of_another_processor_are_read(tmp_path: Path) -> None:
    """pandas refuses to work with some tables of them."""
    with h5py.File(tmp_path / "numbers.h5", "w") as file:
        file.create_dataset("column", data=[1.5, -2.0], dtype=">f8")
        values = read(dataset(file, "column", 1))
    assert values.tolist() == [1.5, -2.0]
    assert values.dtype.isnative


@pytest.mark.parametrize(("group", "name", "value", "read_it"), [
    ("rounds", "chance", "half", lambda run: run.chance),
    ("attacks/images", "near_duplicate_ssim", [1, 2], lambda run: run.near_duplicate_ssim),
    ("timings", "phases", "train", lambda run: run.timings)])
def test_attributes_of_another_kind(group: str, name: str, value: object, read_it: Callable[[Run], object], fresh: Path) -> None:
    with h5py.File(fresh / "run.h5", "r+") as file:
        file[group].attrs[name] = value
    with open_run(fresh) as run, pytest.raises(RunFormatError, match="the file is damaged"):
        read_it(run)
