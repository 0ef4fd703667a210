"""Prints the numbers the metrics tests store, from scikit-image, scikit-learn and SciPy.

Run with a Python that has them: python3 tests/metrics/reference_numbers.py
The images, logits, labels and costs are formulas that the tests rebuild.
"""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    roc_auc_score,
)


def grid(channels, height, width):
    return np.meshgrid(np.arange(channels), np.arange(height), np.arange(width), indexing="ij")


def pattern(channels, height, width, shift=0):
    c, i, j = grid(channels, height, width)
    values = (i * 37 + j * 101 + c * 59 + shift) % 256 / 255
    return values.astype(np.float32)


def smooth(channels, height, width):
    c, i, j = grid(channels, height, width)
    return (0.5 + 0.4 * np.sin(0.3 * i + 0.2 * j + c)).astype(np.float32)


def mix(a, b, share):
    """(1 - share) * a + share * b, rounded to float32 once."""
    values = (1 - share) * a.astype(np.float64) + share * b.astype(np.float64)
    return values.astype(np.float32)


def stretch(a):
    """Leaves [0, 1] at both ends."""
    return (a.astype(np.float64) * 2 - 0.5).astype(np.float32)


def ssim_of_window(a, b, side):
    """SSIM by its definition, for windows that scikit-image cannot be asked for."""
    radius = side // 2
    crop = (slice(radius, a.shape[0] - radius), slice(radius, a.shape[1] - radius))

    def mean(x):
        return gaussian_filter(x, 1.5, truncate=radius / 1.5)[crop]

    ma, mb = mean(a), mean(b)
    va, vb, vab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return value.mean()


def print_images():
    cases = {
        "smooth_32x32x3": (smooth(3, 32, 32), mix(smooth(3, 32, 32), pattern(3, 32, 32), 0.15)),
        "half_64x48x1": (smooth(1, 64, 48), mix(smooth(1, 64, 48), pattern(1, 64, 48), 0.5)),
        "unrelated_32x32x3": (pattern(3, 32, 32), smooth(3, 32, 32)),
        "shifted_20x11x2": (pattern(2, 20, 11), pattern(2, 20, 11, 40)),
        "clamped_32x32x3": (
            stretch(smooth(3, 32, 32)),
            stretch(mix(smooth(3, 32, 32), pattern(3, 32, 32), 0.3)),
        ),
    }
    for name, (a, b) in cases.items():
        a, b = np.clip(a, 0, 1).astype(np.float64), np.clip(b, 0, 1).astype(np.float64)
        similarity = structural_similarity(
            a,
            b,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1,
        )
        ratio = peak_signal_noise_ratio(a, b, data_range=1)
        print(f"{name}: ssim {similarity:.10f} psnr {ratio:.10f}")
    for height, width, side in ((8, 8, 7), (9, 30, 9)):
        a = smooth(1, height, width)
        b = mix(a, pattern(1, height, width), 0.3)
        similarity = ssim_of_window(a[0].astype(np.float64), b[0].astype(np.float64), side)
        print(f"window_{height}x{width}: ssim {similarity:.10f}")


def print_classification():
    for name, n, classes, present in (
        ("two", 41, 2, 2),
        ("three", 60, 3, 3),
        ("four", 83, 4, 4),
        ("four_missing", 50, 4, 3),
    ):
        i, c = np.meshgrid(np.arange(n), np.arange(classes), indexing="ij")
        labels = (np.arange(n) * 7 + np.arange(n) // 3) % present
        # Few distinct rows, so many ties; the label's own logit is raised in part.
        logits = (i % 19 * 13 + c * 29 + i % 19 * c * c) % 17 / 4 - 2
        logits = logits + 0.75 * (c == labels[:, None]) * (i % 2)
        odds = np.exp(logits)
        probability = odds / odds.sum(axis=1, keepdims=True)
        areas = [
            roc_auc_score(labels == k, probability[:, k].round(12))
            for k in range(classes)
            if (labels == k).any()
        ]
        guess = logits.argmax(axis=1)
        print(
            f"{name}: loss {log_loss(labels, probability, labels=range(classes)):.12f}"
            f" accuracy {accuracy_score(labels, guess):.12f}"
            f" balanced {balanced_accuracy_score(labels, guess):.12f}"
            f" auroc {np.mean(areas):.12f} f1 {f1_score(labels, guess, average='macro'):.12f}"
        )


def print_assignment():
    i, j = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    cost = (i * 7919 + j * 104729 + i * i * j * 31) % 1009 / 8
    print(f"assignment_40: {cost[linear_sum_assignment(cost)].sum():.6f}")


if __name__ == "__main__":
    print_images()
    print_classification()
    print_assignment()
