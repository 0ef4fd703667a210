"""Updates of several local steps: recorded by simulate, attacked by attack, known or guessed."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from harness import CONFIG, complete, medpfl, text, words

# Three hospitals of eight scans, trained on in two epochs of four steps.
FEDAVG: dict[str, object] = {
    "federation.algorithm": "fedavg", "federation.batch_size": 2, "federation.local_epochs": 2,
    "federation.learning_rate": 0.5, "federation.rounds": 1, "attack.probes": 0, "attack.targets": "updates",
    "attack.method": "sme,inverting-gradients", "attack.labels": "known",
    "attack.inverting-gradients.update": "unroll",
}
SAME = ("reconstruction", "trace/objective", "tasks/objective", "tasks/matching_loss",
        "tasks/knowledge", "tasks/network", "snapshots", "images/psnr")


def attack(run: Path, output: Path, changes: dict[str, object], ranks: int = 1) -> h5py.File:
    """Attacks the recorded run, which must succeed; the new run, open."""
    result = medpfl("attack", "--quiet", "--input", run,
                    *words(changes | {"run.output": output}), ranks=ranks)
    assert result.code == 0, result.err
    return h5py.File(output / "run.h5", "r")


def test_recorded_updates_are_attacked_on_any_number_of_ranks(tmp_path: Path) -> None:
    """simulate on one rank, then attack on one and on two: the same bits."""
    with complete(tmp_path / "run", FEDAVG) as first:
        assert first["gradients/steps"][()].tolist() == [8, 8, 8]
        assert len(first["attacks/truth"]) == 2 * 24
        for ranks in (1, 2):
            with attack(tmp_path / "run", tmp_path / f"again-{ranks}", {}, ranks) as again:
                for name in SAME:
                    a, b = first[f"attacks/{name}"][()], again[f"attacks/{name}"][()]
                    assert a.tolist() == b.tolist() if a.dtype.kind == "O" else (
                        a.tobytes() == b.tobytes()), name
        assert all(np.isfinite(first["attacks/tasks/matching_loss"][()]))


def test_rows_say_what_was_known_and_what_was_guessed(tmp_path: Path) -> None:
    """A guess is told as one, and changes the attack."""
    with complete(tmp_path / "run", FEDAVG) as known, attack(
            tmp_path / "run", tmp_path / "guess",
            {f"attack.inverting-gradients.{name}": value for name, value in
             {"steps": 3, "local_batch": 4, "local_rate": 0.25}.items()}) as guessed:
        tasks = known["attacks/tasks"]
        for method, words_ in (("sme", "8 local steps; update: sme; learning rate known"),
                               ("inverting-gradients", "8 local steps of 2 images; update: unroll; "
                                                       "learning rate known")):
            mine = tasks["method"].asstr()[()] == method
            assert all(words_ in row for row in tasks["knowledge"].asstr()[()][mine])
        tasks = guessed["attacks/tasks"]
        mine = tasks["method"].asstr()[()] == "inverting-gradients"
        assert all("3 local steps (guessed) of 4 images (guessed); update: unroll; learning rate "
                   "0.25 (guessed)" in text(row) for row in tasks["knowledge"][()][mine])
        same = known["attacks/tasks/objective"][()] == tasks["objective"][()]
        assert same.tolist() == (~mine).tolist()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    """Before anything is trained."""
    refused = [
        ({"federation.algorithm": "fedsgd"}, "attack.sme.update=sme is for changes of weights"),
        ({"federation.algorithm": "fedsgd", "attack.method": "dlg", "attack.dlg.steps": 3},
         "attack.dlg.steps=3 is for changes of weights"),
        ({"attack.sees": "sum"}, "attack.sees=sum shows that of all"),
        ({"attack.engine": "native"}, "update=sme is computed by double backward"),
        ({"attack.inverting-gradients.output_error": "observed"}, "output_error=observed"),
    ]
    for changes, message in refused:
        result = medpfl("simulate", "--quiet", *words({
            "data.dataset": "phantom", "data.image_size": 16, "data.phantom.train": 24,
            "model.name": "lenet-dlg"} | FEDAVG | changes | {"run.output": tmp_path / "out"}))
        assert result.code == CONFIG, changes
        assert message in result.err, (changes, result.err)
    assert not (tmp_path / "out").exists()
