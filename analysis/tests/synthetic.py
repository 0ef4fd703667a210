"""Writes a small run folder exactly as docs/file_format.md says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

TEXT = h5py.string_dtype("utf-8")
ROOT, SERVER_SEED = "8123456789012345678", "17500000000000000001"  # run.seed, and the server's
METRIC_NAMES = "test_loss accuracy balanced_accuracy auroc f1".split()


def put(group: h5py.Group, name: str, values: Any, unit: str = "1", dims: str = "") -> h5py.Dataset:
    """A dataset with the attributes every dataset has."""
    text = isinstance(values, str) or (isinstance(values, list) and values
                                       and isinstance(values[0], str))
    made = group.create_dataset(name, data=values, dtype=TEXT if text else None)
    made.attrs["description"], made.attrs["unit"], made.attrs["dimensions"] = name, unit, dims
    return made


def put_all(group: h5py.Group, columns: dict[str, Any], dims: str) -> None:
    """Datasets of a table."""
    for name, values in columns.items():
        put(group, name, values, dims=dims)


def phantoms(n: int, channels: int, size: int) -> np.ndarray:
    """float32 [n, channels, size, size]: bright discs with a spot."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    images = np.zeros((n, channels, size, size), dtype=np.float32)
    for i in range(n):
        a, b = rng.uniform(0.3, 0.45, 2)
        u, v = rng.uniform(-0.2, 0.2, 2)
        images[i] = 0.6 * ((x / a) ** 2 + (y / b) ** 2 < 1) + 0.3 * (np.hypot(x - u, y - v) < 0.1)
    return images


