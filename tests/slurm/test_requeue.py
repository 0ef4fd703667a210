"""Jobs that are warned that their time is nearly over: checkpoint, requeue, and no bit lost."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import h5py
from batch import LAYOUT, stand_in, submit, tiny
from harness import complete, medpfl, words
from private_slurm import WAIT, PrivateSlurm
from test_same_bits import expect_same

INTERRUPTED = 75

# Rounds and attacks that take some thirty seconds: a signal waits until the program runs for five.
LONG = {
    "data.image_size": 32,
    "data.phantom.train": 240,
    "federation.algorithm": "fedavg",
    "federation.rounds": 140,
    "federation.local_epochs": 4,
    "attack.method": "dlg",
    "attack.rounds": "0,139",
    "attack.iterations": 30,
    "output.weights": "false",
}
ATTACK = {
    "attack.method": "idlg,dlg",
    "attack.rounds": "all",
    "attack.engine": "exact",  # not the fastest: the signal must find it at work
    "attack.iterations": 100,
    "attack.restarts": 12,
}

# Ends as the program does; TERM is what srun sends when the first rank has ended with 75, and KILL
# soon after: as in the program no rank of the two ends before both have noted the signal. Slurm's
# own warning and ours may both arrive: the first counts.
WAITS = """\
trap 'trap "" USR1; echo "rank $SLURM_PROCID: checkpoint" >>{folder}/ends
  until (($(wc -l <{folder}/ends) % 2 == 0)); do sleep 0.1; done; exit 75' USR1
trap '' TERM
echo "rank $SLURM_PROCID" >>{folder}/starts
while :; do sleep 0.1; done
"""


def lines(file: Path) -> int:
    """Of a file that may not exist yet."""
    return len(file.read_text().splitlines()) if file.exists() else 0


def warn(slurm: PrivateSlurm, job: str) -> None:
    """What #SBATCH --signal=B:USR1@120 does, now."""
    slurm.ask("scancel", "--batch", "--signal=USR1", job)


def interrupt(slurm: PrivateSlurm, job: str, log: Path, times: int) -> None:
    """Warns the job that often, each time a moment after its program has started to speak."""
    def speaks(start: int) -> bool:
        text = log.read_text() if log.exists() else ""
        assert not slurm.jobs(job)[0].over, text
        return "[rank 0]" in text.partition(f"start {start},")[2]

    for start in range(1, times + 1):
        slurm.wait_until(f"start {start}", lambda s=start: speaks(s), WAIT)
        time.sleep(2)
        warn(slurm, job)


