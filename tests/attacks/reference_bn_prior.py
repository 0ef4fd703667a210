"""Prints the numbers of network_priors_test.cpp: batch-norm statistics and head features by plain PyTorch hooks."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))
from reference_networks import NETWORKS, tensors


def main() -> None:
    """ResNet-20 of width 2, gray 16 px, 4 classes; all entries are sines, so that both sides know them."""
    for train in (False, True):
        net = NETWORKS["resnet20"](1, 16, 4, width=2).double()
        at = 0
        with torch.no_grad():
            for name, tensor, _ in tensors(net):
                flat = torch.sin(torch.arange(at, at + tensor.numel(), dtype=torch.float64)) * 0.5
                if name.endswith("running_var"):
                    flat = flat + 1
                tensor.copy_(flat.view(tensor.shape))
                at += tensor.numel()
        norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        targets = [(m.running_mean.clone(), m.running_var.clone()) for m in norms]
        seen = []
        for module in norms:
            module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        net.train(train)
        net((torch.sin(torch.arange(2 * 256, dtype=torch.float64) * 0.7).view(2, 1, 16, 16) + 1) / 2)
        total = sum(
            (10 if i == 0 else 1)
            * ((x.mean((0, 2, 3)) - mean).norm() + (x.var((0, 2, 3), unbiased=True) - var).norm())
            for i, (x, (mean, var)) in enumerate(zip(seen, targets))
        )
        print("train" if train else "eval", f"{total.item():.9f}", len(seen))


if __name__ == "__main__":
    main()
