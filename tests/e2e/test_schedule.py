"""How attack tasks are scheduled: restarts that are dropped on the way, budgets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from harness import complete, simulate
from test_same_bits import expect_same

RESTARTS, ITERATIONS = 8, 64
HALVING: dict[str, object] = {
    "attack.method": "inverting-gradients",
    "attack.iterations": ITERATIONS,
    "attack.restarts": RESTARTS,
    "attack.halving": "true",
    "federation.rounds": 1,
    "federation.clients": 2,
    "checkpoint.seconds": 0.1,
}


def test_halving_keeps_the_best_restarts(tmp_path: Path) -> None:
    """4, 2, 1 of 8 go on; on any number of ranks, interrupted or not, to the same bits."""
    with complete(tmp_path / "one", HALVING) as run:
        tasks = run["attacks/tasks"]
        evaluations = tasks["evaluations"][()].reshape(-1, RESTARTS)
        assert (np.sort(evaluations, axis=1) == [8, 8, 8, 8, 16, 16, 32, 64]).all()
        status = tasks["status"].asstr()[()].reshape(-1, RESTARTS)
        assert ((status == "dropped") == (evaluations < ITERATIONS)).all()
        loss = tasks["objective"][()].reshape(-1, RESTARTS)
        chosen = tasks["chosen"][()].reshape(-1, RESTARTS) == 1
        assert (loss[chosen] == loss.min(axis=1)).all()
        with complete(tmp_path / "three", HALVING, ranks=3) as other:
            expect_same(run, other)
        codes = []
        while not codes or codes[-1] == 75:
            codes.append(simulate(tmp_path / "stopped", HALVING,
                                  "--resume", "--max-walltime=00:00:02", ranks=2).code)
        assert codes[-1] == 0
        with complete(tmp_path / "stopped", HALVING, "--resume", ranks=2) as other:
            expect_same(run, other)


def test_halving_loses_little(tmp_path: Path) -> None:
    """Its best is that of the full restarts, or near it, at a third of the evaluations."""
    best, evaluations = {}, {}
    for halving in ("true", "false"):
        with complete(tmp_path / halving, HALVING | {"attack.halving": halving}) as run:
            loss = run["attacks/tasks/objective"][()].reshape(-1, RESTARTS)
            best[halving] = loss.min(axis=1)
            evaluations[halving] = run["attacks/tasks/evaluations"][()].sum()
    assert evaluations["true"] <= 0.4 * evaluations["false"]
    assert np.median(best["true"] / best["false"]) <= 1.1


def test_sums_have_the_candidates_of_their_round(tmp_path: Path) -> None:
    """Whenever they are attacked: other hospitals take part in each round."""
    options = {"attack.method": "dlg", "attack.sees": "sum", "attack.probes": 0, "attack.targets": "updates",
               "attack.rounds": "all", "attack.iterations": 2, "data.phantom.train": 96,
               "federation.clients": 8, "federation.sampling": 0.5, "federation.batch_size": 1,
               "federation.rounds": 4}
    ranks = {}
    for when in ("end", "each-round"):
        with complete(tmp_path / when, options | {"attack.when": when}) as run:
            ranks[when] = run["attacks/images/rank_of_truth"][()]
    assert len(ranks["end"]) == 16 and ranks["end"].max() > 0
    assert (ranks["end"] == ranks["each-round"]).all()


def test_a_budget_ends_a_task(tmp_path: Path) -> None:
    """With what it has found so far."""
    with complete(tmp_path / "out", HALVING | {"attack.restarts": 1, "attack.halving": "false",
                                               "attack.max_evaluations": 10}) as run:
        assert (run["attacks/tasks/evaluations"][()] == 10).all()
        assert set(run["attacks/tasks/status"].asstr()[()]) == {"budget"}
        assert np.isfinite(run["attacks/tasks/objective"][()]).all()
        assert np.ptp(run["attacks/reconstruction"][()]) > 0
    with complete(tmp_path / "time", {"attack.method": "dlg", "attack.iterations": 100000,
                                      "attack.max_seconds": 0.5}) as run:
        assert (run["attacks/tasks/seconds"][()] < 10).all()
