"""Sums of masked updates are the plain sums, bit for bit, whoever drops out."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, DROPOUT, all_datasets, complete, medpfl, simulate, text
from test_interruption import finish, stopped
from test_same_bits import expect_same

# Of this seed, at a dropout of 0.3: both of 2 hospitals arrive twice, most of more do; at higher
# ones a later round has too few.
PLAIN: dict[str, object] = {"attack.method": "", "output.gradients": "none", "run.seed": 7,
                            "data.phantom.train": 96, "federation.algorithm": "fedavg",
                            "federation.batch_size": 2}
SECURE = PLAIN | {"federation.secure_aggregation": "true"}
# One image a hospital: a sum small enough to attack in no time.
ATTACKED = SECURE | {"federation.algorithm": "fedsgd", "federation.batch_size": 1,
                     "federation.clients": 6, "attack.method": "dlg", "attack.sees": "sum",
                     "attack.probes": 0, "attack.targets": "updates", "attack.rounds": "all", "attack.iterations": 2,
                     "federation.dropout": 0.3}
# What masks may change of /rounds.
COSTS = {"bytes", "seconds"}


def columns(run: h5py.File) -> dict[str, bytes]:
    """Everything under /rounds but what masks cost."""
    return {name: data[()].tobytes() for name, data in all_datasets(run["rounds"]).items()
            if name not in COSTS and data.dtype.kind != "O"}


@pytest.mark.parametrize("dropout", [0, 0.3])
@pytest.mark.parametrize("hospitals", [2, 5, 16, 64])
def test_secure_sums_are_plain_sums(hospitals: int, dropout: float, tmp_path: Path) -> None:
    """Whole /rounds, weights of every round among it."""
    options = {"federation.clients": hospitals, "federation.dropout": dropout}
    with complete(tmp_path / "plain", PLAIN | options) as plain, \
            complete(tmp_path / "secure", SECURE | options, ranks=2) as secure:
        found = columns(secure)
        assert found == columns(plain)
        assert {"weights", "arrived", "train_loss", "update_norm"} <= found.keys()
        assert np.abs(np.diff(plain["rounds/weights"][()], axis=0)).max(axis=1).min() > 0
        arrived, parameters = plain["rounds/arrived"][()], plain["model"].attrs["parameters"]
        if dropout == 0 or hospitals == 2:
            assert (arrived == hospitals).all()
        else:
            assert (arrived < hospitals).any()
        down = 4 * hospitals * parameters
        assert (plain["rounds/bytes"][()] == down + 4 * arrived * parameters).all()
        keys, shares = 64 * hospitals**2, 2 * 96 * hospitals * (hospitals - 1)
        unmasking = arrived * ((hospitals + 7) // 8 + 40 * hospitals)
        assert (secure["rounds/bytes"][()] == down + 8 * arrived * (parameters + 1) + keys + shares
                + unmasking).all()


def test_the_mean_is_that_of_the_survivors(tmp_path: Path) -> None:
    """Recorded single updates, weighted by hand; fedsgd, so that the update is the step."""
    options = {"attack.method": "", "federation.algorithm": "fedsgd", "federation.clients": 6,
               "data.phantom.train": 31, "federation.batch_size": 0, "federation.dropout": 0.4,
               "federation.partition": "dirichlet", "federation.rounds": 3}
    with complete(tmp_path / "out", options) as run:
        rounds, clients = run["gradients/round"][()], run["gradients/client"][()]
        shards, weights = run["clients/examples"][()], run["rounds/weights"][()]
        assert len(set(shards)) > 1
        assert (run["rounds/arrived"][()] < 6).any()
        for r in range(3):
            here = rounds == r
            assert here.sum() == run["rounds/arrived"][r] <= run["rounds/participants"][r] == 6
            assert run["rounds/examples"][r] == shards[clients[here]].sum()
            mean = np.average(run["gradients/values"][here].astype(float), axis=0,
                              weights=shards[clients[here]])
            loss = np.average(run["gradients/loss"][here], weights=shards[clients[here]])
            assert np.allclose(weights[r + 1], weights[r] - 0.1 * mean, atol=1e-6)
            assert np.isclose(run["rounds/train_loss"][r], loss, rtol=1e-9)
            assert np.isclose(run["rounds/update_norm"][r], np.linalg.norm(mean), rtol=1e-5)


def test_attacks_see_the_sum_of_the_survivors(tmp_path: Path) -> None:
    """Same bits on any ranks, and the attacks on the plain sum: masks hide the sum from nobody."""
    open_sum = ATTACKED | {"federation.secure_aggregation": "false"}
    with complete(tmp_path / "one", ATTACKED) as one, \
            complete(tmp_path / "two", ATTACKED, ranks=2) as two, \
            complete(tmp_path / "plain", open_sum) as plain:
        arrived = one["rounds/arrived"][()]
        assert (arrived < 6).any()
        assert list(one["attacks/tasks/round"][()]) == [0, 1]
        assert {text(k) for k in one["attacks/tasks/kind"][()]} == {"sum"}
        assert list(np.bincount(one["attacks/images/task"][()])) == list(arrived)
        assert "gradients" not in one
        expect_same(one, two)
        for name in ("reconstruction", "truth", "tasks/objective", "images/psnr"):
            assert one[f"attacks/{name}"][()].tobytes() == plain[f"attacks/{name}"][()].tobytes()
    again = medpfl("attack", f"--input={tmp_path / 'one'}", f"--run.output={tmp_path / 'again'}")
    assert again.code == CONFIG
    assert "was trained under secure aggregation and recorded no messages" in again.err


def test_stopped_and_resumed(tmp_path: Path) -> None:
    """Keys, masks and who drops out are those of the round, not of the process."""
    options = ATTACKED | {"federation.rounds": 20, "federation.secure_threshold": 0.2,
                          "attack.rounds": "last", "defense.chain": "prune",
                          "defense.prune.error_feedback": "true", "defense.prune.ratio": 0.5}
    with complete(tmp_path / "whole", options) as whole:
        stopped(tmp_path / "out", options)
        with finish(tmp_path / "out", options, 2) as found:
            assert found["environment"].attrs["resumes"] == 1
            expect_same(whole, found)


@pytest.mark.parametrize(("base", "needs"), [
    (SECURE, r"secure aggregation needs 3 of them \(federation.secure_threshold=0.5\)"),
    (PLAIN, "a mean needs one at least")])
def test_too_few_survivors_are_an_error(base: dict[str, object], needs: str,
                                        tmp_path: Path) -> None:
    """One message, the code of dropouts, and all rounds until then."""
    dropout = 0.4 if base is SECURE else 0.8
    options = base | {"federation.clients": 5, "federation.rounds": 30,
                      "federation.dropout": dropout}
    done = simulate(tmp_path / "out", options, ranks=2)
    assert done.code == DROPOUT, done.err
    assert len(done.errors) == 1, done.err
    said = re.fullmatch(
        rf"round (\d+): of 5 hospitals that took part, the updates of [0-2] arrived, and {needs}: "
        rf"lower federation.dropout={dropout}, let more take part \(federation.sampling, "
        r"federation.clients\), or draw others by run.seed", done.errors[0])
    assert said, done.errors[0]
    with h5py.File(tmp_path / "out/run.h5") as run:
        assert text(run.attrs["status"]) == "failed"
        rounds = int(said[1])
        assert rounds > 0
        assert list(run["rounds/round"][()]) == list(range(rounds))
        assert (run["rounds/arrived"][()] >= (3 if base is SECURE else 1)).all()


@pytest.mark.parametrize(("changes", "part"), [
    ({"attack.method": "dlg", "attack.probes": 0, "attack.targets": "updates"},
     "with secure aggregation the server sees only the sum: set attack.sees=sum"),
    ({"output.gradients": "attacked"},
     "no single updates that output.gradients=attacked could record: set output.gradients=none"),
    ({"federation.sum": "fast"}, "use federation.sum=exact"),
    ({"federation.clients": 1}, "one hospital alone takes part in a round"),
    ({"federation.clients": 10, "federation.sampling": 0.1}, "raise federation.clients or"),
    ({"federation.clients": 5000, "federation.sampling": 0.5},
     "of at most 1000 in a round, not 2500: lower federation.sampling"),
    ({"federation.dropout": 1.5}, "federation.dropout"),
])
def test_what_does_not_fit_is_refused(changes: dict[str, object], part: str,
                                      tmp_path: Path) -> None:
    """Before anything is trained or written."""
    done = simulate(tmp_path / "out", SECURE | changes)
    assert done.code == CONFIG
    assert part in done.err
    assert not (tmp_path / "out").exists()