def write_run(
    folder: Path,
    *,
    truth: np.ndarray | None = None,
    noise: list[float] | None = None,
    scores: dict[str, list[float]] | None = None,
    methods: tuple[str, ...] = ("dlg",),
    labels: list[int] | None = None,
    class_names: tuple[str, ...] = ("healthy", "lesion", "other"),
    restarts: int = 1,
    rounds: int = 3,
    ranks: int = 2,
    status: str = "complete",
    evaluated: bool = True,
    attacks: bool = True,
    gradients: bool = True,
    schema: tuple[int, int] = (1, 1),
    recorded: str = "all",
    values_type: Any = np.float32,
) -> Path:
    """Writes folder/run.h5 and folder/gradients; returns folder.

    Every method attacks every image of truth [n, C, H, W] (batches of one) with `restarts` starts,
    of which the last is chosen. Pixel noise [n] and the columns `scores` [n] are those of chosen
    tasks; other restarts score 99 dB, so that a reader that counts them is found out.
    """
    truth = phantoms(4, 1, 12) if truth is None else truth.astype(np.float32)
    n, (channels, height, width) = len(truth), truth.shape[1:]
    labels = labels or [i % len(class_names) for i in range(n)]
    noise = noise or list(np.linspace(0.01, 0.5, n))
    parameters, hospitals, classes = 20, 3, len(class_names)
    rng = np.random.default_rng(1)
    (folder / "gradients").mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "run.h5", "w") as f:
        f.attrs["filetype"] = "medpfl-run"
        f.attrs["schema_version"] = np.array(schema)
        f.attrs["medpfl_version"], f.attrs["git_sha"] = "0.1.0", "0123abc"
        f.attrs["server_seed"] = SERVER_SEED
        f.attrs["created_utc"], f.attrs["status"] = "2026-01-02T03:04:05Z", status
        options = {
            "run.name": ("demo", "command line"), "run.seed": (ROOT, "demo.ini"),
            "data.dataset": ("phantom", "demo.ini"), "federation.clients": ("3", "demo.ini"),
            "federation.algorithm": ("fedsgd", "default"), "defense.chain": ("", "default"),
            "attack.method": (",".join(methods), "command line"),
        }
        config = f.create_group("config")
        put(config, "resolved", f"[run]\nname=demo\nseed={ROOT}\n\n[data]\nseed=3\n")
        put_all(config, {"option": list(options), "value": [v for v, _ in options.values()],
                         "source": [s for _, s in options.values()]}, "option")
        environment = f.create_group("environment")
        put_all(environment, {"host": [f"node{r}" for r in range(ranks)],
                              "local_rank": np.zeros(ranks, int), "cpu_set": ["0-3,8"] * ranks,
                              "device": ["cpu"] * ranks, "device_uuid": [""] * ranks,
                              "threads": np.ones(ranks, int),
                              "peak_memory": np.full(ranks, 300 << 20)}, "rank")
        for key, value in {"device": "cpu", "torch": "1.13.0", "mpi": "Open MPI 4.1.4",
                           "hdf5": "1.10.8", "blas_threads": "1"}.items():
            environment.attrs[key] = value
        model = f.create_group("model")
        model.attrs["name"], model.attrs["classes"] = "lenet-dlg", classes
        model.attrs["input_shape"] = np.array([channels, height, width])
        model.attrs["parameters"] = parameters
        put_all(model, {"name": ["conv.weight", "fc.weight"], "offset": np.array([0, 8]),
                        "size": np.array([8, 12]), "shape": ["2x1x2x2", "3x4"]}, "tensor")
        data = f.create_group("data")
        data.attrs["dataset"], data.attrs["class_names"] = "phantom", list(class_names)
        put(data, "prior", truth.mean(axis=0), dims="channel,height,width")
        histogram = np.arange(3, 3 + hospitals * classes).reshape(hospitals, classes)
        clients = f.create_group("clients")
        put(clients, "examples", histogram.sum(axis=1), dims="client")
        put(clients, "class_histogram", histogram, dims="client,class")
        put(clients, "assignment", np.repeat(np.arange(hospitals), histogram.sum(axis=1)))
        classed = [np.repeat(np.arange(classes), h) for h in histogram]
        put(clients, "labels", np.concatenate(classed))
        write_rounds(f.create_group("rounds"), rounds, parameters, evaluated)
        if attacks:
            write_attacks(f.create_group("attacks"), truth, noise, scores or {}, methods, labels,
                          restarts, rng)
        timings = f.create_group("timings")
        phases = ["load", "train", "aggregate", "evaluate", "attack", "write"]
        timings.attrs["phases"] = phases
        seconds = np.array([1.2, 8.0, 0.3, 2.0, 31.0, 0.6]) * np.linspace(1, 1.2, ranks)[:, None]
        put(timings, "seconds", seconds, "s", "rank,phase")
        if gradients:
            write_gradients(f, folder, truth, labels, recorded, values_type)
    return folder


def write_rounds(group: h5py.Group, rounds: int, parameters: int, evaluated: bool) -> None:
    """The table of rounds, the initial evaluation and the weights."""
    r = np.arange(rounds)
    curve = {"test_loss": 1.1 * np.exp(-r / 6) + 0.2, "accuracy": 0.9 - 0.5 * np.exp(-r / 4),
             "balanced_accuracy": 0.85 - 0.5 * np.exp(-r / 4), "auroc": 0.95 - 0.4 * np.exp(-r / 5),
             "f1": 0.84 - 0.5 * np.exp(-r / 4)}
    if not evaluated:
        curve = {name: np.full(rounds, np.nan) for name in curve}
    put_all(group, {"round": r, "participants": np.full(rounds, 3), "arrived": np.full(rounds, 3),
                    "examples": np.full(rounds, 63),
                    "train_loss": 1.2 * np.exp(-r / 5) + 0.1, **curve,
                    "balanced_accuracy_low": curve["balanced_accuracy"] - 0.05,
                    "balanced_accuracy_high": curve["balanced_accuracy"] + 0.05,
                    "network": ["above chance" if evaluated else "not evaluated"] * rounds,
                    "one_class": np.zeros(rounds, int), "update_norm": 1.0 / (1 + r), "bytes": np.full(rounds, 240),
                    "seconds": np.full(rounds, 2.5)}, "round")
    for name in METRIC_NAMES:
        group.attrs[f"initial_{name}"] = 1.4 if name == "test_loss" else 0.33
    group.attrs["chance"] = 1 / 3
    put(group, "weights", np.ones((rounds + 1, parameters), np.float32), dims="round,parameter")


