"""The settings of a sweep over all networks: points that differ in run.seed alone, as sweep.h5 pools
and compares them."""

from __future__ import annotations

import h5py
import pandas as pd

from .hdf5 import find, table
from .intervals import share_interval
from .scores import VERDICT

COLUMNS = (
    "setting method kind claim share low high effective identified_bound epsilon "
    "identification_bound images clusters networks inferred"
).split()
DIFFERENCES = (
    "setting against control method kind difference low high inferred effective images clusters "
    "networks unpaired"
).split()
_KEY = ["setting", "method", "kind"]


def read_pooled(sweep: h5py.File) -> pd.DataFrame:
    """One row a setting and attack with the columns COLUMNS, VERDICT and hospitals, which are "" and 0
    in an index of schema 1.1; no rows in one of schema 1.0."""
    return table(find(sweep, "pooled"), COLUMNS, newer=[*VERDICT, "hospitals"]).fillna(
        dict.fromkeys(VERDICT, "") | {"hospitals": 0})


def read_differences(sweep: h5py.File) -> pd.DataFrame:
    """One row a setting and attack with the columns DIFFERENCES; no rows before schema 1.2."""
    return table(find(sweep, "differences"), DIFFERENCES)


def over_networks(points: pd.DataFrame, pooled: pd.DataFrame, means: list[str]) -> pd.DataFrame:
    """The rows of a sweep's table, those of points that differ in run.seed alone as one row.

    Its share of identified images, the limits, n and the bounds are those of `pooled`; inferred is
    0 where the limits are the range over networks; `means` are means over the points, the limits of the balanced
    accuracy those of its mean by Student's t, and all other columns those of the first. `networks` counts the points. The verdict is that of the index on the
    setting, also where it has one point alone, because a run knows no other setting. A setting that
    the index does not pool, or that has several rounds, keeps its rows.
    """
    known = pooled.set_index(_KEY)
    made = []
    for key, same in points.groupby(_KEY, sort=False):
        shares = known.loc[[key]] if key in known.index else known.iloc[:0]
        if same["round"].nunique() > 1 or len(shares) != 1:
            made.append(same.assign(networks=1, inferred=1))
            continue
        found, one = shares.iloc[0], same.iloc[[0]].copy()
        if len(same) < 2:
            told = found[VERDICT].to_dict() if found["verdict"] else {}
            made.append(one.assign(networks=1, inferred=1, **told))
            continue
        one[means] = same[means].mean().to_numpy()
        _, accuracy_low, accuracy_high = share_interval(same["balanced_accuracy"].to_numpy())
        made.append(one.assign(
            identified=found["share"], identified_low=found["low"], identified_high=found["high"],
            n=found["images"], hospitals=found["hospitals"], bound=found["identified_bound"], epsilon=found["epsilon"],
            identification_bound=found["identification_bound"], networks=found["networks"],
            **found[VERDICT].to_dict(),
            balanced_accuracy_low=accuracy_low, balanced_accuracy_high=accuracy_high,
            inferred=found["inferred"], **{words: " | ".join(sorted({word for cell in same[words] for word in cell.split(" | ")}))
               for words in ("network", "attacked")}))
    return pd.concat(made).sort_index()
