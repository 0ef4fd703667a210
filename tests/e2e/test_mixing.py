"""Hospitals that train on mixed or transformed images, and attacks that know."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, DATA, complete, medpfl, simulate, text
from test_same_bits import expect_same

LOCAL: dict[str, object] = {
    "federation.algorithm": "fedavg",
    "federation.batch_size": 3,
    "federation.local_epochs": 2,
    "attack.labels": "joint",
    "attack.method": "dlg",
    "attack.probes": 1,
}


@pytest.mark.parametrize("chain", ["mixup", "instahide,model-cloak", "ats,dp-sgd"])
def test_draws_are_the_hospitals_own(chain: str, tmp_path: Path) -> None:
    """The same bits on 1 and 2 ranks, and others than without."""
    options = LOCAL | {"defense.chain": chain, "attack.dlg.decode": "signs"}
    with complete(tmp_path / "one", options) as run, complete(tmp_path / "plain", LOCAL) as plain:
        with complete(tmp_path / "two", options, ranks=2) as other:
            expect_same(run, other)
        gradients = run["gradients/values"][()]
        assert np.abs(gradients - plain["gradients/values"][()]).max(axis=1).min() > 0
        assert np.array_equal(run["attacks/truth"][()], plain["attacks/truth"][()])
        told = text(run["attacks/tasks/knowledge"][0])
        assert "mean public image; decoded by signs, weight 0.48; " in told
        assert f"defenses: {chain.split(',')[0]} " in told


def psnr(run: h5py.File) -> float:
    """Median over images."""
    return float(np.median(run["attacks/images/psnr"][()]))


@pytest.mark.parametrize(("defense", "decode", "gain"), [
    ({"defense.chain": "instahide"}, {"decode": "signs"}, 2),
    ({"defense.chain": "ats", "defense.ats.policy": "translate-x:0.25"},
     {"decode": "register", "decode_shift": 0.25}, 2),
])
def test_who_knows_the_defense_gets_more(
    defense: dict[str, object], decode: dict[str, object], gain: float, tmp_path: Path
) -> None:
    """The same recorded gradients, attacked with and without; all less than undefended."""
    options: dict[str, object] = {
        "federation.rounds": 1, "model.init_scale": 0.5, "attack.method": "dlg",
        "attack.probes": 4, "attack.iterations": 60, "attack.snapshots": "", "attack.adapt": "off",
    }
    with complete(tmp_path / "none", options) as run:
        undefended = psnr(run)
    with complete(tmp_path / "run", options | defense) as run:
        plain = psnr(run)
    result = medpfl("attack", "--quiet", f"--input={tmp_path / 'run' / 'run.h5'}",
                    *(f"--attack.dlg.{name}={value}" for name, value in decode.items()),
                    f"--run.output={tmp_path / 'adapted'}")
    assert result.code == 0, result.err
    with h5py.File(tmp_path / "adapted" / "run.h5") as run:
        adapted = psnr(run)
    assert plain + gain < adapted < undefended - 3, (undefended, plain, adapted)


@pytest.mark.parametrize(("changes", "code", "message"), [
    ({"defense.chain": "mixup,dp-sgd"}, CONFIG, "mixup puts an image into several examples"),
    ({"defense.chain": "clip,ats"}, CONFIG, "ats acts on the images of the local steps"),
    ({"defense.chain": "mixup", "defense.mixup.largest": 0.2}, CONFIG,
     "defense.mixup.largest=0.2 is too small"),
    ({"defense.chain": "ats", "defense.ats.policy": "twirl:3"}, CONFIG,
     "defense.ats.policy: 'twirl:3' is no operation"),
    ({"defense.chain": "mixup", "federation.clients": 8}, DATA,
     "mixup mixes 4 images, and hospital 0 has 3"),
])
def test_what_cannot_be_is_refused(
    changes: dict[str, object], code: int, message: str, tmp_path: Path
) -> None:
    """In one clear error."""
    result = simulate(tmp_path / "run", changes)
    assert result.code == code, result.err
    assert message in result.err
