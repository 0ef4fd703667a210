"""What docs/hpc.md promises of data on the nodes' disks, of core files and of jobs that follow others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import h5py
import pytest
from batch import LAYOUT, finish, stand_in, submit, tiny
from files import image_folder
from harness import CONFIG, REPOSITORY, complete, text
from private_slurm import WAIT, PrivateSlurm
from test_requeue import lines, warn

IMAGES = {"data.dataset": "image-folder", "attack.method": ""}
ONE = ("--ntasks=1", "--cpus-per-task=1")


def archive_of(folder: Path) -> Path:
    """FOLDER.tar, made as the page says."""
    archive = folder.parent / f"{folder.name}.tar"
    subprocess.run(["tar", "-C", folder, "-cf", archive, "."], check=True)
    return archive


def profile_with_disk(folder: Path) -> tuple[Path, Path]:
    """A profile whose nodes have a disk of their own, and where this user's copies lie on it."""
    profile = folder / "site.sh"
    profile.write_text(f"mpi=pmix\nnode_disk='{folder}/a disk'\n")
    return profile, folder / "a disk" / f"medpfl-{os.getuid()}"


def data_path(run: h5py.File) -> str:
    """The option of the run."""
    options = [text(name) for name in run["config/option"]]
    return text(run["config/value"][options.index("data.path")])


def test_a_job_reads_the_copy_of_its_node(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """The same images as without a copy; at the same path in the next job; gone when the job is over."""
    archive = archive_of(image_folder(tmp_path / "my images"))
    profile, copies = profile_with_disk(tmp_path)
    paths = []
    for name in ("one", "two"):
        job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / name, IMAGES),
                     MEDPFL_MACHINE=str(profile), MEDPFL_STAGE=str(archive))
        assert (job.state, job.code) == ("COMPLETED", 0), (tmp_path / "log").read_text()
        with h5py.File(tmp_path / name / "run.h5", "r") as found:
            paths.append(data_path(found))
            digest = found["data"].attrs["train_images_digest"]
        assert [path.name for path in copies.iterdir()] == ["lock"]
    assert paths[0] == paths[1] and Path(paths[0]).parent == copies
    with complete(tmp_path / "plain", IMAGES | {"data.path": tmp_path / "my images"}) as plain:
        assert plain["data"].attrs["train_images_digest"] == digest


@pytest.mark.parametrize(("make", "part"), [
    (lambda path: None, "MEDPFL_STAGE: no archive"),
    (lambda path: path.write_text("no archive"), "was not unpacked to"),
])
def test_an_archive_that_is_none_ends_the_job(make, part: str, slurm: PrivateSlurm, tmp_path: Path) -> None:
    """Before the program starts."""
    make(tmp_path / "images.tar")
    profile, copies = profile_with_disk(tmp_path)
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run", IMAGES),
                 MEDPFL_MACHINE=str(profile), MEDPFL_STAGE=str(tmp_path / "images.tar"))
    log = (tmp_path / "log").read_text()
    assert (job.state, job.code) == ("FAILED", CONFIG), log
    assert part in log and not (tmp_path / "run").exists()
    assert not list(copies.glob("images-*[0-9]"))


def stage(job: int, *words: object) -> subprocess.CompletedProcess[str]:
    """What a job does on a node."""
    return subprocess.run([REPOSITORY / "slurm" / "stage.sh", *words], env=os.environ | {"SLURM_JOB_ID": str(job)},
                          capture_output=True, text=True, timeout=WAIT, check=False)


def test_jobs_of_a_node_share_a_copy(tmp_path: Path) -> None:
    """Made once, readable to this user alone, and removed by the last; a half of a copy does not count."""
    archive = archive_of(image_folder(tmp_path / "images"))
    copy = tmp_path / "disk" / "medpfl" / "images"
    half = Path(f"{copy}.part")
    (half / "half").mkdir(parents=True)
    assert stage(1, "in", copy, archive).returncode == 0
    assert sorted(path.name for path in copy.iterdir()) == ["test", "train"]
    (copy / "mark").touch()
    assert stage(2, "in", copy, archive).returncode == 0
    assert stage(1, "out", copy).returncode == 0
    assert (copy / "mark").exists() and copy.parent.stat().st_mode & 0o077 == 0
    assert stage(2, "out", copy).returncode == 0
    assert not copy.exists() and not half.exists()


