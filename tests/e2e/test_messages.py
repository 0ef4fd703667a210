"""Errors name their cause: files that cannot be read, odd text, names that look alike, links."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import BINARY, CONFIG, DATA, ENVIRONMENT, FORMAT, OUTPUT, REPOSITORY, TINY, complete, medpfl, simulate, words
from PIL import Image
from test_bad_input import expect_refusal

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o777)
    shutil.rmtree(folder)


def as_anybody(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The program under a user who may not read everything, as root may."""
    before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    return subprocess.run([*before, BINARY, *map(str, arguments)], env=os.environ | ENVIRONMENT, capture_output=True, text=True,
                          check=False, timeout=120)


@pytest.mark.parametrize("what", ["run.h5", ""])
@pytest.mark.parametrize("job", [["inspect"], ["verify"], ["watch"], ["attack", "--run.output=x", "--input"]])
def test_what_may_not_be_read_is_said(job: list[str], what: str, open_folder: Path) -> None:
    run = open_folder / "run"
    complete(run, TINY).close()
    (run / what).chmod(0)
    if job[-1].startswith("--"):
        done = as_anybody(*job[:-1], f"{job[-1]}={run}")
    else:
        done = as_anybody(*job, run)
    assert done.returncode == FORMAT, done.stderr
    assert "permission denied" in (done.stdout + done.stderr).lower() and str(run) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_run_that_may_not_be_read_is_not_replaced(open_folder: Path) -> None:
    run = open_folder / "run"
    complete(run, TINY).close()
    (run / "run.h5").chmod(0)
    done = as_anybody("simulate", "--overwrite", *words(TINY | {"run.output": run}))
    assert done.returncode == OUTPUT and "cannot read run.h5: Permission denied" in done.stderr


def test_data_that_may_not_be_read_is_said(open_folder: Path) -> None:
    np.savez(open_folder / "a.npz", train_images=np.zeros(3))
    (open_folder / "a.npz").chmod(0)
    done = as_anybody("simulate", *words(TINY | {"data.dataset": "medmnist", "data.path": open_folder / "a.npz",
                                                 "run.output": open_folder / "run"}))
    assert done.returncode == DATA and "a.npz': Permission denied; check the path and its permissions" in done.stderr


def test_pointers_of_git_lfs_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(LFS)
    for split in ("train", "test"):
        (tmp_path / "images" / split / "a").mkdir(parents=True)
        for i in range(8):
            (tmp_path / "images" / split / "a" / f"{i}.png").write_bytes(LFS)
    for dataset, path in (("medmnist", "a.npz"), ("image-folder", "images")):
        result = simulate(tmp_path / "run", {"data.dataset": dataset, "data.path": tmp_path / path, "model.name": "mlp"})
        expect_refusal(result, DATA, "a pointer of Git LFS", "git lfs pull")


@pytest.mark.parametrize(("labels", "message"), [
    (np.array([["yes"], ["no"]] * 6), "labels must be integers, not <U3, text: save the number of the class"),
    (np.array([[b"yes"], [b"no"]] * 6), "labels must be integers, not |S3, text: save the number of the class"),
    (np.array([["yes"], ["no"]] * 6, dtype=object), "train_labels: it holds Python objects, which are not numbers"),
])
def test_labels_that_are_text_are_refused_by_name(labels: np.ndarray, message: str, tmp_path: Path) -> None:
    images = np.zeros((12, 28, 28), np.uint8)
    np.savez(tmp_path / "a.npz", **{f"{split}_{kind}": values for split in ("train", "val", "test")
                                    for kind, values in (("images", images), ("labels", labels))})
    result = simulate(tmp_path / "run", {"data.dataset": "medmnist", "data.path": tmp_path / "a.npz"})
    expect_refusal(result, DATA, message)


NFC, NFD = unicodedata.normalize("NFC", "Mélanome"), unicodedata.normalize("NFD", "Mélanome")


