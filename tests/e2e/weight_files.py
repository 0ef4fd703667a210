"""Files of weights, by plain PyTorch and, of safetensors, by hand: those that are read and those that are refused."""

from __future__ import annotations

import argparse
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import torch

Write = Callable[[torch.nn.Module], bytes]
DTYPES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}


class Marked:
    """An object that would make a file if it were unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return open, ("unpickled", "w")


def saved(value: object, *, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


def scripted(net: torch.nn.Module) -> bytes:
    """What torch.jit.save writes."""
    out = io.BytesIO()
    torch.jit.save(torch.jit.trace(net, torch.rand(1, 1, 16, 16)), out)
    return out.getvalue()


def safetensors(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """A file of safetensors, from its rule: length of the header, header, values."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    values = b""
    for name, tensor in tensors.items():
        begin, values = len(values), values + bytes(tensor.contiguous().view(-1).view(torch.uint8).numpy())
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, len(values)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + values


def big_endian(archive: bytes) -> bytes:
    """What torch.save would have written on a machine of the other byte order."""
    # The records are numbered as the tensors stand in the dict.
    widths = [tensor.element_size() for tensor in torch.load(io.BytesIO(archive)).values()]
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        root = old.namelist()[0].split("/")[0]
        for name in old.namelist():
            content = old.read(name)
            if name == f"{root}/byteorder":  # since PyTorch 2
                continue
            if "/data/" in name:
                width = widths[int(name.rsplit("/", 1)[1])]
                content = np.frombuffer(content, f"u{width}").byteswap().tobytes()
            new.writestr(name, content)
        new.writestr(f"{root}/byteorder", b"big")
    return out.getvalue()


def prefixed(net: torch.nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    """The state dict, with a prefix of all names."""
    return {prefix + name: tensor for name, tensor in net.state_dict().items()}


def as_type(net: torch.nn.Module, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The state dict in another type, but for the counters of batches."""
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in net.state_dict().items()}


def lightning(net: torch.nn.Module, prefix: str) -> dict[str, object]:
    """A checkpoint as of PyTorch Lightning, with the state of an optimizer."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1, momentum=0.5)
    return {"epoch": 1, "pytorch-lightning_version": "1.9.0", "state_dict": prefixed(net, prefix), "callbacks": {},
            "optimizer_states": [optimizer.state_dict()], "hyper_parameters": {"names": {"a"}, "betas": (0.9, 0.99)}}


FORMS: dict[str, Write] = {
    "zip": lambda net: saved(net.state_dict()),
    "legacy": lambda net: saved(net.state_dict(), legacy=True),
    "script": scripted,
    "checkpoint": lambda net: saved({"epoch": 3, "loss": 0.25, "state_dict": net.state_dict()}),
    "dict": lambda net: saved({name: tensor.double() for name, tensor in prefixed(net, "module.").items()}),
    "big endian": lambda net: big_endian(saved(net.state_dict())),
    "half": lambda net: saved(as_type(net, torch.float16)),
    "model": lambda net: saved({"model": net.state_dict(), "epoch": 3}),
    "model_state_dict": lambda net: saved({"model_state_dict": net.state_dict(), "epoch": 3}),
    "compiled": lambda net: saved(prefixed(net, "module._orig_mod.")),
    "lightning": lambda net: saved(lightning(net, "model.")),
    "lightning, net": lambda net: saved(lightning(net, "net.")),
    "foreign": lambda net: saved({"args": argparse.Namespace(lr=0.1), "best": np.float64(0.9), "seed": 2**40,
                                  "evil": Marked(), "state_dict": net.state_dict()}),
    "foreign, legacy": lambda net: saved({"args": argparse.Namespace(lr=0.1), "best": np.float64(0.9),
                                          "evil": Marked(), "model": net.state_dict()}, legacy=True),
    "network": saved,
    "safetensors": lambda net: safetensors(net.state_dict()),
    "safetensors, F64": lambda net: safetensors(as_type(net, torch.float64)),
    "safetensors, BF16": lambda net: safetensors(as_type(net, torch.bfloat16)),
}


def with_entry(net: torch.nn.Module, name: str, tensor: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """The state dict, one tensor of it another or, with None, left out."""
    out = dict(net.state_dict())
    del out[name]
    return out if tensor is None else out | {name: tensor}


REFUSED: dict[str, Write] = {
    "is no file of weights": lambda _: b"hello",
    "is empty": lambda _: b"",
    "is damaged": lambda _: b"PK\3\4",
    "is a pointer of Git LFS": lambda _: b"version https://git-lfs.github.com/spec/v1\n",
    "its keys are epoch, generator, optimizer": lambda net: saved(
        {"epoch": 3, "generator": net.state_dict(), "optimizer": {}}),
    "none of torch.save": lambda net: pickle.dumps({name: tensor.numpy() for name, tensor in net.state_dict().items()}),
    "it ends early": lambda net: saved(net.state_dict(), legacy=True)[:-100],
    "1 with NaN or infinity: fc.bias": lambda net: saved(with_entry(net, "fc.bias", torch.full((4,), torch.inf))),
    "1 not of floating-point numbers: fc.bias (Long)": lambda net: saved(
        with_entry(net, "fc.bias", torch.zeros(4, dtype=torch.int64))),
    "of another shape: fc.bias (5 in the file, 4 in the network)": lambda net: safetensors(
        with_entry(net, "fc.bias", torch.zeros(5))),
    "1 missing: fc.bias": lambda net: safetensors(with_entry(net, "fc.bias", None)),
    "and the file has": lambda net: safetensors(net.state_dict())[:-4],
}