def test_requeues_are_bounded(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Slurm's own warning, then two more, reach every rank; after two requeues the job ends.

    Its scontrol returns when Slurm has begun to end the job that is requeued, as on a busy machine.
    """
    log = tmp_path / "log"
    (tmp_path / "bin").mkdir()
    stand_in(tmp_path / "bin" / "scontrol", f'{shutil.which("scontrol")} "$@" && sleep 1')
    job = submit(slurm, "long_run.sbatch", log, MEDPFL_MAX_REQUEUES="2",
                 PATH=f"{tmp_path / 'bin'}:{slurm.environment['PATH']}",
                 options=(*LAYOUT, "--time=1", "--signal=B:USR1@55"),
                 MEDPFL_BINARY=stand_in(tmp_path / "program", WAITS.format(folder=tmp_path)))
    for start in (1, 2, 3):
        slurm.wait_until(f"start {start}", lambda s=start: lines(tmp_path / "starts") == 2 * s, WAIT)
        if start > 1:
            warn(slurm, job)
    end = slurm.wait(job, log)
    text = log.read_text()
    assert (end.state, end.code, end.restarts) == ("FAILED", INTERRUPTED, 2), text
    assert text.count("back in the queue") == 2 and "requeued 2 times" in text
    assert [text.count(f"start {start}, 2 tasks on node") for start in (1, 2, 3)] == [1, 1, 1]
    assert lines(tmp_path / "ends") == 6


def test_a_job_that_must_not_be_requeued_ends(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """The way to stop a long run for now: Requeue=0, then the signal, to the ranks themselves."""
    log = tmp_path / "log"
    job = submit(slurm, "long_run.sbatch", log,
                 MEDPFL_BINARY=stand_in(tmp_path / "program", WAITS.format(folder=tmp_path)))
    slurm.wait_until("start", lambda: lines(tmp_path / "starts") == 2, WAIT)
    slurm.ask("scontrol", "update", f"jobid={job}", "requeue=0")
    slurm.ask("scancel", "--signal=USR1", job)
    end = slurm.wait(job, log)
    assert (end.state, end.code, end.restarts) == ("FAILED", INTERRUPTED, 0)
    assert "submit again to go on" in log.read_text()
    assert lines(tmp_path / "ends") >= 1  # srun may end the other rank first


def test_a_requeued_run_loses_no_bit(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Interrupted twice, against a run of one rank that was left alone."""
    log = tmp_path / "log"
    job = submit(slurm, "long_run.sbatch", log, *tiny(tmp_path / "run", LONG))
    interrupt(slurm, job, log, 2)
    end = slurm.wait(job, log)
    text = log.read_text()
    assert (end.state, end.code, end.restarts) == ("COMPLETED", 0, 2), text
    assert text.count("back in the queue") == 2
    with (h5py.File(tmp_path / "run" / "run.h5", "r") as found,
          complete(tmp_path / "plain", LONG) as expected):
        expect_same(expected, found)


def test_a_requeued_attack_farm_loses_no_bit(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Recorded gradients attacked on two ranks, interrupted once, against one rank."""
    complete(tmp_path / "recorded", {"attack.rounds": "all"}).close()
    attack = ["--input", str(tmp_path / "recorded" / "run.h5"), *words(ATTACK)]
    alone = medpfl("attack", "--quiet", *attack, f"--run.output={tmp_path / 'plain'}")
    assert alone.code == 0, alone.err

    log = tmp_path / "log"
    job = submit(slurm, "attack_farm.sbatch", log, *attack, f"--run.output={tmp_path / 'farm'}",
                 options=("--ntasks=2",))
    interrupt(slurm, job, log, 1)
    end = slurm.wait(job, log)
    assert (end.state, end.code, end.restarts) == ("COMPLETED", 0, 1), log.read_text()
    with (h5py.File(tmp_path / "farm" / "run.h5", "r") as found,
          h5py.File(tmp_path / "plain" / "run.h5", "r") as expected):
        assert expected["attacks/tasks/task"].size > 0
        expect_same(expected, found)


def test_a_requeued_audit_has_the_same_verdict(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """On two ranks, interrupted once, against one rank that was left alone."""
    audit = ["--evaluations=400", "--model=lenet-dlg", "--model.init=uniform", "--data.image_size=16",
             "--data.phantom.train=32", "--data.phantom.test=32", "--clients=2", "--rounds=1",
             "--attack.probes=2", "--attack.targets=probes", "--attack.engine=exact"]
    alone = medpfl("audit", *audit, f"--run.output={tmp_path / 'plain'}")
    assert alone.code == 0, alone.err

    log = tmp_path / "log"
    job = submit(slurm, "audit.sbatch", log, *audit, f"--run.output={tmp_path / 'audit'}",
                 options=("--ntasks=2",))
    interrupt(slurm, job, log, 1)
    end = slurm.wait(job, log)
    assert (end.state, end.code, end.restarts) == ("COMPLETED", 0, 1), log.read_text()
    with (h5py.File(tmp_path / "audit" / "audit.h5", "r") as found,
          h5py.File(tmp_path / "plain" / "audit.h5", "r") as expected):
        assert found.attrs["verdict_reason"] == expected.attrs["verdict_reason"]
        for name in ("stages/identified", "candidates/ssim", "candidates/chosen"):
            assert found[name][()].tobytes() == expected[name][()].tobytes()
