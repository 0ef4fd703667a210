"""What the points of a sweep differ in, as pages name it."""

from __future__ import annotations

from pathlib import Path

from synthetic_sweep import LOST, Point, laplace, write_sweep

from medpfl_analysis import open_sweep
from medpfl_analysis.frontier import compare, panels
from medpfl_analysis.frontier_plots import scales
from medpfl_analysis.settings import is_attackers, is_on


def test_a_method_run_on_defended_messages_alone_is_adapted(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [
        Point({"defense.chain": ""}),
        laplace("1", LOST, 0.5, options={"attack.method": "dlg,cpl"})])
    with open_sweep(folder) as sweep:
        table = sweep.table
        assert table["method"].tolist() == ["dlg", "cpl", "dlg"]
        assert table["adapted"].tolist() == [False, True, False]
        assert compare(table)[["plain", "adapted"]].to_numpy().tolist() == [[0, -1], [2, 1]]


def test_sets_of_images_have_panels(tmp_path: Path) -> None:
    """And what else differs within one set is in the panel's name."""
    folder = write_sweep(tmp_path / "s", [
        Point({"data.path": "images/brain", "federation.clients": "3"}),
        Point({"data.path": "images/brain", "federation.clients": "9"}),
        Point({"data.path": "images/skin", "federation.clients": "3"})])
    with open_sweep(folder) as sweep:
        assert [title for title, _ in panels(sweep.table)] == [
            "brain, clients=3", "brain, clients=9", "skin"]


def test_a_malicious_server_has_a_panel_of_its_own(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "s", [
        Point({"data.path": "a/x", "attack.threat": "honest-but-curious"}),
        Point({"data.path": "b/x", "attack.threat": "malicious-server"})])
    with open_sweep(folder) as sweep:
        assert [title for title, _ in panels(sweep.table)] == ["x", "x, malicious-server"]


def test_secure_aggregation_is_a_defense(tmp_path: Path) -> None:
    """One of the protocol, which is in no chain."""
    alone = {"federation.secure_aggregation": "false", "attack.sees": "messages"}
    masked = {"federation.secure_aggregation": "true", "attack.sees": "sum"}
    folder = write_sweep(tmp_path / "s", [
        Point(alone), Point(masked, LOST), laplace("1", LOST, 0.5, options=masked)])
    with open_sweep(folder) as sweep:
        table = sweep.table
        assert table["defense"].tolist() == [
            "none", "secure-aggregation", "laplace + secure-aggregation scale=1"]
        assert table["panel"].unique().tolist() == ["brain"] and not table["adapted"].any()


def test_constant_options_are_told_once(tmp_path: Path) -> None:
    held = {"defense.laplace.relative": "norm"}
    folder = write_sweep(tmp_path / "s", [
        laplace("1", LOST, 0.5, options=held), laplace("2", LOST, 0.5, options=held)])
    with open_sweep(folder) as sweep:
        assert sweep.settings.constants() == {"laplace": "relative=norm"}
        assert [name for name, _ in scales(sweep.table)] == ["scale (norm)"]


def test_which_options_say_anything() -> None:
    config = {"defense.chain": "clip,gaussian", "defense.gaussian.scale": "1", "defense.prune.ratio": "0.9"}
    assert is_on("defense.gaussian.scale", config) and is_on("federation.rounds", config)
    assert not is_on("defense.prune.ratio", config)
    assert is_attackers("attack.iterations") and not is_attackers("attack.sees") and not is_attackers("attack.probe_batch")
