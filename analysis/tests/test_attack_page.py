"""The page that compares attacks."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from synthetic import put, write_run

from medpfl_analysis import RunFormatError
from medpfl_analysis.__main__ import main
from medpfl_analysis.attack_page import PRIOR, attack_page

SCORES = {"psnr": [10, 18, 22, 40], "ssim": [0.1, 0.5, 0.7, 0.95], "label_inferred": [0, 1, 1, 0],
          "rdlv": [0.0, 0.25, 0.75, 0.9]}


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


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    part = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


def test_a_table_for_each_network_and_batch(tmp_path: Path) -> None:
    """Medians by hand; only what was chosen counts, restarts of 99 dB do not."""
    run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "idlg"))
    run_of(tmp_path / "2", "LeNet", "skin")
    run_of(tmp_path / "10", "LeNet", "brain", batch=4)
    page = attack_page(tmp_path, "some processor")
    assert "some processor" in page and "2026-01-02" in page and "0.1.0 (0123abc)" in page
    assert page.index("LeNet · batch of 1") < page.index("LeNet · batch of 4")
    rows = table(page, "LeNet · batch of 1")
    assert [row[:3] for row in rows] == [
        ["`dlg`", "brain", "4"], ["`dlg`", "skin", "4"], ["`idlg`", "brain", "4"],
        [PRIOR, "brain", "4"], [PRIOR, "skin", "4"]]
    shown = [cell.replace("\u00a0", " ").split(" [")[0] for cell in rows[0][3:8]]
    assert shown == ["20.0 dB", "0.60", "25 %", "50 %", "75 %"]
    assert "–" not in "".join(rows[0][3:8]), "four images have no interval"
    assert rows[0][8:13] == ["320", "1.50", "7", "finished", "a"]
    assert len(table(page, "LeNet · batch of 4")) == 2
    assert "a: weights; batch size 1; labels inferred" in page
    assert "at most 300 iterations and 320 evaluations a task" in page


def test_the_oracle_has_a_column_of_its_own(tmp_path: Path) -> None:
    """Last, labeled, and in nothing else: without it only that column changes."""
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    page = attack_page(tmp_path)
    assert table(page, "LeNet · batch of 1")[0][-1] == "20.0\u00a0dB"
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/images/oracle_psnr"][...] = 77
    other = attack_page(tmp_path)
    changed = [(a, b) for a, b in zip(page.splitlines(), other.splitlines(), strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][0].rsplit(" | ", 1)[0] == changed[0][1].rsplit(" | ", 1)[0]
    assert changed[0][1].endswith("| 77.0\u00a0dB |")


def test_the_mean_image_is_scored_like_an_attack(tmp_path: Path) -> None:
    """PSNR from the pixels, SSIM from RDLV: 0.1, 0.4, 0.4, 0.5, median 0.4."""
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    row = table(attack_page(tmp_path), "LeNet · batch of 1")[-1]
    with h5py.File(folder / "run.h5") as file:
        truth, prior = file["attacks/truth"][1::2], file["data/prior"][()]
    psnr = np.median(-10 * np.log10(((truth - prior) ** 2).mean(axis=(1, 2, 3))))
    assert row[0] == PRIOR and row[4] == "0.40" and row[7] == "–"
    assert row[3].startswith(f"{psnr:.1f}")


def test_runs_of_the_same_images_share_the_row_of_the_mean_image(tmp_path: Path) -> None:
    run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg",))
    run_of(tmp_path / "2", "LeNet", "brain", methods=("idlg",))
    rows = table(attack_page(tmp_path), "LeNet · batch of 1")
    assert [row[0] for row in rows] == ["`dlg`", "`idlg`", PRIOR]


def test_failures_and_how_tasks_ended_are_shown(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "1", "LeNet", "brain")
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/tasks/status"][1] = "diverged"
    assert table(attack_page(tmp_path), "LeNet · batch of 1")[0][11] == "1 diverged, 3 finished"


def test_a_malicious_server_is_set_apart(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "1", "Block", "brain")
    with h5py.File(folder / "run.h5", "r+") as file:
        file["attacks/tasks/threat"][...] = "malicious-server"
    assert "**Threat: malicious-server.** Not comparable" in attack_page(tmp_path)


def test_presets_cut_short_are_named(tmp_path: Path) -> None:
    """The run has 300 iterations: fewer than modern has of its own, and as many as dlg."""
    folder = run_of(tmp_path / "1", "LeNet", "brain", methods=("dlg", "modern"))
    assert "cut short" not in attack_page(tmp_path)
    with h5py.File(folder / "run.h5", "r+") as file:
        config = file["config"]
        own = {"attack.dlg.iterations": "300", "attack.modern.iterations": "24000"}
        for name, more in (("option", own.keys()), ("value", own.values()), ("source", own)):
            values = [*config[name].asstr()[()], *more]
            del config[name]
            put(config, name, values)
    page = attack_page(tmp_path)
    assert "**Presets cut short**, with the iterations of their own: `modern` (24,000)." in page


def test_changed_trees_are_named(tmp_path: Path) -> None:
    run_of(tmp_path / "1", "LeNet", "brain")
    folder = run_of(tmp_path / "2", "LeNet", "skin")
    assert "changed trees" not in attack_page(tmp_path)
    with h5py.File(folder / "run.h5", "r+") as file:
        file.attrs["git_sha"] = "0123abc-dirty"
    assert "**1 of 2 runs are of changed trees**" in attack_page(tmp_path)


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
        attack_page(tmp_path)
