"""Where ranks run, what --dry-run says of a run, and launchers that do not match MPI."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import h5py
import pytest
from harness import (
    BINARY,
    COMMUNICATION,
    CONFIG,
    ENVIRONMENT,
    INTERRUPTED,
    MPIRUN,
    OUTPUT,
    TINY,
    Result,
    complete,
    medpfl,
    simulate,
    stopped,
    text,
    words,
)

# Why there is none, where CUDA_VISIBLE_DEVICES is empty.
NO_GPU = ("no GPU is visible to this rank: the CUDA driver"
          if "libtorch_cuda" in subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
          else "the LibTorch in use was built without CUDA")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def launch(arguments: list[str], **variables: str) -> Result:
    """Runs a command with some variables set and all of Slurm's else removed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SRUN_"))}
    done = subprocess.run(arguments, env=environment | ENVIRONMENT | variables, check=False,
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return Result(done.returncode, done.stdout, done.stderr)


def dry_run(folder: Path, *prefix: str, options: dict[str, object] | None = None,
            **variables: str) -> Result:
    """The tiny federation, not run."""
    given = TINY | (options or {}) | {"run.output": folder}
    return launch([*prefix, str(BINARY), "simulate", "--dry-run", *words(given)], **variables)


def memory(output: str) -> tuple[float, float]:
    """The least and the most main memory of a rank, in bytes."""
    line = next(line for line in output.splitlines() if line.startswith("main memory, about"))
    sizes = [float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+) (KiB|MiB|GiB)", line)]
    return sizes[0], sizes[2]


@pytest.mark.parametrize("options", [
    pytest.param({}, id="tiny"),
    pytest.param({"model.name": "mlp", "model.mlp.hidden": 2000, "federation.algorithm": "fedavg",
                  "attack.probes": 0, "attack.targets": "updates", "attack.method": "dlg", "federation.batch_size": 4,
                  "attack.dlg.labels": "known"}, id="large vectors"),
    pytest.param({"data.image_size": 64, "model.name": "convnet-small", "federation.batch_size": 24},
                 id="large activations"),
])
@pytest.mark.parametrize("ranks", [1, 2])
def test_the_estimate_is_that_of_the_run(
        options: dict[str, object], ranks: int, tmp_path: Path) -> None:
    """Memory within a quarter or above, files to a few percent, tasks exactly."""
    out = tmp_path / "out"
    said = simulate(out, options, "--dry-run", ranks=ranks)
    assert said.code == 0, said.err
    assert not out.exists(), "a dry run wrote something"
    with complete(out, options, ranks=ranks) as run:
        used = run["environment/peak_memory"][:]
        tasks = len(run["attacks/tasks/method"])
        gradients = run["gradients/values"].shape
    least, most = memory(said.out)
    assert used.min() < 1.25 * least and used.max() < 1.25 * most, (used, said.out)
    assert most < 1.6 * used.max(), (used, said.out)
    assert f"\n{tasks} attack tasks on " in said.out
    size, unit, rows = re.search(r"segment-\*\.h5 +([\d.]+) (\w+)  (\d+) gradients",
                                 said.out).groups()
    assert int(rows) == gradients[0]
    assert float(size) * UNITS[unit] == pytest.approx(4 * gradients[0] * gradients[1], rel=0.05)


def test_checkpoints_are_as_large_as_estimated(tmp_path: Path) -> None:
    """With all messages that wait for the attack, and weights of their rounds."""
    options = {"model.name": "mlp", "model.mlp.hidden": 1000, "federation.rounds": 6,
               "attack.rounds": "0-5", "federation.server_optimizer": "adam",
               "checkpoint.every": 1, "attack.method": "inverting-gradients",
               "attack.iterations": 100000}
    output = tmp_path / "out"
    said = simulate(output, options, "--dry-run").out
    size, unit = re.search(r"checkpoint\*\.h5, each at most +([\d.]+) (\w+)  3 files",
                           said).groups()

    def all_trained() -> bool:
        """However slow the machine is."""
        if not (output / "checkpoint.h5").exists():
            return False
        with h5py.File(output / "checkpoint.h5") as file:
            return bool(file.attrs["next_round"] == options["federation.rounds"])

    ended = stopped(output, "simulate", "--quiet", *words(TINY | options | {"run.output": output}), begun=all_trained)
    assert ended == INTERRUPTED
    largest = max(path.stat().st_size for path in output.glob("checkpoint*.h5"))
    assert largest == pytest.approx(float(size) * UNITS[unit], rel=0.05)


def test_a_run_without_room_for_its_checkpoints_is_refused(tmp_path: Path) -> None:
    """Before it trains, although all that it leaves would fit."""
    vector = 4 * 20000 * (16 * 16 + 3)
    rounds = int(1.3 * shutil.disk_usage(tmp_path).free / (3 * 3 * vector)) + 1
    options = {"model.name": "mlp", "model.mlp.hidden": 20000, "output.weights": "false",
               "output.gradients": "none", "federation.rounds": rounds, "attack.rounds": "all"}
    refused = simulate(tmp_path / "out", options)
    assert refused.code == OUTPUT
    assert len(refused.errors) == 1 and "three checkpoints " in refused.errors[0]
    assert not (tmp_path / "out").exists()


def test_hospitals_and_images_of_the_ranks(tmp_path: Path) -> None:
    """24 images over 3 hospitals over 2 ranks."""
    said = simulate(tmp_path / "out", None, "--dry-run", ranks=2)
    assert said.code == 0, said.err
    assert re.search(r"^hospitals +1 +1\.5 +2$", said.out, re.M), said.out
    assert re.search(r"^training images +8 +12\.0 +16$", said.out, re.M), said.out
    assert re.search(rf"^\S+ +{re.escape(socket.gethostname()[:20])}", said.out, re.M), said.out


def test_mistakes_are_refused_as_in_a_run(tmp_path: Path) -> None:
    """With the same message and code, on any number of ranks."""
    for changes in ({"federation.rounds": 0}, {"federation.clients": 25}, {"model.classes": 3},
                    {"run.device": "cuda"}, {"run.threads": 0}, {"run.device": "gpu"}):
        real = simulate(tmp_path / "out", changes)
        dry = simulate(tmp_path / "out", changes, "--dry-run", ranks=2)
        assert real.code != 0 and dry.code == real.code, (changes, dry.err)
        assert dry.errors == real.errors and len(dry.errors) == 1, (changes, dry.err)
    complete(tmp_path / "out").close()
    again = simulate(tmp_path / "out", None, "--dry-run")
    assert "holds a run already" in again.errors[0]


def test_cuda_needs_a_torch_that_has_it_and_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which part is missing and what to do, in one line."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    result = simulate(tmp_path / "out", {"run.device": "cuda"}, ranks=2)
    assert result.code == CONFIG
    assert len(result.errors) == 1 and "run.device=cuda: " in result.errors[0]
    assert NO_GPU in result.errors[0]
    assert "\n" not in result.errors[0] and not (tmp_path / "out").exists()


def test_auto_takes_the_cpu_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no GPU, in the log of a run and in a dry run; of run.device=cpu nothing is said."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for flags in ([], ["--dry-run"]):
        said = {device: medpfl("simulate", *flags, "--overwrite",
                               *words(TINY | {"run.device": device, "run.output": tmp_path / "out"}), ranks=2)
                for device in ("auto", "cpu")}
        assert {done.code for done in said.values()} == {0}, said["auto"].err
        text_of = {device: done.out + done.err for device, done in said.items()}
        assert re.findall(r"run\.device=auto: rank 0 on \S+ computes on the CPU \(and so 1 more ranks\), because "
                          + NO_GPU, text_of["auto"]), text_of["auto"]
        assert text_of["auto"].count("run.device=auto") == 1
        assert "run.device=auto" not in text_of["cpu"]


def test_places_are_recorded(tmp_path: Path) -> None:
    """Host, rank on it, CPU set and threads, of each rank."""
    changes = {"run.device": "auto", "run.threads": "auto"}
    with complete(tmp_path / "out", changes, ranks=2) as run:
        places: h5py.Group = run["environment"]
        assert {text(host) for host in places["host"]} == {socket.gethostname()}
        assert list(places["local_rank"]) == [0, 1]
        assert all(re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text(c)) for c in places["cpu_set"])
        assert list(places["threads"]) == [1, 1], "OMP_NUM_THREADS of the tests"
        assert list(places["device_uuid"]) == [b"", b""] or "cuda" in text(places.attrs["device"])


