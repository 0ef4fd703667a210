"""Recorded gradients are those of the recorded images; their mean is what the server applied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from harness import complete, text
from reference import mlp_gradient

MLP = {"model.name": "mlp", "model.mlp.hidden": 16, "federation.clients": 4, "attack.method": "",
       "attack.rounds": "none", "federation.learning_rate": 0.2}


@pytest.mark.parametrize("changes", [
    {"federation.algorithm": "fedsgd", "federation.batch_size": 5},
    {"federation.algorithm": "fedsgd", "federation.batch_size": 0, "defense.chain": "clip,gaussian",
     "federation.server_learning_rate": 0.5},
    {"federation.algorithm": "fedavg", "federation.batch_size": 3, "federation.sampling": 0.6,
     "federation.rounds": 3},
])
def test_the_server_applies_the_weighted_mean(changes: dict[str, object], tmp_path: Path) -> None:
    """By examples, over those who took part; as received, after their defenses."""
    # Of this seed, two hospitals have fewer images than a batch.
    uneven = MLP | {"run.seed": 7, "federation.partition": "dirichlet"}
    with complete(tmp_path / "out", uneven | changes, ranks=2) as run:
        weights = run["rounds/weights"][()].astype(float)
        values = run["gradients/values"][()].astype(float)
        examples, of_round = run["gradients/examples"][()], run["gradients/round"][()]
        rate = float(changes.get("federation.server_learning_rate", 1))
        if text(run["gradients"].attrs["payload"]) == "gradient":
            rate *= -run["gradients"].attrs["learning_rate"]
        assert len(set(examples)) > 1, "equal shards would not show the weights"
        for r, participants in enumerate(run["rounds/participants"][()]):
            rows = of_round == r
            assert rows.sum() == participants
            assert examples[rows].sum() == run["rounds/examples"][r]
            mean = np.average(values[rows], axis=0, weights=examples[rows])
            step = weights[r + 1] - weights[r]
            np.testing.assert_allclose(step, rate * mean, atol=3e-7)
            assert np.abs(step).max() > 1e-3
            np.testing.assert_allclose(run["rounds/update_norm"][r], np.linalg.norm(mean),
                                       rtol=1e-5)
            loss = np.average(run["gradients/loss"][()][rows], weights=examples[rows])
            np.testing.assert_allclose(run["rounds/train_loss"][r], loss, rtol=1e-6)


@pytest.mark.parametrize("algorithm", ["fedsgd", "fedavg"])
def test_recorded_gradients_come_from_the_recorded_images(algorithm: str, tmp_path: Path) -> None:
    """Backpropagation by hand: probes of two images, and updates of one local step."""
    changes = MLP | {"federation.algorithm": algorithm, "federation.batch_size": 0,
                     "attack.method": "dlg", "attack.rounds": "all", "attack.probes": 2,
                     "attack.probe_batch": 2, "attack.iterations": 1}
    with complete(tmp_path / "out", changes, ranks=2) as run:
        table = zip(run["model/offset"][()], run["model/shape"].asstr()[()], strict=True)
        layers = [(int(offset), tuple(int(extent) for extent in shape.split("x")))
                  for offset, shape in table]
        assert [shape for _, shape in layers] == [(16, 256), (16,), (4, 16), (4,)]
        weights = run["rounds/weights"][()].astype(float)
        images = run["gradients/batches/images"][()] / 255
        labels, use = run["gradients/batches/labels"][()], run["gradients/batches/image"][()]
        start, values = run["gradients/batches/start"][()], run["gradients/values"][()]
        scale = 1 if algorithm == "fedsgd" else -float(run["gradients"].attrs["learning_rate"])
        kinds = run["gradients/kind"].asstr()[()].tolist()
        assert kinds.count("probe") == 2 * kinds.count("update") == 16
        for row, of_round in enumerate(run["gradients/round"][()]):
            batch = use[start[row] : start[row + 1]]
            assert len(set(batch)) == len(batch) == run["gradients/examples"][row]
            assert run["gradients/steps"][row] == 1
            loss, gradient = mlp_gradient(weights[of_round], layers,
                                          images[batch].reshape(len(batch), -1), labels[batch])
            np.testing.assert_allclose(values[row], scale * gradient,
                                       atol=1e-4 * np.abs(scale * gradient).max())
            np.testing.assert_allclose(run["gradients/loss"][row], loss, rtol=1e-5)
        clients = run["clients/assignment"][()][run["gradients/batches/index"][()]]
        for row, client in enumerate(run["gradients/client"][()]):
            assert (clients[use[start[row] : start[row + 1]]] == client).all()
