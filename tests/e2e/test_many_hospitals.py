"""Hospitals by the thousand cost time and memory by their images, not by their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from harness import complete

IMAGES = 3000
MANY: dict[str, object] = {
    "data.phantom.train": IMAGES,
    "model.name": "lenet-medpfl",
    "federation.algorithm": "fedavg",
    "federation.batch_size": 10,
    "federation.sampling": 0.01,
    "federation.rounds": 3,
    "attack.method": "",
    "output.weights": "false",
    "output.gradients": "none",
}


def test_memory_does_not_grow_with_hospitals(tmp_path: Path) -> None:
    """As many hospitals as images need at most a tenth more than thirty of them."""
    peak = {}
    for hospitals in (30, IMAGES):
        with complete(tmp_path / str(hospitals), MANY | {"federation.clients": hospitals},
                      ranks=2) as run:
            peak[hospitals] = run["environment/peak_memory"][()]
            assert (run["clients/class_histogram"][()].sum(1) == IMAGES // hospitals).all()
            assert np.array_equal(np.bincount(run["clients/assignment"][()]),
                                  run["clients/examples"][()])
    assert (peak[IMAGES] <= 1.1 * peak[30]).all(), peak


def test_the_fast_sum_differs_in_rounding_alone(tmp_path: Path) -> None:
    """federation.sum=fast ends near the exact sum's weights, and run.h5 says which was used."""
    weights = {}
    for kind in ("exact", "fast"):
        with complete(tmp_path / kind, {"federation.sum": kind, "attack.method": ""},
                      ranks=2) as run:
            weights[kind] = run["rounds/weights"][()]
            assert f"sum={kind}" in run["config/resolved"][()].decode()
    assert not np.array_equal(weights["exact"], weights["fast"])
    np.testing.assert_allclose(weights["fast"], weights["exact"], rtol=0, atol=1e-5)