def write_attacks(group, truth, noise, scores, methods, labels, restarts, rng) -> None:
    """Tasks, images, pictures and the trace."""
    n, points, steps = len(truth), 30, 5
    rows = [(m, i, s) for m in range(len(methods)) for i in range(n) for s in range(restarts)]
    total, batch = len(rows), [i for _, i, _ in rows]
    last = np.array([s == restarts - 1 for _, _, s in rows])
    ones = np.ones(total, int)
    put_all(group.create_group("tasks"), {
        "task": np.arange(total), "method": [methods[m] for m, _, _ in rows],
        "gradient": np.array(batch), "round": 0 * ones, "network": ["untrained"] * total, "client": np.array(batch) % 3,
        "kind": ["probe"] * total, "probe": np.array(batch) // 3,
        "restart": np.array([s for _, _, s in rows]), "status": ["finished"] * total,
        "iterations": 300 * ones, "evaluations": 320 * ones, "seconds": 1.5 * ones,
        "gradient_norm": 2.5 * ones, "vanished": 0 * ones, "memory_growth": 7 * 2**20 * ones,
        "objective": np.array([1e-4 * (1 + i) for i in batch]),
        "matching_loss": np.array([1e-5 * (1 + i) for i in batch]), "chosen": last.astype(int),
        "threat": ["honest-but-curious"] * total,
        "knowledge": ["weights; batch size 1; labels inferred"] * total}, "task")
    sigma = np.array(noise)[batch] * (1 + np.array([m for m, _, _ in rows]))
    true = truth[batch]
    spatial = (total, *truth.shape[1:])
    made = np.clip(true + rng.normal(0, 1, spatial) * sigma[:, None, None, None], 0, 1)
    mse = ((made - true) ** 2).mean(axis=(1, 2, 3))
    psnr = -10 * np.log10(mse)
    columns = {"psnr": psnr, "ssim": np.clip((psnr - 8) / 25, 0, 1),
               "label": np.array(labels)[batch], "label_inferred": np.array(labels)[batch],
               "rank_of_truth": (psnr < 15).astype(int), "mse": mse, "rdlv": psnr / 40}
    for name, values in scores.items():
        columns[name] = np.where(last, np.array(values, dtype=float)[batch], 99)
        if columns[name].dtype != np.float64 or name in ("label_inferred", "rank_of_truth"):
            columns[name] = columns[name].astype(int)
    columns["label_found"] = (columns["label_inferred"] == columns["label"]).astype(int)
    columns |= {f"success_ssim_{t}": (columns["ssim"] >= t / 100).astype(int) for t in (50, 70, 90)}
    columns |= {"ssim_public_mean": 0.1 + 0 * psnr, "candidates": 8 * ones,
                "cluster": batch}
    columns["identified"] = ((columns["rank_of_truth"] == 0) & (columns["ssim"] > 0.1)).astype(int)
    columns["success_psnr_20"] = (columns["psnr"] >= 20).astype(int)
    columns |= {f"oracle_{name}": columns[name] + 0.01 for name in ("psnr", "ssim")}
    images = group.create_group("images")
    put_all(images, {"task": np.arange(total), "index": 0 * ones, **columns}, "image")
    write_summary(group, methods)
    images.attrs["ssim_window"] = 11
    put(group, "truth", true, dims="image,channel,height,width")
    put(group, "reconstruction", made.astype(np.float32), dims="image,channel,height,width")
    blend = np.linspace(0, 1, steps) ** 0.5
    start = rng.uniform(0, 1, spatial)
    shots = np.stack([(1 - b) * start + b * made for b in blend], axis=1).astype(np.float32)
    put(group, "snapshots", shots, dims="image,snapshot,channel,height,width")
    put(group, "snapshot_iterations", np.tile(np.arange(steps) * 60, (total, 1)),
        dims="image,snapshot")
    iteration = np.tile(np.arange(points) * 10, (total, 1))
    fall = np.exp(-iteration / 60) + sigma[:, None] ** 3
    objective = 100 * fall * np.exp(rng.normal(0, 0.1, fall.shape))
    iteration[:, -2:], objective[:, -2:] = -1, np.nan
    trace = group.create_group("trace")
    put_all(trace, {"iteration": iteration, "objective": objective}, "task,point")
    put_all(trace.create_group("terms"), {"matching": 0.75 * objective, "tv": 0.25 * objective},
            "task,point")


