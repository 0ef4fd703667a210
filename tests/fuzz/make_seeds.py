#!/usr/bin/python3
"""Small valid files that the fuzzers begin with: make_seeds.py FOLDER makes FOLDER/NAME/SEED for each fuzzer
NAME. Needs PyTorch; result files are made by the program of MEDPFL_BINARY, and not at all without it."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import torch
from PIL import Image
from rewrite import heaps, rewrite

RANDOM = np.random.default_rng(1)
GRAY = RANDOM.integers(0, 256, (8, 8), dtype=np.uint8)
COLORED = RANDOM.integers(0, 256, (8, 8, 3), dtype=np.uint8)

INI = """\ufeff# A configuration.
[run]
name = "a # quoted name"
seed=3
[federation]
clients = 4  # comment
rounds=2
[attack.dlg]
iterations=10
[attack]
method = idlg, dlg
snapshots=1,3
"""

# A federation of a second, and its attack.
TINY = """data.dataset=phantom data.image_size=16 data.phantom.train=12 data.phantom.test=6 model.name=lenet-dlg
federation.clients=2 federation.rounds=2 attack.method=idlg attack.iterations=2 attack.probes=1 attack.targets=probes
output.weights=true output.gradients=all""".split()


def saved(value: object, *, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


def pickle_of(archive: bytes) -> bytes:
    """The pickle in an archive of torch.save."""
    with zipfile.ZipFile(io.BytesIO(archive)) as records:
        return records.read(next(name for name in records.namelist() if name.endswith("data.pkl")))


def safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """A file of safetensors, of float32."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    values = b""
    for name, array in tensors.items():
        begin, values = len(values), values + array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [begin, len(values)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + values


def scripted(net: torch.nn.Module) -> bytes:
    """What torch.jit.save writes."""
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(net), out)
    return out.getvalue()


def image(pixels: np.ndarray, form: str, **options: object) -> bytes:
    """An image file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def images() -> dict[str, dict[str, bytes]]:
    """Seeds of the decoders."""
    palette = io.BytesIO()
    Image.fromarray(COLORED).quantize(16).save(palette, "PNG")
    return {
        "png": {"gray": image(GRAY, "PNG"), "rgb": image(COLORED, "PNG"), "palette": palette.getvalue(),
                "deep": image(GRAY.astype(np.uint16) * 257, "PNG"), "bits": image(GRAY > 100, "PNG"),
                "alpha": image(np.dstack([COLORED, GRAY]), "PNG")},
        "jpeg": {"gray": image(GRAY, "JPEG"), "rgb": image(COLORED, "JPEG"),
                 "progressive": image(COLORED, "JPEG", progressive=True),
                 "subsampled": image(COLORED, "JPEG", subsampling=2, restart_marker_blocks=1)}}


def arrays() -> dict[str, bytes]:
    """Archives of MedMNIST's form, and bare arrays."""
    def npy(array: np.ndarray) -> bytes:
        out = io.BytesIO()
        np.save(out, array)
        return out.getvalue()

    def npz(pixels: np.ndarray, compressed: bool) -> bytes:
        out = io.BytesIO()
        labels = np.arange(len(pixels))[:, None] % 2
        named = {f"{split}_{what}": array for split in ("train", "val", "test")
                 for what, array in (("images", pixels), ("labels", labels))}
        (np.savez_compressed if compressed else np.savez)(out, **named)
        return out.getvalue()

    pixels = {"bytes": np.stack([GRAY, GRAY]), "rgb": np.stack([COLORED, COLORED]),
              "reals": np.stack([GRAY, GRAY]) / np.float32(255), "halves": (np.stack([GRAY, GRAY]) / 255).astype(np.float16),
              "fortran": np.asfortranarray(np.stack([GRAY, GRAY, GRAY])), "big": np.stack([GRAY, GRAY]).astype(">u2")}
    bare = pixels | {"labels": np.arange(3)[:, None], "small_labels": np.arange(3, dtype=np.uint8),
                     "one_hot": np.eye(3, dtype=np.float32)}
    return ({f"{name}.npz": npz(array, compressed=name != "bytes") for name, array in pixels.items()}
            | {f"{name}.npy": npy(array) for name, array in bare.items()})


