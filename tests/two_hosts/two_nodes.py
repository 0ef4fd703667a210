"""Jobs of a Slurm of two nodes; test_slurm.py runs these tests on hosta."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from batch import finish, submit, tiny
from files import image_folder
from harness import BINARY, ENVIRONMENT, REPOSITORY, complete
from private_slurm import WAIT, Node, PrivateSlurm
from test_recipes import IMAGES, archive_of
from test_requeue import LONG, interrupt
from test_same_bits import expect_same

ON_HOST = str(Path(__file__).with_name("on_host"))


@pytest.fixture(scope="module")
def slurm() -> Iterator[PrivateSlurm]:
    """Running, with a controller on hosta. Its folder is one that both hosts see, and short."""
    nodes = (Node("hosta", "hosta", "hosta"), Node("hostb", "hostb", "hostb", (ON_HOST, "hostb")))
    private = PrivateSlurm(ENVIRONMENT | {"MEDPFL_BINARY": str(BINARY)}, nodes, Path("/var/tmp"))
    try:
        private.start()
        yield private
    finally:
        private.stop()


def test_a_requeued_run_on_two_nodes_loses_no_bit(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Two ranks on each, interrupted once, against a run of one rank that was left alone."""
    log = tmp_path / "log"
    job = submit(slurm, "long_run.sbatch", log, *tiny(tmp_path / "run", LONG),
                 options=("--nodes=2", "--ntasks-per-node=2", "--cpus-per-task=1"))
    interrupt(slurm, job, log, 1)
    end = slurm.wait(job, log)
    assert (end.state, end.code, end.restarts) == ("COMPLETED", 0, 1), log.read_text()
    with (h5py.File(tmp_path / "run" / "run.h5", "r") as found,
          complete(tmp_path / "plain", LONG) as expected):
        assert list(found["environment/host"].asstr()) == ["hosta", "hosta", "hostb", "hostb"]
        expect_same(expected, found)


def test_an_array_uses_both_nodes(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Each task has a node to itself, and writes to the common folder."""
    seeds = range(1, 5)
    (tmp_path / "tasks.txt").write_text("".join(
        " ".join(tiny(changes={"run.seed": seed, "federation.rounds": 20})) + "\n" for seed in seeds))
    submitted = slurm.run(REPOSITORY / "slurm" / "tasks.sh", "--parsable", "--nodes=1", "--ntasks-per-node=2", "--exclusive",
                          tmp_path)
    assert submitted.returncode == 0, submitted.stderr
    job = submitted.stdout.split()[-1]
    slurm.wait_until("end of the array", lambda: all(task.over for task in slurm.jobs(job)), WAIT)
    assert [(task.state, task.code) for task in slurm.jobs(job)] == [("COMPLETED", 0)] * len(seeds)
    hosts = set()
    for seed in seeds:
        with (h5py.File(tmp_path / str(seed) / "run.h5") as found,
              complete(tmp_path / f"plain-{seed}", {"run.seed": seed, "federation.rounds": 20}) as expected):
            hosts |= set(found["environment/host"].asstr())
            expect_same(expected, found)
    assert hosts == {"hosta", "hostb"}


def test_each_node_unpacks_its_copy(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Onto its own /tmp, where ranks of the other node see nothing."""
    archive = archive_of(image_folder(tmp_path / "images"))
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run", IMAGES), MEDPFL_STAGE=str(archive),
                 options=("--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=1"))
    assert (job.state, job.code) == ("COMPLETED", 0), (tmp_path / "log").read_text()
    with (h5py.File(tmp_path / "run" / "run.h5", "r") as found,
          complete(tmp_path / "plain", IMAGES | {"data.path": tmp_path / "images"}) as expected):
        assert list(found["environment/host"].asstr()) == ["hosta", "hostb"]
        assert found["data"].attrs["train_images_digest"] == expected["data"].attrs["train_images_digest"]
