"""Writes a small audit folder exactly as docs/file_format.md says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from synthetic import ROOT, phantoms, put_all, write_run

NONE = float("nan")
OPTIONS = {"run.seed": ROOT, "data.path": "images/brain", "model.name": "lenet-dlg", "federation.clients": "2",
           "federation.rounds": "3", "federation.partition": "dirichlet", "defense.chain": "gaussian"}


@dataclass
class Stage:
    """What an audit found of the messages of one kind and round; without a method nothing applies."""

    kind: str
    round: int
    verdict: tuple[str, str]
    method: str = "dlg"
    identified: tuple[float, float, float] = (0.5, 0.25, 0.75)
    images: int = 4
    clusters: int = 2
    chance: float = 0.004
    bound: float = NONE
    undefended: float = 0.9
    candidates: tuple[tuple[str, int, float, float], ...] = ()
    """name, public images, share identified and SSIM of each; the first was chosen"""


def write_audit(
    folder: Path, stages: list[Stage], verdict: tuple[str, str], *,
    kinds: dict[str, tuple[str, str]] | None = None, status: str = "complete", minutes: float = 0,
    runs: bool = True, federation: str = "federation", truth: np.ndarray | None = None,
    networks: int = 1, presets: tuple[tuple[str, float], ...] = (), options: dict[str, str] | None = None,
) -> Path:
    """Writes folder/audit.h5 and, with `runs`, the runs of the federation and of the attacks on
    `truth`; returns folder. `kinds` has the verdicts of kinds, those of `verdict` where it lacks
    them; `presets` attacks at their defaults on the first stage with the share that each identified; `options` more of the
    configuration."""
    folder.mkdir(parents=True)
    truth = phantoms(4, 1, 12) if truth is None else truth
    options = OPTIONS | (options or {})
    with h5py.File(folder / "audit.h5", "w") as file:
        root = {"filetype": "medpfl-audit", "schema_version": np.array([1, 1]), "medpfl_version": "0.1.0",
                "git_sha": "0123abc", "created_utc": "2026-01-02T03:04:05Z", "status": status,
                "minutes": minutes, "evaluations_update": 1500, "evaluations_probe": 60,
                "federation": federation, "networks": networks, "classes": 4, "balanced_accuracy": 0.61}
        said = {"": verdict, "_update": verdict, "_probe": verdict}
        said |= {f"_{kind}": found for kind, found in (kinds or {}).items()}
        for kind, (word, reason) in said.items():
            root |= {f"verdict{kind}": word, f"verdict{kind}_reason": reason}
        for name, value in root.items():
            file.attrs[name] = value
        put_all(file.create_group("config"), {
            "option": list(options), "value": list(options.values()),
            "source": ["command line"] * len(options)}, "option")
        write_stages(file, stages, inferred=networks == 1 or networks >= 5)
        write_candidates(file, stages)
        write_presets(file, presets)
        links = file.create_group("runs")
        for stage in stages:
            name = f"round-{stage.round}-{stage.kind}"
            if runs and stage.method:
                write_run(folder / "attack" / name, truth=truth, methods=(stage.method,), schema=(1, 4),
                          gradients=False, rounds=0)
                links[name] = h5py.ExternalLink(f"attack/{name}/run.h5", "/")
    if runs:
        write_run(folder / "federation", attacks=False, gradients=False)
    return folder


def texts(values: list[str]) -> list[str] | np.ndarray:
    """A column of text, also one without rows."""
    return values or np.array([], dtype=h5py.string_dtype("utf-8"))


def write_stages(file: h5py.File, stages: list[Stage], *, inferred: bool) -> None:
    """The table of what was attacked."""
    chosen = [s.candidates[0][0] if s.candidates else "" for s in stages]
    leaks = [s.identified if s.method else (NONE,) * 3 for s in stages]
    put_all(file.create_group("stages"), {
        "kind": texts([s.kind for s in stages]), "round": np.array([s.round for s in stages], int),
        "verdict": texts([s.verdict[0] for s in stages]),
        "verdict_reason": texts([s.verdict[1] for s in stages]), "candidate": texts(chosen),
        "method": texts([s.method for s in stages]),
        "run": texts([f"attack/round-{s.round}-{s.kind}" if s.method else "" for s in stages]),
        "options": texts(["tv=0.1" if s.method else "" for s in stages]),
        "evaluations": np.array([60 for _ in stages], int),
        "images": np.array([s.images for s in stages], int),
        "clusters": np.array([s.clusters for s in stages], int),
        "hospitals": np.array([s.clusters for s in stages], int),
        **{f"identified{end}": np.array([leak[i] for leak in leaks], float)
           for i, end in enumerate(("", "_low", "_high"))},
        "inferred": np.array([int(inferred and bool(s.method)) for s in stages], int),
        "reidentified": np.array([leak[0] for leak in leaks], float),
        "ssim": np.array([leak[0] for leak in leaks], float),
        "chance": np.array([s.chance for s in stages], float),
        "identified_bound": np.array([s.bound for s in stages], float),
        "undefended": np.array([s.undefended for s in stages], float),
        "balanced_accuracy": np.array([0.31 for _ in stages], float)}, "stage")


def write_candidates(file: h5py.File, stages: list[Stage]) -> None:
    """The table of what the rehearsals tried."""
    rows = [(s, place, tried) for s in stages for place, tried in enumerate(s.candidates)]
    put_all(file.create_group("candidates"), {
        "kind": texts([s.kind for s, _, _ in rows]),
        "round": np.array([s.round for s, _, _ in rows], int),
        "candidate": texts([tried[0] for _, _, tried in rows]),
        "method": texts([s.method for s, _, _ in rows]), "options": texts(["tv=0.1" for _ in rows]),
        **{name: np.array([tried[i] for _, _, tried in rows], kind)
           for i, (name, kind) in enumerate((("images", int), ("identified", float), ("ssim", float)), 1)},
        "reidentified": np.array([tried[2] for _, _, tried in rows], float),
        "chosen": np.array([int(place == 0) for _, place, _ in rows], int)}, "candidate")


def write_presets(file: h5py.File, presets: tuple[tuple[str, float], ...]) -> None:
    """The table of single attacks on the updates of round 0."""
    shares = np.array([share for _, share in presets], float)
    put_all(file.create_group("presets"), {
        "kind": texts(["update" for _ in presets]), "round": np.zeros(len(presets), int),
        "method": texts([method for method, _ in presets]), "verdict": texts(["inconclusive" for _ in presets]),
        "verdict_reason": texts(["an attack that fails shows nothing about others" for _ in presets]),
        "images": np.full(len(presets), 20), "hospitals": np.full(len(presets), 2),
        "clusters": np.full(len(presets), 2), "chance": np.full(len(presets), 0.004),
        "identified_bound": np.full(len(presets), NONE), "identified": shares, "identified_low": shares / 2,
        "identified_high": (1 + shares) / 2, "inferred": np.ones(len(presets), int),
        "reidentified": shares, "ssim": shares}, "preset")
