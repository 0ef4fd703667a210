"""What [output] chooses is recorded, in the precision asked for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import CONFIG, complete, simulate, text

from medpfl_analysis import RunFormatError, open_run

# Three hospitals, three rounds, the second one attacked by a probe each.
BASE: dict[str, object] = {"federation.rounds": 3, "attack.rounds": 1, "attack.iterations": 1}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[h5py.File]:
    """The run that records all."""
    with complete(tmp_path_factory.mktemp("all") / "run", BASE) as run:
        yield run


def columns(run: h5py.File) -> np.ndarray:
    """Offsets in the flat vector of the values of a row."""
    layers = run["gradients/layers"]
    return np.concatenate([np.arange(o, o + s) for o, s in
                           zip(layers["offset"][()], layers["size"][()], strict=True)])


def bfloat16(values: np.ndarray) -> np.ndarray:
    """float32 rounded to bfloat16, ties to even, by its definition on the bits."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)


ROUNDED = {"float32": lambda v: v, "float16": lambda v: v.astype(np.float16).astype(np.float32),
           "bfloat16": bfloat16}


@pytest.mark.parametrize(("precision", "changes", "kept"), [
    ("float16", {}, lambda r, c, probe: r >= 0),
    ("bfloat16", {"output.rounds": "0,last"}, lambda r, c, probe: r != 1),
    ("float32", {"output.clients": "1-2"}, lambda r, c, probe: c > 0),
    ("float32", {"output.gradients": "attacked"}, lambda r, c, probe: r == 1),
    ("bfloat16", {"output.gradients": "attacked", "attack.clients": "0,2", "output.rounds": "1",
                  "output.clients": "0,1"}, lambda r, c, probe: (r == 1) & (c == 0)),
])
def test_rows_columns_and_precision(everything: h5py.File, precision: str,
                                    changes: dict[str, object], kept, tmp_path: Path) -> None:
    """Against the rows and columns of the run that records all, rounded by numpy."""
    options = BASE | changes | {"output.precision": precision, "output.layers": "*.bias,conv1*"}
    with complete(tmp_path / "run", options, ranks=2) as run:
        names = run["gradients/layers/name"].asstr()[()].tolist()
        every = everything["model/name"].asstr()[()].tolist()
        assert names == [n for n in every if n.endswith(".bias") or n.startswith("conv1")]
        assert 2 < len(names) < len(every)
        table = {name: everything[f"gradients/{name}"][()]
                 for name in ("round", "client", "probe")}
        rows = np.flatnonzero(kept(*table.values()))
        assert 0 < len(rows) <= len(table["round"])
        for name, column in table.items():
            np.testing.assert_array_equal(run[f"gradients/{name}"][()], column[rows])
        exact = everything["gradients/values"][()][rows][:, columns(run)]
        values = run["gradients/values"]
        assert text(values.attrs["precision"]) == precision and values.attrs["overflowed"] == 0
        assert values.dtype == (np.float16 if precision == "float16" else np.float32)
        np.testing.assert_array_equal(values[()].astype(np.float32), ROUNDED[precision](exact))
        gradient = run["attacks/tasks/gradient"][()]
        recorded = [kept(*row) for row in zip(run["attacks/tasks/round"][()],
                                              run["attacks/tasks/client"][()],
                                              run["attacks/tasks/probe"][()], strict=True)]
        assert (gradient >= 0).tolist() == recorded
    with h5py.File(tmp_path / "run/gradients/segment-00000.h5") as segment:
        stored = segment["values"]
        assert stored.id.get_type().get_size() == (4 if precision == "float32" else 2)
        assert stored.shape == exact.shape
    with open_run(tmp_path / "run") as run:
        np.testing.assert_array_equal(run.gradient_values(), ROUNDED[precision](exact))
        conv = run.gradient_tensors(0, ["conv1.weight"])["conv1.weight"]
        assert conv.ndim == 4 and conv.dtype == np.float32
        missing = next(name for name in every if name not in names)
        with pytest.raises(RunFormatError, match=f"{missing} was not recorded"):
            run.gradient_tensors(0, [missing])


@pytest.mark.parametrize("changes", [{"output.rounds": "none"}, {"output.clients": "none"},
                                     {"output.gradients": "none"}])
def test_nothing_recorded(changes: dict[str, object], tmp_path: Path) -> None:
    """No group, no file; attacks go on without."""
    with complete(tmp_path / "run", BASE | changes) as run:
        assert "gradients" not in run
        assert (run["attacks/tasks/gradient"][()] == -1).all()
    assert not list((tmp_path / "run").glob("gradients/*"))


def test_overflow_is_not_silent(tmp_path: Path) -> None:
    """One warning with the count of the first round, an attribute with all."""
    loud = BASE | {"defense.chain": "gaussian", "defense.gaussian.scale": 3e4,
                   "attack.method": ""}
    with complete(tmp_path / "exact", loud) as run:
        exact, of_round = run["gradients/values"][()], run["gradients/round"][()]
    done = simulate(tmp_path / "half", loud | {"output.precision": "float16"}, ranks=2)
    assert done.code == 0, done.err
    infinite = np.abs(exact) >= 65520
    assert 0 < infinite[of_round == 0].sum() < infinite.sum()
    assert done.err.count("recorded as infinity") == 1
    assert f"output.precision=float16: {infinite[of_round == 0].sum()} values of round 0" in done.err
    with h5py.File(tmp_path / "half/run.h5") as run:
        assert run["gradients/values"].attrs["overflowed"] == infinite.sum()
        np.testing.assert_array_equal(np.isinf(run["gradients/values"][()]), infinite)


def test_unknown_layers_and_selections(tmp_path: Path) -> None:
    """Named with the nearest; an earlier run is not lost to a mistake."""
    complete(tmp_path / "run", BASE).close()
    kept = (tmp_path / "run/run.h5").read_bytes()
    for option, value, message in (
            ("layers", "conv1.wieght", "(did you mean conv1.weight?)"),
            ("layers", "", "output.layers is empty"),
            ("rounds", "3", "output.rounds: '3' is outside 0 ... 2"),
            ("clients", "0-x", "output.clients: '0-x' is not allowed"),
            ("precision", "float8", "float32, float16, bfloat16")):
        done = simulate(tmp_path / "run", BASE | {f"output.{option}": value}, "--overwrite", ranks=2)
        assert done.code == CONFIG and len(done.errors) == 1, done.err
        assert message in done.errors[0]
    assert (tmp_path / "run/run.h5").read_bytes() == kept
