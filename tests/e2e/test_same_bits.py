"""The same configuration gives the same bits for any number of ranks."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import all_datasets, complete, text

# Of a run's data these alone may differ: time, hosts, memory, and where the run was told to go.
VARYING_GROUPS = ("environment/", "timings/")
VARYING = {"rounds/seconds", "attacks/tasks/seconds", "attacks/summary/seconds",
           "attacks/tasks/memory_growth"}
VARYING_ATTRIBUTES = {"created_utc"}
VARYING_OPTIONS = {"run.output", "attack.ranks"}

FEDERATIONS: dict[str, dict[str, object]] = {
    "normalized pixels, generator": {
        "data.channels": 3,
        "model.normalize": "imagenet",
        "federation.clients": 4,
        "attack.method": "untrained-prior",
        "attack.probes": 2,
        "attack.restarts": 2,
        "attack.iterations": 3,
    },
    "fedsgd, batch of 3, noise": {
        "federation.batch_size": 3,
        "federation.clients": 5,
        "defense.chain": "clip,gaussian",
        "defense.clip.bound": 0.5,
        "attack.method": "idlg,dlg",
        "attack.rounds": "all",
        "attack.probes": 2,
        "attack.restarts": 2,
        "attack.iterations": 1,
    },
    "fedavg, dirichlet, sampling": {
        "data.image_size": 20,
        "data.channels": 3,
        "model.name": "convnet-small",
        "federation.algorithm": "fedavg",
        "federation.clients": 5,
        "federation.rounds": 3,
        "federation.sampling": 0.6,
        "federation.partition": "dirichlet",
        "federation.local_epochs": 2,
        "federation.batch_size": 4,
        "defense.chain": "dp-sgd,laplace",
        "defense.dp-sgd.sampling": "poisson",
        "defense.dp-sgd.sigma_last": 0.5,
        "defense.dp-sgd.sigma_schedule": "exponential",
        "defense.laplace.relative": "norm",
        "attack.method": "dlg,modern",
        "attack.modern.init": "surrogate",
        "attack.modern.langevin": 0.1,
        "attack.rounds": "0,2",
        "attack.probe_batch": 2,
        "attack.when": "each-round",
        "output.gradients": "attacked",
    },
    "batch statistics of a resnet": {
        "model.name": "resnet20",
        "model.resnet20.width": 2,
        "model.norm_mode": "train",
        "federation.algorithm": "fedavg",
        "federation.batch_size": 4,
        "attack.method": "dlg",
        "attack.labels": "known",
        "attack.probe_batch": 2,
        "attack.iterations": 1,
    },
    "a bottleneck, solved for and left out": {
        "defense.chain": "precode,gaussian",
        "defense.precode.width": 8,
        "defense.gaussian.relative": "norm",
        "attack.method": "idlg,inverting-gradients",
        "attack.idlg.bottleneck": "observed",
        "attack.inverting-gradients.bottleneck": "sample",
        "attack.probes": 2,
        "attack.iterations": 2,
    },
    "dedicated server, updates attacked": {
        "federation.algorithm": "fedavg",
        "federation.partition": "label-shards",
        "federation.batch_size": 0,
        "federation.dedicated_server": "true",
        "attack.method": "dlg",
        "attack.labels": "known",
        "attack.dlg.line_search": "strong-wolfe",
        "attack.clients": "0,2",
        "attack.rounds": "last",
        "attack.probes": 0, "attack.targets": "updates",
    },
}
LAYOUTS = ((2, "root"), (4, "all"))


def config(file: h5py.File) -> dict[str, str]:
    """The resolved options without those that vary."""
    names, values = (file[f"config/{name}"].asstr()[()] for name in ("option", "value"))
    return {n: v for n, v in zip(names, values, strict=True) if n not in VARYING_OPTIONS}


def resolved(file: h5py.File) -> list[str]:
    """The INI text, likewise."""
    lines = text(file["config/resolved"][()]).splitlines()
    return [line for line in lines if not line.startswith(("output=", "ranks="))]


def attributes(item: h5py.HLObject) -> dict[str, list]:
    """Attributes as plain values, without what dimension scales have: places in the file, and their length as text."""
    return {name: np.asarray(value).tolist() for name, value in item.attrs.items()
            if name not in VARYING_ATTRIBUTES | {"REFERENCE_LIST", "DIMENSION_LIST", "NAME"}}


def expect_same(expected: h5py.File, found: h5py.File) -> None:
    """Same groups, datasets, attributes and bits."""
    first, second = all_datasets(expected), all_datasets(found)
    assert first.keys() == second.keys()
    assert config(expected) == config(found)
    assert resolved(expected) == resolved(found)
    assert attributes(expected) == attributes(found)
    for name, dataset in first.items():
        other = second[name]
        assert attributes(dataset) == attributes(other), name
        if name in VARYING or name.startswith((*VARYING_GROUPS, "config/")):
            continue
        assert (dataset.shape, dataset.dtype) == (other.shape, other.dtype), name
        a, b = dataset[()], other[()]
        if dataset.dtype.kind == "O":
            assert np.array_equal(a, b), name
        else:
            assert a.tobytes() == b.tobytes(), f"{name} differs"


@pytest.mark.parametrize("federation", FEDERATIONS)
def test_any_number_of_ranks_gives_the_same_bits(federation: str, tmp_path: Path) -> None:
    """1 to 4 ranks, attack tasks on rank 0 or on all, against one rank."""
    options = FEDERATIONS[federation]
    with complete(tmp_path / "one", options) as expected:
        values = expected["gradients/values"]
        assert values.is_virtual
        # A virtual dataset whose sources are lost reads as zeros.
        assert np.abs(values[()]).max(axis=1).min() > 0
        assert np.allclose(np.linalg.norm(values[()].astype(float), axis=1),
                           expected["gradients/norm"][()], rtol=1e-6)
        assert expected["gradients/batches/images"][()].max() > 0
        assert len(expected["attacks/tasks/task"]) > 0
        for ranks, workers in LAYOUTS:
            output = tmp_path / f"{ranks}-{workers}"
            with complete(output, options | {"attack.ranks": workers}, ranks=ranks) as found:
                assert len(found["environment/host"]) == ranks
                expect_same(expected, found)


def test_another_seed_gives_other_bits(tmp_path: Path) -> None:
    """Else the comparison above would show nothing."""
    with complete(tmp_path / "a") as one, complete(tmp_path / "b", {"run.seed": 2}) as other:
        for name in ("rounds/weights", "gradients/values", "attacks/truth",
                     "attacks/reconstruction"):
            assert one[name][()].tobytes() != other[name][()].tobytes(), name
