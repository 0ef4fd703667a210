"""What defenses do to updates is measured, kept and shown."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from harness import all_datasets, complete, medpfl, simulate, text
from test_same_bits import expect_same

from medpfl_analysis import open_run

CHAIN: dict[str, object] = {
    "federation.clients": 5,
    "federation.rounds": 3,
    "defense.chain": "clip,prune,quantize",
    "defense.clip.bound": 0.5,
    "defense.prune.ratio": 0.5,
    "defense.quantize.format": "int8",
    "defense.quantize.rounding": "stochastic",
    "attack.probes": 0, "attack.targets": "updates",
    "attack.iterations": 1,
}
COLUMNS = {"round", "client", "defense", "norm_before", "norm_after", "sparsity", "bytes", "bits",
           "form"}


def test_reports_are_the_same_on_any_number_of_ranks_and_right(tmp_path: Path) -> None:
    """Each column is what the recorded updates say, on 1, 2 and 3 ranks alike."""
    with complete(tmp_path / "one", CHAIN) as run:
        for ranks in (2, 3):
            with complete(tmp_path / str(ranks), CHAIN, ranks=ranks) as other:
                expect_same(run, other)
        group = run["rounds/defenses"]
        assert set(all_datasets(group)) == COLUMNS
        assert [text(line).split()[0] for line in group.attrs["chain"]] == ["clip", "prune",
                                                                           "quantize"]
        assert [text(name) for name in group.attrs["numbers"]] == ["float32", "float32", "int8"]
        column = {name: group[name][()] for name in COLUMNS}
        assert len(column["round"]) == 3 * 5 * 3
        order = list(zip(column["round"], column["client"], column["defense"], strict=True))
        assert order == sorted(order)

        clip, prune, quantize = (column["defense"] == d for d in range(3))
        assert np.all(column["norm_after"][clip] <= 0.5 * 1.0001)
        assert np.array_equal(column["norm_before"][prune], column["norm_after"][clip])
        assert np.array_equal(column["norm_before"][quantize], column["norm_after"][prune])
        sent = run["gradients/values"][()]
        entries = sent.shape[1]
        np.testing.assert_allclose(column["norm_after"][quantize], np.linalg.norm(sent, axis=1),
                                   rtol=1e-5)
        zeros = (sent == 0).sum(axis=1)
        np.testing.assert_allclose(column["sparsity"][quantize], zeros / entries)
        assert np.all(column["form"][clip] == 0)
        assert np.all(column["bytes"][clip] == 4 * entries)
        assert np.all(column["bits"][clip] == 32)
        forms = [text(name) for name in group.attrs["forms"]]
        tensors = run["model/name"].shape[0]
        bitmap = (entries + 7) // 8 + entries - zeros
        expected = np.minimum(np.minimum(entries, bitmap), 5 * (entries - zeros)) + 4 * tensors
        assert np.array_equal(column["bytes"][quantize], expected)
        assert forms[column["form"][quantize][0]] == "bitmap"
        np.testing.assert_allclose(column["bits"], 8 * column["bytes"] / entries)

        received = [column["bytes"][quantize & (column["round"] == r)].sum() for r in range(3)]
        assert np.array_equal(run["rounds/bytes"][()], 5 * 4 * entries + np.array(received))


def test_every_new_value_is_the_hospitals_own(tmp_path: Path) -> None:
    """What looks at images, draws budgets and rounds at random is the same on 1 and 2 ranks."""
    options = CHAIN | {"federation.algorithm": "fedavg", "federation.batch_size": 2,
                       "federation.local_epochs": 2, "federation.rounds": 2,
                       "defense.chain": "soteria,fed-sdp,personalized-ldp,quantize",
                       "defense.fed-sdp.sigma": 1e-3, "defense.personalized-ldp.epsilon": "5..50",
                       "defense.quantize.format": "sign", "attack.probes": 1, "attack.targets": "probes"}
    with complete(tmp_path / "one", options) as run:
        with complete(tmp_path / "two", options, ranks=2) as other:
            expect_same(run, other)
        last = run["rounds/defenses/defense"][()] == 3
        tensors, entries = run["model/name"].shape[0], run["model"].attrs["parameters"]
        assert np.all(run["rounds/defenses/bytes"][()][last] == (entries + 7) // 8 + 4 * tensors)


def test_people_see_it(tmp_path: Path) -> None:
    """One line of `inspect`, medians over updates, of the whole chain; a table of the package."""
    complete(tmp_path / "run", CHAIN).close()
    shown = medpfl("inspect", tmp_path / "run").out
    lines = [line for line in shown.splitlines() if line.startswith("defenses ")]
    assert len(lines) == 1
    with h5py.File(tmp_path / "run" / "run.h5") as run:
        group = run["rounds/defenses"]
        last = group["defense"][()] == 2
        bytes_sent = np.median(group["bytes"][()][last])
    assert f"{bytes_sent:.0f} bytes (medians)" in lines[0]
    assert "prune ratio=0.5" in lines[0]
    with open_run(tmp_path / "run") as opened:
        table = opened.defenses
        assert table["defense"].iloc[0] == "clip bound=0.5"
        assert set(table["form"]) <= {"dense", "bitmap", "index"}
        assert np.median(table["bytes"][2::3]) == bytes_sent


def test_no_defense_no_report(tmp_path: Path) -> None:
    """The group is absent, and updates are float32."""
    with complete(tmp_path / "run", {"attack.probes": 0, "attack.targets": "updates", "attack.iterations": 1}) as run:
        assert "defenses" not in run["rounds"]
        parameters = run["model"].attrs["parameters"]
        assert np.all(run["rounds/bytes"][()] == 2 * 3 * 4 * parameters)
    with open_run(tmp_path / "run") as opened:
        assert opened.defenses.empty
    assert "defenses" not in medpfl("inspect", tmp_path / "run").out


def test_soteria_is_broken_by_the_attack_that_leaves_out_its_layer(tmp_path: Path) -> None:
    """The same recorded gradients, with and without the last weight in the objective."""
    attack = {"attack.method": "inverting-gradients", "attack.labels": "known",
              "attack.iterations": 400, "attack.snapshots": "", "attack.inverting-gradients.tv": 1e-3}
    options = attack | {"federation.rounds": 1, "attack.probes": 2, "model.init_scale": 0.5,
                        "defense.chain": "soteria", "defense.soteria.percentile": 90,
                        "attack.adapt": "off"}
    with complete(tmp_path / "run", options, ranks=2) as run:
        head = [text(name) for name in run["model/name"]][-2]
        plain = np.median(run["attacks/images/psnr"][()])
        sparsity = run["rounds/defenses/sparsity"][()]
        size = run["model/size"][()][-2]
        zeroed = sparsity * run["model"].attrs["parameters"] / size
        assert np.all((zeroed > 0.88) & (zeroed < 0.92))
    result = medpfl("attack", "--quiet", f"--input={tmp_path / 'run' / 'run.h5'}",
                    f"--attack.inverting-gradients.exclude={head}",
                    f"--run.output={tmp_path / 'adapted'}")
    assert result.code == 0, result.err
    with h5py.File(tmp_path / "adapted" / "run.h5") as run:
        adapted = np.median(run["attacks/images/psnr"][()])
    assert adapted > plain + 4, (plain, adapted)


def test_what_an_attack_assumes_is_told(tmp_path: Path) -> None:
    """Behind the bottleneck features have both signs: idlg reads the bias, and yin is doubted."""
    done = simulate(tmp_path / "out", {
        "defense.chain": "precode", "defense.precode.width": 8, "attack.method": "idlg,kernel,cpl",
        "attack.adapt": "off", "attack.probes": 8,
        "attack.idlg.exclude": "precode.*,dense4.bias", "attack.idlg.nonzero": "true",
        "attack.idlg.noise_scale": 0.01, "attack.cpl.bottleneck": "observed", "attack.kernel.labels": "yin"})
    assert done.code == 0, done.err
    assert done.err.count("kernel finds labels by labels=yin, which holds where") == 1
    with h5py.File(tmp_path / "out" / "run.h5") as run:
        tasks, images = run["attacks/tasks"], run["attacks/images"]
        method, told = tasks["method"].asstr()[()], tasks["knowledge"].asstr()[()]
        assert all("; assumes exclude precode.*,dense4.bias, nonzero, noise_scale 0.01; " in row
                   for row in told[method == "idlg"])
        assert all("; assumes bottleneck observed; " in row for row in told[method == "cpl"])
        assert all("labels: yin (unsure: features have both signs); " in row and "assumes" not in row
                   for row in told[method == "kernel"])
        read = method[images["task"][()]] != "kernel"
        assert read.sum() >= 48
        assert np.array_equal(images["label"][read], images["label_inferred"][read])
