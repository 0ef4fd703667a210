"""Numbers as pages show them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd


def number(value: float, unit: str = "") -> str:
    """A value as the page shows it: '75 %', '31.2 dB', '0.70', '8.5e-04'; a dash for NaN.

    The unit follows a space that does not break.
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit == "%":
        return f"{100 * value:.0f}\u00a0%"
    if unit == "dB":
        return f"{value:.1f}\u00a0dB"
    return f"{value:.2f}" if 0.01 <= abs(value) < 1000 or value == 0 else f"{value:.1e}"


def small_share(value: float) -> str:
    """A share in percent as verdicts write it: below one percent with a digit behind the point."""
    return f"{100 * value:.1f}\u00a0%" if 0 < value < 0.01 else number(value, "%")


def at_most(probability: float) -> str:
    """A bound in percent, rounded up to one digit behind the point, so that it stays a bound."""
    if math.isnan(probability):
        return "–"
    return f"{min(100.0, math.ceil(1000 * probability) / 10):.1f}\u00a0%"


def counted(number: int, thing: str) -> str:
    """ "1 hospital", "2 hospitals" """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def of_hospitals(row: pd.Series) -> str:
    """ " of 3 hospitals", by the column of that name; "" where these are sums or no attack."""
    hospitals = int(row["hospitals"])
    return f" of {counted(hospitals, 'hospital')}" if hospitals else ""


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def generated(config: Mapping[str, str]) -> bool:
    """Whether the images of a configuration are made by the program, and are nobody's."""
    return config.get("data.dataset") == "phantom"