def test_no_copy_lies_in_the_folder_of_another(tmp_path: Path) -> None:
    """Who made the folder could read the images."""
    archive = archive_of(image_folder(tmp_path / "images"))
    (tmp_path / "disk").mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "disk" / "medpfl").symlink_to(tmp_path / "theirs")
    refused = stage(1, "in", tmp_path / "disk" / "medpfl" / "images", archive)
    assert refused.returncode == 2 and "is not a folder of your own" in refused.stderr
    assert not list((tmp_path / "theirs").iterdir())


@pytest.mark.parametrize(("environment", "limit"), [({}, "0"), ({"MEDPFL_CORE_FILES": "1"}, "1")])
def test_core_files_are_asked_for(environment: dict[str, str], limit: str, slurm: PrivateSlurm,
                                  tmp_path: Path) -> None:
    """The limit reaches the ranks."""
    job = finish(slurm, "run.sbatch", tmp_path / "log", options=ONE, **environment,
                 MEDPFL_BINARY=stand_in(tmp_path / "program", 'echo "limit $(ulimit -Sc)."'))
    log = (tmp_path / "log").read_text()
    assert job.state == "COMPLETED" and f"limit {limit}." in log, log


def test_a_size_of_core_files_that_is_none(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """It ends the job."""
    job = finish(slurm, "run.sbatch", tmp_path / "log", *tiny(tmp_path / "run"), options=ONE,
                 MEDPFL_CORE_FILES="some")
    log = (tmp_path / "log").read_text()
    assert (job.state, job.code) == ("FAILED", CONFIG), log
    assert "MEDPFL_CORE_FILES=some is no size" in log


# Notes what lies in its copy, and marks the copy. The first start waits for the warning.
TRAINS = """\
copy=${{@: -1}}
copy=${{copy#--data.path=}}
echo "train on $(ls "$copy" | xargs)" >>{folder}/starts
touch "$copy/used"
((${{SLURM_RESTART_COUNT:-0}} == 0)) || exit 0
trap 'exit 75' USR1
while :; do sleep 0.1; done
"""


def test_an_attack_follows_a_run_that_was_requeued(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """It waits until the run is complete, not until its first start has ended. Each start unpacks its copy."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "image").touch()
    profile, copies = profile_with_disk(tmp_path)
    train = submit(slurm, "long_run.sbatch", tmp_path / "train", options=(*ONE, "--nodes=1", "--ntasks-per-node=1"),
                   MEDPFL_MACHINE=str(profile), MEDPFL_STAGE=str(archive_of(tmp_path / "images")),
                   MEDPFL_BINARY=stand_in(tmp_path / "trains", TRAINS.format(folder=tmp_path)))
    attack = submit(slurm, "attack_farm.sbatch", tmp_path / "attack",
                    options=(*ONE, f"--dependency=afterok:{train}", "--kill-on-invalid-dep=yes"),
                    MEDPFL_BINARY=stand_in(tmp_path / "attacks", f"echo attack >>{tmp_path}/starts"))
    slurm.wait_until("start", lambda: lines(tmp_path / "starts") == 1, WAIT)
    warn(slurm, train)
    end = slurm.wait(attack, tmp_path / "train")
    assert (end.state, slurm.jobs(train)[0].restarts) == ("COMPLETED", 1), (tmp_path / "train").read_text()
    assert (tmp_path / "starts").read_text().splitlines() == ["train on image", "train on image", "attack"]
    assert [path.name for path in copies.iterdir()] == ["lock"]


def test_no_attack_follows_a_run_that_failed(slurm: PrivateSlurm, tmp_path: Path) -> None:
    """It leaves the queue by itself."""
    train = submit(slurm, "long_run.sbatch", tmp_path / "train", "--federation.rounds=0", options=LAYOUT)
    attack = submit(slurm, "attack_farm.sbatch", tmp_path / "attack",
                    options=(*ONE, f"--dependency=afterok:{train}", "--kill-on-invalid-dep=yes"))
    assert slurm.wait(attack, tmp_path / "train").state == "CANCELLED"
    assert slurm.jobs(train)[0].code == CONFIG and not (tmp_path / "attack").exists()
