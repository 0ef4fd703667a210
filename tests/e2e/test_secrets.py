"""Who holds which seed, and what two runs of one root have in common."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from files import image_folder
from harness import complete, medpfl, text, words

# A root that no number in a file is by chance; updates of plain gradients, then noise on them.
ROOT = 8123456789012345678
QUIET: dict[str, object] = {
    "run.seed": ROOT, "attack.method": "", "federation.rounds": 1, "federation.batch_size": 2,
    "defense.chain": "clip", "defense.clip.bound": 0.5,
}
LOUD = QUIET | {"defense.chain": "clip,gaussian", "defense.gaussian.scale": 0.01}
# Each changes what hospitals send. A smaller bound halves each gradient; twice the noise is the
# same numbers twice, where they are the same; the rate comes after the first gradients.
CHANGES: dict[str, dict[str, object]] = {
    "clip": {"defense.clip.bound": 0.25},
    "sigma": {"defense.gaussian.scale": 0.02},
    "rate": {"federation.learning_rate": 0.2},
}


def seed_of(label: str) -> int:
    """As docs/reproducibility.md defines it."""
    key = ROOT.to_bytes(8, "little") + bytes(24)
    digest = hashlib.blake2b(label.encode(), key=key, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little")


def messages(folder: Path, options: dict[str, object]) -> np.ndarray:
    """What the hospitals sent [hospitals, parameters]."""
    with complete(folder, options) as run:
        return run["gradients/values"][()].astype(float)


@pytest.mark.parametrize("change", CHANGES)
def test_two_points_of_one_root_have_other_noise(change: str, tmp_path: Path) -> None:
    """Noise is what is sent less the clipped gradient, which a run without noise sends."""
    noise = {}
    for pairing in ("independent", "paired"):
        for name, options in (("one", {}), ("other", CHANGES[change])):
            own = LOUD | options | {"defense.noise": pairing}
            folder = tmp_path / f"{pairing}-{name}"
            clipped = messages(folder / "quiet", own | {"defense.chain": "clip"})
            drawn = messages(folder / "loud", own) - clipped
            noise[pairing, name] = drawn / float(str(own["defense.gaussian.scale"]))
    for (pairing, name), drawn in noise.items():
        assert abs(drawn.std() - 1) < 0.02, (pairing, name)
    apart, same = (noise[p, "one"] - noise[p, "other"] for p in ("independent", "paired"))
    assert abs(apart.std() - 2**0.5) < 0.03
    assert np.abs(same).max() < 1e-3


def test_noise_stays_where_no_message_changes(tmp_path: Path) -> None:
    """Other attacks, names, files and ranks: the messages are the same bits."""
    one = messages(tmp_path / "one", LOUD)
    other = messages(tmp_path / "other", LOUD | {
        "run.name": "other", "federation.evaluate_every": 0, "attack.method": "dlg",
        "attack.iterations": 2, "output.weights": "false"})
    assert one.tobytes() != messages(tmp_path / "third", LOUD | {"run.seed": 3}).tobytes()
    # Attacked hospitals send a probe after the update.
    assert len(other) == 2 * len(one) and one.tobytes() == other[::2].tobytes()


def test_noise_stays_with_the_images_and_not_with_their_folder(tmp_path: Path) -> None:
    """A moved folder gives the same messages; with an image more no noise is shared."""
    here = image_folder(tmp_path / "here")
    shutil.copytree(here, tmp_path / "there")
    options = {"data.dataset": "image-folder", "data.path": here}
    moved = {"data.dataset": "image-folder", "data.path": tmp_path / "there"}
    one = messages(tmp_path / "one", LOUD | options)
    assert one.tobytes() == messages(tmp_path / "two", LOUD | moved).tobytes()
    # A test image: gradients stay, and so messages differ by their noise alone.
    shutil.copy(here / "test/cyst/0.png", tmp_path / "there/test/cyst/more.png")
    apart = one - messages(tmp_path / "three", LOUD | moved)
    assert abs(apart.std() / 0.01 - 2**0.5) < 0.03
    same = messages(tmp_path / "four", LOUD | options | {"defense.noise": "paired"}) \
        - messages(tmp_path / "five", LOUD | moved | {"defense.noise": "paired"})
    assert not same.any()


def test_order_of_batches_and_first_weights_are_those_of_the_root(tmp_path: Path) -> None:
    """So that points can be compared."""
    with complete(tmp_path / "a", LOUD) as a, \
            complete(tmp_path / "b", LOUD | CHANGES["sigma"]) as b:
        assert a["rounds/weights"][0].tobytes() == b["rounds/weights"][0].tobytes()
        assert a["clients/assignment"][()].tobytes() == b["clients/assignment"][()].tobytes()
        for name in ("start", "image", "labels"):
            batches = [run[f"gradients/batches/{name}"][()] for run in (a, b)]
            assert len(batches[0]) > 0 and batches[0].tobytes() == batches[1].tobytes(), name


def test_the_run_file_has_the_servers_seed(tmp_path: Path) -> None:
    """As Python derives it; and a printed configuration gives the run again, noise and all."""
    with complete(tmp_path / "a", LOUD) as run:
        assert text(run.attrs["server_seed"]) == str(seed_of("medpfl server"))
        values, resolved = run["gradients/values"][()], text(run["config/resolved"][()])
    again = tmp_path / "again.ini"
    again.write_text(resolved)
    done = medpfl("simulate", "--quiet", "--config", again,
                  *words({"run.output": tmp_path / "b"}), ranks=2)
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "b/run.h5") as run:
        assert run["gradients/values"][()].tobytes() == values.tobytes()
