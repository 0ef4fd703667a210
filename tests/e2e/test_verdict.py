"""The verdict of a run: one of four words, computed once, and the same in the file and in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import complete, medpfl, text

# A network with wide weights, whose probes of one image idlg reads.
OPEN: dict[str, object] = {
    "model.init_scale": 0.5, "attack.method": "idlg", "attack.probes": 3, "attack.iterations": 60,
    "attack.idlg.objective": "relative-l2", "attack.idlg.init": "uniform", "attack.idlg.line_search": "strong-wolfe",
}
NOISE: dict[str, object] = {"defense.chain": "gaussian", "defense.gaussian.scale": 100}
# Under fedavg an update is of several images, which idlg cannot read.
SEVERAL: dict[str, object] = {"federation.algorithm": "fedavg", "federation.batch_size": 4, "attack.targets": "auto"}


@pytest.mark.parametrize(("changes", "finding", "reason"), [
    ({}, "leaks", "idlg on probes: at least"),
    (NOISE, "inconclusive", "nothing tells whether this attack, with this budget, works with the defense off"),
    (NOISE | {"attack.adapt": "off"}, "not tested", "does not answer the defense"),
    (SEVERAL, "leaks", "idlg on probes: at least"),
    (SEVERAL | NOISE, "not tested", "no attack was run on updates"),
])
def test_what_may_be_said_of_a_run(changes: dict[str, object], finding: str, reason: str, tmp_path: Path) -> None:
    with complete(tmp_path / "run", OPEN | changes) as run:
        summary = run["attacks/summary"]
        assert text(summary.attrs["verdict"]) == finding
        whole = text(summary.attrs["verdict_reason"])
        assert reason in whole
        rows = {text(m): text(v) for m, v in zip(summary["method"][()], summary["verdict"][()], strict=True)}
        assert rows["public-mean"] == ""
        # One image of eight candidates.
        assert summary["chance"][0] == 1 / 8
    assert f"verdict: {finding}; {whole}" in medpfl("inspect", tmp_path / "run").out
    told = json.loads(medpfl("inspect", tmp_path / "run", "--json").out)
    assert told["verdict"] == {"finding": finding, "reason": whole}


def test_without_an_attack_nothing_is_tested(tmp_path: Path) -> None:
    complete(tmp_path / "run", {"attack.method": "", "attack.probes": 0, "attack.targets": "auto"}).close()
    assert "verdict: not tested; no attack was run" in medpfl("inspect", tmp_path / "run").out
