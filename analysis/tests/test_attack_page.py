"""The page that compares attacks."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import put, write_run, write_without_attack

from medpfl_analysis import RunFormatError
from medpfl_analysis.__main__ import main
from medpfl_analysis.attack_page import NEAREST, PRIOR, write_attack_page

SCORES = {"psnr": [10, 18, 22, 40], "ssim": [0.1, 0.5, 0.7, 0.95], "label_inferred": [0, 1, 1, 0],
          "rdlv": [0.0, 0.25, 0.75, 0.9], "rank_of_truth": [1, 0, 0, 0]}


def run_of(folder: Path, network: str, data: str, batch: int = 1, **changes: object) -> Path:
    """A run of one cell; two restarts, of which the first scores 99 dB and is not chosen."""
    write_run(folder, scores=SCORES, restarts=2, **changes)
    options = {"run.name": network, "data.path": f"images/{data}", "attack.probe_batch": str(batch),
               "attack.iterations": "300", "attack.max_evaluations": "320",
               "federation.algorithm": "fedsgd"}
    with h5py.File(folder / "run.h5", "r+") as file:
        for name in ("option", "value", "source"):
            del file[f"config/{name}"]
        put(file["config"], "option", list(options))
        put(file["config"], "value", list(options.values()))
        put(file["config"], "source", ["demo.ini"] * len(options))
    return folder


def compared(folder: Path, machine: str = "") -> tuple[str, pd.DataFrame]:
    """The page of a folder, and its rows, as text."""
    page, rows = write_attack_page(folder, folder / "page.md", machine)
    assert rows == folder / "data/page.csv"
    return page.read_text(encoding="utf-8"), pd.read_csv(rows, dtype=str, keep_default_na=False)


def test_a_row_for_each_network_batch_attack_and_data_set(tmp_path: Path) -> None:
    """Medians by hand; only what was chosen counts, restarts of 99 dB do not."""
    run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "idlg"))
    run_of(tmp_path / "2", "LeNet", "skin")
    run_of(tmp_path / "10", "LeNet", "brain", batch=4)
    page, rows = compared(tmp_path, "some processor")
    assert rows[["batch", "attack", "data_set", "images"]].to_numpy().tolist() == [
        ["1", "dlg", "brain", "4"], ["1", "idlg", "brain", "4"], ["1", "dlg", "skin", "4"],
        ["1", PRIOR, "brain", "4"], ["1", PRIOR, "skin", "4"],
        ["4", "dlg", "brain", "4"], ["4", PRIOR, "brain", "4"]]
    first = rows.iloc[0]
    assert first[["network", "psnr_db", "ssim", "ssim_90_percent", "psnr_20_percent", "labels_right_percent"]
                 ].tolist() == ["LeNet", "20.0", "0.60", "25", "50", "75"]
    # 3 of 4 identified, and of the interval what the file has.
    assert first[["identified_percent", "identified_low", "identified_high", "reidentified_percent"]
                 ].tolist() == ["75", "38", "88", "75"]
    assert first[["evaluations", "seconds", "memory_mib", "ended"]].tolist() == ["320", "1.50", "7", "finished"]
    assert first["knowledge"] == "weights; batch size 1; labels inferred"
    assert "some processor" in page and "2026-01-02" in page and "0.1.0 (0123abc)" in page
    assert page.index("LeNet · batch of 1") < page.index("LeNet · batch of 4")
    assert "at most 300 iterations and 320 evaluations a task" in page
    assert "fedsgd, round 0, network untrained" in page
    assert "[data/page.csv](data/page.csv) has all rows" in page


def test_scores_stand_behind_the_images(tmp_path: Path) -> None:
    """Identified images first, with their interval and the verdict."""
    run_of(tmp_path / "1", "LeNet", "brain")
    assert list(compared(tmp_path)[1].columns[5:11]) == [
        "identified_percent", "identified_low", "identified_high", "verdict", "verdict_reason", "reidentified_percent"]


def test_runs_that_judge_no_images(tmp_path: Path) -> None:
    """Of a schema before 1.3: a note, an empty cell, and the attack of highest median SSIM."""
    folder = run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "idlg"))
    assert "not judged" not in compared(tmp_path)[0]
    with h5py.File(folder / "run.h5", "r+") as file:
        summary = file["attacks/summary"]
        for name in [name for name in summary if name.startswith("identified")]:
            del summary[name]
        del file["attacks/images/identified"]
        summary["ssim"][summary["method"].asstr()[()] == "idlg"] = 0.875
    page, rows = compared(tmp_path)
    assert "| brain | 4 | 2 | not judged | – | `idlg` | 0.88 | 0.40 |" in page
    assert 'of a schema before 1.3, which judges no images: they are "not judged" here' in page
    assert rows["identified_percent"].unique().tolist() == [""]
    assert rows["reidentified_percent"].tolist() == ["75", "75", ""]


def test_the_page_has_the_strongest_attack_alone(tmp_path: Path) -> None:
    """Beside the mean image: however many attacks, a line for each data set."""
    folder = run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "idlg"))
    with h5py.File(folder / "run.h5", "r+") as file:
        summary = file["attacks/summary"]
        idlg = summary["method"].asstr()[()] == "idlg"
        summary["identified"][idlg], summary["ssim"][idlg] = 1, 0.25
        summary["identified_low"][idlg], summary["identified_high"][idlg] = 0.4, 1
    page, _ = compared(tmp_path)
    assert [line.replace("\u00a0", " ") for line in page.splitlines() if line.startswith("| brain")] == [
        "| brain | 4 | 2 | 100 % | 40 – 100 | `idlg` | 0.25 | 0.40 |"]


def test_the_oracle_has_a_column_of_its_own(tmp_path: Path) -> None:
    """Without it only that column changes, and the page not at all."""
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    page, rows = compared(tmp_path)
    assert rows["oracle_psnr_db"][0] == "20.0"
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/images/oracle_psnr"][...] = 77
    other, changed = compared(tmp_path)
    assert other == page
    assert changed["oracle_psnr_db"][0] == "77.0"
    assert changed.drop(columns="oracle_psnr_db").equals(rows.drop(columns="oracle_psnr_db"))


def test_the_mean_image_is_scored_like_an_attack(tmp_path: Path) -> None:
    """PSNR from the pixels, SSIM from RDLV: 0.1, 0.4, 0.4, 0.5, median 0.4."""
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    row = compared(tmp_path)[1].iloc[-1]
    with h5py.File(folder / "run.h5") as file:
        truth, prior = file["attacks/truth"][1::2], file["data/prior"][()]
    psnr = np.median(-10 * np.log10(((truth - prior) ** 2).mean(axis=(1, 2, 3))))
    assert row["attack"] == PRIOR and row["ssim"] == "0.40" and row["labels_right_percent"] == ""
    assert row["psnr_db"] == f"{psnr:.1f}" and row["evaluations"] == ""


def test_runs_of_the_same_images_share_the_row_of_the_mean_image(tmp_path: Path) -> None:
    run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg",))
    run_of(tmp_path / "2", "LeNet", "brain", methods=("idlg",))
    page, rows = compared(tmp_path)
    assert rows["attack"].tolist() == ["dlg", "idlg", PRIOR]
    assert len([line for line in page.splitlines() if line.startswith("| brain")]) == 1


def test_failures_and_how_tasks_ended_are_shown(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/tasks/status"][1] = "diverged"
    assert compared(tmp_path)[1]["ended"][0] == "1 diverged, 3 finished"


def test_a_malicious_server_is_set_apart(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "1", "Block", "brain")
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/tasks/threat"][...] = "malicious-server"
    page, rows = compared(tmp_path)
    assert "**Threat: malicious-server.** Not comparable" in page
    assert rows["threat"][0] == "malicious-server"


def test_presets_cut_short_are_named(tmp_path: Path) -> None:
    """The run has 300 iterations: fewer than modern has of its own, and as many as dlg."""
    folder = run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "modern"))
    assert "cut short" not in compared(tmp_path)[0]
    with h5py.File(folder / "run.h5", "r+") as file:
        config = file["config"]
        own = {"attack.dlg.iterations": "300", "attack.modern.iterations": "24000"}
        for name, more in (("option", own.keys()), ("value", own.values()), ("source", own)):
            values = [*config[name].asstr()[()], *more]
            del config[name]
            put(config, name, values)
    page, _ = compared(tmp_path)
    assert "**Presets cut short**, with the iterations of their own: `modern` (24,000)." in page


def test_changed_trees_are_named(tmp_path: Path) -> None:
    run_of(tmp_path / "1", "LeNet", "brain")
    folder = run_of(tmp_path / "2", "LeNet", "skin")
    assert "changed trees" not in compared(tmp_path)[0]
    with h5py.File(folder / "run.h5", "r+") as file:
        file.attrs["git_sha"] = "0123abc-dirty"
    assert "**1 of 2 runs are of changed trees**" in compared(tmp_path)[0]


def test_what_is_not_complete_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_of(tmp_path / "1", "LeNet", "brain")
    run_of(tmp_path / "2", "LeNet", "skin", status="running")
    (tmp_path / "tasks.txt").write_text("a\nb\nc\n")
    page = tmp_path / "page.md"
    assert main(["attacks", str(tmp_path), "--output", str(page)]) == 0
    assert "**Not complete**, so not here: runs 3, 2 (running) of 3." in page.read_text()
    (tmp_path / "1" / "run.h5").unlink()
    assert main(["attacks", str(tmp_path), "--output", str(page)]) == 1
    assert "holds no complete run" in capsys.readouterr().err
    with pytest.raises(RunFormatError, match="holds no complete run"):
        write_attack_page(tmp_path, page)


def test_the_nearest_public_image_is_that_of_the_file(tmp_path: Path) -> None:
    """A row for each data set, with its share; none in files before schema 1.5."""
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    assert NEAREST not in compared(tmp_path)[0]
    write_without_attack(folder)
    page, rows = compared(tmp_path)
    assert rows["attack"].tolist() == ["dlg", PRIOR, NEAREST]
    assert rows.iloc[2][["identified_percent", "identified_low", "identified_high", "labels_right_percent", "verdict"]
                        ].tolist() == ["25", "5", "50", "", ""]
    assert f"The *{NEAREST}* is no attack either." in page and "oracle" in page