def folder_of(root: Path, train: list[str], test: list[str]) -> dict[str, object]:
    for split, names in (("train", train), ("test", test)):
        for name in names:
            (root / split / name).mkdir(parents=True)
            for i in range(8):
                Image.effect_noise((20, 20), 40 + i).save(root / split / name / f"{i}.png")
    return {"data.dataset": "image-folder", "data.path": root, "model.name": "mlp", "attack.method": ""}


def test_names_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    result = simulate(tmp_path / "run", folder_of(tmp_path / "data", [NFC, "naevus"], [NFD, "naevus"]))
    expect_refusal(result, DATA, "missing Mélanome, only here Me\\u0301lanome")


def test_classes_that_look_alike_are_said(tmp_path: Path) -> None:
    """A remark, since two such classes may be meant; none where all names are of one form."""
    result = simulate(tmp_path / "run", folder_of(tmp_path / "data", [NFC, NFD], [NFC, NFD]))
    assert result.code == 0 and "may be one name, in the Unicode forms NFC and NFD: they are two classes" in result.err
    result = simulate(tmp_path / "other", folder_of(tmp_path / "fine", [NFD, "Melanome"], [NFD, "Melanome"]))
    assert result.code == 0 and "may be one name" not in result.err


@pytest.mark.parametrize(("text", "message"), [
    ("[run]\nseed=3\n".encode("utf-16"), "holds zero bytes, as text in UTF-16 does; save it as UTF-8"),
    (b"[run]\nseed=3\0\n", "holds zero bytes"),
    ("[run]\nseed=\u00a03\n".encode(), ":2: has a no-break space (U+00A0): write a space, or quote the value"),
])
def test_odd_configurations_are_refused_by_name(text: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "odd.ini").write_bytes(text)
    result = medpfl("simulate", "--config", tmp_path / "odd.ini", "--print-config")
    expect_refusal(result, CONFIG, message)
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf[run]\nseed=3\n", b"[run]\rseed=3\r", b"[run]\r\nseed=3\r\n",
                                  "# a\u00a0b\n[run]\nseed=3\noutput=\"a\u00a0b\"\n".encode()])
def test_odd_configurations_are_read(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.ini").write_bytes(text)
    result = medpfl("simulate", "--config", tmp_path / "odd.ini", "--print-config")
    assert result.code == 0 and "\nseed=3\n" in result.out


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    expect_refusal(medpfl("simulate", "--config", tmp_path / "a.ini"), CONFIG, "cannot read this file: No such file or directory")


def test_links_are_followed_or_said(tmp_path: Path) -> None:
    run, link, ring = tmp_path / "run", tmp_path / "link", tmp_path / "ring"
    complete(run, TINY).close()
    link.symlink_to(run)
    (tmp_path / "other.h5").symlink_to(run / "run.h5")
    ring.symlink_to(ring)
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    for path in (link, tmp_path / "other.h5"):
        for job in ("inspect", "verify"):
            assert medpfl(job, path).code == 0
    for job in ("inspect", "verify", "watch"):
        expect_refusal(medpfl(job, ring), FORMAT, "too many levels of symbolic links")
        expect_refusal(medpfl(job, tmp_path / "absent"), FORMAT, "no such file or directory")
    expect_refusal(simulate(tmp_path / "nowhere"), OUTPUT, "nowhere is a link that leads nowhere")
    expect_refusal(simulate(tmp_path / "other.h5" / "x"), OUTPUT, "other.h5 is not a folder")
    assert simulate(link, TINY, "--overwrite").code == 0 and link.is_symlink()


@pytest.mark.parametrize("arguments", [["--help"], ["summary", "RUN"], ["export", "RUN", "--output", "FILE"]])
def test_the_analysis_says_what_cannot_be_written(arguments: list[str], tmp_path: Path) -> None:
    complete(tmp_path / "RUN", TINY).close()
    (tmp_path / "FILE").write_text("")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "medpfl_analysis", *arguments], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE,
                              env=os.environ | {"PYTHONPATH": str(REPOSITORY / "analysis")}, text=True, check=False, timeout=120)
    assert done.returncode == 1
    expected = "FILE: exists and is not a folder" if "export" in arguments else "No space left on device"
    assert done.stderr.startswith("medpfl_analysis: ") and expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
