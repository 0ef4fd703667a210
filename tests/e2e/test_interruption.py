"""Runs that are stopped or killed and go on: no bit is lost, and no file is left broken."""

from __future__ import annotations

import contextlib
import os
import platform
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import pytest
from harness import (
    CONFIG,
    ENVIRONMENT,
    INTERRUPTED,
    OUTPUT,
    TINY,
    command,
    complete,
    in_slices,
    lengthened,
    medpfl,
    simulate,
    text,
    words,
)
from medpfl_analysis import open_run
from medpfl_analysis.__main__ import summary_text
from test_same_bits import expect_same

# Training, probes, captures and attacks that take some seconds together.
LONG: dict[str, object] = {
    "federation.rounds": 8,
    "federation.clients": 4,
    "attack.method": "idlg,dlg",
    "attack.rounds": "0,3,7",
    "attack.iterations": 40,
    "attack.restarts": 2,
    "attack.idlg.stop_loss": 0,
    "attack.dlg.stop_loss": 0,
    "checkpoint.seconds": 0.2,
}
EACH_ROUND = LONG | {"attack.when": "each-round", "output.gradients": "attacked",
                     "output.precision": "float16", "attack.method": "dlg,modern",
                     "attack.modern.langevin": 0.1}

# Hospitals and a server that remember: what one rank held another must find again.
STATEFUL = LONG | {
    "attack.method": "idlg",
    "defense.chain": "dp-sgd,prune",
    "defense.dp-sgd.sigma_last": 0.5,
    "defense.dp-sgd.sigma_schedule": "linear",
    "defense.prune.error_feedback": "true",
    "defense.prune.ratio": 0.5,
    "federation.server_optimizer": "adam",
    "federation.state_memory": 0,
}


def start(output: Path, options: dict[str, object], ranks: int) -> subprocess.Popen[bytes]:
    """Starts or continues a run in a process group of its own, which SIGHUP reaches even where nohup runs the tests."""
    arguments = ["simulate", "--resume", "--quiet", *words(TINY | options | {"run.output": output})]
    return subprocess.Popen(["env", "--default-signal=HUP", *command(arguments, ranks)], env=os.environ | ENVIRONMENT,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def kill(run: subprocess.Popen[bytes], output: Path) -> None:
    """kill -9 of mpirun and of its ranks: in groups of their own, they outlive it a moment."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    own = f"--run.output={output}".encode()
    while ranks := [path for path in Path("/proc").glob("[0-9]*/cmdline") if own in read(path)]:
        for path in ranks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.parent.name), signal.SIGKILL)
        time.sleep(0.01)


def read(path: Path) -> bytes:
    """Nothing where a process has ended meanwhile."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def finish(output: Path, options: dict[str, object], ranks: int) -> h5py.File:
    """Continues the run to its end."""
    result = simulate(output, options, "--resume", ranks=ranks)
    assert result.code == 0, result.err
    left = [*output.glob("checkpoint*"), *output.glob("states*")]
    assert not left, "a complete run needs no checkpoint"
    return h5py.File(output / "run.h5", "r")


def opens(output: Path) -> bool:
    """Whatever moment it was: the files that have their names are whole."""
    for path in [*output.glob("*.h5"), *output.glob("*/segment-*.h5")]:
        with h5py.File(path) as file:
            assert len(file) > 0, path
    return (output / "run.h5").exists()


def status(output: Path) -> str:
    """As run.h5 has it."""
    with h5py.File(output / "run.h5") as run:
        return text(run.attrs["status"])


def inspected(output: Path) -> str:
    """What `medpfl inspect` says of a run of status running; the reports say the same."""
    said = medpfl("inspect", output).out
    assert "status running" in said
    with open_run(output) as run:
        assert f"\n{run.holder}\n" in said and f"\n{run.holder}\n" in summary_text(run)
    return said


@pytest.mark.parametrize(("options", "kills"), [(LONG, 2), (EACH_ROUND, 1), (STATEFUL, 2)],
                         ids=["at the end", "each round", "with states"])
def test_killed_at_any_moment(options: dict[str, object], kills: int, tmp_path: Path) -> None:
    """kill -9 of all ranks, some times a run, continued on 1, 2 or 3 ranks."""
    moments = random.Random(str(options))
    output = tmp_path / "killed"
    begun = time.monotonic()
    with complete(tmp_path / "whole", options, ranks=2) as whole:
        length = time.monotonic() - begun
        for _ in range(kills):
            run = start(output, options, moments.choice([1, 2, 3]))
            time.sleep(moments.uniform(0.3, 0.9) * length)
            kill(run, output)
            if opens(output) and status(output) == "running":  # complete: it was over before
                assert "no process is at work on it now: process " in inspected(output)
        with finish(output, options, ranks=2) as found:
            expect_same(whole, found)


def test_status_running_says_whether_anybody_works_on_it(tmp_path: Path) -> None:
    """While a process does, and when it was killed."""
    output = tmp_path / "out"
    run = start(output, LONG, ranks=1)
    while not (output / "run.h5").exists():
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGSTOP)
    assert f"\nprocess {run.pid} of {platform.node()} is at work on it\n" in inspected(output)
    run.kill()
    run.wait()
    assert f"at work on it now: process {run.pid} of {platform.node()} was" in inspected(output)


