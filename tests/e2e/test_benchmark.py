"""`medpfl benchmark` measures every hot path and records it as docs/file_format.md says."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, REPOSITORY, all_datasets, medpfl, text

FORMAT = (REPOSITORY / "docs" / "file_format.md").read_text().partition("## benchmark.h5")[2]


def test_benchmark_writes_what_it_prints(tmp_path: Path) -> None:
    """Every row is finite and positive, in the table and in the file."""
    done = medpfl("benchmark", "--data.image_size=16", "--federation.batch_size=4",
                  f"--run.output={tmp_path / 'b'}", ranks=2)
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "b" / "benchmark.h5") as file:
        found = all_datasets(file)
        assert {f"`/{name}`" in FORMAT for name in found} == {True}
        assert text(file.attrs["filetype"]) == "medpfl-benchmark"
        assert file.attrs["ranks"] == 2
        value, floor = found["value"][()], found["floor"][()]
        names = [text(name) for name in found["what"][()]]
    assert np.isfinite(value).all() and (value > 0).all() and (floor >= 0).all()
    for topic in ("matching evaluation", "local training", "Reduce + Bcast", "capture of gradients"):
        assert any(topic in name for name in names), topic
    assert all(name in done.out for name in names)
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"benchmark.h5"}


def test_benchmark_compute_times_engines_and_training_at_the_batch(tmp_path: Path) -> None:
    """And nothing else."""
    done = medpfl("benchmark", "compute", "--data.image_size=16", "--federation.batch_size=3", f"--run.output={tmp_path}")
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "benchmark-compute.h5") as file:
        assert (file["value"][()] > 0).all()
        names = [text(name) for name in file["what"][()]]
    assert names == [*(f"engine {engine}, batch 3" for engine in ("exact", "pearlmutter", "native")),
                     "local training, batch 3"]
    wrong = medpfl("benchmark", "compare", f"--run.output={tmp_path}")
    assert wrong.code == CONFIG
    assert wrong.errors == ["unknown benchmark 'compare'; known: comm, compute, or none for all hot paths"]


def test_benchmark_comm_compares_and_concludes(tmp_path: Path) -> None:
    """Each way is timed for the model and for 1 M and 10 M parameters; one line says which is best."""
    done = medpfl("benchmark", "comm", "--data.image_size=16", f"--run.output={tmp_path / 'b'}",
                  ranks=2, timeout=400)
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "b" / "benchmark-comm.h5") as file:
        found = all_datasets(file)
        assert {f"`/{name}`" in FORMAT for name in found} == {True}
        assert file.attrs["ranks"] == 2
        value, floor = found["value"][()], found["floor"][()]
        names = [text(name) for name in found["what"][()]]
    assert np.isfinite(value).all() and (value > 0).all() and (floor > 0).all()
    ways = {f"{kind} {way}" for kind in ("exact", "fast")
            for way in ("Reduce + Bcast", "Reduce + Bcast, a message a tensor", "Allreduce")}
    assert ways <= set(names)
    assert {names.count(name) for name in names} == {3}
    best = [line for line in done.out.splitlines() if line.startswith("best here for lenet-medpfl")]
    assert len(best) == 1
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"benchmark-comm.h5"}


@pytest.mark.parametrize(("topic", "message"), [("comm", "two ranks"), ("network", "'network'")])
def test_benchmark_refuses_what_it_cannot_measure(tmp_path: Path, topic: str, message: str) -> None:
    """One rank sends nothing; an unknown topic is named."""
    done = medpfl("benchmark", topic, f"--run.output={tmp_path / 'b'}")
    assert done.code == CONFIG
    assert len(done.errors) == 1 and message in done.errors[0]
