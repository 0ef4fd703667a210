"""Attacks follow the defense chain through the configuration, and what a user sets stays."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pytest
from harness import TINY, complete, in_slices, lengthened, medpfl, simulate, words
from test_same_bits import expect_same

NOISE: dict[str, object] = {"defense.chain": "gaussian", "defense.gaussian.relative": "norm",
                            "defense.gaussian.scale": 0.3}


def adapted(run: h5py.File) -> dict[str, str]:
    """Options of /config whose source is the adaptation."""
    columns = [run[f"config/{name}"].asstr()[()] for name in ("option", "value", "source")]
    return {option: value for option, value, source in zip(*columns, strict=True)
            if source == "attack.adapt"}


def printed(options: dict[str, object]) -> dict[str, tuple[str, str]]:
    """What --print-config shows of [attack.idlg]: value and source."""
    shown = medpfl("simulate", "--print-config", *words(TINY | options))
    assert shown.code == 0, shown.err
    section = shown.out.split("[attack.idlg]\n")[1].split("\n[")[0]
    return {name: (value, source) for source, name, value in
            re.findall(r"; from: (.*)\n(\w+)=(.*)\n", section + "\n")}


def test_the_printed_configuration_shows_what_was_adapted_and_why() -> None:
    """Its source is the option that asked for it; without a chain there is nothing."""
    shown = printed(NOISE)
    assert shown["objective"] == ("cosine", "attack.adapt")
    assert shown["line_search"] == ("strong-wolfe", "attack.adapt")
    assert float(shown["tv_colour"][0]) > 0
    assert shown["nonzero"] == ("false", "default")
    assert all(source == "default" for _, source in printed({}).values())


def test_what_a_user_sets_stays() -> None:
    """A prior by hand, the distance, or all of it."""
    shown = printed(NOISE | {"attack.idlg.tv": 0.05, "attack.idlg.objective": "l2"})
    assert shown["tv"] == ("0.05", "command line")
    assert shown["objective"] == ("l2", "command line")
    assert shown["tv_colour"] == ("0", "default")
    assert all(source == "default" for _, source in printed(NOISE | {"attack.adapt": "off"}).values())


def test_a_chain_that_nothing_answers_is_called_untested(tmp_path: Path) -> None:
    """Once, at the start; an adapted attack is told in `knowledge` instead."""
    said = "not tested: none of the attacks (idlg) is adapted to the defenses (gaussian scale=0.3"
    off = simulate(tmp_path / "off", NOISE | {"attack.adapt": "off"}, ranks=2)
    assert off.code == 0 and off.err.count(said) == 1, off.err
    on = simulate(tmp_path / "on", NOISE)
    assert on.code == 0 and "not tested" not in on.err, on.err
    with h5py.File(tmp_path / "on" / "run.h5") as run:
        assert adapted(run)["attack.idlg.objective"] == "cosine"
        for told in run["attacks/tasks/knowledge"].asstr()[()]:
            assert "; adapted by " in told and ", objective=cosine, " in told


def test_a_resumed_run_is_adapted_to_the_same_bits(tmp_path: Path) -> None:
    """The recorded configuration and the one made anew agree."""
    def run(factor: int) -> dict[str, object]:
        options = NOISE | {"attack.rounds": "all", "attack.iterations": 100, "federation.rounds": factor}
        complete(tmp_path / "whole", options, "--overwrite").close()
        return options

    options = lengthened(run)
    assert in_slices(lambda limit: simulate(tmp_path / "cut", options, "--resume", limit)) > 0
    with h5py.File(tmp_path / "whole" / "run.h5") as whole, \
            h5py.File(tmp_path / "cut" / "run.h5") as cut:
        expect_same(whole, cut)
        assert adapted(cut) == adapted(whole)


@pytest.mark.parametrize("again", [{}, {"attack.method": "modern"}])
def test_recorded_messages_are_attacked_by_attacks_adapted_anew(
    again: dict[str, object], tmp_path: Path
) -> None:
    """By the attack of the run, which gives the same, or by another."""
    with complete(tmp_path / "run", NOISE) as run:
        done = medpfl("attack", "--quiet", f"--input={tmp_path / 'run'}", *words(again),
                      f"--run.output={tmp_path / 'again'}")
        assert done.code == 0, done.err
        with h5py.File(tmp_path / "again" / "run.h5") as other:
            method = again.get("attack.method", "idlg")
            assert adapted(other) and all(name.startswith(f"attack.{method}.")
                                          for name in adapted(other))
            if not again:
                assert adapted(other) == adapted(run)
                assert (other["attacks/images/ssim"][()] == run["attacks/images/ssim"][()]).all()
    off = medpfl("attack", "--quiet", f"--input={tmp_path / 'run'}", "--attack.adapt=off",
                 f"--run.output={tmp_path / 'off'}")
    assert off.code == 0, off.err
    with h5py.File(tmp_path / "off" / "run.h5") as other:
        assert not adapted(other)


def test_a_sweep_adapts_each_of_its_points(tmp_path: Path) -> None:
    """Also where it is continued without its options."""
    grid = tmp_path / "g.ini"
    grid.write_text("[none]\n[noise]\ndefense.chain = gaussian\n[zeros]\ndefense.chain = prune\n")
    folder = tmp_path / "sweep"
    first = medpfl("sweep", "--quiet", "--grid", grid, "--index=0/3", *words(TINY),
                   f"--run.output={folder}")
    assert first.code == 0, first.err
    rest = medpfl("sweep", "--quiet", f"--run.output={folder}")
    assert rest.code == 0, rest.err
    found = []
    for point in range(3):
        with h5py.File(folder / f"points/{point:05}/run.h5") as run:
            found.append(adapted(run))
    assert found[0] == {}
    assert found[1]["attack.idlg.objective"] == "cosine"
    assert found[2]["attack.idlg.nonzero"] == "true"


def test_errors_read_from_noised_entries_are_explained(tmp_path: Path) -> None:
    """They hold under little noise, as measured, so the run goes on."""
    options = {"attack.idlg.output_error": "observed", "defense.chain": "gaussian"}
    noised = simulate(tmp_path / "noised", options)
    assert noised.code == 0, noised.err
    assert noised.err.count("attack.idlg.output_error=observed reads numbers from single entries") == 1
    assert "attack.idlg.output_error=softmax assumes nothing of them" in noised.err
    exact = simulate(tmp_path / "exact", options | {"defense.chain": "clip"})
    assert exact.code == 0 and "single entries" not in exact.err, exact.err
