"""What a run claims of privacy, and what it refuses to claim."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from harness import complete, medpfl, simulate, text

PRIVATE: dict[str, object] = {
    "federation.algorithm": "fedavg",
    "federation.clients": 3,
    "federation.rounds": 4,
    "federation.sampling": 0.5,
    "federation.partition": "dirichlet",
    "federation.batch_size": 4,
    "federation.local_epochs": 2,
    "defense.chain": "dp-sgd",
    "defense.dp-sgd.sigma": 3,
    "defense.dp-sgd.sampling": "poisson",
    "defense.dp-sgd.delta": 1e-4,
    "attack.method": "",
}


def divergence(rate: float, sigma: float, order: int) -> float:
    """Of one step at a whole order, as a plain sum."""
    if rate == 1:
        return order / (2 * sigma**2)
    terms = [math.comb(order, k) * (1 - rate) ** (order - k) * rate**k
             * math.exp((k * k - k) / (2 * sigma**2)) for k in range(order + 1)]
    return math.log(math.fsum(terms)) / (order - 1)


def epsilon(rate: float, sigma: float, steps: int, delta: float) -> float:
    """By the tight conversion, over whole orders."""
    return min(steps * divergence(rate, sigma, a) + math.log1p(-1 / a)
               - math.log(delta * a) / (a - 1) for a in range(2, 60))


def test_each_hospital_pays_for_the_rounds_it_took_part_in(tmp_path: Path) -> None:
    """Against the sum of SCIENCE written once more, from what the file says of participation."""
    with complete(tmp_path / "run", PRIVATE) as run:
        claimed = run["clients/epsilon"][()]
        sizes = run["clients/examples"][()]
        part = {(r, c) for r, c in zip(run["gradients/round"][()], run["gradients/client"][()],
                                       strict=True)}
        assert claimed.shape == (4, 3)
        assert 0 < len(part) < 12
        for client, size in enumerate(sizes):
            batch, rounds = min(4, size), 0
            for r in range(4):
                rounds += (r, client) in part
                steps = rounds * 2 * math.ceil(size / batch)
                expected = epsilon(batch / size, 3, steps, 1e-4) if steps else 0
                # Fractional orders can only lower it, and hardly do.
                assert 0.98 * expected - 1e-9 <= claimed[r, client] <= expected + 1e-9
        greatest = run["rounds/epsilon"]
        assert np.array_equal(greatest[()], claimed.max(axis=1))
        assert (run["rounds/epsilon_classic"][()] >= greatest[()]).all()
        assert greatest.attrs["delta"] == 1e-4
        assert "Poisson" in text(greatest.attrs["claim"])
        told = f"epsilon {greatest[-1]:.4g} "
    assert told in medpfl("inspect", tmp_path / "run").out


def test_noise_without_clipping_claims_nothing(tmp_path: Path) -> None:
    """Not a number, and the reason beside it."""
    options = {"defense.chain": "gaussian", "attack.method": ""}
    with complete(tmp_path / "run", options) as run:
        assert np.isnan(run["rounds/epsilon"][()]).all()
        assert text(run["rounds/epsilon"].attrs["claim"]).startswith("none: ")
        assert "clients/epsilon" not in run
    assert "epsilon" not in medpfl("inspect", tmp_path / "run").out


@pytest.mark.parametrize(("changes", "message"), [
    ({"model.name": "resnet20", "model.resnet20.width": 2, "model.norm_mode": "train"},
     "use GroupNorm (--model.resnet20.norm=group)"),
    ({"attack.method": "dlg", "attack.probes": 0, "attack.labels": "known"},
     "draws batches of any size"),
    ({"defense.chain": "clip,dp-sgd"}, "name dp-sgd in front of clip"),
    ({"defense.dp-sgd.bound_last": 2}, "constant has no last value"),
])
def test_what_cannot_be_private_is_refused(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    """As a configuration error, before any training."""
    result = simulate(tmp_path / "run", PRIVATE | changes)
    assert result.code == 2, result.err
    assert message in result.err
