"""Every property of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from synthetic import ROOT, SERVER_SEED, phantoms, write_run

from medpfl_analysis import Run, RunFormatError, open_run
from medpfl_analysis.records import (
    GRADIENT_COLUMNS,
    IMAGE_COLUMNS,
    NEWER_IMAGE_COLUMNS,
    NEWER_TASK_COLUMNS,
    ROUND_COLUMNS,
    TASK_COLUMNS,
)


def test_folder_and_file_open_the_same_run(folder: Path) -> None:
    with open_run(folder) as a, open_run(str(folder / "run.h5")) as b:
        assert a.folder == b.folder == folder.resolve()


def test_root(run: Run) -> None:
    assert (run.status, run.medpfl_version, run.git_sha) == ("complete", "0.1.0", "0123abc")
    assert run.schema_version == (1, 1)
    assert run.created_utc == "2026-01-02T03:04:05Z"
    assert run.name == "demo"


def test_config(run: Run) -> None:
    assert run.config["run.seed"] == ROOT
    assert run.config["data.dataset"] == "phantom"
    sources = run.provenance.set_index("option")["source"]
    assert sources["attack.method"] == "command line"
    assert sources["data.dataset"] == "demo.ini"
    assert run.resolved_config.startswith("[run]\n")


def test_what_may_leave_has_the_servers_seed_alone(run: Run) -> None:
    """And of [run] alone the seed is left out."""
    assert run.server_seed == SERVER_SEED
    shared = run.shared_provenance.set_index("option")["value"]
    assert "run.seed" not in shared.index and shared["server_seed"] == SERVER_SEED
    assert set(run.provenance["option"]) - {"run.seed"} == set(shared.index) - {"server_seed"}
    assert run.shared_config == "[run]\nname=demo\n\n[data]\nseed=3\n"


def test_a_file_without_a_servers_seed(tmp_path: Path) -> None:
    """Of schema 1.0: nothing takes the place of the root."""
    folder = write_run(tmp_path / "old", schema=(1, 0))
    with h5py.File(folder / "run.h5", "a") as f:
        del f.attrs["server_seed"]
    with open_run(folder) as old:
        assert old.server_seed == ""
        assert not {"run.seed", "server_seed"} & set(old.shared_provenance["option"])


def test_environment(run: Run) -> None:
    assert run.environment.attributes["device"] == "cpu"
    assert list(run.environment.ranks["host"]) == ["node0", "node1"]
    assert run.environment.ranks["peak_memory"][1] == 300 << 20
    assert list(run.environment.ranks["cpu_set"]) == ["0-3,8", "0-3,8"]


def test_model(run: Run) -> None:
    assert run.model == {"name": "lenet-dlg", "classes": 3, "input_shape": [1, 12, 12],
                         "parameters": 20}
    assert list(run.layers["shape"]) == ["2x1x2x2", "3x4"]
    assert run.layers["size"].sum() == run.model["parameters"]


def test_data(run: Run) -> None:
    assert run.dataset_name == "phantom"
    assert run.class_names == ["healthy", "lesion", "other"]
    np.testing.assert_allclose(run.prior, phantoms(4, 1, 12).mean(axis=0))


def test_clients(run: Run) -> None:
    assert list(run.clients.columns) == ["examples", "healthy", "lesion", "other"]
    assert list(run.clients["examples"]) == [12, 21, 30]
    np.testing.assert_array_equal(run.class_histogram, [[3, 4, 5], [6, 7, 8], [9, 10, 11]])
    counted = run.training_images.value_counts().sort_index().to_numpy().reshape(3, 3)
    np.testing.assert_array_equal(counted, run.class_histogram)


def test_rounds(run: Run) -> None:
    assert list(run.rounds.columns) == [*ROUND_COLUMNS, "arrived", "one_class", "balanced_accuracy_low",
                                        "balanced_accuracy_high", "network", "epsilon",
                                        "epsilon_classic", "identification_bound",
                                        "identification_bound_present"]
    assert run.chance == pytest.approx(1 / 3) and run.privacy is None
    assert (run.rounds["arrived"] == 3).all()
    assert run.rounds["epsilon"].isna().all()
    assert list(run.rounds["round"]) == [0, 1, 2]
    assert run.rounds["bytes"].dtype == np.int64
    assert run.initial["accuracy"] == 0.33
    assert set(run.initial) == {"test_loss", "accuracy", "balanced_accuracy", "auroc", "f1"}
    assert run.weights([3, 0]).shape == (2, 20)


def test_tasks_and_images(run: Run) -> None:
    assert list(run.tasks.columns) == [*TASK_COLUMNS, *NEWER_TASK_COLUMNS]
    assert list(run.images.columns) == [*IMAGE_COLUMNS, *NEWER_IMAGE_COLUMNS]
    assert (len(run.tasks), len(run.images), run.ssim_window) == (8, 8, 11)
    joined = run.images_with_tasks()
    assert list(joined["gradient"]) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert list(joined["psnr"]) == list(run.images["psnr"])


def test_matching_loss_of_schema_1_0_is_the_objective(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    with h5py.File(folder / "run.h5", "a") as file:
        tasks = file["attacks/tasks"]
        del tasks["matching_loss"]
        tasks.move("objective", "matching_loss")
    with open_run(folder) as run:
        assert list(run.tasks["objective"]) == pytest.approx([1e-4, 2e-4, 3e-4, 4e-4])
        assert run.tasks["matching_loss"].isna().all()


def test_pictures(run: Run) -> None:
    np.testing.assert_array_equal(run.truth, phantoms(4, 1, 12)[[0, 0, 1, 1, 2, 2, 3, 3]])
    mse = ((run.reconstruction - run.truth) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(mse, run.images["mse"], rtol=1e-4)
    assert run.snapshots.shape == (8, 5, 1, 12, 12)
    assert list(run.snapshot_iterations[0]) == [0, 60, 120, 180, 240]
    np.testing.assert_array_equal(run.pictures("truth", [6, 0, 6]), run.truth[[6, 0, 6]])
    with pytest.raises(IndexError, match="row 8 is outside its 8 rows"):
        run.pictures("truth", [8])
    with pytest.raises(ValueError, match="'truht' is no array of pictures"):
        run.pictures("truht")


def test_trace_and_timings(run: Run) -> None:
    assert run.trace.iteration.shape == run.trace.objective.shape == (8, 30)
    assert (run.trace.iteration[:, -2:] == -1).all()
    assert np.isnan(run.trace.objective[:, -2:]).all()
    assert run.trace.terms.keys() == {"matching", "tv"}
    np.testing.assert_allclose(sum(run.trace.terms.values()), run.trace.objective)
    assert run.timings.shape == (2, 6)
    assert run.timings.loc[0, "attack"] == 31.0


def test_gradients(run: Run) -> None:
    assert list(run.gradients.columns) == GRADIENT_COLUMNS
    values = run.gradient_values()
    assert values.shape == (4, 20) and values.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(values, axis=1), run.gradients["norm"], rtol=1e-6)
    np.testing.assert_array_equal(run.gradient_values([3, 1, 3]), values[[3, 1, 3]])
    assert run.gradient_values([]).shape == (0, 20)
    with pytest.raises(IndexError, match="row -1 is outside"):
        run.gradient_values([-1])


def test_gradient_tensors(run: Run) -> None:
    assert list(run.gradient_layers["name"]) == ["conv.weight", "fc.weight"]
    tensors = run.gradient_tensors(2)
    assert {name: t.shape for name, t in tensors.items()} == {"conv.weight": (2, 1, 2, 2),
                                                              "fc.weight": (3, 4)}
    np.testing.assert_allclose(tensors["fc.weight"][1, 0], 2.12)
    assert list(run.gradient_tensors(0, ["fc.weight"])) == ["fc.weight"]
    with pytest.raises(KeyError, match="no tensor 'fc.bias': conv.weight, fc.weight"):
        run.gradient_tensors(0, ["fc.bias"])


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_some_layers_in_16_bits(kind: str, tmp_path: Path) -> None:
    layout = h5py.h5t.IEEE_F32LE.copy()
    layout.set_fields(15, 7, 8, 0, 7)
    layout.set_size(2)
    layout.set_ebias(127)
    bits = {"float16": np.float16, "bfloat16": h5py.Datatype(layout)}[kind]
    folder = write_run(tmp_path / "run", recorded="fc.weight", values_type=bits)
    with open_run(folder) as run:
        values = run.gradient_values()
        assert values.dtype == np.float32 and values.shape == (4, 12)
        np.testing.assert_allclose(values[3], 3 + np.arange(8, 20) / 100, rtol=2**-8)
        np.testing.assert_array_equal(run.gradient_tensors(3)["fc.weight"], values[3].reshape(3, 4))
        with pytest.raises(RunFormatError, match="conv.weight was not recorded, only fc.weight"):
            run.gradient_tensors(3, ["fc.weight", "conv.weight"])


def test_gradient_batches(run: Run) -> None:
    batches = run.gradient_batches
    assert batches.images.dtype == np.uint8
    np.testing.assert_array_equal(batches.images, (phantoms(4, 1, 12) * 255).round())
    np.testing.assert_allclose(batches.unit_images, batches.images / 255, rtol=1e-6)
    assert batches.unit_images.dtype == np.float32
    deep = replace(batches, images=phantoms(4, 1, 12))
    np.testing.assert_array_equal(deep.unit_images, phantoms(4, 1, 12))
    assert list(batches.index) == [0, 2, 4, 6]
    assert list(batches.rows(1)) == [2]
    with pytest.raises(IndexError, match=r"gradient 4 is outside \[0, 4\)"):
        batches.rows(4)


def test_gradients_from_another_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments are those beside run.h5, even where the working directory has its own."""
    (tmp_path / "gradients").mkdir()
    for segment in ("segment-00000.h5", "segment-00001.h5"):
        with h5py.File(tmp_path / "gradients" / segment, "w") as decoy:
            decoy["values"] = np.full((2, 20), -1, np.float32)
    with open_run(folder) as run:
        expected = run.gradient_values()
    assert expected.max() > 0
    monkeypatch.chdir(tmp_path)
    with open_run(folder) as run:
        np.testing.assert_array_equal(run.gradient_values(), expected)
    monkeypatch.chdir(folder.parent)
    with open_run("demo") as run:
        monkeypatch.chdir(tmp_path)
        np.testing.assert_array_equal(run.gradient_values(), expected)


