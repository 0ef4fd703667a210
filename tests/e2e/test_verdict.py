"""The verdict of a run: one of four words, computed once, and the same in the file and in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import pytest
from harness import TINY, complete, medpfl, text

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
        assert rows["public-mean"] == rows["public-nearest"] == ""
        # One image of eight candidates.
        assert summary["chance"][0] == 1 / 8
    assert f"verdict: {finding}; {whole}" in medpfl("inspect", tmp_path / "run").out
    told = json.loads(medpfl("inspect", tmp_path / "run", "--json").out)
    assert told["verdict"] == {"finding": finding, "reason": whole}


def test_without_an_attack_nothing_is_tested(tmp_path: Path) -> None:
    complete(tmp_path / "run", {"attack.method": "", "attack.probes": 0, "attack.targets": "auto"}).close()
    assert "verdict: not tested; no attack was run" in medpfl("inspect", tmp_path / "run").out


def test_a_sweep_has_the_defense_off_beside_it(tmp_path: Path) -> None:
    """So it may say that a defense protects, though no run of it may; and how many images it takes away."""
    (tmp_path / "a.grid").write_text(
        "[none]\nattack.iterations = 60\n[noise]\nattack.iterations = 60\ndefense.chain = gaussian\ndefense.gaussian.scale = 0.00001 | 100\n"
        "[another budget]\nattack.iterations = 20\ndefense.chain = gaussian\ndefense.gaussian.scale = 100\n")
    options = TINY | OPEN | {"data.phantom.train": 96, "attack.probes": 12, "federation.rounds": 1,
                             "run.output": tmp_path / "out"}
    del options["attack.iterations"]
    done = medpfl("sweep", "--quiet", f"--grid={tmp_path}/a.grid", *(f"--{key}={value}" for key, value in options.items()))
    assert done.code == 0, done.err
    told = json.loads(medpfl("inspect", tmp_path / "out", "--json").out)
    none, weak, strong, other = told["identified"]
    assert [row["verdict"] for row in (none, weak, strong)] == ["leaks", "leaks", "protects"]
    assert weak["undefended"] == strong["undefended"] == none["identified"] > 0.5
    assert none["undefended"] is None and other["undefended"] is None, "of another budget"
    assert "nothing tells whether this attack" in other["verdict_reason"] and other["verdict"] == "inconclusive"
    assert [row["attacks"] for row in told["identified"]] == [1, 1, 2, 2], "two budgets on the same messages"
    assert strong["chance"] == 1 / 32
    lost = {row["setting"]: row for row in told["differences"]}[strong["setting"]]
    assert (lost["against"], lost["control"], lost["unpaired"]) == ("attack.iterations=60", 1, 0)
    assert lost["difference"] == pytest.approx(strong["identified"] - none["identified"])
    assert lost["high"] < -0.5
    out = medpfl("inspect", tmp_path / "out").out
    for row in told["identified"]:
        assert f"{row['verdict']:<12}  idlg on probes, {row['setting']}: {row['verdict_reason']}\n" in out
    assert "against attack.iterations=60 (defense off)\n" in out
    with h5py.File(tmp_path / "out/sweep.h5") as file:
        assert file["pooled/verdict"].asstr()[()].tolist() == [row["verdict"] for row in told["identified"]]
        assert file["points/answering"].asstr()[()].tolist() == ["idlg"] * 4
        assert file["points/defended"][()].tolist() == [0, 1, 1, 1]
        runs = [text(file[f"runs/{point:05}/attacks/summary/verdict"][0]) for point in range(4)]
        assert runs == ["leaks", "leaks", "inconclusive", "inconclusive"]
