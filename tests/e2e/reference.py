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


def window_of(image: np.ndarray) -> np.ndarray:
    """The window for planes [H, W] or images [C, H, W]: of 11 pixels, or the largest odd number that fits."""
    return gaussian_window(min(11, *(extent - 1 + extent % 2 for extent in image.shape[-2:])))


def similarity(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Of two planes, means over windows: SSIM, and its part of contrast and structure."""
    window = window_of(x)
    mean_x, mean_y = smooth(x, window), smooth(y, window)
    var_x = smooth(x * x, window) - mean_x**2
    var_y = smooth(y * y, window) - mean_y**2
    cov = smooth(x * y, window) - mean_x * mean_y
    structure = (2 * cov + 9e-4) / (var_x + var_y + 9e-4)
    luminance = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    return float((luminance * structure).mean()), float(structure.mean())


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Wang et al. 2004, images [C, H, W] in [0, 1]; window 11, or the largest odd one that fits."""
    return float(np.mean([similarity(x, y)[0] for x, y in zip(a.astype(float), b.astype(float), strict=True)]))


def ms_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Wang, Simoncelli, Bovik 2003, images [C, H, W] in [0, 1], at the scales where the window of 11 fits."""
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
    scales = sum(min(a.shape[1:]) // 2**scale >= 11 for scale in range(5)) or 1
    if scales < 5:
        weights = weights[:scales] / weights[:scales].sum()
    product = []
    for x, y in zip(a.astype(float), b.astype(float), strict=True):
        factors = []
        for scale in range(scales):
            factors.append(max(0.0, similarity(x, y)[scale < scales - 1]))
            x, y = (z[: z.shape[0] // 2 * 2, : z.shape[1] // 2 * 2] for z in (x, y))
            x, y = ((z[::2, ::2] + z[::2, 1::2] + z[1::2, ::2] + z[1::2, 1::2]) / 4 for z in (x, y))
        product.append(np.prod(np.array(factors) ** weights))
    return float(np.mean(product))


def perceptual_mse(truth: np.ndarray, found: np.ndarray) -> float:
    """After Tan et al. 2013, images [C, H, W] in [0, 1]: squared errors of windows by the truth's variance there."""
    window, planes = window_of(truth), []
    for x, y in zip(truth.astype(float), found.astype(float), strict=True):
        variance = smooth(x * x, window) - smooth(x, window) ** 2
        planes.append(smooth((x - y) ** 2, window) * 9e-4 / (2 * variance + 9e-4))
    return float(np.mean(planes))


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
