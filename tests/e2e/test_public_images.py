"""data.public_path: public images that are neither the hospitals' nor those of evaluations."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import class_folders, image_folder, npz
from harness import CONFIG, DATA, TINY, complete, medpfl, simulate, words
from PIL import Image
from test_audit import audit
from test_changed_data import expect_refusal, stop
from test_same_bits import expect_same

IMAGES = "attacks/images/ssim_public_mean"


def options(data: Path, public: Path | str) -> dict[str, object]:
    return {"data.dataset": "image-folder", "data.path": data, "data.public_path": public}


def pixels(folder: Path, size: int = 20) -> np.ndarray:
    """All pictures below a folder, in the order in which they are read."""
    return np.stack([np.asarray(Image.open(file)).reshape(1, size, size)
                     for file in sorted(folder.rglob("*.png"))])


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms as files: data/train, data/test, and open, of which no two are the same."""
    root = tmp_path_factory.mktemp("phantoms")
    with complete(root / "run", {"data.phantom.train": 96, "federation.clients": 1, "federation.rounds": 1,
                                 "attack.method": "", "attack.probes": 0}) as run:
        batches = run["gradients/batches"]
        images, labels = batches["images"][()], batches["labels"][()]
    assert len(images) == 96
    for i, (image, label) in enumerate(zip(images, labels)):
        folder = root / ("data/train", "data/test", "open")[i // 4 % 3] / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(folder / f"{i}.png")
    return root


def test_the_public_images_are_those_of_the_folder(tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open", each=4)
    shutil.rmtree(public / "cyst")  # classes may be absent
    changes = options(data, public) | {"data.image_size": 20, "defense.chain": "gaussian"}
    with complete(tmp_path / "one", changes) as one, complete(tmp_path / "two", changes, ranks=2) as two, \
            complete(tmp_path / "plain", changes | {"data.public_path": ""}) as plain:
        expect_same(one, two)
        shown = pixels(public)
        assert len(shown) == 8
        assert np.allclose(one["data/prior"][()], shown.mean(0) / 255, atol=1e-6)
        # All test images stay in evaluations, and hospitals train on what they had.
        for name in ("train_images", "test_images"):
            assert one["data"].attrs[f"{name}_digest"] == plain["data"].attrs[f"{name}_digest"]
        assert np.array_equal(one["rounds/accuracy"][()], plain["rounds/accuracy"][()])
        assert one["gradients/values"][()].tobytes() == plain["gradients/values"][()].tobytes(), "the same noise"
        assert not np.array_equal(one[IMAGES][()], plain[IMAGES][()])


def test_an_archive_has_public_images_too(tmp_path: Path) -> None:
    data, public = npz(tmp_path / "data.npz"), npz(tmp_path / "open.npz", val_labels=None)
    changes = {"data.dataset": "medmnist", "data.path": data, "data.public_path": public, "data.image_size": 28}
    with complete(tmp_path / "run", changes) as run, np.load(public) as archive:
        shown = np.concatenate([archive["train_images"], archive["test_images"]])
        assert np.allclose(run["data/prior"][0], shown.mean(0) / 255, atol=1e-6)


def test_an_audit_rehearses_on_the_folder(phantoms: Path, tmp_path: Path) -> None:
    given = ["--data", phantoms / "data", "--public", phantoms / "open", "--attack.targets=probes"]
    for ranks in (1, 2):
        result = audit(tmp_path / str(ranks), *map(str, given), ranks=ranks)
        assert result.code == 0, result.err
        assert "are images of a hospital" not in result.err
    with h5py.File(tmp_path / "1/audit.h5") as one, h5py.File(tmp_path / "2/audit.h5") as two:
        for name in ("stages/identified", "stages/chance", "candidates/identified", "candidates/ssim"):
            assert np.array_equal(one[name][()], two[name][()]), name
    victims = {image.tobytes() for image in pixels(phantoms / "data/train", 16)}
    shown = {image.tobytes() for image in pixels(phantoms / "open", 16)}
    points = sorted((tmp_path / "1/rehearsal").glob("*/points/*/run.h5"))
    assert len(points) > 5
    for point in points:
        with h5py.File(point) as run:
            assert run["clients/labels"].shape == (32,)
            mine = {np.rint(image * 255).astype(np.uint8).tobytes() for image in run["attacks/truth"][()]}
            assert mine <= shown
            assert not mine & victims


def test_a_recorded_run_is_audited_with_public_images(phantoms: Path, tmp_path: Path) -> None:
    recorded = {"data.dataset": "image-folder", "data.path": phantoms / "data", "attack.method": "",
                "output.gradients": "attacked", "attack.rounds": "1"}
    complete(tmp_path / "run", recorded).close()
    result = medpfl("audit", f"--input={tmp_path / 'run'}", "--evaluations=60", "--attack.targets=probes",
                    f"--public={phantoms / 'open'}", f"--run.output={tmp_path / 'audit'}")
    assert result.code == 0, result.err
    for point in (tmp_path / "audit/rehearsal").glob("*/points/*/run.h5"):
        with h5py.File(point) as run:
            assert run["clients/labels"].shape == (32,)


def test_a_recorded_run_is_attacked_with_what_it_knew(tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open")
    complete(tmp_path / "run", options(data, public)).close()
    shutil.rmtree(public)  # is not read again
    result = medpfl("attack", f"--input={tmp_path / 'run'}", "--attack.iterations=2",
                    f"--run.output={tmp_path / 'again'}")
    assert result.code == 0, result.err
    with h5py.File(tmp_path / "run/run.h5") as run, h5py.File(tmp_path / "again/run.h5") as again:
        assert np.array_equal(run[IMAGES][()][::2], again[IMAGES][()][::2])
    other = medpfl("attack", f"--input={tmp_path / 'run'}", f"--data.public_path={data}",
                   f"--run.output={tmp_path / 'other'}")
    assert other.code == CONFIG
    assert "data.public_path" in other.err


def test_images_of_hospitals_and_of_evaluations_are_told(tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open", each=4)
    for name in ("0", "1"):
        shutil.copy(data / f"train/tumor/{name}.png", public / f"tumor/known-{name}.png")
    shutil.copy(data / "test/cyst/3.png", public / "cyst/known.png")
    for ranks in (1, 2):
        result = simulate(tmp_path / str(ranks), options(data, public), ranks=ranks)
        assert result.code == 0, result.err
        assert "of 15 public images 2 are images of a hospital and 1 are test images" in result.err


def test_other_public_images_are_no_resume(tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open")
    changes = options(data, public) | {"attack.method": "", "federation.rounds": 600, "checkpoint.every": 1,
                                       "federation.evaluate_every": 200, "output.rounds": "0-2"}
    stop(tmp_path / "out", TINY | changes)
    shutil.copy(data / "train/cyst/1.png", public / "cyst/0.png")
    expect_refusal(simulate(tmp_path / "out", changes, "--resume"), "public images")


@pytest.mark.parametrize(("changes", "code", "message"), [
    ({"data.public": 0.5}, CONFIG, "data.public_path names others: give one of them"),
    ({"data.dataset": "phantom"}, CONFIG, "data.public_path is read by medmnist, image-folder, not by"),
    ({"data.dataset": "mnist"}, CONFIG, "use data.public"),
    ({"data.public_path": "none"}, DATA, "'none': it does not exist"),
])
def test_what_cannot_be_public_is_refused(changes: dict[str, object], code: int, message: str,
                                          tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open")
    result = simulate(tmp_path / "run", options(data, public) | changes)
    assert result.code == code
    assert message in result.err


def test_unknown_classes_are_named(tmp_path: Path) -> None:
    data, public = image_folder(tmp_path / "data"), class_folders(tmp_path / "open")
    (public / "cyst").rename(public / "covid")
    result = medpfl("simulate", "--dry-run", *words(options(data, public)))
    assert result.code == DATA
    assert "images of covid are of no class of the data set, which has cyst, healthy, tumor" in result.err
    twice = medpfl("audit", f"--public={public}", f"--data.public_path={public}", "--dry-run")
    assert twice.code == CONFIG
    assert "data.public_path is given twice" in twice.err
