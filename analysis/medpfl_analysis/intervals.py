"""Means over networks, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Of Student's distribution: half the interval of 95 % of a mean of so many values, in standard errors."""


def interval_of_mean(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over networks and the limits of its 95 % interval by Student's t; limits are NaN for fewer than 2
    networks or more than 10."""
    mean, n = float(np.mean(values)), len(values)
    half = _T_95.get(n, math.nan) * float(np.std(values, ddof=min(1, n - 1))) / math.sqrt(n)
    return mean, mean - half, mean + half


def share_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The same of shares, the limits within [0, 1]."""
    mean, *ends = interval_of_mean(values)
    low, high = np.clip(ends, 0, 1)  # NaN stays NaN
    return mean, float(low), float(high)


def _points(share: float) -> str:
    return str(round(100 * share)).replace("-", "−")


def signed_interval(values: Sequence[float]) -> str:
    """ "12 points (3 to 21)" of shares, over networks."""
    mean, low, high = interval_of_mean(values)
    return f"{_points(mean)} points" + ("" if math.isnan(low) else f" ({_points(low)} to {_points(high)})")
