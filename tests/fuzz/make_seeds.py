#!/usr/bin/python3
"""Small valid files that the fuzzers begin with: make_seeds.py FOLDER makes FOLDER/PROGRAM/SEED. Needs PyTorch."""

from __future__ import annotations

import argparse
import io
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch


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


def main() -> None:
    folder = Path(sys.argv[1])
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    state = {"a": torch.ones(2, 2), "b": torch.zeros(4)}
    values = {"ordered": net.state_dict(), "dict": state, "network": net,
              "half": {name: tensor.half() for name, tensor in state.items()},
              "checkpoint": {"epoch": 3, "loss": 0.5, "args": argparse.Namespace(lr=0.1), "best": np.float64(0.5),
                             "names": {"x"}, "state_dict": state, "seed": 2**40}}
    seeds: dict[str, dict[str, bytes]] = {"unpickler": {}, "state_dict": {}, "safetensors": {}}
    for name, value in values.items():
        seeds["state_dict"][f"{name}.pt"] = saved(value)
        seeds["state_dict"][f"{name}.legacy"] = saved(value, legacy=True)
        seeds["unpickler"][name] = pickle_of(saved(value))
    seeds["state_dict"]["script.pt"] = scripted(net)
    seeds["unpickler"]["script"] = pickle_of(scripted(net))
    seeds["safetensors"]["two"] = safetensors({name: tensor.numpy() for name, tensor in state.items()})
    seeds["safetensors"]["empty"] = safetensors({"a": np.zeros((0, 3))})
    seeds["state_dict"] |= seeds["safetensors"]
    for program, files in seeds.items():
        (folder / f"{program}_fuzz").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / f"{program}_fuzz" / name).write_bytes(content)


if __name__ == "__main__":
    main()
