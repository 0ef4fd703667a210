#!/usr/bin/python3
"""Prints the rows of references.hpp: logits, loss gradients and changes of running statistics in plain PyTorch.

Element i of all tensors is made of s(i) in [-1, 1), a hash of i: weights s sqrt(6 / fan-in), the weights and variances
of normalizations 1 + 0.3 s, all else 0.3 s; images 0.5 + 0.5 sin(0.3 i)."""
import math

import numpy as np
import torch
from reference_networks import NETWORKS, tensors
from torch.nn import functional

ROWS = [
    *((name, {}, "eval", shape) for shape in ((3, 32, 4), (1, 28, 2))
      for name in ("lenet-medpfl", "lenet-dlg", "lenet-cpl", "mlp", "convnet-small")),
    *(("convnet", {"width": 8}, mode, (3, 32, 4)) for mode in ("eval", "train")),
    ("convnet", {"width": 8, "norm": "group"}, "train", (1, 28, 2)),
    ("convnet", {"width": 16, "norm": "none"}, "eval", (3, 32, 4)),
    ("resnet18", {}, "eval", (3, 32, 4)),
    *(("resnet18", {"width": 8}, mode, (3, 32, 4)) for mode in ("eval", "train")),
    ("resnet18", {"width": 8, "stem": "7x7"}, "train", (3, 64, 3)),
    ("resnet18", {"width": 8, "norm": "group"}, "train", (1, 28, 2)),
    *(("resnet20", {}, mode, (3, 32, 4)) for mode in ("eval", "train")),
    ("resnet20", {"width": 8, "shortcut": "projection"}, "train", (1, 28, 2)),
    ("vgg11", {"width": 8}, "eval", (3, 32, 4)),
    ("vgg11", {"width": 8, "norm": "batch"}, "train", (3, 64, 4)),
    ("vgg11", {"width": 8, "norm": "group", "hidden": 24}, "eval", (1, 40, 2)),
]


def pattern(first, n):
    """s(first), ..., s(first + n - 1)."""
    x = np.arange(first, first + n, dtype=np.uint64) * 2654435761 & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    x = x * np.uint64(2246822519) & 0xFFFFFFFF
    x ^= x >> np.uint64(13)
    return torch.from_numpy(x.astype(np.float64) / 2**31 - 1)


def fill(net):
    """Gives every tensor its values."""
    index = 0
    for _, tensor, kind in tensors(net):
        s = pattern(index, tensor.numel()).view(tensor.shape)
        index += tensor.numel()
        scale = math.sqrt(6 * tensor.shape[0] / tensor.numel()) if tensor.dim() > 1 else 0.3
        tensor.data.copy_(scale * s + (kind == "scale"))


def numbers(values):
    """As C++ writes a list."""
    return "{" + ", ".join(f"{v:.9g}" for v in values) + "}"


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for name, options, mode, (inputs, side, classes) in ROWS:
        net = NETWORKS[name](inputs, side, classes, **options).train(mode == "train")
        fill(net)
        n = 2 * inputs * side * side
        images = (0.5 + 0.5 * torch.sin(0.3 * torch.arange(n))).view(2, inputs, side, side)
        stored = [t.clone() for k, t, _ in tensors(net) if "running" in k]
        logits = net(images)
        loss = functional.cross_entropy(logits, torch.tensor([0, 1]))
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()))])
        changes = [t - s for t, s in zip((t for k, t, _ in tensors(net) if "running" in k), stored, strict=True)]
        change = torch.cat([c.flatten() for c in changes]) if changes else torch.zeros(0)
        p, s = gradient.numel(), change.numel()
        words = ", ".join(f'{{"{k}", "{v}"}}' for k, v in options.items())
        print(f'{{"{name}", {{{words}}}, "{mode}", {inputs}, {side}, {classes}, {p}, {s}, '
              f"{numbers(logits.flatten().tolist())}, {loss.item():.9g}, {gradient.norm().item():.9g}, "
              f"{numbers(gradient[i].item() for i in (10, p // 2, p - 20, p - 1))}, {change.norm().item():.9g}, "
              f"{numbers(change[i].item() for i in ((0, s // 2, s - 1) if s else ()))}}},")


if __name__ == "__main__":
    main()
