"""What a study says of sentences that MedPFL's own documents once had and took back, because nobody knew whether they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from .intervals import interval_of_mean, signed_interval
from .settings import NONE
from .study import Cell, state, strongest, verdict_of_round
from .study_claims import NOT_MEASURED, Claim, share, where
from .verdicts import LEAKS, PROTECTS
from .words import number

TAKEN_BACK = "Earlier documents of MedPFL said these, and took them back because nobody knew whether they hold."


def _below(one: pd.Series, other: pd.Series) -> bool:
    """Whether the interval of one share ends below where that of another begins."""
    return one["identified_high"] < other["identified_low"]


def _noise_of_0_3_protects(cells: Sequence[Cell]) -> Claim:
    mine = [cell for cell in cells if cell.relative_noise == 0.3 and not cell.change]
    found = [verdict_of_round(cell, r).word for cell in mine for r in cell.rounds]
    numbers = [f"{where(cell, r)}: {share(strongest(cell, r))} identified, {verdict_of_round(cell, r).word}"
               for cell in mine for r in cell.rounds]
    word = ("fails" if LEAKS in found else "holds" if set(found) == {PROTECTS} else "not shown") if found else NOT_MEASURED
    return Claim("Noise of 0.3 of the gradient's norm protects.", word, numbers)


def _compared(pairs: Sequence[tuple[str, pd.Series | None, str, pd.Series | None]], than: str) -> tuple[str, list[str]]:
    """The word for "the first leaks less" of all pairs of names and rows, the numbers of those where the intervals are apart,
    or of all where they nowhere are, and how many others there are. Pairs that were not both attacked do not count."""
    told = [(f"{name}: {share(one)} identified; {other_name}: {share(other)}", _below(one, other))
            for name, one, other_name, other in pairs if one is not None and other is not None]
    less = [line for line, below in told if below]
    if not told:
        return NOT_MEASURED, []
    if not less:
        return "not shown", [line for line, _ in told]
    others = [f"in {len(told) - len(less)} others the intervals overlap"] if len(less) < len(told) else []
    return f"depends on {than}" if others else "holds", less + others


def _deeper_networks_leak_less(cells: Sequence[Cell]) -> Claim:
    center = {cell.data: cell for cell in cells if cell.defense == NONE and not cell.change}
    pairs = []
    for cell in cells:
        name, base = cell.typed.get("model.name", ""), center.get(cell.data)
        if cell.defense == NONE and name.startswith("resnet") and base is not None:
            pairs += [(f"{where(cell, r)}, {name}, {cell.evaluations} evaluations an image", strongest(cell, r),
                       f"the study's network, {base.evaluations}", strongest(base, r))
                      for r in cell.rounds if r in base.rounds]
    word, numbers = _compared(pairs, "the network")
    return Claim("Deeper networks leak less.", "holds within this budget" if word == "holds" else word, numbers)


def _trained_networks_leak_less(cells: Sequence[Cell]) -> Claim:
    pairs = []
    for cell in cells:
        if cell.change or len(cell.rounds) < 2 or cell.rounds[0] != 0:
            continue
        last = cell.rounds[-1]
        pairs.append((where(cell, last), strongest(cell, last), state(0), strongest(cell, 0)))
    word, numbers = _compared(pairs, "defense and images")
    return Claim("Networks that were trained a little leak less.", word, numbers)


def _pruning_is_overcome_and_mixup_hides_little(cells: Sequence[Cell]) -> Claim:
    numbers, words = [], []
    for chain in ("prune", "mixup"):
        for cell in (cell for cell in cells if cell.defense.split(" ")[0] == chain and not cell.change):
            for r in cell.rounds:
                plain = ", ".join(f"`{row['method']}` {share(row)}" for _, row in cell.presets[cell.presets["round"] == r].iterrows())
                verdict, best = verdict_of_round(cell, r).word, strongest(cell, r)
                words.append(verdict)
                numbers.append(f"{where(cell, r)}: the strongest {share(best)}, {verdict}" + (f"; {plain}" if plain else ""))
    if not words:
        return Claim("Adapted attacks overcome pruning, and mixup hides little.", NOT_MEASURED, [])
    word = "holds" if set(words) == {LEAKS} else "depends on defense and network" if LEAKS in words else "not shown"
    return Claim("Adapted attacks overcome pruning, and mixup hides little.", word, numbers)


def _a_small_epsilon_costs_much(cells: Sequence[Cell]) -> Claim:
    center = {cell.data: cell for cell in cells if cell.defense == NONE and not cell.change}
    numbers, costs = [], []
    for cell in cells:
        base = center.get(cell.data)
        if np.isfinite(cell.epsilon) and not cell.change and base is not None and len(base.accuracies) == len(cell.accuracies):
            lost = np.array(base.accuracies) - np.array(cell.accuracies)
            costs.append(interval_of_mean(lost)[1] > 0)
            numbers.append(f"{cell.data}, ε {number(cell.epsilon)}: it costs {signed_interval(lost)} of "
                           f"{number(float(np.mean(base.accuracies)), '%')}; chance is {number(cell.chance, '%')}")
    word = "holds" if costs and all(costs) else "depends on the images" if any(costs) else "not shown"
    return Claim("A small ε costs accuracy.", word if costs else NOT_MEASURED, numbers)


RETRACTED: tuple[Callable[[Sequence[Cell]], Claim], ...] = (
    _noise_of_0_3_protects,
    _deeper_networks_leak_less,
    _trained_networks_leak_less,
    _pruning_is_overcome_and_mixup_hides_little,
    _a_small_epsilon_costs_much,
)


def retracted(cells: Sequence[Cell]) -> list[Claim]:
    """What became of the sentences, of all cells of medical images."""
    return [of(cells) for of in RETRACTED]
