"""attack.targets: what hospitals really send is attacked beside the probes, and comes first."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pytest
from harness import CONFIG, complete, in_slices, lengthened, medpfl, simulate, text, words
from test_same_bits import expect_same

from medpfl_analysis import open_run
from medpfl_analysis.report import render_report

# Three hospitals of eight scans, two local steps; idlg reads one image.
BOTH: dict[str, object] = {
    "federation.algorithm": "fedavg", "federation.batch_size": 4, "federation.learning_rate": 0.2,
    "attack.method": "idlg,inverting-gradients", "attack.rounds": "all", "attack.probes": 2,
    "attack.targets": "auto", "attack.restarts": 2,
}
LEFT_OUT = "updates, which idlg cannot read (attack.labels=idlg reads the label of one image)"


@pytest.fixture(name="run", scope="module")
def fixture_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both kinds under attack, on one rank."""
    folder = tmp_path_factory.mktemp("targets") / "run"
    done = simulate(folder, BOTH)
    assert done.code == 0, done.err
    assert f"warning: not tested: {LEFT_OUT}" in done.err
    assert ("warning: an update is of up to 2 local steps, and inverting-gradients takes it for one gradient"
            in done.err)
    return folder


def tasks_of(run: h5py.File) -> list[tuple[int, str, int, int, str, int]]:
    """(round, kind, hospital, probe, method, restart) of each task."""
    table = run["attacks/tasks"]
    return list(zip(*(table[name].asstr()[()].tolist() if name in ("kind", "method") else table[name][()].tolist()
                      for name in ("round", "kind", "client", "probe", "method", "restart")), strict=True))


def test_updates_come_first_and_each_kind_has_its_rows(run: Path) -> None:
    """In each round, in the tables and on the terminal; the truth of an update is its whole shard."""
    starts = range(2)
    expected = []
    for number in range(2):
        expected += [(number, "update", h, -1, "inverting-gradients", s) for h in range(3) for s in starts]
        expected += [(number, "probe", h, p, method, s) for h in range(3) for p in range(2)
                     for method in ("idlg", "inverting-gradients") for s in starts]
    with h5py.File(run / "run.h5") as file:
        assert tasks_of(file) == expected
        images = file["attacks/images/task"][()].tolist()
        for task, row in enumerate(expected):
            assert images.count(task) == (8 if row[1] == "update" else 1)
        assert all(file["gradients/probe"][g] == row[3] for g, row in
                   zip(file["attacks/tasks/gradient"][()], expected, strict=True))
        summary = file["attacks/summary"]
        rows = list(zip(summary["kind"].asstr()[()], summary["method"].asstr()[()], summary["round"][()],
                        summary["images"][()], strict=True))
        assert rows == [("update", method, number, 48 if number < 0 else 24)
                        for method in ("inverting-gradients", "public-mean", "public-nearest") for number in (-1, 0, 1)
                        ] + [("probe", method, number, 12 if number < 0 else 6)
                             for method in ("idlg", "inverting-gradients", "public-mean", "public-nearest")
                             for number in (-1, 0, 1)]
        assert [text(line) for line in file["attacks"].attrs["not_tested"]] == [LEFT_OUT]
    shown = medpfl("inspect", run).out
    updates, probes = shown.index("inverting-gradients  update"), shown.index("idlg                 probe")
    assert updates < probes
    assert shown.count("attack               of ") == 2, "a table for each kind"
    assert f"not tested: {LEFT_OUT}" in shown
    assert LEFT_OUT in medpfl("inspect", "--json", run).out


def test_the_report_says_what_was_tested_and_what_not(run: Path) -> None:
    """Groups of scores: updates over all rounds and in each, then probes."""
    with open_run(run) as opened:
        assert opened.not_tested == [LEFT_OUT]
        html = render_report(opened)
    assert f"<dt>Not tested</dt><dd><p>{LEFT_OUT[0].upper()}{LEFT_OUT[1:]}.</p>" in html
    kinds = re.findall(r"^ +(update|probe): \d+ images", html, re.MULTILINE)
    assert kinds == ["update"] * 5 + ["probe"] * 8, kinds


