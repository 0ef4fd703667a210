"""All rows behind a page, as a CSV file beside it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .scores import Metric
from .words import number


def bare(value: float, unit: str = "") -> str:
    """A value as a page shows it, without its unit; nothing for NaN."""
    return "" if np.isnan(value) else number(value, unit).removesuffix(f"\u00a0{unit}")


def scored(row: pd.Series, metric: Metric, name: str) -> dict[str, str]:
    """The cells of one score: `name` with the unit, and the limits of its interval where files have
    one, empty where this file has not."""
    unit = {"dB": "_db", "%": "_percent"}.get(metric.unit, "")
    ends = {f"{name}_{end}": bare(row[limit], metric.unit)
            for end, limit in zip(("low", "high"), metric.limits, strict=False)}
    return {f"{name}{unit}": bare(row[metric.key], metric.unit)} | ends


def write_rows(page: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Writes all rows of a page NAME.md to data/NAME.csv beside it, and returns the file. The
    columns are those of the first row, empty where a row has no such cell."""
    file = page.parent / "data" / f"{page.stem}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]), restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return file
