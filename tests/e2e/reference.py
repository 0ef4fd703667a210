"""The program's numbers computed again in plain NumPy, from their definitions."""

from __future__ import annotations

import numpy as np


def gaussian_window(side: int, sigma: float = 1.5) -> np.ndarray:
    """One axis of the window of SSIM; its sum is 1."""
    at = np.arange(side) - side // 2
    window = np.exp(-0.5 * (at / sigma) ** 2)
    return window / window.sum()


def smooth(image: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Separable filter, the valid region only."""
    for axis in (0, 1):
        image = np.apply_along_axis(np.convolve, axis, image, window, mode="valid")
    return image


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Wang et al. 2004, images [C, H, W] in [0, 1]; window 11, or the largest odd one that fits."""
    side = min(11, *(extent - 1 + extent % 2 for extent in a.shape[1:]))
    window = gaussian_window(side)
    maps = []
    for x, y in zip(a.astype(float), b.astype(float), strict=True):
        mean_x, mean_y = smooth(x, window), smooth(y, window)
        var_x = smooth(x * x, window) - mean_x**2
        var_y = smooth(y * y, window) - mean_y**2
        cov = smooth(x * y, window) - mean_x * mean_y
        maps.append((2 * mean_x * mean_y + 1e-4) * (2 * cov + 9e-4)
                    / ((mean_x**2 + mean_y**2 + 1e-4) * (var_x + var_y + 9e-4)))
    return float(np.mean(maps))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def mlp_gradient(weights: np.ndarray, layers: list[tuple[int, tuple[int, ...]]], images: np.ndarray,
                 labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Loss and gradient [P] of dense, ReLU, dense under mean cross entropy.

    `layers`: offset and shape of each tensor: weight, bias, weight, bias. images [B, features].
    """
    w1, b1, w2, b2 = (weights[offset : offset + int(np.prod(shape))].reshape(shape)
                      for offset, shape in layers)
    hidden = images @ w1.T + b1
    active = np.maximum(hidden, 0)
    chance = softmax(active @ w2.T + b2)
    rows = np.arange(len(labels))
    loss = -np.log(chance[rows, labels]).mean()
    error = chance.copy()
    error[rows, labels] -= 1
    error /= len(labels)
    back = (error @ w2) * (hidden > 0)
    parts = (back.T @ images, back.sum(axis=0), error.T @ active, error.sum(axis=0))
    gradient = np.zeros_like(weights)
    for (offset, shape), part in zip(layers, parts, strict=True):
        gradient[offset : offset + int(np.prod(shape))] = part.reshape(-1)
        assert part.shape == shape
    return float(loss), gradient
