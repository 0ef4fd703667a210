"""Prints the numbers that the image tests store of MS-SSIM and the perceptually weighted MSE.

Made by their rules with SciPy's filters; the similarity of each scale by scikit-image, where it has the window.
Run with a Python that has them: python3 tests/metrics/reference_weighted.py
"""

import numpy as np
from reference_numbers import mix, pattern, smooth, ssim_of_window
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
C2 = 0.03**2


def window_means(plane, side):
    radius = side // 2
    crop = (slice(radius, plane.shape[0] - radius), slice(radius, plane.shape[1] - radius))
    return gaussian_filter(plane, 1.5, truncate=radius / 1.5)[crop] if radius else plane


def side_of(plane):
    return min(11, *(extent - 1 + extent % 2 for extent in plane.shape))


def structure(a, b):
    """Contrast and structure, a mean over windows."""
    side = side_of(a)
    ma, mb = window_means(a, side), window_means(b, side)
    va, vb = window_means((a * a), side) - ma**2, window_means((b * b), side) - mb**2
    cov = window_means(a * b, side) - ma * mb
    return ((2 * cov + C2) / (va + vb + C2)).mean()


def similarity(a, b):
    side = side_of(a)
    if side < 11:
        return ssim_of_window(a, b, side)
    return structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1)


def halved(plane):
    rows, columns = (extent // 2 for extent in plane.shape)
    return plane[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))


def ms_ssim(a, b):
    scales = sum(min(a.shape[1:]) // 2**scale >= 11 for scale in range(5)) or 1
    weights = WEIGHTS[:scales] if scales == 5 else WEIGHTS[:scales] / WEIGHTS[:scales].sum()
    values = []
    for x, y in zip(a.astype(float), b.astype(float), strict=True):
        factors = []
        for scale in range(scales):
            factors.append(max(0, (similarity if scale == scales - 1 else structure)(x, y)))
            x, y = halved(x), halved(y)
        values.append(np.prod(np.array(factors) ** weights))
    return np.mean(values)


def perceptual_mse(truth, found):
    values = []
    for x, y in zip(truth.astype(float), found.astype(float), strict=True):
        side = side_of(x)
        variance = window_means(x * x, side) - window_means(x, side) ** 2
        values.append((window_means((x - y) ** 2, side) * C2 / (2 * variance + C2)).mean())
    return np.mean(values)


def noisy(image, share):
    return mix(image, pattern(*image.shape), share)


if __name__ == "__main__":
    cases = {
        "five": (smooth(1, 176, 190), noisy(smooth(1, 176, 190), 0.3)),
        "odd": (smooth(2, 45, 61), noisy(smooth(2, 45, 61), 0.5)),
        "two": (smooth(3, 32, 32), noisy(smooth(3, 32, 32), 0.15)),
        "unrelated": (pattern(1, 64, 64), smooth(1, 64, 64)),
        "opposite": (smooth(1, 32, 32), 1 - smooth(1, 32, 32)),
        "one": (smooth(3, 21, 40), noisy(smooth(3, 21, 40), 0.3)),
        "small": (smooth(1, 8, 8), noisy(smooth(1, 8, 8), 0.3)),
    }
    for name, (a, b) in cases.items():
        print(f"{name}: ms_ssim {ms_ssim(a, b):.10f} perceptual_mse {perceptual_mse(a, b):.10f}")
    a, b = cases["five"]
    print(f"five, the other way round: perceptual_mse {perceptual_mse(b, a):.10f}")
