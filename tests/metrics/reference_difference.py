"""Prints the numbers that paired_difference_test.cpp stores, from NumPy and SciPy, by the rules of
docs/statistics.md:
python3 tests/metrics/reference_difference.py"""

import numpy as np
from scipy import stats

TAIL = 0.025


def limits(share, pairs):
    """Those of Clopper and Pearson."""
    low = 0 if share == 0 else stats.beta.ppf(TAIL, share * pairs, pairs * (1 - share) + 1)
    return low, 1 if share == 1 else stats.beta.ppf(1 - TAIL, share * pairs + 1, pairs * (1 - share))


def interval(first, second, pairs):
    """The limits of each share, as standard deviations of two shares of one multinomial."""
    cells = (np.array([first, second]) * pairs + 1) / (pairs + 3)
    covariance = np.diag(cells) - np.outer(cells, cells)
    r = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    correlation = np.array([[1, -r], [-r, 1]])  # of one share and what is taken from it
    (a, b), (c, d) = limits(first, pairs), limits(second, pairs)
    down, up = np.array([first - a, d - second]), np.array([b - first, second - c])
    return (max(-1, first - second - np.sqrt(down @ correlation @ down)),
            min(1, first - second + np.sqrt(up @ correlation @ up)))


def effective(value, image, cluster, network):
    """Independent pairs that these are worth, for five networks or more."""
    n = len(value)
    off = value - value.mean()

    def part(*keys):
        groups = np.unique(np.stack(keys), axis=1, return_inverse=True)[1].reshape(-1)
        sums = np.bincount(groups, off)
        return np.sum(sums**2) / n**2 * len(sums) / (len(sums) - 1)

    first, second = np.mean(value == 1), np.mean(value == -1)
    alone = (first + second - (first - second) ** 2) / n
    both = part(cluster, network)
    parts = [max(0, part(cluster) - both), max(0, part(network) - both), max(both, alone)]
    clusters, networks, images = (len(set(key)) for key in (cluster, network, image))
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (clusters - 1) + parts[1] ** 2 / (networks - 1) + parts[2] ** 2 / (n - 1))
    freedom = np.clip(freedom, min(clusters, networks) - 1, n - 1)
    a, b = (first * n + 1) / (n + 3), (second * n + 1) / (n + 3)
    floor = (1 + (images / clusters - 1) * 0.2) / images + 0.05 / networks
    worth = min(n, 1 / max(sum(parts) / max(alone * n, a + b - (a - b) ** 2), floor))
    return worth * (stats.t.ppf(1 - TAIL, n - 1) / stats.t.ppf(1 - TAIL, freedom)) ** 2


for first, second, n in [(0, 0, 12), (12, 0, 12), (4, 0, 12), (9, 1, 24), (20, 20, 40), (3, 14, 24)]:
    low, high = interval(first / n, second / n, n)
    print(f"Row{{{first}, {second}, {n}, {low:.6f}, {high:.6f}}},")

i, network = (axis.reshape(-1) for axis in np.meshgrid(np.arange(12), np.arange(6)))
x = (7 * i + 3 * network + i * network) % 10
value = np.where(x < 3 * (network % 3) + 2 * (i // 3), 1.0, np.where(x == 9, -1.0, 0.0))
pairs = effective(value, i, i // 3, network)
print("crossed:", value.mean(), pairs, interval(np.mean(value == 1), np.mean(value == -1), pairs))
