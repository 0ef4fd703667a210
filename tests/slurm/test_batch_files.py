"""Runs, lists of runs, sweeps and profiles under Slurm, and jobs that cannot work."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path

import h5py
import pytest
from batch import LAYOUT, finish, stand_in, submit, tiny
from files import npz
from harness import BINARY, CONFIG, DATA, REPOSITORY, complete, installed, medpfl, text, words
from private_slurm import CPUS, GPUS, WAIT, PrivateSlurm
from test_same_bits import expect_same

SHOW = ('echo "rank $SLURM_PROCID of $SLURM_NTASKS on $SLURM_CPUS_PER_TASK CPUs,'
        ' ${SLURM_GPUS_ON_NODE:-0} GPUs: $*"')

MACHINES = sorted(path.stem for path in (REPOSITORY / "slurm" / "machines").glob("*.sh"))
OPTIONS_OF_SRUN = {
    "cray": ["--mpi=cray_shasta", "--cpu-bind=cores"],
    "frontier": ["--cpu-bind=threads"],
    "gpu_nodes": ["--mpi=pmix", "--cpu-bind=cores"],
    "juwels": ["--cpu-bind=cores"],
    "lumi": ["--cpu-bind=cores"],
    "pmix_cpu": ["--mpi=pmix", "--cpu-bind=cores"],
}


def test_a_run_gives_what_it_gives_without_slurm(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Two ranks under srun --mpi=pmix."""
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run"))
    assert (job.state, job.code) == ("COMPLETED", 0), (tmp_path / "log").read_text()
    with (h5py.File(tmp_path / "run" / "run.h5", "r") as found,
          complete(tmp_path / "plain") as expected):
        assert len(found["environment/host"]) == 2
        expect_same(expected, found)


def test_a_run_under_mpirun(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """A profile outside the checkout, for a Slurm without PMIx."""
    profile = tmp_path / "site.sh"
    profile.write_text("launcher=(mpirun)\n")
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run"),
                 MEDPFL_MACHINE=str(profile))
    assert (job.state, job.code) == ("COMPLETED", 0), (tmp_path / "log").read_text()
    with h5py.File(tmp_path / "run" / "run.h5", "r") as found:
        assert len(found["environment/host"]) == 2


