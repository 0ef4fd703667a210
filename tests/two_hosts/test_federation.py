"""Federations whose ranks are on two hosts, which share a folder and a network and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import h5py
import pytest
from files import image_folder
from harness import BUSY, DATA, INTERRUPTED, OUTPUT, complete
from hosts import ALL_RANKS, AT_WORK, SCRIPT, federation, on_two_hosts
from test_interruption import EACH_ROUND, STATEFUL, inspected
from test_same_bits import FEDERATIONS, expect_same

# mpirun hears nothing of a host that vanishes; it asks after these seconds, so often. Open MPI 4, then 5.
IMPATIENT = {f"{library}_MCA_oob_tcp_keepalive_{name}": seconds
             for library in ("OMPI", "PRTE") for name, seconds in (("time", "5"), ("intvl", "1"), ("probes", "3"))}


def expect_bits_of_one_host(options: Mapping[str, object], folder: Path) -> None:
    """The run in `folder`, done by two ranks on each host, against a run of one process."""
    with complete(folder / "one", options) as expected, h5py.File(folder / "run" / "run.h5") as found:
        assert list(found["environment/host"].asstr()) == ["hosta", "hosta", "hostb", "hostb"]
        assert list(found["environment/local_rank"]) == [0, 1, 0, 1]
        expect_same(expected, found)


@pytest.mark.parametrize("name", FEDERATIONS)
def test_two_hosts_give_the_bits_of_one(name: str, tmp_path: Path) -> None:
    """Messages are recorded and attacked, and each round has a checkpoint."""
    options = FEDERATIONS[name] | {"checkpoint.every": 1}
    result = on_two_hosts(tmp_path, ALL_RANKS, *federation(options))
    assert result.code == 0, result.err
    expect_bits_of_one_host(options, tmp_path)


@pytest.mark.parametrize("options", [EACH_ROUND, STATEFUL], ids=["each round", "with states"])
def test_a_host_that_vanishes(options: dict[str, object], tmp_path: Path) -> None:
    """Its cable is pulled, then nothing of it is left: mpirun says so, and two new hosts go on."""
    result = on_two_hosts(tmp_path, AT_WORK + "on_host hostb ip link set eth0 down; kill -KILL $HOSTB; wait $job",
                          *federation(options), environment=IMPATIENT)
    assert result.code != 0
    assert "has lost communication with a remote daemon" in result.err and "on node hostb" in result.err, result.err
    assert " of hosta was at work on it when it was last written" in inspected(tmp_path / "run")
    result = on_two_hosts(tmp_path, ALL_RANKS, *federation(options))
    assert result.code == 0, result.err
    expect_bits_of_one_host(options, tmp_path)


def test_a_signal_reaches_both_hosts(tmp_path: Path) -> None:
    """The job ends with a checkpoint, and goes on to the same bits."""
    result = on_two_hosts(tmp_path, AT_WORK + "kill -USR1 $job; wait $job", *federation(EACH_ROUND))
    assert result.code == INTERRUPTED, result.err
    result = on_two_hosts(tmp_path, ALL_RANKS, *federation(EACH_ROUND))
    assert result.code == 0, result.err
    expect_bits_of_one_host(EACH_ROUND, tmp_path)


def test_a_folder_at_work_on_another_host(tmp_path: Path) -> None:
    """Process numbers of hosts have nothing in common; the lock has."""
    result = on_two_hosts(tmp_path, AT_WORK + 'on_host hostb "cd $PWD; $(printf "%q " "$@")" || code=$?\n'
                          "kill -USR1 $job; wait $job || true; exit $code",
                          *federation({"federation.rounds": 100_000, "checkpoint.every": 1}))
    assert result.code == BUSY, result.err
    assert any("run.output=run: process " in line and " of hosta is at work on this run" in line for line in result.errors)


@pytest.mark.parametrize(("output", "script"), [("/tmp/run", ALL_RANKS), ("run", f"mkdir /tmp/own; cd /tmp/own; {ALL_RANKS}")],
                         ids=["a folder that each host has", "a current folder that one host has"])
def test_a_result_that_is_not_on_a_common_folder(output: str, script: str, tmp_path: Path) -> None:
    """It is refused before anything is written; MPI-IO would wait for ever."""
    result = on_two_hosts(tmp_path, script, *federation({"run.output": output}))
    assert result.code == OUTPUT, result.err
    (error,) = result.errors
    assert f"run.output={output}: " in error and "/run on hostb is not the folder that process " in error
    assert "of hosta has; choose one on a file system that all hosts share" in error


def test_images_that_one_host_has(tmp_path: Path) -> None:
    """The error names the host that lacks them."""
    image_folder(tmp_path / "images")
    result = on_two_hosts(tmp_path, f"cp -r images /tmp/images; {ALL_RANKS}",
                          *federation({"data.dataset": "image-folder", "data.path": "/tmp/images"}))
    assert result.code == DATA, result.err
    (error,) = result.errors
    assert "/tmp/images/" in error and "(on hostb)" in error


def test_where_hosts_cannot_be_made() -> None:
    """As in many containers: the reason is said, and the command does not run."""
    done = subprocess.run(["setpriv", "--bounding-set=-sys_admin", SCRIPT, "echo", "it runs"], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: this machine forbids networks or mounts of one's own (unshare, ip)" in done.stderr
