"""What is had without an attack: the mean public image, and the public one nearest to each private image."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from files import npz
from harness import complete, medpfl
from reference import ssim
from test_same_bits import expect_same

SEVERAL: dict[str, object] = {"attack.method": "dlg", "attack.iterations": 1, "attack.labels": "known", "attack.probe_batch": 2,
                              "attack.targets": "auto", "attack.rounds": "all", "federation.batch_size": 2}


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("public") / "run"
    complete(folder, SEVERAL).close()
    return folder


def row(run: h5py.File, method: str, kind: str = "update") -> int:
    """The row of all rounds."""
    summary = run["attacks/summary"]
    [found] = np.flatnonzero((summary["method"].asstr()[()] == method) & (summary["kind"].asstr()[()] == kind)
                             & (summary["round"][()] == -1))
    return int(found)


@pytest.mark.parametrize("kind", ["update", "probe"])
def test_the_row_is_that_of_the_nearest_public_image(folder: Path, kind: str) -> None:
    """By a search of our own among the public images that the file keeps."""
    with h5py.File(folder / "run.h5") as run:
        public = run["data/public"][()] / np.float32(255)
        assert public.shape == (12, 1, 16, 16), "all test images"
        np.testing.assert_allclose(public.mean(axis=0), run["data/prior"][()], atol=1e-6)
        tasks = run["attacks/tasks/kind"].asstr()[()] == kind
        truth = run["attacks/truth"][()][tasks[run["attacks/images/task"][()]]]
        mse = ((truth[:, None].astype(float) - public[None]) ** 2).mean(axis=(2, 3, 4))
        nearest = public[mse.argmin(axis=1)]
        similar = [ssim(a, b) for a, b in zip(truth, nearest, strict=True)]
        summary, at = run["attacks/summary"], row(run, "public-nearest", kind)
        assert summary["images"][at] == len(truth)
        assert summary["mse"][at] == pytest.approx(np.median(mse.min(axis=1)), rel=1e-5)
        assert summary["ssim"][at] == pytest.approx(np.median(similar), rel=1e-5)
        assert summary["mse"][at] != summary["mse"][row(run, "public-mean", kind)]
        assert np.isnan(summary["label_accuracy"][at]) and summary["verdict"].asstr()[at] == ""
        assert 0 <= summary["identified_low"][at] <= summary["identified"][at] <= summary["identified_high"][at]


def test_two_ranks_make_the_same_bits(folder: Path, tmp_path: Path) -> None:
    with h5py.File(folder / "run.h5") as one, complete(tmp_path / "two", SEVERAL, ranks=2) as two:
        expect_same(one, two)


@pytest.mark.parametrize("ranks", [1, 2])
def test_an_attack_on_a_recorded_run_has_the_same_row(folder: Path, ranks: int, tmp_path: Path) -> None:
    """And none where the file keeps no public images, as those before schema 1.5."""
    def attacked(source: Path, output: Path) -> h5py.File:
        done = medpfl("attack", "--quiet", f"--input={source}", f"--run.output={output}", "--attack.method=dlg",
                      "--attack.iterations=1", "--attack.labels=known", "--attack.targets=auto", "--attack.rounds=all",
                      ranks=ranks)
        assert done.code == 0, done.err
        return h5py.File(output / "run.h5")

    with h5py.File(folder / "run.h5") as first, attacked(folder, tmp_path / "again") as again:
        assert "public" not in again["data"]
        for name, column in first["attacks/summary"].items():
            if name == "seconds":
                continue
            for method in ("public-mean", "public-nearest"):
                for kind in ("update", "probe"):
                    a, b = column[row(first, method, kind)], again[f"attacks/summary/{name}"][row(again, method, kind)]
                    assert a == b or (np.isnan(a) and np.isnan(b)), name
    older = tmp_path / "older"
    older.mkdir()
    (older / "run.h5").write_bytes((folder / "run.h5").read_bytes())
    for name in ("gradients", "weights"):
        (older / name).symlink_to(folder / name)
    with h5py.File(older / "run.h5", "a") as file:
        del file["data/public"]
    with attacked(older, tmp_path / "of_older") as again:
        assert "public-mean" in again["attacks/summary/method"].asstr()[()]
        assert "public-nearest" not in again["attacks/summary/method"].asstr()[()]
    assert "public-nearest" not in medpfl("inspect", tmp_path / "of_older").out


def test_inspect_says_what_is_no_attack_and_how_ranks_are_counted(folder: Path) -> None:
    shown = medpfl("inspect", folder).out
    assert "\npublic-nearest       update " in shown and "\npublic-nearest       probe " in shown
    assert "public-nearest is no attack: it takes for each private image the public one most like it" in shown
    assert "which only an oracle can choose, who is told the private image." in shown
    assert "nearest to its reconstruction by mean squared error (chance: " in shown
    with h5py.File(folder / "run.h5") as run:
        candidates = run["attacks/summary/candidates"][()]
    assert f"Identified: of {candidates.min():.0f} to {candidates.max():.0f} candidates " in shown
    told = medpfl("inspect", "--json", folder).out
    assert '"public-nearest"' in told and '"near_duplicated"' in told


def test_without_recorded_gradients_no_public_images_are_kept(tmp_path: Path) -> None:
    """And where hospitals hold the public images there is no such row."""
    with complete(tmp_path / "none", {"output.gradients": "none"}) as run:
        assert "public" not in run["data"] and "public-nearest" in run["attacks/summary/method"].asstr()[()]
    with complete(tmp_path / "rehearsal", {"data.hospitals": "public", "data.public": 0.5}) as run:
        assert "public" not in run["data"] and "public-nearest" not in run["attacks/summary/method"].asstr()[()]


def test_near_duplicates_are_counted_and_told(tmp_path: Path) -> None:
    """Five of twelve images of one hospital are versions of one, each a little brighter than the one before."""
    images = np.random.default_rng(2).integers(0, 256, (12, 28, 28), dtype=np.uint8)
    images[:5] = images[0] // 2 + 3 * np.arange(5, dtype=np.uint8)[:, None, None]
    options = {"data.dataset": "medmnist", "data.path": npz(tmp_path / "data.npz", train_images=images),
               "data.image_size": 28, "federation.clients": 1, "federation.rounds": 1, "federation.batch_size": 0,
               "attack.method": "dlg", "attack.labels": "known", "attack.iterations": 1, "attack.targets": "updates",
               "attack.probes": 0}
    with complete(tmp_path / "run", options) as run:
        counted, truth = run["attacks/images/near_duplicates"][()], run["attacks/truth"][()]
        limit = run["attacks/images"].attrs["near_duplicate_ssim"]
        assert limit == 0.9 and len(truth) >= 12
        expected = [sum(ssim(one, other) >= limit for other in truth) - 1 for one in truth]
        assert counted.tolist() == expected and sorted(expected)[-5:] == [4] * 5
        assert (run["attacks/summary/near_duplicated"][()] == 5).all()
        told = (f"5 of {len(truth)} images of updates have near-duplicates (SSIM of 0.9 or more) among the candidates: "
                "they may be missed, or taken\nfor one another.")
    assert told in medpfl("inspect", tmp_path / "run").out