@pytest.mark.parametrize("ranks", [2, 3])
def test_any_number_of_ranks_makes_the_same_bits(run: Path, ranks: int, tmp_path: Path) -> None:
    """Updates and probes are dealt to the ranks one by one."""
    with h5py.File(run / "run.h5") as one, complete(tmp_path / "run", BOTH, ranks=ranks) as other:
        expect_same(one, other)


def test_an_interrupted_run_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """Stopped again and again; restarts of both kinds are dropped on the way."""
    def undisturbed(more: int) -> tuple[Path, dict[str, object]]:
        options = BOTH | {"attack.iterations": 8 * more, "attack.snapshots": "", "attack.restarts": 4,
                          "attack.halving": "true"}
        complete(tmp_path / f"{more}", options).close()
        return tmp_path / f"{more}/run.h5", options

    whole, options = lengthened(undisturbed)
    assert in_slices(lambda limit: simulate(tmp_path / "run", options, "--resume", limit)) > 0
    with h5py.File(whole) as one, h5py.File(tmp_path / "run/run.h5") as other:
        expect_same(one, other)


@pytest.mark.parametrize("targets", ["updates", "probes", "auto"])
def test_recorded_messages_are_attacked_by_kind(run: Path, targets: str, tmp_path: Path) -> None:
    """medpfl attack makes the rows of the kinds that it is asked for, with the same bits."""
    method = "idlg,inverting-gradients" if targets != "updates" else "inverting-gradients"
    done = medpfl("attack", f"--input={run}", f"--run.output={tmp_path / 'again'}", f"--attack.method={method}",
                  f"--attack.targets={targets}", ranks=2)
    assert done.code == 0, done.err
    assert ("made for such updates" in done.err) == (targets != "probes")
    assert ("not tested" in done.err) == (targets == "auto")
    with h5py.File(run / "run.h5") as first, h5py.File(tmp_path / "again/run.h5") as again:
        rows = tasks_of(first)
        kept = [i for i, row in enumerate(rows) if targets in ("auto", f"{row[1]}s")]
        assert tasks_of(again) == [rows[i] for i in kept]
        assert first["attacks/tasks/objective"][()][kept].tobytes() == again["attacks/tasks/objective"][()].tobytes()
        of_kept = [i for i, task in enumerate(first["attacks/images/task"][()]) if task in kept]
        for name in ("reconstruction", "truth"):
            assert first[f"attacks/{name}"][()][of_kept].tobytes() == again[f"attacks/{name}"][()].tobytes()
        assert ("not_tested" in again["attacks"].attrs) == (targets == "auto")


@pytest.mark.parametrize(("changes", "message"), [
    ({"attack.targets": "updates"}, "attack.labels=idlg (idlg) reads the label of one image: attack probes "
                                    "(attack.targets=probes), or use federation.algorithm=fedsgd"),
    ({"attack.targets": "updates,probes"}, "attack.labels=idlg (idlg) reads the label of one image"),
    ({"attack.targets": "probes", "attack.probes": 0}, "attack.targets names probes, and attack.probes=0 sends none"),
    ({"attack.targets": "all"}, "attack.targets=all is not allowed: use auto, updates, probes, or updates,probes"),
])
def test_what_is_named_and_impossible_is_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    """Before anything is trained."""
    done = simulate(tmp_path / "run", BOTH | changes)
    assert done.code == CONFIG
    assert message in done.err
    assert not (tmp_path / "run").exists()


def test_recorded_probes_that_are_not_there_are_missed(run: Path, tmp_path: Path) -> None:
    """An error where nothing is left to attack."""
    done = medpfl("attack", f"--input={run}", f"--run.output={tmp_path / 'again'}", "--attack.targets=probes",
                  "--attack.rounds=none")
    assert done.code == CONFIG
    assert "none of its 18 recorded messages is a probe of attack.rounds and attack.clients" in done.err


def test_the_dry_run_counts_both_kinds(tmp_path: Path) -> None:
    """And says what is left out."""
    done = medpfl("simulate", "--dry-run", *words({
        "data.image_size": 16, "data.phantom.train": 24, "federation.clients": 3, "federation.rounds": 2,
        "model.name": "lenet-dlg"} | BOTH | {"run.output": tmp_path / "run"}))
    assert done.code == 0, done.err
    assert "60 attack tasks on 18 messages (12 of them probes)" in done.out
    assert f"not tested: {LEFT_OUT}" in done.err
