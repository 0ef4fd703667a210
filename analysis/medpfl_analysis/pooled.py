"""The settings of a sweep over all networks: points that differ in run.seed alone, as sweep.h5 pools
them."""

from __future__ import annotations

import h5py
import pandas as pd

from .hdf5 import table
from .scores import VERDICT

COLUMNS = (
    "setting method kind claim share low high effective identified_bound epsilon "
    "identification_bound images clusters networks inferred"
).split()
_KEY = ["setting", "method", "kind"]


def read_pooled(sweep: h5py.File) -> pd.DataFrame:
    """One row a setting and attack with the columns COLUMNS; no rows in an index of schema 1.0."""
    return table(sweep.get("pooled"), COLUMNS)


def over_networks(points: pd.DataFrame, pooled: pd.DataFrame, means: list[str]) -> pd.DataFrame:
    """The rows of a sweep's table, those of points that differ in run.seed alone as one row.

    Its share of identified images, the limits, n and the bounds are those of `pooled`; inferred is
    0 where the limits are the range over networks; `means` are means over the points, and all other
    columns those of the first. It has no verdict, because no file has one on several networks.
    `networks` counts the points. A setting that the index does not
    pool, or that has several rounds, keeps its rows.
    """
    known = pooled.set_index(_KEY)
    made = []
    for key, same in points.groupby(_KEY, sort=False):
        shares = known.loc[[key]] if key in known.index else known.iloc[:0]
        if len(same) < 2 or same["round"].nunique() > 1 or len(shares) != 1:
            made.append(same.assign(networks=1, inferred=1))
            continue
        found, one = shares.iloc[0], same.iloc[[0]].copy()
        one[means] = same[means].mean().to_numpy()
        made.append(one.assign(
            identified=found["share"], identified_low=found["low"], identified_high=found["high"],
            n=found["images"], bound=found["identified_bound"], epsilon=found["epsilon"],
            identification_bound=found["identification_bound"], networks=found["networks"],
            **dict.fromkeys(VERDICT, ""),
            inferred=found["inferred"], **{words: " | ".join(sorted({word for cell in same[words] for word in cell.split(" | ")}))
               for words in ("network", "attacked")}))
    return pd.concat(made).sort_index()
