"""Summary numbers by hand."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from synthetic import write_run

from medpfl_analysis import open_run, summarize, summarize_run
from medpfl_analysis.report import interval
from medpfl_analysis.scores import METRICS

SCORES = {"psnr": [10, 18, 22, 40], "ssim": [0.1, 0.5, 0.7, 0.95], "label_inferred": [0, 1, 1, 0],
          "rank_of_truth": [3, 0, 0, 0], "rdlv": [-0.5, 0.1, 0.3, 1.0]}


@pytest.fixture
def images(tmp_path: Path) -> pd.DataFrame:
    """Four images of labels 0, 1, 2, 0; each task has another start, not chosen, of 99 dB."""
    with open_run(write_run(tmp_path / "run", scores=SCORES, restarts=2)) as run:
        return run.images_with_tasks()


def test_by_hand(images: pd.DataFrame) -> None:
    summary = summarize(images)
    assert len(summary) == 1
    row = summary.iloc[0]
    assert (row["method"], row["round"], row["kind"]) == ("dlg", 0, "probe")
    assert (row["n"], row["tasks"], row["diverged"]) == (4, 4, 0)
    assert row["knowledge"] == "weights; batch size 1; labels inferred"
    expected = {"psnr": 20.0, "ssim": 0.6, "rdlv": 0.2, "psnr_20": 0.5, "asr_50": 0.75,
                "asr_70": 0.5, "asr_90": 0.25, "label_accuracy": 0.75, "rank_1": 0.75, "identified": 0.75,
                "objective": 2.5e-4, "matching_loss": 2.5e-5}
    assert {m.key for m in METRICS} == set(expected)
    for key, value in expected.items():
        assert row[key] == pytest.approx(value), key


def test_groups_do_not_depend_on_other_groups(images: pd.DataFrame) -> None:
    alone = summarize(images)
    other = images.assign(method="cpl", task=images["task"] + 100)
    both = summarize(pd.concat([images, other], ignore_index=True))
    assert list(both["method"]) == ["cpl", "dlg"]
    pd.testing.assert_frame_equal(both.iloc[[1]].reset_index(drop=True), alone)


def test_what_hospitals_really_send_comes_first(images: pd.DataFrame) -> None:
    other = images.assign(kind="update", method="modern", task=images["task"] + 100)
    both = summarize(pd.concat([images, other, images.assign(method="cpl", task=images["task"] + 200)],
                               ignore_index=True))
    assert list(zip(both["kind"], both["method"], strict=True)) == [
        ("update", "modern"), ("probe", "cpl"), ("probe", "dlg")]


def test_an_interval_is_shown_only_if_the_file_has_it(tmp_path: Path) -> None:
    """That of the share of identified images, as stored: also for few images, at 0 % and 100 %."""
    folder = write_run(tmp_path / "run", scores=SCORES, restarts=2)
    with h5py.File(folder / "run.h5", "r+") as file:
        for name, value in (("identified", 0), ("identified_low", 0), ("identified_high", 0.6)):
            file[f"attacks/summary/{name}"][...] = value

    def shown() -> tuple[list[str], list[str]]:
        with open_run(folder) as run:
            summary = summarize_run(run)
        limits = [name for name in summary.columns if name.endswith(("_low", "_high"))]
        return limits, [interval(summary.iloc[0], metric) for metric in METRICS]

    limits = ["identified_low", "identified_high"]
    assert shown() == (limits, ["0 – 60"] + [""] * (len(METRICS) - 1))
    with h5py.File(folder / "run.h5", "r+") as file:
        for name in ("identified", *limits):  # a file of schema 1.2
            del file[f"attacks/summary/{name}"]
    assert shown() == (limits, [""] * len(METRICS))


def test_unknown_labels_and_ranks_do_not_count(images: pd.DataFrame) -> None:
    images.loc[images["gradient"] == 2, ["label_inferred", "rank_of_truth"]] = -1
    row = summarize(images).iloc[0]
    assert row["label_accuracy"] == 1.0
    assert row["rank_1"] == pytest.approx(2 / 3)
    images[["label_inferred", "rank_of_truth"]] = -1
    assert summarize(images)[["label_accuracy", "rank_1"]].isna().all(axis=None)


def test_diverged_task_counts_with_infinite_loss(images: pd.DataFrame) -> None:
    lost = images["gradient"] >= 2
    images.loc[lost, "objective"] = np.inf
    images.loc[lost, "status"] = "diverged"
    row = summarize(images).iloc[0]
    assert (row["n"], row["diverged"]) == (4, 2)
    assert row["objective"] == np.inf


def test_objective_counts_a_batch_once(images: pd.DataFrame) -> None:
    first = images[(images["gradient"] == 0) & (images["chosen"] == 1)]
    row = summarize(pd.concat([images, first, first], ignore_index=True)).iloc[0]
    assert (row["n"], row["tasks"]) == (6, 4)
    assert row["objective"] == pytest.approx(2.5e-4)


def test_two_chosen_restarts_are_refused(images: pd.DataFrame) -> None:
    images["chosen"] = 1
    with pytest.raises(ValueError, match="4 observations have several chosen tasks"):
        summarize(images)


def test_nothing_chosen(images: pd.DataFrame) -> None:
    images["chosen"] = 0
    assert len(summarize(images)) == 0
