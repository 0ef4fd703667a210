"""Prints the iterates of torch.optim.Adam that adam_test.cpp stores. Needs Python's torch."""

import torch
from reference_lbfgs import N, objective


def main() -> None:
    """One line a step, under the step schedule of 8 iterations: plain, and with the hard sign."""
    for signed in (False, True):
        x = torch.zeros(N, requires_grad=True)
        optimizer = torch.optim.Adam([x], lr=0.1)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5, 7], gamma=0.1)
        for _ in range(8):
            optimizer.zero_grad()
            objective(x).backward()
            if signed:
                x.grad.sign_()
            optimizer.step()
            schedule.step()
            print("{" + ", ".join(f"{v:.8f}F" for v in x.tolist()) + "},")
        print()


if __name__ == "__main__":
    main()