def write_summary(group: h5py.Group, methods: tuple[str, ...]) -> None:
    """What was chosen, by method, of round 0 and of all (-1); task i has the one image i."""
    keys = [(method, r) for method in sorted(methods) for r in (-1, 0)]
    tasks, images = group["tasks"], group["images"]
    chosen = [(tasks["method"].asstr()[()] == method) & (tasks["chosen"][()] == 1) for method, _ in keys]

    def over(table, name, statistic):
        return np.array([statistic(table[name][()][one]) for one in chosen])

    shares = ("success_psnr_20", "success_ssim_50", "success_ssim_70", "success_ssim_90")
    put_all(group.create_group("summary"), {
        "method": [method for method, _ in keys], "kind": ["probe"] * len(keys),
        "round": np.array([r for _, r in keys]), "images": over(images, "task", len),
        "tasks": over(tasks, "task", len),
        "diverged": over(tasks, "status", lambda status: (status == b"diverged").sum()),
        "vanished": over(tasks, "vanished", np.sum),
        **{name: over(images, name, np.median) for name in ("mse", "psnr", "ssim", "rdlv")},
        **{f"{name}_mean": over(images, name, np.mean) for name in ("psnr", "ssim")},
        **{name: over(images, name, np.mean) for name in shares},
        "label_accuracy": over(images, "label_found", np.mean),
        "identified": over(images, "identified", np.mean),
        "identified_low": over(images, "identified", lambda one: one.mean() / 2),
        "identified_high": over(images, "identified", lambda one: (1 + one.mean()) / 2),
        "identified_effective": over(images, "task", len).astype(float),
        "identified_bound": np.full(len(keys), np.nan),
        "clusters": over(images, "task", len), "candidates": over(images, "candidates", np.median),
        "reidentified": over(images, "rank_of_truth", lambda rank: (rank == 0).mean()),
        **{name: over(tasks, name, np.median) for name in ("objective", "matching_loss", "iterations",
                                                           "evaluations", "seconds")},
    }, "leak")


def write_verdicts(folder: Path, attacks: dict[str, tuple[str, str]], verdict: tuple[str, str]) -> None:
    """Adds to the summary of folder/run.h5 what schema 1.4 says: word and reason of each method, and
    of all messages."""
    with h5py.File(folder / "run.h5", "a") as file:
        group = file["attacks/summary"]
        said = [attacks[method] for method in group["method"].asstr()[()]]
        put_all(group, {"verdict": [word for word, _ in said],
                        "verdict_reason": [reason for _, reason in said]}, "leak")
        group.attrs["verdict"], group.attrs["verdict_reason"] = verdict


