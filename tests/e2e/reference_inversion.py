"""Inverting Gradients (Geiping et al. 2020) in plain PyTorch, to be compared with the program.

1 - cos of the whole gradient plus total variation, by Adam on the sign of the gradient, a tenth of
the rate from 3/8, 5/8 and 7/8 of the iterations on, images projected onto [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import torch


def convnet(weights: list[torch.Tensor], images: torch.Tensor, groups: list[int]) -> torch.Tensor:
    """Logits of convolution, group norm, ReLU, 2 px pooling, repeated, and a dense layer."""
    x = images
    for i, parts in enumerate(groups):
        weight, bias, scale, shift = weights[4 * i : 4 * i + 4]
        x = torch.nn.functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        x = torch.relu(torch.nn.functional.group_norm(x, parts, scale, shift))
        x = torch.nn.functional.max_pool2d(x, 2)
    return x.flatten(1) @ weights[-2].T + weights[-1]


def total_variation(x: torch.Tensor) -> torch.Tensor:
    """Anisotropic."""
    right = (x[..., 1:] - x[..., :-1]).abs().mean()
    return right + (x[..., 1:, :] - x[..., :-1, :]).abs().mean()


def invert(network: Callable[[list[torch.Tensor], torch.Tensor], torch.Tensor],
           weights: list[torch.Tensor], observed: list[torch.Tensor], label: int,
           start: torch.Tensor, iterations: int, tv: float) -> tuple[torch.Tensor, list[float]]:
    """The images of least objective, and the objective at every iteration."""
    weights = [w.detach().clone().requires_grad_() for w in weights]
    x = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.1)
    marks = [iterations * eighths // 8 for eighths in (3, 5, 7)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, marks, gamma=0.1)
    energy = sum((g * g).sum() for g in observed).sqrt()
    best, kept, trace = float("inf"), start, []
    for _ in range(iterations):
        loss = torch.nn.functional.cross_entropy(network(weights, x), torch.tensor([label]))
        own = torch.autograd.grad(loss, weights, create_graph=True)
        product = sum((a * b).sum() for a, b in zip(own, observed, strict=True))
        norm = sum((a * a).sum() for a in own).sqrt()
        objective = 1 - product / (norm * energy) + tv * total_variation(x)
        (x.grad,) = torch.autograd.grad(objective, [x])
        trace.append(objective.item())
        if trace[-1] < best:
            best, kept = trace[-1], x.detach().clone()
        x.grad.sign_()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    return kept.clamp(0, 1), trace
