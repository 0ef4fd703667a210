"""How well the attacks did: one row for each attack, round and kind.

Only reconstructions that the attacker would keep (chosen == 1, by its own objective) are counted.
The true score never selects anything. An interval is shown only where the file has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .hdf5 import RunFormatError
from .run import Run
from .verdicts import Verdict

GROUP = ["method", "round", "kind"]
ALL_ROUNDS = -1
PUBLIC_MEAN, PUBLIC_NEAREST = "public-mean", "public-nearest"
WITHOUT_ATTACK = {
    PUBLIC_MEAN: "no message; the mean public image is taken for each private one",
    PUBLIC_NEAREST: "no message, but the private images, which nobody is told: as an oracle it takes for each the "
                    "public image most like it (least mean squared error). It shows what resembles an image that "
                    "has not leaked",
}
"""The rows of /attacks/summary that are of no attack, and what is known for them."""
AMONG = {"among": "candidates", "by_chance": "chance", "near_duplicated": "near_duplicated"}
"""The columns of a summary that say how hard it is to be identified, and those of /attacks/summary that have
them: the median number of candidates, the probability of it without the messages, and how many images have
near-duplicates among the candidates. NaN where the file lacks them."""
VERDICT = ["verdict", "verdict_reason"]
"""The columns of a summary with the verdict on a row; "" where the file has none."""
_OBSERVATION = ["method", "round", "client", "kind", "probe", "gradient", "knowledge"]


@dataclass(frozen=True)
class Metric:
    """One column of the summary, by the rule that a run's /attacks/summary follows (which holds the
    value; the rule is here for files without it, and for images that are no run's): `statistic` over
    the values of a group's images that are numbers."""

    key: str
    column: str
    """in /attacks/summary"""
    title: str
    unit: str
    """'dB', '%' (the values are shares in [0, 1]) or ''"""
    statistic: Callable[..., np.ndarray]
    values: Callable[[pd.DataFrame], pd.Series]
    """float, one an image or a task; NaN where it does not apply"""
    explanation: str
    per_task: bool = False
    stored_interval: tuple[str, str] | None = None
    """the columns of /attacks/summary with the limits, where the program infers them"""

    @property
    def limits(self) -> tuple[str, ...]:
        """The columns of a summary with the limits; none where no file has them."""
        return (f"{self.key}_low", f"{self.key}_high") if self.stored_interval else ()


def _known(values: pd.Series, known: pd.Series) -> pd.Series:
    return values.astype(float).where(known)


