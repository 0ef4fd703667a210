"""Prints the iterates of torch.optim.LBFGS that lbfgs_test.cpp stores. Needs Python's torch."""

import torch

N = 8


def objective(x: torch.Tensor) -> torch.Tensor:
    """A convex valley that bends: quadratic terms, and a logarithm that couples all of x."""
    i = torch.arange(N, dtype=torch.float32)
    return (0.25 * (i + 1) * (x - 1) ** 2).sum() + torch.log1p((x * x).sum())


def main() -> None:
    """One line an iterate: one outer call of one inner step, history 3, full steps."""
    x = torch.zeros(N, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=1, history_size=3, line_search_fn=None)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = objective(x)
        value.backward()
        return value

    for _ in range(15):
        optimizer.step(closure)
        print("{" + ", ".join(f"{v:.8f}" for v in x.tolist()) + "},")
    for slope in (1.1e-9, 0.9e-9):
        print(f"slope {slope}: x {flat(slope):.6e}")


def flat(slope: float) -> float:
    """Where one call at the defaults brings 100 variables whose gradient has this square."""
    x = torch.zeros(100, requires_grad=True)
    optimizer = torch.optim.LBFGS([x])

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = (slope / 100) ** 0.5 * x.sum() + 1e-6 * (x * x).sum()
        value.backward()
        return value

    optimizer.step(closure)
    return float(x[0].detach())


if __name__ == "__main__":
    main()
