"""What a study says of the MedPFL paper's claims, as sentences made of its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .intervals import interval_of_mean, signed_interval
from .report import interval
from .scores import METRICS
from .settings import NONE
from .study import Cell, preset, state, strongest, verdict_of_round
from .verdicts import LEAKS
from .words import number, small_share

IDENTIFIED = next(metric for metric in METRICS if metric.key == "identified")
_BADLY = 0.5
"""The share of identified images from which on, in the whole interval, images leak badly."""
NOT_MEASURED = "not measured"
MEASURED = "measured"


class Claim(NamedTuple):
    """A claim and what became of it."""

    text: str
    word: str
    """holds, fails, depends on ..., not shown, NOT_MEASURED, or of a question MEASURED"""
    numbers: list[str]
    """the numbers that say so, a line each"""


def share(row: object | None) -> str:
    """ "53 % (40 – 66)" of a row that has `identified` and its limits; a dash for None."""
    if row is None:
        return "–"
    spread = interval(row, IDENTIFIED)
    return number(row["identified"], "%") + (f" ({spread})" if spread else "")


def where(cell: Cell, round_: int) -> str:
    """ "brain, `gaussian scale=1`, after 2 rounds" """
    defense = "" if cell.defense == NONE else f", `{cell.defense}`"
    return f"{cell.data}{defense}, {state(round_)}"


def _leaks_badly(cells: Sequence[Cell]) -> Claim:
    found = [
        (where(cell, r), best)
        for cell in cells
        if cell.defense == NONE
        for r in cell.rounds
        if (best := strongest(cell, r)) is not None
    ]
    lows = [best["identified_low"] for _, best in found]
    word = NOT_MEASURED
    if lows:
        word = "holds" if min(lows) >= _BADLY else "depends on images and network" if max(lows) >= _BADLY else "fails"
    return Claim(
        "Medical images leak badly under gradient inversion.",
        word,
        [f"{place}: {share(best)} identified" for place, best in found],
    )


def _is_noise(cell: Cell) -> bool:
    return cell.defense.split(" ")[0] in ("gaussian", "laplace")


def _noise_does_not_always_protect(cells: Sequence[Cell]) -> Claim:
    noisy = [cell for cell in cells if _is_noise(cell)]
    numbers = [
        f"{cell.data}, `{cell.defense}`: "
        + "; ".join(
            f"{state(r)} {share(strongest(cell, r))} identified, {verdict_of_round(cell, r).word}" for r in cell.rounds
        )
        for cell in noisy
    ]
    leaking = any(verdict_of_round(cell, r).word == LEAKS for cell in noisy for r in cell.rounds)
    return Claim(
        "Random noise does not always protect.",
        NOT_MEASURED if not noisy else "holds" if leaking else "not shown",
        numbers,
    )


def _at_chance(cell: Cell, round_: int) -> bool:
    """Whether attacks found nothing above chance; which is no proof of protection, unlike the verdict."""
    best = strongest(cell, round_)
    return best is not None and best["identified_low"] <= best["chance"]


def _protection_costs(cells: Sequence[Cell]) -> Claim:
    open_models = {cell.data: cell for cell in cells if cell.defense == NONE}
    numbers, lost_some, lost_none = [], False, False
    for cell in cells:
        base = open_models.get(cell.data)
        hidden = [r for r in cell.rounds if _at_chance(cell, r)]
        if base is None or cell.defense == NONE or not hidden or len(base.accuracies) != len(cell.accuracies):
            continue
        lost = np.array(base.accuracies) - np.array(cell.accuracies)
        dear = interval_of_mean(lost)[1] > 0
        lost_some, lost_none = lost_some or dear, lost_none or not dear
        told = "; ".join(f"{state(r)} {share(strongest(cell, r))}, {verdict_of_round(cell, r).word}" for r in hidden)
        numbers.append(
            f"{cell.data}, `{cell.defense}`: nothing above chance is identified ({told}). Balanced accuracy is "
            f"{number(float(np.mean(cell.accuracies)), '%')} (chance {number(cell.chance, '%')}); the defense costs {signed_interval(lost)}"
        )
    word = "depends on the defense" if lost_some and lost_none else "holds" if lost_some else "not shown"
    return Claim(
        "Risk and mitigation must be measured together, because protection costs accuracy.",
        word if numbers else NOT_MEASURED,
        numbers,
    )


def _where_noise_hides(cells: Sequence[Cell]) -> Claim:
    """The least noise under which the interval of the strongest attack reaches down to chance."""
    numbers = []
    scaled = [cell for cell in cells if cell.defense.startswith("gaussian") and math.isfinite(cell.relative_noise)]
    for data in dict.fromkeys(cell.data for cell in scaled):
        mine = sorted((cell for cell in scaled if cell.data == data), key=lambda cell: cell.relative_noise)
        for round_ in sorted({r for cell in mine for r in cell.rounds}):
            hidden = next((cell for cell in mine if _at_chance(cell, round_)), None)
            if hidden is None:
                numbers.append(f"{data}, {state(round_)}: at no noise up to {mine[-1].relative_noise:g} of the norm")
                continue
            best = strongest(hidden, round_)
            numbers.append(
                f"{data}, {state(round_)}: at noise of {hidden.relative_noise:g} of the norm {share(best)} are identified, chance "
                f"{small_share(best['chance'])}; balanced accuracy is {number(float(np.mean(hidden.accuracies)), '%')}"
            )
    return Claim(
        "At which noise does identification fall to what chance gives?",
        MEASURED if numbers else NOT_MEASURED,
        numbers,
    )


def _single_attacks_mislead(cells: Sequence[Cell]) -> Claim:
    """Whether attacks at their defaults identify clearly less than the strongest on the same messages."""
    numbers, less = [], False
    for cell in cells:
        for round_ in cell.rounds:
            best = strongest(cell, round_)
            if best is None or cell.defense != NONE:
                continue
            single = [
                (method, row)
                for method in dict.fromkeys(cell.presets["method"])
                if (row := preset(cell, round_, method)) is not None
            ]
            less = less or any(row["identified_high"] < best["identified_low"] for _, row in single)
            told = ", ".join(f"`{method}` {share(row)}" for method, row in single)
            numbers.append(f"{where(cell, round_)}: the strongest {share(best)}; {told}")
    return Claim(
        "A single attack at its defaults, with the same budget, tells less than what leaks.",
        NOT_MEASURED if not numbers else "holds" if less else "not shown",
        numbers,
    )


def _success_rate_misleads(cells: Sequence[Cell]) -> Claim:
    """Whether the share at SSIM of 0.9 or more is below the interval of the share identified, for the strongest attack, wherever
    messages leak."""
    rates = []
    for cell in cells:
        for round_ in cell.rounds:
            best = strongest(cell, round_)
            mine = cell.attacks[(cell.attacks["round"] == round_) & (cell.attacks["part"] != "preset")]
            mine = mine if best is None else mine[mine["attack"] == best["method"]]
            if best is not None and len(mine) and verdict_of_round(cell, round_).word == LEAKS:
                rates.append((float(mine["ssim_90"].iloc[0]), best, where(cell, round_)))
    below = [
        (best["identified"] - rate, rate, best, place) for rate, best, place in rates if rate < best["identified_low"]
    ]
    numbers = []
    if below:
        _, rate, best, place = max(below, key=lambda one: one[0])
        numbers = [
            f"Of {len(rates)} cells and states that leak, the rate is below the interval of the share identified in {len(below)}",
            f"the widest gap: {place}, {number(rate, '%')} by SSIM ≥ 0.9, {share(best)} identified",
        ]
    word = "fails" if not below else "holds" if len(below) == len(rates) else "depends on defense and network"
    return Claim(
        "A success rate by SSIM ≥ 0.9, the paper's, understates what is recognized.",
        word if rates else NOT_MEASURED,
        numbers,
    )


CLAIMS: tuple[Callable[[Sequence[Cell]], Claim], ...] = (
    _leaks_badly,
    _noise_does_not_always_protect,
    _where_noise_hides,
    _protection_costs,
    _single_attacks_mislead,
    _success_rate_misleads,
)


def claims(cells: Sequence[Cell]) -> list[Claim]:
    """All claims, of cells of medical images that change nothing of the study's center but the defense."""
    return [of(cells) for of in CLAIMS]