def test_run_without_attacks_and_gradients(tmp_path: Path) -> None:
    with open_run(write_run(tmp_path / "bare", attacks=False, gradients=False)) as run:
        assert len(run.tasks) == len(run.images) == len(run.gradients) == 0
        assert len(run.images_with_tasks()) == len(run.truth) == len(run.trace.iteration) == 0
        with pytest.raises(RunFormatError, match="run with --output.gradients=all"):
            run.gradient_values()
        with pytest.raises(RunFormatError, match="run with --output.gradients=all"):
            _ = run.gradient_batches


def test_a_run_of_an_earlier_version(tmp_path: Path) -> None:
    """Without what came later: NaN, and no terms."""
    folder = write_run(tmp_path / "old")
    with h5py.File(folder / "run.h5", "r+") as file:
        for name in ("tasks/memory_growth", "images/oracle_psnr", "images/oracle_ssim",
                     "trace/terms"):
            del file[f"attacks/{name}"]
    with open_run(folder) as run:
        joined = run.images_with_tasks()
        assert len(joined) == 4
        assert joined[["memory_growth", "oracle_psnr", "oracle_ssim"]].isna().all(axis=None)
        assert run.trace.terms == {} and run.trace.objective.shape == (4, 30)


def test_closed_after_with(folder: Path) -> None:
    with open_run(folder) as run:
        truth = run.truth
    with pytest.raises(RunFormatError, match="was closed"):
        _ = run.file
    assert run.truth is truth
