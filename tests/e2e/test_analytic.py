"""Attacks in closed form: images read from gradients of a dense first layer."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, complete, medpfl, simulate
from test_same_bits import expect_same

READOUT: dict[str, object] = {"model.name": "mlp", "model.init": "pytorch",
                              "attack.method": "fc-readout", "attack.probes": 4}


@pytest.mark.parametrize("changes", [
    {"federation.algorithm": "fedsgd", "data.channels": 3},
    {"federation.algorithm": "fedavg", "federation.rounds": 1},
    {"federation.algorithm": "fedsgd", "federation.batch_size": 1, "attack.probes": 0, "attack.targets": "updates",
     "attack.rounds": "all"},
])
def test_readout_is_exact_at_batch_1(changes: dict[str, object], tmp_path: Path) -> None:
    """Every image to 90 dB with its label, from gradients and from one-step weight changes."""
    with complete(tmp_path / "out", READOUT | changes) as run:
        assert run["attacks/images/psnr"][()].min() >= 90
        labels = run["attacks/images/label"][()]
        assert len(set(labels)) > 1
        assert (run["attacks/images/label_inferred"][()] == labels).all()
        assert set(run["attacks/tasks/status"].asstr()[()]) == {"verified"}
        assert run["attacks/tasks/objective"][()].max() < 1e-6
        assert np.isnan(run["attacks/tasks/matching_loss"][()]).all()
        assert "labels: fit" in run["attacks/tasks/knowledge"].asstr()[0]


def test_readout_of_batches_has_the_same_bits_on_any_ranks(tmp_path: Path) -> None:
    """Single images among the mixtures of two."""
    batches = READOUT | {"attack.probe_batch": 2, "model.mlp.hidden": 256}
    with complete(tmp_path / "one", batches) as one:
        assert (one["attacks/images/psnr"][()] > 60).any()
        for ranks in (2, 3):
            with complete(tmp_path / str(ranks), batches, ranks=ranks) as other:
                expect_same(one, other)


def test_readout_through_noise_is_worse(tmp_path: Path) -> None:
    """The bound above is no constant: noise on the message shows in image and objective."""
    noise = READOUT | {"defense.chain": "gaussian", "defense.gaussian.scale": 1e-3}
    with complete(tmp_path / "out", noise) as run:
        assert np.median(run["attacks/images/psnr"][()]) < 60
        assert run["attacks/tasks/objective"][()].min() > 1e-6


def test_readout_needs_a_dense_first_layer(tmp_path: Path) -> None:
    """Said before anything is trained or written."""
    done = simulate(tmp_path / "out", READOUT | {"model.name": "lenet-dlg"})
    assert done.code == CONFIG
    assert "the first layer of lenet-dlg is none; use model.name=mlp" in done.err
    assert not (tmp_path / "out").exists()


IMPRINT: dict[str, object] = {
    "data.phantom.train": 128, "data.phantom.test": 200, "attack.method": "imprint",
    "attack.threat": "malicious-server", "model.imprint_bins": 128, "attack.probes": 0, "attack.targets": "updates",
    "attack.rounds": "last", "attack.iterations": 0}
BATCH: dict[str, object] = {"federation.clients": 2, "federation.batch_size": 64}
SUM: dict[str, object] = {"attack.sees": "sum", "federation.clients": 4,
                          "federation.batch_size": 16}


@pytest.mark.parametrize("changes", [
    BATCH,
    SUM,
    SUM | {"federation.algorithm": "fedavg", "federation.batch_size": 0, "data.phantom.train": 64},
])
def test_imprint_reads_batches_and_sums(changes: dict[str, object], tmp_path: Path) -> None:
    """64 images a message, 128 bins, in a later round: 60 dB on 80 % and more."""
    with complete(tmp_path / "out", IMPRINT | changes) as run:
        tasks = run["attacks/tasks"]
        summed = "attack.sees" in changes
        assert set(tasks["kind"].asstr()[()]) == {"sum" if summed else "update"}
        assert (tasks["client"][()] == -1).all() == summed
        assert set(tasks["round"][()]) == {1}
        assert set(tasks["threat"].asstr()[()]) == {"malicious-server"}
        assert all(k.count("malicious server") == 1 and "by public images (the test split)" in k
                   for k in tasks["knowledge"].asstr()[()])
        assert len(run["attacks/images/psnr"]) == 64 * len(tasks["task"])
        found = run["attacks/images/psnr"][()] > 60
        assert found.mean() >= 0.8
        right = run["attacks/images/label"][()] == run["attacks/images/label_inferred"][()]
        assert right[found].mean() > 0.95
        assert run["model/name"].asstr()[0] == "imprint.weight"


def test_the_server_sets_its_block_anew_each_round(tmp_path: Path) -> None:
    """And sends everything else as trained."""
    with complete(tmp_path / "out", IMPRINT | BATCH) as run:
        weights = run["rounds/weights"][()]
        block = int(run["model/size"][:2].sum())
        assert np.abs(weights[0, :block]).max() > 0
        assert (weights[:, :block] == weights[0, :block]).all()
        assert (weights[1, block:] != weights[0, block:]).any()
        assert np.abs(run["gradients/values"][:, :block]).max() > 0


def test_imprint_has_the_same_bits_on_any_ranks(tmp_path: Path) -> None:
    """Quantiles of test images that are spread over ranks, and a sum."""
    with complete(tmp_path / "one", IMPRINT | SUM) as one:
        for ranks in (2, 3):
            with complete(tmp_path / str(ranks), IMPRINT | SUM, ranks=ranks) as other:
                expect_same(one, other)


def test_a_malicious_server_is_said_to_be_one(tmp_path: Path) -> None:
    """In the summary, and when its messages are attacked again."""
    simulate(tmp_path / "out", IMPRINT | BATCH)
    shown = medpfl("inspect", tmp_path / "out")
    assert "What leaked to a malicious server, which changed the model it sent" in shown.out
    again = ["attack", "--quiet", f"--input={tmp_path / 'out'}", f"--run.output={tmp_path / 'two'}"]
    done = medpfl(*again)
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "out" / "run.h5") as one, h5py.File(tmp_path / "two/run.h5") as two:
        for name in ("attacks/reconstruction", "attacks/tasks/objective"):
            assert one[name][()].tobytes() == two[name][()].tobytes(), name
        assert set(two["attacks/tasks/threat"].asstr()[()]) == {"malicious-server"}
    refused = medpfl(*again, "--attack.threat=honest-but-curious", "--overwrite")
    assert refused.code == CONFIG
    assert "attack.threat: here 'honest-but-curious', there 'malicious-server'" in refused.err


@pytest.mark.parametrize(("changes", "part"), [
    ({"attack.threat": "honest-but-curious"}, "it needs attack.threat=malicious-server"),
    ({"model.imprint_bins": 0}, "say how, by model.imprint_bins=128"),
    ({"model.imprint_bins": 2}, "model.imprint_groups=4 must not be above model.imprint_bins=2"),
    ({"federation.algorithm": "fedavg"}, "model.imprint_bins holds for one local step"),
    (SUM | {"attack.probes": 1}, "it needs attack.probes=0 and attack.clients=all"),
    (SUM | {"attack.method": "idlg"}, "attack.sees=sum shows that of all hospitals"),
    ({"attack.threat": "honest-but-curious", "model.imprint_bins": 0},
     "imprint reads a block that a malicious server put before the network"),
])
def test_what_does_not_fit_is_refused(changes: dict[str, object], part: str,
                                      tmp_path: Path) -> None:
    """Before anything is trained or written."""
    done = simulate(tmp_path / "out", IMPRINT | changes)
    assert done.code == CONFIG
    assert part in done.err
    assert not (tmp_path / "out").exists()
