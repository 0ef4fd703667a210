#!/usr/bin/python3
"""Prints the numbers of forward_test.cpp: logits and loss gradients of the five networks in plain PyTorch.

Weights follow 0.3 sin(0.7 i + 0.1) / (1 + i mod 5) over the flat index i, images 0.5 + 0.5 sin(0.3 i)."""
import math

import torch
from torch import nn


def lenet(inputs, channels, kernel, padding, strides, side, classes):
    layers = []
    for stride in strides:
        layers += [nn.Conv2d(inputs, channels, kernel, stride, padding), nn.Sigmoid()]
        inputs, side = channels, (side + 2 * padding - kernel) // stride + 1
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, classes))


def convnet(inputs, side, classes):
    layers = []
    for width in (32, 64, 64):
        layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.GroupNorm(8, width), nn.ReLU(), nn.MaxPool2d(2)]
        inputs, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * side * side, classes))


def mlp(inputs, side, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs * side * side, 128), nn.ReLU(), nn.Linear(128, classes))


def networks(inputs, side, classes):
    yield "lenet-medpfl", lenet(inputs, 12, 5, 2, (2, 2, 1, 1), side, classes)
    yield "lenet-dlg", lenet(inputs, 12, 5, 2, (2, 2, 1), side, classes)
    yield "lenet-cpl", lenet(inputs, 16, 2, 2, (1,) * 6, side, classes)
    yield "mlp", mlp(inputs, side, classes)
    yield "convnet", convnet(inputs, side, classes)


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    for inputs, side, classes in ((3, 32, 4), (1, 28, 2)):
        for name, net in networks(inputs, side, classes):
            index = 0
            for p in net.parameters():
                i = torch.arange(index, index + p.numel(), dtype=torch.float64)
                p.data = (0.3 * torch.sin(0.7 * i + 0.1) / (1 + i % 5)).view(p.shape)
                index += p.numel()
            n = 2 * inputs * side * side
            images = (0.5 + 0.5 * torch.sin(0.3 * torch.arange(n))).view(2, inputs, side, side)
            logits = net(images)
            loss = nn.functional.cross_entropy(logits, torch.tensor([0, 1]))
            gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()))])
            row = ", ".join(f"{v:.9g}" for v in logits.flatten().tolist())
            norm = math.sqrt((gradient ** 2).sum().item())
            entries = ", ".join(f"{gradient[i].item():.9g}" for i in (10, index // 2, index - 20, index - 1))
            print(f'{{"{name}", {inputs}, {side}, {classes}, {index}, {{{row}}}, {loss.item():.9g}, '
                  f"{norm:.9g}, {{{entries}}}}},")


if __name__ == "__main__":
    main()
