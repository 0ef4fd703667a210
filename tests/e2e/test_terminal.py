"""What people and shells read in the terminal: lists, help, completion, the log, summaries for programs."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import (
    BINARY,
    CONFIG,
    DATA,
    INTERRUPTED,
    NUMERIC,
    REPOSITORY,
    TINY,
    complete,
    medpfl,
    simulate,
    text,
    words,
)

BANNERS = ("MPI_ABORT", "Primary job", "mpirun detected", "----")
STAMP = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "
FAMILIES = ["datasets", "models", "algorithms", "defenses", "attacks"]


def names(listed: str) -> list[str]:
    return re.findall(r"^  (\S+)  ", listed, flags=re.MULTILINE)


def test_list_has_one_line_a_component() -> None:
    """Of all families, or of one; never two of a name."""
    listed = medpfl("list").out
    assert [line for line in listed.splitlines() if line and not line.startswith(" ")] == FAMILIES
    assert len(names(listed)) == len(set(names(listed))) > 25
    assert all(re.match(r"  \S+  +\S", line) for line in listed.splitlines() if line.startswith(" "))
    parts = [medpfl("list", family).out for family in FAMILIES]
    assert "\n".join(parts) == listed
    assert "idlg" in names(parts[-1]) and "idlg" not in names(parts[1])


def test_list_of_a_name_is_the_long_form() -> None:
    """The paper, and each option with its domain and default."""
    shown = medpfl("list", "idlg").out
    assert "arXiv 2001.02610" in shown
    assert re.search(r"--attack\.idlg\.labels +\S.*\n +one of: .*; default: idlg", shown), shown
    assert medpfl("list", "lenet-medpfl").code == 0
    wrong = medpfl("list", "gausian")
    assert wrong.code == CONFIG and "unknown name 'gausian' (did you mean gaussian?)" in wrong.errors[0]


@pytest.mark.parametrize("job", ["simulate", "attack", "sweep", "benchmark", "list", "inspect", "verify", "watch",
                                 "completion"])
def test_help_begins_with_one_screen(job: str) -> None:
    """At most 24 lines of 100 characters: usage, what it does, examples, and where more is."""
    shown = medpfl(job, "--help")
    lines = shown.out.splitlines()
    assert shown.code == 0 and len(lines) <= 24 and max(map(len, lines)) <= 100, shown.out
    assert lines[0].startswith("usage: ") and f"medpfl {job}" in lines[0]
    assert "examples:" in lines and any("--help flags" in line or "--help TOPIC" in line for line in lines)
    assert medpfl("help", job).out == shown.out


@pytest.mark.parametrize("job", ["simulate", "attack", "sweep", "benchmark", "list", "inspect", "completion"])
def test_flags_are_those_of_the_table(job: str) -> None:
    """The usage, the first screen, the topic and the document have the same flags, with the same values."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = re.findall(r"^  (--\S+) +\S", medpfl(job, "--help", "flags").out, flags=re.MULTILINE)
    first = medpfl(job, "--help").out
    assert re.search(r"^flags: (.*?)^--help", first, flags=re.MULTILINE | re.DOTALL).group(1).split() == shown
    usage = first.partition("\n\n")[0]
    assert set(re.findall(r"--[a-z-]+(?:=[^\s\]]+)?(?=[\s\]]|$)", usage)) <= set(shown)
    for flag in shown:
        name, _, value = flag.partition("=")
        assert re.search(rf"^\| `{name}{' ' + re.escape(value.split('[')[0]) if value else ''}`", page,
                         flags=re.MULTILINE), flag


def test_help_of_a_topic() -> None:
    """A section, a component, the flags, all; an unknown one gets the nearest."""
    federation = medpfl("simulate", "--help", "federation").out
    assert "--federation.rounds" in federation and "--attack." not in federation
    assert "--attack.dlg.labels" in medpfl("simulate", "--help", "attack.dlg").out
    assert "--max-walltime" in medpfl("simulate", "--help", "flags").out
    everything = medpfl("help", "simulate", "all").out
    assert all(f"--{name}" in everything for name in TINY)
    wrong = medpfl("simulate", "--help", "atack")
    assert wrong.code == CONFIG and "did you mean attack?" in wrong.errors[0]


