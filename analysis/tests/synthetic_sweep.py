"""Writes a small sweep folder exactly as docs/file_format.md says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from synthetic import put, put_all, write_run

TEXT = h5py.string_dtype("utf-8")
BASE = {
    "run.name": "demo", "data.dataset": "image-folder", "data.path": "images/brain",
    "federation.clients": "3", "defense.chain": "", "defense.laplace.scale": "0.01",
    "defense.laplace.relative": "absolute", "defense.dp-sgd.sigma": "1",
    "defense.prune.ratio": "0.9", "attack.method": "dlg", "attack.dlg.objective": "l2",
    "attack.iterations": "300",
}
CLAIM = "differential privacy of one image of a hospital; not of probes"


@dataclass
class Point:
    """A point and what its run found; SSIM of the four images of each method."""

    options: dict[str, str]
    ssim: tuple[float, ...] = (0.9, 0.6, 0.6, 0.1)
    accuracy: float = 0.8
    epsilon: float = np.nan
    bound: float = np.nan
    """on the share of identified images"""
    network: str = "above chance"
    """after the last round"""
    rank: tuple[int, ...] = (0, 0, 0, 3)
    block: str = ""
    status: str = "complete"
    error: str = ""
    norms: tuple[float, float] | None = None
    """before and after the first defense of the chain"""
    labels: list[int] = field(default_factory=lambda: [0, 1, 2, 0])


def write_point(folder: Path, point: Point) -> None:
    """The run of one point."""
    options = BASE | point.options
    methods = tuple(name for name in options["attack.method"].split(",") if name)
    write_run(folder, methods=methods, labels=point.labels, gradients=False, restarts=2,
              attacks=bool(methods),
              scores={"ssim": list(point.ssim), "rank_of_truth": list(point.rank)})
    with h5py.File(folder / "run.h5", "r+") as file:
        for name in ("option", "value", "source"):
            del file[f"config/{name}"]
        put(file["config"], "option", list(options))
        put(file["config"], "value", list(options.values()))
        put(file["config"], "source",
            ["command line" if name in point.options else "default" for name in options])
        file["rounds/balanced_accuracy"][-1] = point.accuracy
        for end, change in (("low", -0.125), ("high", 0.125)):
            file[f"rounds/balanced_accuracy_{end}"][-1] = point.accuracy + change
        file["rounds/network"][-1] = point.network
        if methods:
            file["attacks/summary/identified_bound"][...] = point.bound
        write_claim(file, np.array([np.nan, np.nan, point.epsilon]))
        if point.norms:
            group = file.create_group("rounds/defenses")
            group.attrs["chain"] = [f"{options['defense.chain'].split(',')[0]} scale=0.1"]
            group.attrs["forms"] = ["dense"]
            put_all(group, {"round": np.zeros(2, int), "client": np.arange(2),
                            "defense": np.zeros(2, int), "norm_before": np.full(2, point.norms[0]),
                            "norm_after": np.full(2, point.norms[1]), "sparsity": np.zeros(2),
                            "bytes": np.full(2, 80), "bits": np.full(2, 32.0),
                            "form": np.zeros(2, int)}, "update")


def write_claim(file: h5py.File, epsilon: np.ndarray) -> None:
    """The columns of /rounds with a claim; NaN: none is made."""
    group = file["rounds"]
    for name, values in {"epsilon": epsilon, "epsilon_classic": epsilon + 1,
                         "identification_bound": epsilon / 200,
                         "identification_bound_present": epsilon / 100}.items():
        if name in group:
            del group[name]
        put(group, name, values, dims="round")
    claims = bool(np.isfinite(epsilon).any())
    group["epsilon"].attrs["claim"] = CLAIM if claims else "none: no noise"
    if claims:
        group["epsilon"].attrs["delta"], group["epsilon"].attrs["weak_from"] = 1e-5, 20.0
        group["identification_bound"].attrs["candidates"] = 256


def write_sweep(
    folder: Path, points: list[Point], *, status: str = "complete",
    schema: tuple[int, int] = (1, 1), filetype: str = "medpfl-sweep",
    pooled: dict[str, list] | None = None, differences: dict[str, list] | None = None,
) -> Path:
    """Writes folder/sweep.h5 and the runs of the points that are complete; returns folder.

    `pooled` and `differences` have the columns of /pooled and /differences; None: an index without
    them.
    """
    folder.mkdir(parents=True)
    names = [f"points/{i:05d}" for i in range(len(points))]
    for name, point in zip(names, points, strict=True):
        if point.status == "complete":
            write_point(folder / name, point)
    grid = list(dict.fromkeys(name for point in points for name in point.options))
    codes = {"complete": 0, "open": -1, "failed": 3, "interrupted": 75}
    with h5py.File(folder / "sweep.h5", "w") as file:
        file.attrs["filetype"], file.attrs["schema_version"] = filetype, np.array(schema)
        file.attrs["medpfl_version"], file.attrs["git_sha"] = "0.1.0", "0123abc"
        file.attrs["created_utc"], file.attrs["status"] = "2026-01-02T03:04:05Z", status
        put(file.create_group("grid"), "text", "[grid]\ndefense.chain = laplace\n")
        put_all(file.create_group("config"), {
            "option": ["run.seed", "run.name", "federation.rounds"], "value": ["1", "Noise", "3"],
            "source": ["default", "base.ini", "base.ini"]}, "option")
        table = file.create_group("points")
        put_all(table, {"folder": names, "block": [p.block for p in points],
                        "status": [p.status for p in points],
                        "setting": [", ".join(f"{name}={value}" for name, value in p.options.items()
                                              if name != "run.seed" and value) for p in points],
                        "exit_code": np.array([codes[p.status] for p in points]),
                        "error": [p.error for p in points],
                        "seconds": np.arange(len(points)) + 1.5}, "point")
        put_all(table.create_group("options"),
                {name: [p.options.get(name, "") for p in points] for name in grid}, "point")
        if pooled is not None:
            put_all(file.create_group("pooled"), pooled, "pooled")
        if differences is not None:
            put_all(file.create_group("differences"), differences, "difference")
        runs = file.create_group("runs")
        for i, name in enumerate(names):
            if points[i].status == "complete":
                runs[f"{i:05d}"] = h5py.ExternalLink(f"{name}/run.h5", "/")
    return folder


LEAKS = (0.9, 0.6, 0.6, 0.1)
HALF = (0.8, 0.5, 0.2, 0.1)
LOST = (0.2, 0.1, 0.1, 0.0)


def laplace(scale: str, ssim: tuple[float, ...], accuracy: float, **more: object) -> Point:
    options = {"defense.chain": "laplace", "defense.laplace.scale": scale}
    return Point(options | more.pop("options", {}), ssim, accuracy, **more)


def points() -> list[Point]:
    """Nothing, three scales of noise (the middle one also under an adapted attack), dp-sgd."""
    return [
        Point({"defense.chain": ""}, LEAKS, 0.8),
        laplace("0.1", HALF, 0.75, norms=(3.0, 5.0)),
        laplace("1", LOST, 0.5, rank=(1, 2, 3, 4)),
        laplace("0.01", LEAKS, 0.79),
        laplace("0.1", LEAKS, 0.75, options={"attack.dlg.objective": "l1"}, block="adapted"),
        Point({"defense.chain": "dp-sgd", "defense.dp-sgd.sigma": "2"}, LOST, 0.6, epsilon=4.214,
              rank=(1, 1, 1, 1)),
    ]


def seeds() -> list[Point]:
    """No defense, and one setting under two networks."""
    return [Point({"defense.chain": ""}, LEAKS, 0.8),
            *(laplace("1", ssim, accuracy, rank=rank, options={"run.seed": seed})
              for seed, ssim, rank, accuracy in (("1", HALF, (0, 0, 3, 3), 0.5),
                                                 ("2", LOST, (1, 1, 1, 1), 0.7)))]
