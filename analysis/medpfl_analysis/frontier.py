"""What a sweep's table says: what leaks to plain and adapted attacks, and up to which scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .claims import USELESS
from .scores import Metric
from .settings import NONE
from .sweep import LEAK
from .words import number

HALF = 0.5
_WEAKER_WHEN_LARGER = ("bound", "epsilon", "keep", "delta")


def epsilon_text(value: float) -> str:
    """"4.21", or "none" where none is claimed."""
    return "none" if np.isnan(value) else number(value)


def panels(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Returns the rows that have attacks, by panel."""
    return list(table[table["method"] != ""].groupby("panel", sort=False))


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows with no defense first, then chains and families in the order of the
    sweep, each from weak to strong."""
    key = pd.DataFrame({
        "defended": rows["chain"] != NONE,
        "chain": pd.factorize(rows["chain"])[0], "family": pd.factorize(rows["family"])[0],
        "scale": rows["scale"].where(~_reversed(rows), -rows["scale"]),
        "point": rows["point"]}, index=rows.index)
    return rows.loc[key.sort_values(list(key), kind="stable").index]


def _reversed(rows: pd.DataFrame) -> pd.Series:
    return rows["scale_option"].str.rsplit(".", n=1).str[-1].isin(_WEAKER_WHEN_LARGER)


def undefended(table: pd.DataFrame, panel: str) -> float:
    """Mean balanced accuracy of the panel's undefended points; NaN where it has none."""
    rows = table[(table["panel"] == panel) & (table["chain"] == NONE)]
    return float(rows.drop_duplicates("point")["balanced_accuracy"].mean())