def test_help_names_the_exit_codes() -> None:
    """The same codes as in the document."""
    assert "medpfl help exit-codes" in medpfl("--help").out
    shown = re.findall(r"^ +(\d+)  \S", medpfl("help", "exit-codes").out, flags=re.MULTILINE)
    page = (REPOSITORY / "docs" / "exit_codes.md").read_text(encoding="utf-8")
    assert shown == re.findall(r"^\| (\d+) \| `k", page, flags=re.MULTILINE)


@pytest.mark.parametrize("job", ["simulate", "attack", "sweep", "benchmark", "list", "inspect", "completion"])
def test_a_misspelt_flag_gets_the_nearest(job: str) -> None:
    wrong = medpfl(job, "--quet")
    assert wrong.code == CONFIG and "unknown option '--quet' (did you mean --quiet?)" in wrong.errors[0]


COMPLETIONS = {
    "medpfl si": ["simulate"],
    "medpfl simulate --federation.roun": ["--federation.rounds="],
    "medpfl simulate --dry": ["--dry-run"],
    "medpfl list --dry": [],
    "medpfl inspect --js": ["--json"],
    "medpfl simulate --data.dataset=ph": ["phantom"],
    "medpfl simulate --data.dataset ph": ["phantom"],
    "medpfl simulate --output.weights=t": ["true"],
    "medpfl simulate --attack.method=idl": ["idlg"],
    "medpfl simulate --attack.method=dlg,idl": ["dlg,idlg"],
    "medpfl simulate --attack.method=idlg,idl": [],
    "medpfl simulate --defense.chain clip,gau": ["clip,gaussian"],
    "medpfl simulate --quiet --help federat": ["federation"],
    "medpfl list inverting": ["inverting-gradients"],
    "medpfl benchmark ": ["comm", "compute"],
    "medpfl inspect so": [],
}


