"""Inverting Gradients (Geiping et al. 2020) in plain PyTorch, to be compared with the program.

1 - cos of the whole gradient plus total variation, by Adam on the sign of the gradient, a tenth of
the rate from 3/8, 5/8 and 7/8 of the iterations on, images projected onto [0, 1].
"""

from __future__ import annotations

import torch


def total_variation(x: torch.Tensor) -> torch.Tensor:
    """Anisotropic."""
    right = (x[..., 1:] - x[..., :-1]).abs().mean()
    return right + (x[..., 1:, :] - x[..., :-1, :]).abs().mean()


def invert(network: torch.nn.Module, observed: list[torch.Tensor], labels: torch.Tensor,
           start: torch.Tensor, iterations: int, tv: float) -> tuple[torch.Tensor, list[float]]:
    """The images of least objective, and the objective at every iteration."""
    weights = list(network.parameters())
    x = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.1)
    marks = [iterations * eighths // 8 for eighths in (3, 5, 7)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, marks, gamma=0.1)
    energy = sum((g * g).sum() for g in observed).sqrt()
    best, kept, trace = float("inf"), start, []
    for _ in range(iterations):
        loss = torch.nn.functional.cross_entropy(network(x), labels)
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
    return kept, trace
