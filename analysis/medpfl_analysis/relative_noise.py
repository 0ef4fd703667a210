"""How large the noise of a run is beside the updates that it hides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .run import Run

_ADDS_NOISE = ("gaussian", "laplace", "fed-sdp", "model-cloak", "personalized-ldp")


def relative_noise(run: Run) -> float:
    """Returns the expected L2 norm of the noise over that of the update it is added to, behind the
    clipping of the same defense: the median over the updates of the attacked rounds (of all
    rounds, without attacks).

    The norm of the noise follows from the configured scale where the scale tells it. Elsewhere it
    follows from the energy that noise adds, ||u + z||^2 - ||u||^2, as the root mean square over
    updates: a cross term in it is nil on average, and NaN is returned where the energy is lost in
    that term. The first defense of the chain that adds noise to updates counts; without one (dp-sgd
    adds noise within training) NaN is returned.
    """
    frame = run.defenses
    kinds = frame["defense"].str.split().str[0] if len(frame) else pd.Series(dtype=str)
    kind = next((name for name in kinds.unique() if name in _ADDS_NOISE), None)
    if kind is None:
        return np.nan
    rows = frame[(kinds == kind) & (frame["norm_before"] > 0)]
    attacked = rows[rows["round"].isin(run.tasks["round"])]
    rows = attacked if len(attacked) else rows
    own = {option.rsplit(".", 1)[-1]: value for option, value in run.config.items()
           if option.startswith(f"defense.{kind}.")}
    before = np.minimum(rows["norm_before"].to_numpy(dtype=float), float(own.get("bound", "inf")))
    entries = float(run.model.get("trainable", run.model["parameters"]))
    deviation = np.sqrt(2) if kind == "laplace" else 1.0
    if own.get("relative") == "norm":
        return deviation * float(own["scale"])
    if own.get("relative") == "absolute":
        return float(np.median(deviation * float(own["scale"]) * np.sqrt(entries) / before))
    if "sigma" in own and own.get("sigma_schedule", "constant") == "constant":
        noise = float(own["sigma"]) * float(own["bound"]) * np.sqrt(entries)
        return float(np.median(noise / before))
    energy = np.mean((rows["norm_after"] ** 2 - before**2) / before**2) if len(rows) else np.nan
    return float(np.sqrt(energy)) if energy > 0 else np.nan
