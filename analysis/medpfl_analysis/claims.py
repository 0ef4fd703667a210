"""Words on what is claimed of privacy, beside what leaked; the numbers and the decisions are those of
the files."""

from __future__ import annotations

import pandas as pd

from .run import Run
from .scores import PUBLIC_MEAN, without_attack
from .words import at_most, number

ADJACENCY = ("ε compares what is protected with its absence (add/remove adjacency), not with another "
             "in its place.")
USELESS = "what leaks from a network that nobody would use may differ"
CALLED = ("untrained", "at chance")
"""The words for attacked networks that a reader must know of."""


def weak_epsilon(epsilon: float, weak_from: float) -> str:
    """What stands beside an ε that alone guarantees little, which files say from where on; else ""."""
    return f"From ε {weak_from:g} on, ε alone guarantees little." if epsilon >= weak_from else ""


def privacy_notes(run: Run) -> list[str]:
    """What the run claims by its last round, what that covers, and the bound beside it; nothing
    where nothing is claimed."""
    claim = run.privacy
    if claim is None:
        return []
    made = [f"ε {number(claim.epsilon)} (classic {number(claim.classic)}) at δ {claim.delta:g}: "
            f"{claim.claim}.", ADJACENCY]
    if claim.candidates:
        known = "" if claim.present <= claim.sampled else (
            f", and of at most {at_most(claim.present)} where they know that the image was in every "
            "batch")
        made.append(
            f"Whoever names one image among {claim.candidates} candidates is right with a "
            f"probability of at most {at_most(claim.sampled)}, with all these updates and whatever "
            f"else they know{known} (without updates: {100 / claim.candidates:.1f}\u00a0%).")
    weak = weak_epsilon(claim.epsilon, claim.weak_from)
    if weak:
        made.append(f"{weak} The bound says what it allows." if claim.candidates else weak)
    return made


def duplicate_notes(run: Run) -> list[str]:
    """Which attacked images have near-duplicates among the candidates, a sentence a kind of message
    that has any; nothing for files before schema 1.5."""
    rows = without_attack(run)
    # This row counts each image once.
    rows = rows[(rows["method"] == PUBLIC_MEAN) & (rows["near_duplicated"] > 0)]
    return [f"{int(row['near_duplicated'])} of {row['n']} images of {row['kind']}s have near-duplicates (SSIM of "
            f"{run.near_duplicate_ssim:g} or more) among the candidates: they may be missed, or taken for one "
            "another." for _, row in rows.iterrows()]


def sweep_notes(table: pd.DataFrame) -> list[str]:
    """What the ε of a sweep's rows cover and what stands beside them; nothing where none is
    claimed."""
    claimed = table[table["epsilon"].notna()]
    if claimed.empty:
        return []
    made = [f"ε: {claim}." for claim in claimed["claim"].unique() if claim] + [ADJACENCY]
    if claimed["identification_bound"].notna().any():
        candidates = int(claimed["candidates"].max())
        made.append(
            "At most: no attack is expected to identify more of these images, by the noise that ε "
            f"counts. One of {candidates}: whoever names one image among so many candidates is right "
            f"with at most this probability (without updates: {100 / candidates:.1f}\u00a0%).")
    weak = {weak_epsilon(row["epsilon"], row["weak_from"]) for _, row in claimed.iterrows()} - {""}
    return made + [f"{sentence} The bounds beside it say what it allows." for sentence in weak]