def test_threads_come_from_the_allocation(tmp_path: Path) -> None:
    """Those of srun before those of sbatch; nonsense is named."""
    options: dict[str, object] = {"run.threads": "auto"}
    said = dry_run(tmp_path, options=options, SRUN_CPUS_PER_TASK="3", SLURM_CPUS_PER_TASK="2")
    assert re.search(r" 3  cpu$", said.out, re.M), said.out + said.err
    bad = dry_run(tmp_path, options=options, SLURM_CPUS_PER_TASK="two")
    assert bad.code == CONFIG and "SLURM_CPUS_PER_TASK=two" in bad.errors[0]


def test_narrow_bindings_are_named(tmp_path: Path) -> None:
    """Four threads on one core, as mpirun binds by default."""
    options: dict[str, object] = {"run.threads": 4}
    said = dry_run(tmp_path, "taskset", "-c", "0", options=options)
    assert said.code == 0
    assert said.err.count("warning: ") == 1, said.err
    assert "rank 0 on" in said.err and "has 4 threads on CPU 0" in said.err
    assert "--bind-to none" in said.err and "--map-by slot:PE=4" in said.err


# What srun sets for each task; without --mpi=pmix nothing of PMIx or PMI is there.
STEP = {"SLURM_JOBID": "7", "SLURM_JOB_ID": "7", "SLURM_STEPID": "0", "SLURM_STEP_ID": "0",
        "SLURM_NODELIST": "node", "SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4"}


def test_tasks_that_cannot_meet_are_refused(tmp_path: Path) -> None:
    """All tasks of srun end, the first one says why."""
    first = dry_run(tmp_path, **STEP, SLURM_PROCID="0")
    assert first.code == COMMUNICATION and len(first.errors) == 1, first.err
    assert "the launcher started 4 tasks" in first.errors[0]
    assert "srun --mpi=pmix" in first.errors[0]
    other = dry_run(tmp_path, **STEP, SLURM_PROCID="2")
    assert other.code == COMMUNICATION and other.err == ""
    # The mpirun of another MPI: the world of one shows after MPI started.
    foreign = dry_run(tmp_path, PMI_SIZE="3", PMI_RANK="0")
    assert foreign.code == COMMUNICATION and "started 3 tasks" in foreign.errors[0]


def test_mpirun_in_an_allocation_is_no_mismatch(tmp_path: Path) -> None:
    """One rank is what was asked for, whatever the allocation or the step of the daemon says."""
    for tasks in ("1", "4"):
        inside = {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": tasks, "SLURM_PROCID": "0",
                  "SLURM_LOCALID": "0"}
        said = dry_run(tmp_path, MPIRUN, "-n", "1", **inside)
        assert said.code == 0 and said.errors == [], said.err
    batch = {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}
    assert dry_run(tmp_path, **batch).code == 0
