"""What a run claims of privacy, and what it refuses to claim."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import h5py
import numpy as np
import pytest
from files import npz
from harness import TINY, complete, medpfl, simulate, text, words

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
    ({"attack.method": "dlg", "attack.probes": 0, "attack.targets": "updates", "attack.labels": "known"},
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


NOISED: dict[str, object] = {
    "data.phantom.train": 96,
    "federation.clients": 12,
    "federation.rounds": 2,
    "federation.batch_size": 1,
    "attack.probes": 0, "attack.targets": "updates",
    "attack.rounds": "0",
    "attack.labels": "idlg",
    "attack.iterations": 60,
    "attack.snapshots": "",
    "output.weights": "false",
}
# Norms are about 13, so that nothing is clipped and the attack need not know of clipping.
CHAINS: dict[str, Callable[[float], dict[str, object]]] = {
    "dp-sgd": lambda sigma: {"defense.chain": "dp-sgd", "defense.dp-sgd.sigma": sigma,
                             "defense.dp-sgd.bound": 20, "defense.dp-sgd.sampling": "shuffled"},
    "clip,gaussian": lambda sigma: {"defense.chain": "clip,gaussian", "defense.clip.bound": 20,
                                    "defense.gaussian.scale": 20 * sigma,
                                    "defense.gaussian.relative": "absolute"},
}


def identification(kappa: float, mu: float) -> float:
    """Phi(Phi^-1(kappa) + mu)."""
    normal = NormalDist()
    return 1 - normal.cdf(-normal.inv_cdf(kappa) - mu)


@pytest.mark.parametrize("chain", CHAINS)
def test_no_attack_identifies_more_than_the_noise_allows(chain: str, tmp_path: Path) -> None:
    """At noise from almost none to a hundred times the bound of the contribution."""
    bounds, shares = [], []
    for sigma in (1e-6, 1e-2, 0.5, 2, 100):
        folder = tmp_path / str(sigma)
        with complete(folder, NOISED | CHAINS[chain](sigma)) as run:
            leak, rounds = run["attacks/summary"], run["rounds"]
            # The attack and, behind it, no attack: all rounds, and round 0.
            assert list(leak["kind"].asstr()[()]) == ["update"] * 6 and leak["method"].asstr()[0] != "public-mean"
            bound, low = leak["identified_bound"][0], leak["identified_low"][0]
            kappa = 1 / leak["candidates"][0]
            assert low <= bound
            # Each of the hospital's two messages counts, as in epsilon.
            assert bound == pytest.approx(identification(kappa, math.sqrt(2) / sigma), rel=1e-6)
            stored = rounds["identification_bound"]
            assert stored.attrs["candidates"] == 256
            for r in range(2):
                expected = identification(1 / 256, math.sqrt(r + 1) / sigma)
                assert stored[r] == pytest.approx(expected, rel=1e-6)
                assert rounds["identification_bound_present"][r] == stored[r]
            epsilon_told = rounds["epsilon"][-1]
        bounds.append(bound)
        shares.append(low)
        told = medpfl("inspect", folder).out
        assert "among 256 candidates is right with a probability of at most" in told
        assert "differential privacy of" in told and "not of probes" in told
        assert ("guarantees little" in told) == (epsilon_told >= 20)
        assert "defect" not in told
        claim = json.loads(medpfl("inspect", folder, "--json").out)["privacy"]
        assert claim["adjacency"] == "add/remove" and claim["candidates"] == 256
        assert claim["identification_bound"] == pytest.approx(expected, rel=1e-6)
        assert claim["epsilon_is_weak"] == (epsilon_told >= 20)
    assert bounds == sorted(bounds, reverse=True)
    # The attack is no straw man: with hardly any noise it finds most, which the bound allows.
    assert shares[0] > 0.5


def test_the_best_attacker_meets_the_bound_and_stays_below(tmp_path: Path) -> None:
    """It knows what each hospital would send without noise, and names the nearest.

    No attack does better. Each of 60 hospitals has one image, of a class of its own, so that the
    messages of the first round are those of 60 candidates at the same weights, and differ much.
    Noise that is too small, or a bound that is too low, shows.
    """
    candidates = 60
    archive = npz(tmp_path / "data.npz", tuple(range(candidates)))
    options = NOISED | {"data.dataset": "medmnist", "data.path": archive, "federation.rounds": 1,
                        "federation.clients": candidates, "federation.partition": "iid",
                        "attack.method": "", "output.gradients": "all"}
    clipped = {"defense.chain": "clip", "defense.clip.bound": 2}
    with complete(tmp_path / "clean", options | clipped) as run:
        clean = run["gradients/values"][()].astype(float)
    assert clean.shape[0] == candidates
    assert np.allclose(np.linalg.norm(clean, axis=1), 2, rtol=1e-4)
    bounds, named = [], []
    for sigma in (0.1, 0.25, 0.5, 1):
        noise = clipped | {"defense.chain": "clip,gaussian", "defense.gaussian.scale": 2 * sigma,
                           "defense.gaussian.relative": "absolute"}
        with complete(tmp_path / str(sigma), options | noise) as run:
            sent = run["gradients/values"][()].astype(float)
            assert run["rounds/identification_bound"][0] == pytest.approx(
                identification(1 / 256, 1 / sigma), rel=1e-6)
        # Candidates have equal norms, so the nearest is the one of the greatest inner product.
        hits = int(np.sum(np.argmax(sent @ clean.T, axis=1) == np.arange(candidates)))
        bound = identification(1 / candidates, 1 / sigma)
        bounds.append(bound)
        assert hits_by_chance(candidates, hits, bound) > 1e-3
        named.append(hits)
    assert named[0] == candidates
    # With noise of half the size the third would have as many as the second, far above its bound.
    assert hits_by_chance(candidates, named[1], bounds[2]) < 1e-6


def hits_by_chance(n: int, least: int, probability: float) -> float:
    """The probability of `least` or more successes in n."""
    return math.fsum(math.comb(n, k) * probability**k * (1 - probability) ** (n - k)
                     for k in range(least, n + 1))


def test_probes_and_told_classes_change_what_is_bounded(tmp_path: Path) -> None:
    """Nothing bounds what probes give away, beside updates; who is told the class guesses among fewer."""
    chain = CHAINS["clip,gaussian"](2)
    with complete(tmp_path / "both", NOISED | chain | {"attack.probes": 1, "attack.targets": "auto"}) as run:
        leak = run["attacks/summary"]
        rows = zip(leak["kind"].asstr()[()], leak["method"].asstr()[()], ~np.isnan(leak["identified_bound"][()]),
                   strict=True)
        assert set(rows) == {("update", "idlg", True), ("update", "public-mean", False), ("update", "public-nearest", False),
                             ("probe", "idlg", False), ("probe", "public-mean", False), ("probe", "public-nearest", False)}
    shown = medpfl("inspect", tmp_path / "both").out
    assert "idlg of update: no attack is expected" in shown and "of probe: no attack is expected" not in shown
    with complete(tmp_path / "told", NOISED | chain | {"attack.labels": "known"}) as run:
        leak = run["attacks/summary"]
        classes = run["model"].attrs["classes"]
        assert leak["identified_bound"][0] == pytest.approx(
            identification(classes / leak["candidates"][0], math.sqrt(2) / 2), rel=1e-6)
    with complete(tmp_path / "laplace", NOISED | chain | {"defense.chain": "clip,laplace"}) as run:
        rounds = run["rounds"]
        assert (rounds["identification_bound"][()] > 1 / 256).all()
        assert np.array_equal(rounds["identification_bound"][()],
                              rounds["identification_bound_present"][()])


@pytest.mark.parametrize("chain", [CHAINS["clip,gaussian"](2), CHAINS["dp-sgd"](2),
                                   CHAINS["clip,gaussian"](2) | {"defense.chain": "personalized-ldp"}])
def test_an_attack_on_a_recorded_run_has_its_bounds(chain: dict[str, object], tmp_path: Path) -> None:
    """The ledger is computed again: hospitals that drop out, and personal budgets, are the same."""
    recorded = NOISED | chain | {"output.gradients": "attacked", "output.weights": "true",
                                 "federation.clients": 3, "federation.dropout": 0.3}
    with complete(tmp_path / "run", recorded) as run:
        result = medpfl("attack", f"--input={tmp_path / 'run'}", f"--run.output={tmp_path / 'attack'}")
        assert result.code == 0, result.err
        assert "is not the one of this program" not in result.err
        with h5py.File(tmp_path / "attack/run.h5") as attack:
            ours, theirs = (file["attacks/summary/identified_bound"][()] for file in (run, attack))
            assert np.array_equal(ours, theirs, equal_nan=True) and not np.isnan(theirs).all()
            assert attack["rounds/epsilon"].shape == (0,)


def test_a_sweep_has_the_bounds_beside_epsilon(tmp_path: Path) -> None:
    """Over two networks a setting, beside one that claims nothing."""
    (tmp_path / "a.grid").write_text(
        "[none]\nrun.seed = 1 | 2\ndefense.chain = clip\n"
        "[noise]\nrun.seed = 1 | 2\ndefense.chain = dp-sgd\ndefense.dp-sgd.sigma = 0.5 | 2\n")
    chain = {"defense.dp-sgd.bound": 20, "defense.dp-sgd.sampling": "shuffled"}
    done = medpfl("sweep", "--quiet", f"--grid={tmp_path}/a.grid",
                  *words(TINY | NOISED | chain | {"run.output": tmp_path / "out"}))
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "out/sweep.h5") as file:
        pooled = {name: column[()] for name, column in file["pooled"].items()}
        setting = file["points/setting"].asstr()[()]
        assert np.isnan(pooled["epsilon"]).tolist() == [True, False, False]
        assert np.isnan(pooled["identified_bound"][0]) and file["pooled/claim"].asstr()[0] == ""
        for row in (1, 2):
            points = np.flatnonzero(setting == file["pooled/setting"].asstr()[row])
            assert len(points) == pooled["networks"][row] == 2
            runs = [file[f"runs/{point:05}"] for point in points]
            assert pooled["epsilon"][row] == max(run["rounds/epsilon"][-1] for run in runs)
            assert pooled["identification_bound"][row] == max(
                run["rounds/identification_bound"][-1] for run in runs)
            assert pooled["identified_bound"][row] == pytest.approx(np.average(
                [run["attacks/summary/identified_bound"][0] for run in runs],
                weights=[run["attacks/summary/images"][0] for run in runs]))
    text = medpfl("inspect", tmp_path / "out").out
    assert "at most  epsilon  1 of 256" in text and "epsilon: (epsilon, delta) differential privacy" in text
    assert "add/remove adjacency" in text
    assert ("guarantees little" in text) == (np.nanmax(pooled["epsilon"]) >= 20)


def test_a_known_batch_is_worth_more_to_the_attacker(tmp_path: Path) -> None:
    """What sampling hides is no help for an image that the attacker knows to have been sampled."""
    with complete(tmp_path / "run", PRIVATE) as run:
        sampled = run["rounds/identification_bound"][()]
        present = run["rounds/identification_bound_present"][()]
    assert (1 / 256 < sampled).all() and (sampled < present).all() and (present <= 1).all()
    assert (np.diff(sampled) >= 0).all()
    told = medpfl("inspect", tmp_path / "run").out
    assert "where they know that the image was in every batch" in told