METRICS = (
    Metric("identified", "identified", "Identified", "%", np.mean, lambda f: f["identified"],
           "Share of the images that are identified: the private image is the nearest of the "
           "candidates to the reconstruction, by mean squared error, and more like it (SSIM) than the "
           "mean public image is, which anybody has. The interval counts images of one hospital or message as dependent; that "
           "of one run is about images under its network alone.",
           stored_interval=("identified_low", "identified_high")),
    Metric("psnr", "psnr", "PSNR", "dB", np.median, lambda f: f["psnr"],
           "Peak signal-to-noise ratio, -10 log10 of the mean squared error of pixels in [0, 1], "
           "capped at 100 dB. Above 30 dB an image is close to a copy. Median over images."),
    Metric("ssim", "ssim", "SSIM", "", np.median, lambda f: f["ssim"],
           "Structural similarity of local brightness, contrast and structure (Wang et al. 2004): "
           "1 is a perfect copy, about 0 unrelated. Median over images. A black border alone raises "
           "it, so read it with RDLV."),
    Metric("rdlv", "rdlv", "RDLV", "", np.median, lambda f: f["rdlv"],
           "Relative data leakage value, (SSIM - SSIM of the prior) / SSIM of the prior, the prior "
           "being the mean public image (Das et al. 2023): 0 or less is no better than knowing "
           "what such scans look like. Median over images."),
    Metric("psnr_20", "success_psnr_20", "PSNR ≥\u00a020\u00a0dB", "%", np.mean, lambda f: f["success_psnr_20"],
           "Share of the images at a threshold that studies call recognizable; the mean public image "
           "passes it for some, too."),
    Metric("asr_50", "success_ssim_50", "SSIM ≥\u00a00.5", "%", np.mean, lambda f: f["success_ssim_50"],
           "Attack success rate at a loose threshold, which tells no recovery: the mean public image "
           "alone passes it for 69 % of chest X-rays and 44 % of melanomas."),
    Metric("asr_70", "success_ssim_70", "SSIM ≥\u00a00.7", "%", np.mean, lambda f: f["success_ssim_70"],
           "Attack success rate at a middle threshold."),
    Metric("asr_90", "success_ssim_90", "SSIM ≥\u00a00.9", "%", np.mean, lambda f: f["success_ssim_90"],
           "Attack success rate at a strict threshold: nearly a copy."),
    Metric("label_accuracy", "label_accuracy", "Labels right", "%", np.mean,
           lambda f: _known(f["label_found"], f["label_inferred"] >= 0),
           "Share of the images whose diagnosis the attacker worked out, or was given (see what "
           "the attacker knew). In a batch it does not matter which image has which diagnosis."),
    Metric("rank_1", "reidentified", "Re-identified", "%", np.mean,
           lambda f: _known(f["rank_of_truth"] == 0, f["rank_of_truth"] >= 0),
           "Share of the reconstructions whose nearest neighbor, among all images of that "
           "hospital, is the true image: enough to pick the patient out."),
    Metric("objective", "objective", "Attacker's objective", "", np.median, lambda f: f["objective"],
           "What the attack minimizes, and all that it chooses its restarts by: the distance of "
           "gradients and weighted priors, or a closed form's own criterion. It can be compared "
           "only between runs of the same attack. Median over attacks.", per_task=True),
    Metric("matching_loss", "matching_loss", "Gradient distance", "", np.median, lambda f: f["matching_loss"],
           "How far the gradient of the reconstruction is from the observed one, by the attack's "
           "own measure and without its priors; none for closed forms. Median over attacks.",
           per_task=True),
)
COSTS = (
    Metric("evaluations", "evaluations", "Evaluations", "", np.median, lambda f: f["evaluations"],
           "Evaluations of the objective. Median over attacks.", per_task=True),
    Metric("seconds", "seconds", "Seconds", "", np.median, lambda f: f["seconds"],
           "Wall time of a task. Median over attacks.", per_task=True),
)


def chosen_images(images: pd.DataFrame) -> pd.DataFrame:
    """Rows of `Run.images_with_tasks()` that the attacker would keep; row labels unchanged.

    Raises ValueError if two tasks are chosen for one observation and method, which would count an
    image twice.
    """
    chosen = images[images["chosen"] == 1]
    twice = chosen.groupby(_OBSERVATION)["task"].nunique()
    if len(twice) and twice.max() > 1:
        raise ValueError(
            f"{int((twice > 1).sum())} observations have several chosen tasks, e.g. "
            f"{dict(zip(_OBSERVATION, twice.idxmax(), strict=True))}; the file is damaged"
        )
    return chosen


def attack_groups(chosen: pd.DataFrame) -> list[tuple[tuple[str, int, str], pd.DataFrame]]:
    """The images of each (method, round, kind): what hospitals really send first, then probes."""
    return sorted(chosen.groupby(GROUP, sort=True), key=lambda one: one[0][GROUP.index("kind")] == "probe")


def summarize_run(
    run: Run, metrics: Sequence[Metric] = METRICS, all_rounds: bool = False
) -> pd.DataFrame:
    """As summarize(), of a run's attacks: values and intervals are those of /attacks/summary.
    `all_rounds`: over all rounds together, as round ALL_ROUNDS.

    Files of schema 1.0 have no summary; their values are made by the same rule. Raises RunFormatError
    where the summary lacks an attack.
    """
    chosen = chosen_images(run.images_with_tasks())
    made = _score(chosen.assign(round=ALL_ROUNDS) if all_rounds else chosen, metrics)
    if run.summary is None or len(made) == 0:
        return made
    stored = run.summary.set_index(GROUP)
    keys = list(made[GROUP].itertuples(index=False, name=None))
    absent = [key for key in keys if key not in stored.index]
    if absent or stored.index.duplicated().any():
        raise RunFormatError(f"{run.path}: /attacks/summary has not one row for each attack "
                             f"({absent[:3]}); the file is damaged")
    rows = stored.loc[keys]
    for metric in metrics:
        made[metric.key] = rows[metric.column].to_numpy()
        for limit, column in zip(metric.limits, metric.stored_interval or (), strict=True):
            made[limit] = rows[column].to_numpy()
    told = {name: rows[name].fillna("").to_numpy() for name in VERDICT}
    among = {name: rows[column].to_numpy(dtype=float) for name, column in AMONG.items()}
    return made.assign(bound=rows["identified_bound"].to_numpy(dtype=float), **among, n=rows["images"].to_numpy(), tasks=rows["tasks"].to_numpy(),
                       diverged=rows["diverged"].to_numpy(), vanished=rows["vanished"].to_numpy(), **told)