def completions(line: str) -> list[str]:
    """What bash offers at the end of the line."""
    script = ('source <("$MEDPFL" completion bash)\nCOMP_LINE=$1 COMP_POINT=${#1}\n_medpfl\n'
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", line], env={"PATH": "/usr/bin:/bin", "MEDPFL": str(BINARY)},
                          capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_bash_completes_the_line() -> None:
    """Subcommands, flags, options, words of choices, topics and names."""
    assert {line: completions(line) for line in COMPLETIONS} == COMPLETIONS


def test_completion_of_another_shell_is_refused() -> None:
    assert medpfl("completion", "fish").code == CONFIG


def test_lines_of_the_log_have_a_date(tmp_path: Path) -> None:
    """And with several ranks the rank."""
    shown = medpfl("simulate", *words(TINY | {"run.output": tmp_path / "out"}), ranks=2)
    assert shown.code == 0, shown.err
    first = [line for line in shown.err.splitlines() if line.startswith("[")]
    assert first and all(re.match(STAMP + r"\[rank 0\] ", line) for line in first), shown.err


@pytest.mark.parametrize("ranks", [1, 2])
def test_quiet_says_nothing_of_a_good_run(ranks: int, tmp_path: Path) -> None:
    done = simulate(tmp_path / "out", {"attack.method": ""}, ranks=ranks)
    assert (done.code, done.out, done.err) == (0, "", "")
    grid = tmp_path / "a.grid"
    grid.write_text("[grid]\nrun.seed = 1 | 2\n")
    sweep = medpfl("sweep", "--quiet", f"--grid={grid}",
                   *words(TINY | {"attack.method": "", "run.output": tmp_path / "sweep"}), ranks=ranks)
    assert (sweep.code, sweep.out, sweep.err) == (0, "", "")


@pytest.mark.parametrize(("changes", "code"), [
    ({"federation.rounds": 0}, CONFIG),
    ({"no.option": 1}, CONFIG),
    ({"data.dataset": "medmnist", "data.path": "/nowhere.npz"}, DATA),
    ({"federation.algorithm": "fedavg", "federation.learning_rate": 1e38}, NUMERIC),
])
def test_no_notice_of_mpirun_follows_an_error(changes: dict[str, object], code: int, tmp_path: Path) -> None:
    """One message, and the code of the error: wrong words, a value, data, a number of one rank."""
    wrong = simulate(tmp_path / "out", changes, ranks=2)
    assert wrong.code == code and len(wrong.errors) == 1, wrong.err
    assert not any(banner in wrong.err for banner in BANNERS), wrong.err


def test_no_notice_of_mpirun_follows_a_stop(tmp_path: Path) -> None:
    """Code 75 is handed on."""
    long = {"attack.method": "", "federation.rounds": 50000, "output.gradients": "none",
            "output.weights": "false"}
    stopped = simulate(tmp_path / "out", long, "--max-walltime=00:02", ranks=2)
    assert stopped.code == INTERRUPTED, stopped.err
    assert "stopped as asked" in stopped.err
    assert not any(banner in stopped.err for banner in BANNERS), stopped.err


def test_words_refused_before_mpi_begins_have_no_notice() -> None:
    for arguments in (["simulat"], ["simulate", "--quet"], ["list", "gausian"]):
        wrong = medpfl(*arguments, ranks=2)
        assert wrong.code == CONFIG and len(wrong.errors) == 1, wrong.err
        assert not any(banner in wrong.err for banner in BANNERS), wrong.err


def test_inspect_json_of_a_run(tmp_path: Path) -> None:
    """The numbers of run.h5, under the names of its columns."""
    with complete(tmp_path / "out") as run:
        shown = json.loads(medpfl("inspect", "--json", tmp_path / "out").out)
        assert shown["status"] == "complete" and shown["filetype"] == text(run.attrs["filetype"])
        assert shown["schema_version"] == list(run.attrs["schema_version"])
        assert shown["clients"] == 3 and shown["training_images"] == 24 and shown["ranks"] == 1
        assert [row["train_loss"] for row in shown["rounds"]] == list(run["rounds/train_loss"][()])
        summary = run["attacks/summary"]
        assert [row["method"] for row in shown["attacks"]] == list(summary["method"].asstr()[()])
        for column in ("psnr", "evaluations", "reidentified"):
            told = [math.nan if row[column] is None else float(row[column]) for row in shown["attacks"]]
            assert str(told) == str(list(map(float, summary[column][()]))), column


def test_inspect_of_a_sweep(tmp_path: Path) -> None:
    """Points and how they ended, as text and as JSON."""
    grid = tmp_path / "a.grid"
    grid.write_text("[grid]\nrun.seed = 1 | 2\n")
    folder = tmp_path / "sweep"
    done = medpfl("sweep", "--quiet", f"--grid={grid}", *words(TINY | {"run.output": folder}))
    assert done.code == 0, done.err
    shown = json.loads(medpfl("inspect", "--json", folder).out)
    assert shown["filetype"] == "medpfl-sweep" and shown["status"] == "complete"
    assert [(row["folder"], row["status"], row["exit_code"]) for row in shown["points"]] == [
        ("points/00000", "complete", 0), ("points/00001", "complete", 0)]
    with h5py.File(folder / "sweep.h5") as file:
        assert [row["seconds"] for row in shown["points"]] == list(file["points/seconds"][()])
    text = medpfl("inspect", folder / "sweep.h5").out
    assert "2 points, 2 complete" in text and "points/00001  complete" in text
    assert json.loads(medpfl("inspect", "--json", folder / "points" / "00000").out)["filetype"] == "medpfl-run"


def test_inspect_of_a_sweep_pools_networks(tmp_path: Path) -> None:
    """Points that differ in run.seed are one setting under several networks; counted again here."""
    grid = tmp_path / "a.grid"
    grid.write_text("[grid]\nrun.seed = 1 | 2 | 3 | 4 | 5\nfederation.learning_rate = 0.1 | 0.2\n")
    folder = tmp_path / "sweep"
    done = medpfl("sweep", "--quiet", f"--grid={grid}", *words(TINY | {"run.output": folder, "attack.iterations": 40}))
    assert done.code == 0, done.err
    shown = json.loads(medpfl("inspect", "--json", folder).out)["identified"]
    assert [(row["setting"], row["networks"], row["limits"]) for row in shown] == [
        ("federation.learning_rate=0.1", 5, "95 %"), ("federation.learning_rate=0.2", 5, "95 %")]
    with h5py.File(folder / "sweep.h5") as file:
        rates = file["points/options/federation.learning_rate"].asstr()[()]
        for row in shown:
            runs = [file[f"runs/{i:05}/attacks"] for i in np.flatnonzero(rates == row["setting"][-3:])]
            kept = [run["tasks/chosen"][()][run["images/task"][()]] == 1 for run in runs]
            found = [run["images/identified"][()][one] for run, one in zip(runs, kept, strict=True)]
            seen = {image.tobytes() for run, one in zip(runs, kept, strict=True) for image in run["truth"][()][one]}
            assert row["identified"] == pytest.approx(np.concatenate(found).mean())
            assert row["images"] == len(seen)
            assert row["low"] <= row["identified"] <= row["high"] and row["effective"] <= len(np.concatenate(found))
    told = json.loads(medpfl("inspect", "--json", folder).out)["differences"]
    assert [(row["setting"], row["against"], row["control"], row["networks"], row["unpaired"]) for row in told] == [
        ("federation.learning_rate=0.2", "federation.learning_rate=0.1", 0, 5, 0)]
    [changed] = told
    assert changed["difference"] == pytest.approx(shown[1]["identified"] - shown[0]["identified"])
    assert changed["low"] <= changed["difference"] <= changed["high"] and changed["high"] > changed["low"]
    text = medpfl("inspect", folder).out
    assert "federation.learning_rate=0.2, against federation.learning_rate=0.1\n" in text
    assert "Identified images" in text and "federation.learning_rate=0.2\n" in text and "range" in text
    with h5py.File(folder / "sweep.h5") as file:
        assert file["differences/difference"][()].tolist() == [changed["difference"]]
        seeds, against = file["points/options/run.seed"].asstr()[()], file["points/against"][()]
        for point, (rate, other) in enumerate(zip(rates, against, strict=True)):
            assert other == -1 if rate == "0.1" else seeds[other] == seeds[point] and rates[other] == "0.1"
        assert file["pooled/share"][()].tolist() == [row["identified"] for row in shown]
        assert file["points/setting"].asstr()[()].tolist() == [f"federation.learning_rate={rate}" for rate in rates]
    # An index without the table: counted from the runs, to the same numbers.
    with h5py.File(folder / "sweep.h5", "r+") as file:
        del file["pooled"], file["points/setting"]
    assert medpfl("inspect", folder).out == text
    assert json.loads(medpfl("inspect", "--json", folder).out)["identified"] == shown


def test_attacks_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    """All mistakes of one attack, and those of others."""
    wrong = simulate(tmp_path / "out", {
        "attack.method": "dlg,imprint", "attack.dlg.bottleneck": "observed", "attack.dlg.exclude": "nothing.weight",
        "attack.engine": "pearlmutter", "attack.dlg.update": "unroll"})
    assert wrong.code == CONFIG and len(wrong.errors) == 1
    lines = [line for line in wrong.errors[0].splitlines() if line.startswith("[attack.")]
    assert sum(line.startswith("[attack.dlg]") for line in lines) >= 3, wrong.errors[0]
    assert any(line.startswith("[attack.imprint]") for line in lines), wrong.errors[0]
