"""Names that are no UTF-8, steer a terminal or are those of columns; outputs that cannot be written; options that do nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import h5py
import pytest
from files import image_folder
from harness import BINARY, CONFIG, ENVIRONMENT, INTERRUPTED, OUTPUT, TINY, complete, medpfl, simulate, stopped, text, words

from medpfl_analysis import open_run
from medpfl_analysis.__main__ import main

FOLDER = {"data.dataset": "image-folder", "federation.clients": 2, "model.name": "mlp"}


def read_by_the_analysis(run: Path, to: Path) -> None:
    for arguments in (["summary", str(run)], ["report", str(run), "--output", str(to / "a.html")],
                      ["export", str(run), "--output", str(to / "files")]):
        assert main(arguments) == 0, arguments


def test_bytes_that_are_no_utf8_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the path and in a class, in files and in what is printed; a run goes on with them."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/donn\xe9es"))
    image_folder(odd)
    name = sorted(path.name for path in (odd / "train").iterdir())[0]
    for split in ("train", "test"):
        os.rename(os.fsencode(odd / split / name), os.fsencode(odd / split) + b"/\x1b[31m\xff")
    options = TINY | FOLDER | {"data.path": odd, "federation.rounds": 1}
    complete(tmp_path / "run", options).close()
    with h5py.File(tmp_path / "run/run.h5") as file:
        assert "donn\\xE9es" in text(file["config/resolved"][()])
        assert "\\x1B[31m\\xFF" in [text(one) for one in file["data"].attrs["class_names"]]
    read_by_the_analysis(tmp_path / "run", tmp_path)
    assert "\x1b[31m" not in capsys.readouterr().out
    again = simulate(tmp_path / "run", options, "--resume")
    assert again.code == 0, again.err
    assert "\x1b[31m" not in again.err + again.out + medpfl("inspect", str(tmp_path / "run")).out
    missing = simulate(tmp_path / "none", options | {"data.path": "\x1b[31mabsent"})
    assert missing.code and "\\x1B[31mabsent" in missing.err and "\x1b[31mabsent" not in missing.err


def test_a_run_on_such_a_path_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    odd = image_folder(Path(os.fsdecode(os.fsencode(tmp_path) + b"/donn\xe9es")))
    arguments = ["simulate", *words(TINY | FOLDER | {"data.path": odd, "run.output": tmp_path / "run", "attack.method": "",
                                                     "federation.rounds": 500, "checkpoint.every": 1})]
    assert stopped(tmp_path / "run", *arguments) == INTERRUPTED
    whole = medpfl("verify", tmp_path / "run")
    assert whole.code == 0 and "checkpoint.h5" in whole.out, whole.out
    again = medpfl(*arguments, "--resume")
    assert again.code == 0, again.err
    with h5py.File(tmp_path / "run/run.h5") as file:
        assert file["environment"].attrs["resumes"] == 1 and len(file["rounds/round"]) == 500


@pytest.mark.parametrize("name", ["examples", "client"])
def test_classes_may_be_called_as_columns(name: str, tmp_path: Path) -> None:
    image_folder(tmp_path / "data")
    for split in ("train", "test"):
        old = sorted((tmp_path / "data" / split).iterdir())[0]
        old.rename(old.with_name(name))
    complete(tmp_path / "run", TINY | FOLDER | {"data.path": tmp_path / "data", "federation.rounds": 1}).close()
    read_by_the_analysis(tmp_path / "run", tmp_path)
    with open_run(tmp_path / "run") as run:
        place = run.class_names.index(name)
        assert run.clients[f"class {name}"].tolist() == run.class_histogram[:, place].tolist()


@pytest.mark.parametrize("arguments", [["list"], ["--version"], ["simulate", "--help", "all"]])
def test_an_output_that_takes_nothing_is_an_error(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run([str(BINARY), *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    assert ended.returncode == OUTPUT
    assert "cannot write to the standard output" in ended.stderr


def test_options_that_can_have_no_effect_are_told(tmp_path: Path) -> None:
    """Those of a defense that is not in the chain, of another network, and of steps that are not made; not defaults."""
    idle = {"defense.gaussian.scale": 0.5, "model.mlp.depth": 2, "federation.algorithm": "fedsgd", "federation.local_epochs": 5}
    (tmp_path / "a.ini").write_text("[defense.clip]\nbound=2\n")
    options = TINY | idle | {"model.name": "lenet-dlg", "attack.method": ""}
    told = simulate(tmp_path / "run", options, f"--config={tmp_path}/a.ini", "--dry-run")
    assert told.code == 0, told.err
    for line in ("a.ini:2: defense.clip.bound=2 has no effect: defense.chain is ''",
                 "command line: defense.gaussian.scale=0.5 has no effect: defense.chain is ''",
                 "command line: model.mlp.depth=2 has no effect: model.name is 'lenet-dlg'",
                 "command line: federation.local_epochs=5 has no effect: hospitals of fedsgd send the gradient of one step"):
        assert told.err.count(line) == 1, told.err
    assert told.err.count("has no effect") == 4
    refused = simulate(tmp_path / "run", options, "--strict", "--dry-run")
    assert refused.code == CONFIG and refused.err.count("has no effect") == 3


def test_other_jobs_tell_it_too(tmp_path: Path) -> None:
    """Attacks of what they are given anew, sweeps of what no point uses, audits but of attacks, which they choose."""
    run, grid = tmp_path / "run", tmp_path / "grid.ini"
    with complete(run, TINY | {"defense.clip.bound": 2}):
        pass
    new = ["--attack.method=idlg", "--attack.dlg.stop_loss=2", f"--run.output={tmp_path / 'again'}", "--dry-run"]
    told = medpfl("attack", f"--input={run}", *new)
    assert told.code == 0 and told.err.count("has no effect") == 1
    assert "attack.dlg.stop_loss=2 has no effect: attack.method is 'idlg'" in told.err
    assert medpfl("attack", f"--input={run}", *new, "--strict").code == CONFIG
    grid.write_text("[grid]\ndefense.chain = clip | gaussian\n")
    base = [*words(TINY | {"defense.gaussian.scale": 0.5, "defense.laplace.scale": 0.5, "run.output": tmp_path / "sweep"}), f"--grid={grid}"]
    told = medpfl("sweep", *base, "--list")
    assert told.code == 0, told.err
    assert told.err.count("has no effect") == 1 and "defense.laplace.scale=0.5 has no effect" in told.err
    assert medpfl("sweep", *base, "--list", "--strict").code == CONFIG
    audit = ["audit", "--model.mlp.depth=2", "--model.name=lenet-dlg", "--attack.dlg.stop_loss=2", f"--run.output={tmp_path / 'audit'}", "--dry-run"]
    told = medpfl(*audit)
    assert told.code == 0, told.err
    assert told.err.count("has no effect") == 1 and "model.mlp.depth=2 has no effect" in told.err
    assert medpfl(*audit, "--strict").code == CONFIG


def test_weights_whose_file_is_missing_are_an_error(tmp_path: Path) -> None:
    complete(tmp_path / "run", TINY | {"attack.method": "", "checkpoint.every": 1}).close()
    (tmp_path / "run/weights/segment-00001.h5").unlink()
    with open_run(tmp_path / "run") as run, pytest.raises(Exception, match=r"segment-00001\.h5, which is missing"):
        run.weights()


@pytest.mark.parametrize(("option", "path", "what"), [
    ("run.output", "~/x", "~"), ("data.path", "$HOME/x", "a variable"), ("model.weights", "a/${X}", "a variable")])
def test_what_a_shell_did_not_expand_is_refused(option: str, path: str, what: str, tmp_path: Path) -> None:
    refused = medpfl("simulate", *words(TINY | {"run.output": tmp_path / "run", option: path}), cwd=tmp_path)
    assert refused.code == CONFIG
    assert f"{option}={path}: {what} is not expanded here: write the whole path" in refused.err
    assert not list(tmp_path.iterdir())