def digits() -> dict[str, bytes]:
    """The idx files of two images of 2 x 2 pixels."""
    pixels = struct.pack(">IIII", 0x803, 2, 2, 2) + b"abcdefgh"
    labels = struct.pack(">II", 0x801, 2) + b"\0\1"
    return {"images": pixels, "labels": labels, "images.gz": gzip.compress(pixels), "labels.gz": gzip.compress(labels)}


def segment(dtype: str) -> bytes:
    """A file of four rows of eight values, as the program records them."""
    out = io.BytesIO()
    with h5py.File(out, "w", libver=("v108", "v108")) as file:
        file.create_dataset("values", data=np.arange(32, dtype=dtype).reshape(4, 8), chunks=(1, 8),
                            maxshape=(None, 8), fletcher32=True)
    return out.getvalue()


def sealed(data: bytes) -> bytes:
    """A result file with a checksum of its heaps behind it; see run_file_fuzz.cpp."""
    return data + struct.pack("<I", zlib.crc32(b"".join(data[heap] for heap in heaps(data))))


def results(binary: str) -> dict[str, dict[str, bytes]]:
    """Two runs, one of them without an attack, a sweep and a checkpoint."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def command(job: str, output: str, *more: str) -> list[str]:
            options = dict(word.split("=", 1) for word in (*TINY, f"run.output={folder / output}", *more))
            return [binary, job, "--quiet", *(f"--{option}={value}" for option, value in options.items())]

        def run(job: str, output: str, *more: str) -> None:
            subprocess.run(command(job, output, *more), check=True, capture_output=True)
            file = folder / output / ("run.h5" if job == "simulate" else "sweep.h5")
            files[output] = sealed(file.read_bytes())
            rewrite(file, checksums=False)
            files[f"{output}_without_checksums"] = sealed(file.read_bytes())

        (folder / "grid").write_text("[grid]\nrun.seed = 1 | 2\n[none]\n[noise]\ndefense.chain = gaussian\n")
        files: dict[str, bytes] = {}
        run("simulate", "run")
        run("simulate", "noise", "defense.chain=dp-sgd", "attack.method=")
        run("sweep", "sweep", f"grid={folder / 'grid'}")
        stopped = subprocess.Popen(command("simulate", "stopped", "federation.rounds=100000", "checkpoint.every=1"),
                                   stderr=subprocess.DEVNULL)
        checkpoint = folder / "stopped" / "checkpoint.h5"
        while stopped.poll() is None and not checkpoint.is_file():
            time.sleep(0.01)
        stopped.terminate()
        stopped.wait()
        return {"run_file": files, "checkpoint": {"whole": checkpoint.read_bytes()}}


def main() -> None:
    folder = Path(sys.argv[1])
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    state = {"a": torch.ones(2, 2), "b": torch.zeros(4)}
    values = {"ordered": net.state_dict(), "dict": state, "network": net,
              "half": {name: tensor.half() for name, tensor in state.items()},
              "checkpoint": {"epoch": 3, "loss": 0.5, "args": argparse.Namespace(lr=0.1), "best": np.float64(0.5),
                             "names": {"x"}, "state_dict": state, "seed": 2**40}}
    seeds: dict[str, dict[str, bytes]] = {
        "unpickler": {}, "state_dict": {}, "safetensors": {}, **images(), "npz": arrays(), "idx": digits(),
        "ini": {"options": INI.encode(), "lines": INI.replace("\n", "\r\n").encode()},
        "segment": {dtype: segment(dtype) for dtype in ("f4", "f2", "f8")}}
    if binary := os.environ.get("MEDPFL_BINARY"):
        seeds |= results(binary)
    for name, value in values.items():
        seeds["state_dict"][f"{name}.pt"] = saved(value)
        seeds["state_dict"][f"{name}.legacy"] = saved(value, legacy=True)
        seeds["unpickler"][name] = pickle_of(saved(value))
    seeds["state_dict"]["script.pt"] = scripted(net)
    seeds["unpickler"]["script"] = pickle_of(scripted(net))
    seeds["safetensors"]["two"] = safetensors({name: tensor.numpy() for name, tensor in state.items()})
    seeds["safetensors"]["empty"] = safetensors({"a": np.zeros((0, 3))})
    seeds["state_dict"] |= seeds["safetensors"]
    for fuzzer, files in seeds.items():
        (folder / fuzzer).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / fuzzer / name).write_bytes(content)


if __name__ == "__main__":
    main()