def by_method(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Returns the rows of a panel by plain method; a method always adapted is in each."""
    plain = rows.loc[~rows["adapted"], "method"]
    foreign = ~rows["method"].isin(plain)
    return [(method, rows[(rows["method"] == method) | foreign]) for method in plain.unique()]


def strongest(rows: pd.DataFrame) -> int:
    """The row with the greatest share of images that leak, of equal ones the one with the highest
    median SSIM; -1 where there is none."""
    return -1 if rows.empty else rows[[LEAK, "ssim"]].fillna(-2).sort_values(
        [LEAK, "ssim"], ascending=False, kind="stable").index[0]


def compare(rows: pd.DataFrame) -> pd.DataFrame:
    """The plain and the strongest adapted attack beside each other, one row a setting and plain
    attack of a panel (and seed, where points differ in nothing else), as ordered(): defense,
    attack, plain (row of `rows`), adapted (row, or -1).

    Strongest as strongest() says, over points that differ only in the attack. An adapted attack of
    a method that has no plain one stands beside the setting's first plain attack.
    """
    made = []
    alike = ["defense", "round", "kind"]
    repeat = rows.groupby([*alike, "method", "options"]).cumcount()
    for _, setting in ordered(rows).groupby([*(rows[key] for key in alike), repeat], sort=False):
        plain, adapted = setting[~setting["adapted"]], setting[setting["adapted"]]
        if plain.empty:
            plain, adapted = setting.iloc[:1], setting.iloc[1:]
        plain = plain.drop_duplicates("method")
        own = set(plain["method"])
        for place, (index, row) in enumerate(plain.iterrows()):
            mine = adapted[(adapted["method"] == row["method"])
                           | (~adapted["method"].isin(own) & (place == 0))]
            made.append({"defense": row["defense"], "attack": row["attack"], "plain": index,
                         "adapted": strongest(mine)})
    return pd.DataFrame(made, columns=["defense", "attack", "plain", "adapted"])


@dataclass(frozen=True)
class Level:
    """A scale of a family: the most that any attack got, and what the model was worth."""

    scale: float
    share: float
    """of the images that leak, by the measure of the sweep"""
    balanced_accuracy: float
    attack: str
    """the one to which most images leak"""
    n: int
    low: float
    """the limits of the share, NaN where the files have none"""
    high: float
    accuracy_low: float
    """the limits of the balanced accuracy, NaN where the files have none"""
    accuracy_high: float


def levels(rows: pd.DataFrame) -> list[Level]:
    """The scales of one family of a panel, from weak to strong; of several points with one scale
    (seeds), the mean of each attack."""
    found = []
    for scale, same in ordered(rows).groupby("scale", sort=False):
        means = same.groupby("attack")[LEAK].mean()
        worst = means.fillna(-1).idxmax()
        rows_of = same[same["attack"] == worst]
        judged = len(rows_of) == 1 and rows_of[LEAK].iloc[0] == rows_of["identified"].iloc[0]
        low, high = rows_of[["identified_low", "identified_high"]].iloc[0] if judged else (np.nan, np.nan)
        accuracies = same.drop_duplicates("point")["balanced_accuracy"]
        alike = accuracies.nunique() == 1
        ends = same[["balanced_accuracy_low", "balanced_accuracy_high"]].iloc[0] if alike else (np.nan, np.nan)
        found.append(Level(
            float(scale), float(means.max()), float(accuracies.mean()), worst,
            int(rows_of["n"].iloc[0]), float(low), float(high), *map(float, ends)))
    return found


def scaled_families(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The families of a panel that were run at two scales or more."""
    families = rows[rows["chain"] != NONE].groupby("family", sort=False)
    return [(family, part) for family, part in families if part["scale"].nunique() > 1]


def findings(table: pd.DataFrame, measure: Metric) -> list[tuple[str, list[str]]]:
    """For each panel sentences: undefended, then for each family with several scales up to where
    half of the images leak by `measure`, and the price; panels without either are left out."""
    made = []
    said = measure.title.lower()
    for title, rows in panels(table):
        panel = rows["panel"].iloc[0]
        base, chance = undefended(table, panel), rows["chance"].iloc[0]
        sentences = []
        bare = rows[rows["chain"] == NONE]
        if len(bare):
            level = levels(bare.assign(scale=0.0))[0]
            sentences.append(
                f"Undefended, {number(level.share, '%')} of the images are {said} ({level.attack}, "
                f"n = {level.n}), at a balanced accuracy of {number(base, '%')}; chance is "
                f"{number(chance, '%')}.")
        if len(bare) and (bare["network"] == "at chance").all():
            sentences.append("The undefended model is at chance: what a defense costs cannot be seen "
                             f"here, and {USELESS}.")
        sentences += [_family_sentence(family, part, base, chance, said)
                      for family, part in scaled_families(rows)]
        if sentences:
            made.append((title, sentences))
    return made


def _family_sentence(family: str, rows: pd.DataFrame, base: float, chance: float, said: str) -> str:
    steps = levels(rows)
    name = rows["scale_option"].iloc[0].rsplit(".", 1)[-1]
    toward = "down to" if _reversed(rows).iloc[0] else "up to"
    leaking = [i for i, step in enumerate(steps) if step.share >= HALF]
    if not leaking:
        return (f"{family}: at no {name} tried are half of the images {said}; the balanced accuracy "
                f"at the weakest, {steps[0].scale:g}, is "
                f"{number(steps[0].balanced_accuracy, '%')}.")
    last = steps[leaking[-1]]
    words = (f"{family}: {toward} {name} {last.scale:g} at least half of the images are {said} "
             f"({number(last.share, '%')} by {last.attack}, n = {last.n}); the balanced accuracy is "
             f"{number(last.balanced_accuracy, '%')} there, {number(base, '%')} undefended, "
             f"{number(chance, '%')} by chance; ")
    if last is steps[-1]:
        return f"{words}no {name} tried keeps it below half."
    price = steps[leaking[-1] + 1]
    return (f"{words}under the attacks tried, which need not be the strongest, fewer than half are "
            f"from {price.scale:g} on, at a balanced accuracy of "
            f"{number(price.balanced_accuracy, '%')}.")


def headline(table: pd.DataFrame, measure: Metric) -> str:
    """How many defended settings leave at least half of the images to leak by `measure`."""
    attacked = table[(table["method"] != "") & (table["chain"] != NONE)]
    if attacked.empty:
        return "No defended point was attacked: this sweep says nothing about defenses"
    worst = attacked.groupby(["panel", "defense"])[LEAK].max()
    bad = int((worst >= HALF).sum())
    said = measure.title.lower()
    if bad == 0:
        return (f"At none of {len(worst)} defended settings are half of the images {said} by the "
                "attacks tried, which does not mean that these protect: another attack may find more")
    return (f"{bad} of {len(worst)} defended settings {'leaves' if bad == 1 else 'leave'} at least half "
            f"of the images {said} by the attacks tried")
