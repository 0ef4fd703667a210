"""Cells of a study, made by hand, and a small folder of one."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import pandas as pd
from synthetic_audit import Stage, write_audit

from medpfl_analysis.study import ATTACK_COLUMNS, Cell

NONE = math.nan


def stage(round_: int, identified: tuple[float, float, float], verdict: str, method: str = "dlg") -> dict:
    """A row of Audit.stages."""
    return {
        "kind": "probe",
        "round": round_,
        "verdict": verdict,
        "verdict_reason": "because",
        "candidate": method,
        "method": method,
        "options": "",
        "images": 40,
        "hospitals": 4,
        "identified": identified[0],
        "identified_low": identified[1],
        "identified_high": identified[2],
        "inferred": 1,
        "chance": 0.01,
        "identified_bound": NONE,
        "undefended": 0.9,
        "reidentified": identified[0],
        "ssim": 0.5,
    }


def cell(
    defense: str,
    *stages: dict,
    accuracies: tuple[float, ...] = (0.7,) * 5,
    presets: tuple[dict, ...] = (),
    data: str = "brain",
    noise: float = NONE,
    change: str = "",
    ssim_90: float = 0.0,
) -> Cell:
    """A cell with these rows."""
    attacks = [(row["method"], "chosen", row["round"], 40, ssim_90, 0.0, 1.0) for row in stages]
    attacks += [(row["method"], "preset", row["round"], 40, 0.0, 0.0, 1.0) for row in presets]
    return Cell(
        1,
        data,
        defense,
        noise,
        {},
        pd.DataFrame(list(stages)),
        pd.DataFrame(list(presets), columns=list(stages[0])),
        pd.DataFrame(attacks, columns=ATTACK_COLUMNS),
        200,
        {"idlg": 300},
        accuracies,
        0.25,
        NONE,
        60,
        120,
        60,
        "0.1.0 (abc)",
        "2026-01-02",
        change,
    )


def write_study(folder: Path) -> Path:
    """Two audits of one set of images, without a defense and with noise, and a third that is still at work; returns folder."""
    folder.mkdir()
    (folder / "tasks.txt").write_text("audit\n" * 3)
    leaks, hides = ("leaks", "at least 25 % are identified"), ("protects", "chance, and most with the defense off")
    write_audit(folder / "1", [Stage("probe", 0, leaks, identified=(0.75, 0.5, 0.875))], leaks, options={"defense.chain": ""})
    write_audit(folder / "2", [Stage("probe", 0, hides, identified=(0, 0, 0.125))], hides, options={
        "defense.gaussian.relative": "norm", "defense.gaussian.scale": "1"})
    write_audit(folder / "3", [Stage("probe", 0, leaks)], leaks, status="running", runs=False)
    for number in ("1", "2"):
        with h5py.File(folder / number / "federation/run.h5", "r+") as file:
            file["data"].attrs["dataset"] = "brain"
    return folder
