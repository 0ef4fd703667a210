"""Attacks in closed form: images read from gradients of a dense first layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from harness import CONFIG, complete, simulate
from test_same_bits import expect_same

READOUT: dict[str, object] = {"model.name": "mlp", "model.init": "pytorch",
                              "attack.method": "fc-readout", "attack.probes": 4}


@pytest.mark.parametrize("changes", [
    {"federation.algorithm": "fedsgd", "data.channels": 3},
    {"federation.algorithm": "fedavg", "federation.rounds": 1},
    {"federation.algorithm": "fedsgd", "federation.batch_size": 1, "attack.probes": 0,
     "attack.rounds": "all"},
])
def test_readout_is_exact_at_batch_1(changes: dict[str, object], tmp_path: Path) -> None:
    """Every image to 90 dB with its label, from gradients and from one-step weight changes."""
    with complete(tmp_path / "out", READOUT | changes) as run:
        assert run["attacks/images/psnr"][()].min() >= 90
        labels = run["attacks/images/label"][()]
        assert len(set(labels)) > 1
        assert (run["attacks/images/label_inferred"][()] == labels).all()
        assert set(run["attacks/tasks/status"].asstr()[()]) == {"converged"}
        assert run["attacks/tasks/matching_loss"][()].max() < 1e-6
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
        assert run["attacks/tasks/matching_loss"][()].min() > 1e-6


def test_readout_needs_a_dense_first_layer(tmp_path: Path) -> None:
    """Said before anything is trained or written."""
    done = simulate(tmp_path / "out", READOUT | {"model.name": "lenet-dlg"})
    assert done.code == CONFIG
    assert "the first layer of lenet-dlg is none; use model.name=mlp" in done.err
    assert not (tmp_path / "out").exists()
