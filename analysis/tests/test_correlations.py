"""Rank correlations of the scores over many runs."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import put, write_run
from synthetic_sweep import Point, write_sweep

from medpfl_analysis.__main__ import main
from medpfl_analysis.correlations import correlations, read_reconstructions, spearman

A = [0.3, 0.1, 0.4, 0.1, 0.5, 0.9, 0.2, 0.6, 0.5, 0.3]
B = [2.0, 7, 1, 8, 2, 8, 1, 8, 2, 8]
C = [0.0, 0, 1, 0, 1, 1, 0, 1, 0, 0]
GAPS = [np.nan, 1, 2, 3, 4, np.nan, 5, 4, 3, 9]


def scored(folder: Path, **columns: list[float]) -> Path:
    """A run of schema 1.5 of four images, of which each has two starts."""
    write_run(folder, restarts=2, schema=(1, 5),
              scores={"psnr": [12, 18, 25, 30], "ssim": [0.1, 0.6, 0.5, 0.9], **columns})
    with h5py.File(folder / "run.h5", "r+") as file:
        images = file["attacks/images"]
        put(images, "ms_ssim", images["ssim"][()] ** 2, dims="image")
        put(images, "perceptual_mse", 1 / images["psnr"][()], dims="image")
    return folder


@pytest.mark.parametrize(("a", "b", "n", "value"), [
    (A, B, 10, 0.13471506281091267), (A, C, 10, 0.7530800950958866), (B, C, 10, 0.037267799624996496),
    (A, GAPS, 8, 0.25)])
def test_spearman_is_that_of_scipy(a: list[float], b: list[float], n: int, value: float) -> None:
    """The values are those of scipy.stats.spearmanr 1.17, of the rows where both are numbers."""
    found, rows = spearman(pd.Series(a), pd.Series(b))
    assert rows == n
    assert found == pytest.approx(value, abs=1e-12)
    assert spearman(pd.Series(b), pd.Series(a))[0] == pytest.approx(value, abs=1e-12)
    monotone = np.exp(-np.array(b))
    assert spearman(pd.Series(a), pd.Series(monotone))[0] == pytest.approx(-value, abs=1e-12)


def test_what_does_not_vary_has_no_correlation() -> None:
    flat, values, none = pd.Series([1.0] * 4), pd.Series([1.0, 2, 3, 4]), pd.Series([np.nan] * 4)
    assert np.isnan(spearman(flat, values)[0])
    assert np.isnan(spearman(values, none)[0])
    assert spearman(values, none)[1] == 0
    # It varies, but not where the other is a number.
    assert np.isnan(spearman(pd.Series([1, 1, 1, 2.0]), pd.Series([1, 2, 3, np.nan]))[0])


def test_chosen_reconstructions_alone_are_counted(tmp_path: Path) -> None:
    """Restarts that the attacker did not keep score 99 here."""
    found = read_reconstructions([scored(tmp_path / "run")])
    assert found.scores["psnr"].tolist() == [12, 18, 25, 30]
    assert found.scores["image"].nunique() == 4
    assert not found.left_out
    table = correlations(found.scores).set_index(["score", "other"])
    assert len(table) == 21
    assert set(table["data"]) == {"all"}
    assert (table["n"] == 4).all()
    assert table.loc[("psnr", "ssim"), "spearman"] == pytest.approx(0.8)
    assert table.loc[("ssim", "ms_ssim"), "spearman"] == pytest.approx(1)
    assert table.loc[("psnr", "perceptual_mse"), "spearman"] == pytest.approx(-1)


def test_runs_sweeps_and_older_files_are_taken_together(tmp_path: Path) -> None:
    """Each file once, however often it is named; a file before 1.5 has NaN for the scores that it lacks."""
    scored(tmp_path / "run")
    write_run(tmp_path / "old", schema=(1, 3))
    write_sweep(tmp_path / "sweep", [Point({"defense.laplace.scale": "0.1"}), Point({"defense.laplace.scale": "0.2"})])
    found = read_reconstructions([tmp_path, tmp_path / "run", tmp_path / "run/run.h5"]).scores
    assert found["file"].nunique() == 4
    old = found[found["file"].str.contains("/old/")]
    assert len(old) == 4
    assert old["ms_ssim"].isna().all()
    assert old["ssim"].notna().all()
    table = correlations(found)
    all_of = table[table["data"] == "all"].set_index(["score", "other"])
    assert all_of.loc[("mse", "psnr"), "n"] == len(found)
    assert all_of.loc[("mse", "ms_ssim"), "n"] == 4


def test_data_sets_are_told_apart(tmp_path: Path) -> None:
    for name in ("brains", "chests"):
        scored(tmp_path / name)
        with h5py.File(tmp_path / name / "run.h5", "r+") as file:
            for column, value in {"option": "data.path", "value": f"images/{name}", "source": "command line"}.items():
                del file[f"config/{column}"]
                put(file["config"], column, [value])
    found = read_reconstructions([tmp_path])
    assert found.scores["network"].nunique() == 2
    assert correlations(found.scores)["data"].unique().tolist() == ["all", "brains", "chests"]


def test_the_page_and_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored(tmp_path / "runs/good")
    write_run(tmp_path / "runs/stopped", status="interrupted")
    (tmp_path / "runs/bad").mkdir()
    (tmp_path / "runs/bad/run.h5").write_text("nothing")
    assert main(["correlations", str(tmp_path / "runs"), "--output", str(tmp_path / "page.md")]) == 0
    shown, page = capsys.readouterr().out, (tmp_path / "page.md").read_text(encoding="utf-8")
    for text in (shown, page):
        assert "4 reconstructions, 4 true images, 1 network, 1 file" in text
        assert "| PSNR |  | 0.80 | 0.80 | −1.00 |" in text
        assert "stopped/run.h5: is interrupted" in text
        assert "bad/run.h5" in text
    rows = pd.read_csv(tmp_path / "data/page.csv")
    assert len(rows) == 21
    assert rows.set_index(["score", "other"]).loc[("psnr", "ssim"), "spearman"] == 0.8


def test_a_folder_without_runs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["correlations", str(tmp_path), "--output", str(tmp_path / "page.md")]) == 1
    assert "no run.h5" in capsys.readouterr().err
