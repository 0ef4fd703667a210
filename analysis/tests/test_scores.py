"""Summary numbers by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import write_run

from medpfl_analysis import open_run, summarize
from medpfl_analysis.scores import METRICS, RESAMPLES, bootstrap_interval

SCORES = {"psnr": [10, 18, 22, 40], "ssim": [0.1, 0.5, 0.7, 0.95], "label_inferred": [0, 1, 1, 0],
          "rank_of_truth": [3, 0, 0, 0], "rdlv": [-0.5, 0.1, 0.3, 1.0]}


@pytest.fixture
def images(tmp_path: Path) -> pd.DataFrame:
    """Four images of labels 0, 1, 2, 0; each task has another start, not chosen, of 99 dB."""
    with open_run(write_run(tmp_path / "run", scores=SCORES, restarts=2)) as run:
        return run.images_with_tasks()


def twice(images: pd.DataFrame) -> pd.DataFrame:
    """The same images again, as other images of other tasks: enough for intervals."""
    again = images.assign(task=images["task"] + 100, gradient=images["gradient"] + 100)
    return pd.concat([images, again], ignore_index=True)


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
    row = summarize(twice(images)).iloc[0]
    for key, value in expected.items():
        assert row[key] == pytest.approx(value), key
        assert row[f"{key}_low"] < value < row[f"{key}_high"], key


def test_intervals_repeat_and_do_not_depend_on_other_groups(images: pd.DataFrame) -> None:
    alone = summarize(images)
    other = images.assign(method="cpl", task=images["task"] + 100)
    both = summarize(pd.concat([images, other], ignore_index=True))
    assert list(both["method"]) == ["cpl", "dlg"]
    pd.testing.assert_frame_equal(both.iloc[[1]].reset_index(drop=True), alone)


def test_bootstrap_interval_of_a_share() -> None:
    """60 of 100: the normal approximation is 0.6 -+ 1.96 sqrt(0.6 * 0.4 / 100) = 0.504, 0.696."""
    low, high = bootstrap_interval(np.repeat([1.0, 0.0], [60, 40]), np.mean)
    assert low == pytest.approx(0.504, abs=0.02)
    assert high == pytest.approx(0.696, abs=0.02)


def test_bootstrap_in_pieces_covers_all_resamples() -> None:
    values = np.arange(9001.0)  # more than one piece of resamples
    shapes = []

    def mean(drawn: np.ndarray, axis: int) -> np.ndarray:
        shapes.append(drawn.shape)
        return drawn.mean(axis=axis)

    low, high = bootstrap_interval(values, mean)
    assert len(shapes) > 1
    assert sum(shape[0] for shape in shapes) == RESAMPLES
    assert low < 4500 < high


def test_one_image_has_no_interval(images: pd.DataFrame) -> None:
    row = summarize(images[images["gradient"] == 2]).iloc[0]
    assert row["psnr"] == 22
    assert np.isnan(row["psnr_low"]) and np.isnan(row["psnr_high"])


def test_few_images_have_no_interval(images: pd.DataFrame) -> None:
    row = summarize(images).iloc[0]
    assert row["n"] == 4
    assert all(np.isnan(row[f"{m.key}_{end}"]) for m in METRICS for end in ("low", "high"))
    assert np.isnan(bootstrap_interval(np.arange(4.0), np.mean)).all()
    assert np.isfinite(bootstrap_interval(np.arange(5.0), np.mean)).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_none_or_all_of_the_images_is_not_certain(value: float) -> None:
    """0 of 16 would have the interval [0 - 0]."""
    assert np.isnan(bootstrap_interval(np.full(16, value), np.mean)).all()


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
    row = summarize(twice(images)).iloc[0]
    assert np.isfinite(row["objective_low"]) and row["objective_high"] == np.inf


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