def write_without_attack(folder: Path) -> None:
    """Adds to the summary of folder/run.h5 what schema 1.5 says: what public images score on the images of
    the first attack (identified: 0.25 of them, by an oracle), and that 3 images have near-duplicates."""
    with h5py.File(folder / "run.h5", "a") as file:
        file["attacks/images"].attrs["near_duplicate_ssim"] = 0.9
        group = file["attacks/summary"]
        columns = {name: list(one.asstr()[()] if h5py.check_string_dtype(one.dtype) else one[()])
                   for name, one in group.items()}
        count = len(columns["method"])
        columns |= {"near_duplicated": [3] * count, "chance": [0.125] * count}
        first = columns["round"].index(-1)
        for method, share, limits in (("public-mean", np.nan, (np.nan, np.nan)), ("public-nearest", 0.25, (0.05, 0.5))):
            told = {name: values[first] for name, values in columns.items()} | {
                "method": method, "identified": share, "label_accuracy": np.nan, "ssim": 0.5,
                "identified_low": limits[0], "identified_high": limits[1]}
            for name, values in columns.items():
                values.append("" if name.startswith("verdict") else told[name])
        for name in list(group):
            del group[name]
        put_all(group, {name: values if isinstance(values[0], str) else np.array(values)
                        for name, values in columns.items()}, "leak")


def write_gradients(f: h5py.File, folder: Path, truth, labels, recorded: str, dtype: Any) -> None:
    """Two segment files and images.h5 under folder/gradients, and their virtual datasets in f.

    Row r holds r + offset / 100 at each offset of the flat vector; `recorded` is "all" or the name
    of the one tensor in the file, `dtype` what numpy or HDF5 (h5py.h5t) know as a type.
    """
    n, group = len(truth), f.create_group("gradients")
    layers = [layer for layer in (("conv.weight", 0, 8, "2x1x2x2"), ("fc.weight", 8, 12, "3x4"))
              if recorded in ("all", layer[0])]
    name, offset, size, shape = zip(*layers, strict=True)
    offsets = np.concatenate([np.arange(o, o + s) for o, s in zip(offset, size, strict=True)])
    put_all(group.create_group("layers"),
            {"name": list(name), "column": np.cumsum([0, *size[:-1]]), "offset": np.array(offset),
             "size": np.array(size), "shape": list(shape)}, "tensor")
    values = (np.arange(n)[:, None] + offsets / 100).astype(np.float32)
    layout = h5py.VirtualLayout(values.shape, dtype)
    cut = (n + 1) // 2
    for s, part in enumerate((slice(0, cut), slice(cut, n))):
        file_name = f"gradients/segment-{s:05d}.h5"
        with h5py.File(folder / file_name, "w") as segment:
            segment.create_dataset("values", values[part].shape, dtype)[...] = values[part]
        layout[part] = h5py.VirtualSource(file_name, "values", shape=values[part].shape)
    put_virtual(group, "values", layout, "gradient,parameter")
    put_all(group, {"round": np.zeros(n, int), "client": np.arange(n) % 3,
                    "probe": np.arange(n) // 3, "kind": ["probe"] * n,
                    "examples": np.ones(n, int), "steps": np.ones(n, int),
                    "norm": np.linalg.norm(values, axis=1).astype(float), "loss": np.ones(n)},
            "gradient")
    pixels = (truth * 255).round().astype(np.uint8)
    with h5py.File(folder / "gradients/images.h5", "w") as segment:
        segment["images"] = pixels
    layout = h5py.VirtualLayout(pixels.shape, np.uint8)
    layout[...] = h5py.VirtualSource("gradients/images.h5", "images", shape=pixels.shape)
    batches = group.create_group("batches")
    put_virtual(batches, "images", layout, "image,channel,height,width")
    put_all(batches, {"labels": np.array(labels), "index": np.arange(n) * 2,
                      "start": np.arange(n + 1), "image": np.arange(n)[::-1].copy()}, "image")


def put_virtual(group: h5py.Group, name: str, layout: h5py.VirtualLayout, dims: str) -> None:
    """A virtual dataset with the attributes every dataset has."""
    made = group.create_virtual_dataset(name, layout, fillvalue=0)
    made.attrs["description"], made.attrs["unit"], made.attrs["dimensions"] = name, "1", dims