def test_a_list_runs_again_what_has_failed(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Three runs, one with a missing data set; once that is there, it alone runs again."""
    folder = tmp_path / "a list"
    folder.mkdir()
    data = tmp_path / "some data.npz"
    common = {"data.limit": 12, "attack.method": ""}
    lines = [tiny(changes=common | {"run.seed": 1}),
             tiny(changes=common | {"data.dataset": "medmnist", "data.path": data}),
             tiny(changes=common | {"run.seed": 3})]
    (folder / "tasks.txt").write_text("".join(shlex.join(line) + "\n" for line in lines))

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return slurm.run(REPOSITORY / "slurm" / "tasks.sh", *words, folder, cwd=tmp_path)

    def run_tasks(*expected: str) -> None:
        submitted = call("--parsable", *LAYOUT)
        assert submitted.returncode == 0, submitted.stderr
        job = submitted.stdout.split()[-1]
        assert "are still in the queue" in call().stderr
        slurm.wait(job, folder / "1.log", 120)
        assert tuple(task.state for task in slurm.jobs(job)) == expected

    run_tasks("COMPLETED", "FAILED", "COMPLETED")
    assert [(folder / f"{task}.code").read_text().strip() for task in (1, 2, 3)] == ["0", "3", "0"]
    assert f"task 2 failed with code 3: see {folder}/2.log" in call("--show").stdout
    assert "some data.npz" in (folder / "2.log").read_text()
    first = (folder / "1" / "run.h5").stat().st_mtime_ns

    npz(data)
    run_tasks("COMPLETED")
    assert (folder / "1" / "run.h5").stat().st_mtime_ns == first
    with h5py.File(folder / "2" / "run.h5", "r") as run:
        assert text(run.attrs["status"]) == "complete"
    again = call()
    assert again.returncode == 0 and "3 tasks: 3 complete, 0 failed, 0 not finished" in again.stdout


def test_a_list_may_have_lines_of_other_jobs(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """An audit, in the place of a run."""
    small = {"data.phantom.train": 16, "data.phantom.test": 16, "data.image_size": 16, "model.name": "lenet-dlg",
             "federation.clients": 2, "federation.rounds": 1, "attack.targets": "probes", "attack.probes": 1}
    (tmp_path / "tasks.txt").write_text(shlex.join(["audit", "--evaluations=5", *words(small)]) + "\n")
    submitted = slurm.run(REPOSITORY / "slurm" / "tasks.sh", "--parsable", *LAYOUT, tmp_path, cwd=tmp_path)
    assert submitted.returncode == 0, submitted.stderr
    job = slurm.wait(submitted.stdout.split()[-1], tmp_path / "1.log", WAIT)
    assert job.state == "COMPLETED"
    with h5py.File(tmp_path / "1" / "audit.h5") as file:
        assert text(file.attrs["status"]) == "complete"


def test_an_installed_prefix_has_what_its_batch_files_need(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """The program, the profile, and for lists jobs/tasks.sh; no checkout and no MEDPFL_BINARY."""
    share = installed(tmp_path) / "share" / "medpfl"
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "tasks.txt").write_text(shlex.join(tiny()) + "\n")
    options = ("--parsable", *LAYOUT)
    log = tmp_path / "log"
    for command, written in (
            (["sbatch", f"--output={log}", *options, share / "slurm/run.sbatch", *tiny(tmp_path / "run")], log),
            ([share / "slurm/tasks.sh", *options, tmp_path / "list"], tmp_path / "list" / "1.log")):
        submitted = slurm.run(*command, cwd=tmp_path, MEDPFL_ROOT=str(share), MEDPFL_BINARY="")
        assert submitted.returncode == 0, submitted.stderr
        job = slurm.wait(submitted.stdout.split()[-1], written, WAIT)
        assert job.state == "COMPLETED", written.read_text()


def test_a_sweep_as_a_job_array(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """A task a point; what has failed is run again by its number; then the index."""
    data, output, grid, base = (tmp_path / name for name in ("d.npz", "out", "g.ini", "b.ini"))
    grid.write_text(f"[phantom]\nrun.seed = 1 | 3\n"
                    f"[missing]\ndata.dataset = medmnist\ndata.path = {data}\n")
    base.write_text("[attack]\nmethod=\n")
    words = [f"--config={base}", f"--grid={grid}", f"--run.output={output}", "--data.limit=12",
             "--data.image_size=16", "--federation.clients=3"]

    def tasks(numbers: str, *more: str) -> list[tuple[str, int]]:
        log = tmp_path / "log-%a"
        job = submit(slurm, "sweep.sbatch", log, *words, *more,
                     options=(*LAYOUT, f"--array={numbers}"))
        slurm.wait(job, tmp_path / "log-2", WAIT)
        return [(task.state, task.code) for task in slurm.jobs(job)]

    assert tasks("0-2") == [("COMPLETED", 0), ("COMPLETED", 0), ("FAILED", DATA)]
    assert "d.npz" in (tmp_path / "log-2").read_text()
    assert not (output / "sweep.h5").exists()
    npz(data)
    assert tasks("2", "--retry-failed") == [("COMPLETED", 0)]
    merged = medpfl("sweep", "--merge", f"--run.output={output}")
    assert merged.code == 0, merged.err
    with h5py.File(output / "sweep.h5", "r") as index:
        assert text(index.attrs["status"]) == "complete"
        assert [len(index[f"runs/{i:05}/environment/host"]) for i in range(3)] == [2, 2, 2]


def test_a_wrong_option_ends_the_job(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """With the program's code, and its message once."""
    job = finish(slurm, "long_run.sbatch", tmp_path / "log",
                 *tiny(tmp_path / "run", {"federation.rounds": 0}))
    text = (tmp_path / "log").read_text()
    assert (job.state, job.code, job.restarts) == ("FAILED", CONFIG, 0), text
    assert text.count("federation.rounds") == 1 and "must be integer in [1," in text


def test_a_rank_that_dies_ends_the_job(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """At once, although the other waits for it; it is not requeued."""
    log = tmp_path / "log"
    pids = tmp_path / "pids"
    program = stand_in(tmp_path / "program",
                       f'echo $$ >>{pids}; exec {BINARY} "$@"')
    job = submit(slurm, "long_run.sbatch", log,
                 *tiny(tmp_path / "run", {"federation.rounds": 100000, "attack.method": ""}),
                 MEDPFL_BINARY=program)
    slurm.wait_until("first results", (tmp_path / "run" / "run.h5").exists, WAIT)
    os.kill(int(pids.read_text().split()[1]), signal.SIGKILL)
    end = slurm.wait(job, log, 30)
    # The other rank got SIGTERM, then SIGKILL; srun reports the greater code.
    assert (end.state, end.restarts) == ("FAILED", 0)
    assert end.code in (128 + signal.SIGKILL, 128 + signal.SIGTERM)


def test_a_launcher_that_mpi_does_not_know(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """srun without PMIx: no two runs of one rank each, but an error that names the remedy."""
    profile = tmp_path / "site.sh"
    profile.write_text("mpi=none\n")
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run"),
                 MEDPFL_MACHINE=str(profile))
    text = (tmp_path / "log").read_text()
    assert job.state == "FAILED" and job.code != 0, text
    assert "srun --mpi=pmix" in text
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("environment", "part"), [
    ({"MEDPFL_BINARY": "/nowhere/medpfl"}, "no program /nowhere/medpfl"),
    ({"MEDPFL_MACHINE": "comodore"}, "no machine profile"),
    ({"MEDPFL_ROOT": "/nowhere"}, "submit from the checkout of MedPFL, or export MEDPFL_ROOT"),
])
def test_what_is_missing_is_named(environment: dict[str, str], part: str, slurm: PrivateSlurm,
                                  tmp_path: Path) -> None:
    """Before anything starts."""
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run"), **environment)
    text = (tmp_path / "log").read_text()
    assert (job.state, job.code) == ("FAILED", 2), text
    assert part in text and not (tmp_path / "run").exists()


@pytest.mark.parametrize("machine", MACHINES)
def test_the_launcher_of_every_profile(machine: str) -> None:
    """As shipped; the sites whose documents name no --mpi have their own default."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", 'source slurm/common.sh >&2; printf "%s\\n" "${medpfl[@]}"'],
        cwd=REPOSITORY, env=os.environ | {"MEDPFL_ROOT": ".", "MEDPFL_MACHINE": machine, "MEDPFL_BINARY": "/bin/true",
                                          "SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "node"},
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "srun", *OPTIONS_OF_SRUN[machine], "--gpu-bind=none", "--kill-on-bad-exit=1", "/bin/true"]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_profile_starts_the_ranks(machine: str, slurm: PrivateSlurm, tmp_path: Path) -> None:
    """As shipped; this Slurm knows pmix and cray_shasta. The CPUs of a task reach its step."""
    job = finish(slurm, "run.sbatch", tmp_path / "log", "--some.option=a b", options=(
        "--ntasks=2", "--ntasks-per-node=2", "--cpus-per-task=3"), MEDPFL_MACHINE=machine,
        MEDPFL_BINARY=stand_in(tmp_path / "program", SHOW))
    text = (tmp_path / "log").read_text()
    assert job.state == "COMPLETED", text
    for rank in (0, 1):
        assert (f"rank {rank} of 2 on 3 CPUs, 0 GPUs: simulate --resume --some.option=a b"
                in text)


def test_gpus_are_asked_for(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """One rank a GPU; every rank sees all of them, and takes its own."""
    job = finish(slurm, "gpu.sbatch", tmp_path / "log", "--run.output=x", options=(
        f"--gpus-per-node={GPUS}", f"--ntasks-per-node={GPUS}", f"--cpus-per-task={CPUS // GPUS}"),
        MEDPFL_MACHINE="gpu_nodes", MEDPFL_BINARY=stand_in(tmp_path / "program", SHOW))
    text = (tmp_path / "log").read_text()
    assert job.state == "COMPLETED", text
    for rank in range(GPUS):
        assert (f"rank {rank} of {GPUS} on {CPUS // GPUS} CPUs, {GPUS} GPUs: "
                "simulate --resume --run.device=cuda --run.output=x") in text