def written(output: Path) -> int:
    """When run.h5 was last written; 0: never."""
    file = output / "run.h5"
    return file.stat().st_mtime_ns if file.exists() else 0


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path]:
    """A run, done at once, that takes several times the first second of `in_slices`."""
    folder = tmp_path_factory.mktemp("longer")

    def run(n: int) -> tuple[dict[str, object], Path]:
        options = LONG | {"attack.restarts": 4 * n}
        complete(folder / str(n), options).close()
        return options, folder / str(n) / "run.h5"

    return lengthened(run)


@pytest.mark.parametrize("name", ["SIGUSR1", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_with_a_checkpoint(name: str, longer: tuple[dict[str, object], Path],
                                          tmp_path: Path) -> None:
    """One process, signaled whenever it is at work, until the run is complete."""
    options, whole = longer
    output = tmp_path / "stopped"
    code, stops = INTERRUPTED, 0
    while code == INTERRUPTED:
        before = written(output)
        run = start(output, options, ranks=1)
        while written(output) == before and run.poll() is None:
            time.sleep(0.02)
        time.sleep(0.4 * 2**stops)
        run.send_signal(getattr(signal, name))
        code = run.wait(timeout=300)
        if code == INTERRUPTED:
            stops += 1
            with h5py.File(output / "run.h5") as file:
                assert text(file.attrs["status"]) == "interrupted"
    assert code == 0
    assert stops > 0
    with h5py.File(whole) as expected, h5py.File(output / "run.h5") as found:
        assert found["environment"].attrs["resumes"] == stops
        expect_same(expected, found)


def test_wall_time_stops_a_run(longer: tuple[dict[str, object], Path], tmp_path: Path) -> None:
    """Before it is over; and once more, until all is done."""
    options, whole = longer
    output = tmp_path / "out"
    assert in_slices(lambda limit: simulate(output, options, "--resume", limit)) > 0
    with h5py.File(whole) as expected, h5py.File(output / "run.h5") as found:
        expect_same(expected, found)


def stopped(output: Path, options: dict[str, object] = LONG,
            until: str = "checkpoint.previous.h5") -> None:
    """A run that was stopped after some rounds, when that file was there."""
    run = start(output, options | {"checkpoint.every": 1}, ranks=1)
    while not (output / until).exists():
        assert run.poll() is None
        time.sleep(0.02)
    run.kill()
    run.wait()


def test_a_damaged_checkpoint_falls_back(tmp_path: Path) -> None:
    """One flipped byte: the checkpoint before it is used; both damaged: a clear end."""
    output = tmp_path / "out"
    stopped(output)
    for name in ("checkpoint.h5", "checkpoint.previous.h5"):
        with h5py.File(output / name, "r+") as file:
            file["state/server"][10] ^= 1
        if name == "checkpoint.h5":
            shutil.copytree(output, tmp_path / "once")
    refused = simulate(output, LONG, "--resume")
    assert refused.code != 0
    assert "checksum" in refused.err and "--overwrite" in refused.err
    options = TINY | LONG | {"run.output": tmp_path / "once"}
    result = medpfl("simulate", "--resume", *words(options))
    assert result.code == 0, result.err
    assert "the checkpoint before it is used" in result.err
    with complete(tmp_path / "whole", LONG) as whole, h5py.File(tmp_path / "once/run.h5") as found:
        expect_same(whole, found)


def test_damaged_client_states_fall_back(tmp_path: Path) -> None:
    """One flipped bit in what the hospitals remember: the checkpoint before it is used."""
    output = tmp_path / "out"
    stopped(output, STATEFUL, "states/round-00003.h5")
    with h5py.File(output / "checkpoint.h5") as checkpoint:
        newest = text(checkpoint.attrs["client_states"])
    with h5py.File(output / newest, "r+") as file:
        assert list(file["client"]) == [0, 1, 2, 3]
        assert abs(file["values"][0]).max() > 0
        file["values"][3, 5] += 1
    result = simulate(output, STATEFUL, "--resume", ranks=2)
    assert result.code == 0, result.err
    assert "the checkpoint before it is used" in result.err and newest in result.err
    with complete(tmp_path / "whole", STATEFUL) as whole, h5py.File(output / "run.h5") as found:
        expect_same(whole, found)


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    """It names what differs; what does not change results may differ."""
    output = tmp_path / "out"
    stopped(output)
    result = simulate(output, LONG | {"run.seed": 7}, "--resume")
    assert result.code == CONFIG
    assert "run.seed: here '7', there '1'" in result.err
    assert simulate(output, LONG | {"attack.ranks": "root"}, "--resume", "--overwrite").code == CONFIG
    assert simulate(output, LONG | {"attack.ranks": "root"}, "--resume").code == 0
    again = simulate(output, LONG, "--resume")
    assert again.code == 0
    assert status(output) == "complete"


def test_a_vanished_folder_is_one_error(tmp_path: Path) -> None:
    """The folder is taken away while the run is at work."""
    output = tmp_path / "out"
    run = subprocess.Popen(
        command(["simulate", "--quiet", *words(TINY | LONG | {"run.output": output})], 1),
        env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    while not (output / "checkpoint.h5").exists():
        time.sleep(0.02)
    output.rename(tmp_path / "elsewhere")
    _, err = run.communicate(timeout=300)
    assert run.returncode == OUTPUT
    assert err.count("error: ") == 1 and str(output) in err
    assert opens(tmp_path / "elsewhere")


# MPI of one process, without the files of some MiB that ranks share.
SMALL_MPI = {"PMIX_MCA_gds": "hash", "OMPI_MCA_btl": "self"}
# Rows of a vector that a file may have, and options under which one has more: gradients of rounds 4 and 5 behind those of
# round 0, the states of all hospitals behind those of two, and weights of seven rounds.
FULL_DISK: dict[str, tuple[int, dict[str, object]]] = {
    "gradients": (6, {"output.gradients": "all", "output.rounds": "0,4,5", "checkpoint.every": 2}),
    "states": (3, {"defense.chain": "prune", "defense.prune.error_feedback": "true",
                   "federation.sampling": 0.5, "checkpoint.every": 1}),
    "weights": (6, {"output.weights": "true", "checkpoint.every": 7})}


@pytest.mark.parametrize("what", FULL_DISK)
def test_a_full_disk_is_one_error(what: str, tmp_path: Path) -> None:
    """Whatever file it meets: what was good stays, and with room the run goes on to the same bits."""
    rows, own = FULL_DISK[what]
    # By rounds alone: how much a file holds must not depend on how fast the machine is.
    options = LONG | {"model.name": "convnet-small", "attack.method": "", "checkpoint.seconds": 0,
                      "output.gradients": "none", "output.weights": "false"} | own
    room = 4 * 60164 * rows  # parameters of the ConvNet

    def limit() -> None:
        """What a file takes beyond the room fails, as it does on a full disk."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    output = tmp_path / "out"
    run = subprocess.run(
        command(["simulate", "--quiet", *words(TINY | options | {"run.output": output})], 1),
        env=os.environ | ENVIRONMENT | SMALL_MPI, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, timeout=300, preexec_fn=limit)
    assert run.returncode == OUTPUT, run.stderr
    assert run.stderr.count("error: ") == 1 and str(output / what) in run.stderr
    assert (output / "checkpoint.h5").exists()
    assert opens(output)
    assert "\nno process is at work on it now; go on with --resume\n" in inspected(output)
    with (complete(tmp_path / "whole", options) as whole,
          finish(output, options, ranks=2) as found):
        expect_same(whole, found)


def test_recorded_gradients_are_attacked_again(tmp_path: Path) -> None:
    """By the same attack to the same bits, on other ranks, interrupted too; by another one."""
    source = tmp_path / "source"
    options = LONG | {"attack.method": "idlg"}
    with complete(source, options, ranks=2) as first:
        output = tmp_path / "again"
        arguments = ["attack", "--input", str(source), "--resume", "--quiet",
                     f"--run.output={output}"]
        assert medpfl(*arguments, "--max-walltime=00:00:01", ranks=2).code in (0, INTERRUPTED)
        result = medpfl(*arguments, ranks=3)
        assert result.code == 0, result.err
        with h5py.File(output / "run.h5") as again:
            assert text(again.attrs["source_run"]) == str(source)
            for name in ("truth", "reconstruction", "snapshots", "images/psnr", "tasks/round",
                         "tasks/objective", "tasks/matching_loss", "trace/objective"):
                assert first["attacks"][name][()].tobytes() == again["attacks"][name][()].tobytes()
    other = medpfl("attack", "--input", source / "run.h5", "--quiet", "--attack.method=dlg",
                   "--attack.rounds=3", f"--run.output={tmp_path / 'other'}")
    assert other.code == 0, other.err
    with h5py.File(tmp_path / "other/run.h5") as run:
        assert set(run["attacks/tasks/round"][()]) == {3}
    for wrong, message in ((["--model.name=mlp"], "model.name"),
                           (["--attack.rounds=5"], "none of its"),
                           ([f"--run.output={source}"], "another folder")):
        refused = medpfl("attack", "--input", source, f"--run.output={tmp_path / 'x'}", *wrong)
        assert refused.code == CONFIG
        assert message in refused.err
