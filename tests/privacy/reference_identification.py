"""The numbers of identification_bound_test.cpp, by another way: SciPy, and a search over real orders.

The Gaussian bound comes from the survival function at an inverse survival function. The bound from Renyi divergences
is minimized over real orders for the Gaussian mechanism, whose divergence is a mu^2 / 2; and for the sampled one over
whole orders, from the sum over binomial terms. For scalar releases the success of the best attacker is an integral:
K candidates whose contributions are +1 and -1 (K = 2), and K orthogonal ones (a hospital's images in a large network).

    python3 tests/privacy/reference_identification.py
"""

import numpy as np
import scipy
from scipy import integrate, optimize, special, stats


def gaussian(kappa, mu):
    return stats.norm.sf(stats.norm.isf(kappa) - mu)


def renyi_of_gaussian(kappa, mu):
    def log_bound(a):
        return (np.log(kappa) + a * mu**2 / 2) * (a - 1) / a

    found = optimize.minimize_scalar(log_bound, bounds=(1 + 1e-9, 1000), method="bounded", options={"xatol": 1e-10})
    return min(1, np.exp(found.fun))


def renyi_sampled(kappa, rate, sigma, steps):
    """Over the orders 2 ... 256."""
    best = 0.0
    for a in range(2, 257):
        k = np.arange(a + 1)
        terms = stats.binom.logpmf(k, a, rate) + (k * k - k) / (2 * sigma**2)
        rdp = steps * special.logsumexp(terms) / (a - 1)
        best = min(best, (np.log(kappa) + rdp) * (a - 1) / a)
    return np.exp(best)


def orthogonal(candidates, mu):
    """The best attacker on K orthogonal contributions of norm 1, who names the nearest."""
    return integrate.quad(lambda z: stats.norm.pdf(z - mu) * stats.norm.cdf(z) ** (candidates - 1), -12, 12 + mu,
                          epsabs=1e-13, epsrel=1e-12, limit=400)[0]


if __name__ == "__main__":
    print("SciPy", scipy.__version__)
    print("kappa, mu, Gaussian, Renyi of the Gaussian over real orders")
    for kappa, mu in [(0.5, 0.1), (0.5, 1), (0.1, 0.3), (0.1, 2), (1 / 256, 0.5), (1 / 256, 3), (1 / 256, 6),
                      (1e-6, 1), (0.9, 0.25)]:
        print(f"    {{{kappa!r}, {mu}, {gaussian(kappa, mu):.12g}, {renyi_of_gaussian(kappa, mu):.10g}}},")
    print("kappa, rate, sigma, steps, Renyi of the sampled Gaussian over whole orders")
    for kappa, rate, sigma, steps in [(1 / 256, 0.01, 1, 1000), (0.1, 0.05, 1, 100), (0.5, 0.1, 2, 50),
                                      (1 / 64, 0.25, 1.5, 8)]:
        print(f"    {{{kappa!r}, {rate}, {sigma}, {steps}, {renyi_sampled(kappa, rate, sigma, steps):.12g}}},")
    print("candidates, mu, success of the best attacker on orthogonal contributions, Gaussian bound")
    for candidates, mu in [(2, 1), (10, 1), (10, 3), (256, 2), (256, 4)]:
        print(f"    {{{candidates}, {mu}, {orthogonal(candidates, mu):.10g}}},  // {gaussian(1 / candidates, mu):.6g}")