def by_strength(summary: pd.DataFrame) -> pd.DataFrame:
    """The rows of a summary, the attack that identifies most first: by the lower limit of the share, then by the share."""
    return summary.sort_values(["identified_low", "identified"], ascending=False, kind="stable", na_position="last")


def verdict_of(row: pd.Series) -> Verdict:
    """The verdict on one row of a summary."""
    return Verdict(*(row[name] for name in VERDICT))


def without_attack(run: Run) -> pd.DataFrame:
    """What the public images of WITHOUT_ATTACK score on the attacked images, in the columns of
    summarize_run(): rows for all rounds of each kind; none for files before schema 1.3, and none of
    PUBLIC_NEAREST before 1.5."""
    if run.summary is None:
        return summarize_run(run).iloc[:0]
    rows = run.summary[run.summary["method"].isin(list(WITHOUT_ATTACK)) & (run.summary["round"] == ALL_ROUNDS)]
    values = {metric.key: rows[metric.column] for metric in METRICS}
    limits = {limit: rows[column] for metric in METRICS
              for limit, column in zip(metric.limits, metric.stored_interval or (), strict=True)}
    return rows[GROUP].assign(n=rows["images"], hospitals=0, tasks=rows["images"], diverged=0, vanished=0, bound=np.nan,
                              **dict.fromkeys(VERDICT, ""), **{name: rows[column] for name, column in AMONG.items()},
                              knowledge=rows["method"].map(WITHOUT_ATTACK), **values, **limits)


def summarize(images: pd.DataFrame, metrics: Sequence[Metric] = METRICS) -> pd.DataFrame:
    """Scores of each (method, round, kind) over chosen tasks; of a run use summarize_run().

    `images` is `Run.images_with_tasks()`. Columns: method, round, kind, n (images), hospitals (0: sums), tasks,
    diverged (tasks), vanished (tasks on vanished gradients), knowledge (text), bound (what any attack
    is at most expected to identify), those of AMONG and VERDICT, and for each metric `key` and its
    `limits`. Bound, AMONG and limits are NaN here, and verdicts "": only a file has them. Shares are in [0, 1].
    """
    return _score(chosen_images(images), metrics)


def _score(chosen: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    rows = []
    for group, frame in attack_groups(chosen):
        tasks = frame.drop_duplicates("task")
        row = dict(zip(GROUP, group, strict=True))
        row |= {
            "n": len(frame),
            "hospitals": int(tasks.loc[tasks["client"] >= 0, "client"].nunique()),
            "tasks": len(tasks),
            "diverged": int((tasks["status"] == "diverged").sum()),
            "vanished": int((tasks["vanished"] == 1).sum()),
            "knowledge": " | ".join(sorted(tasks["knowledge"].unique())),
            "bound": np.nan,
            **dict.fromkeys(AMONG, np.nan),
            **dict.fromkeys(VERDICT, ""),
        }
        for metric in metrics:
            values = metric.values(tasks if metric.per_task else frame)
            values = values.dropna().to_numpy(dtype=float)
            row[metric.key] = float(metric.statistic(values)) if len(values) else np.nan
            row |= dict.fromkeys(metric.limits, np.nan)
        rows.append(row)
    columns = [*GROUP, "n", "hospitals", "tasks", "diverged", "vanished", "knowledge", "bound", *AMONG, *VERDICT]
    for metric in metrics:
        columns += [metric.key, *metric.limits]
    return pd.DataFrame(rows, columns=columns)
