"""The numbers of accountant_test.cpp, by another way: Renyi divergences as integrals of densities.

Plain Python with mpmath, 30 digits, from Debian's python3-mpmath. The sampled Gaussian mechanism without an example
has the density p = N(0, s^2), with it m = (1-q) N(0, s^2) + q N(1, s^2); the greater of D(m||p) and D(p||m) counts.
The Laplace mechanism has densities of means 0 and 1. No series, no shared code.

    python3 tests/privacy/reference_accountant.py
"""

import mpmath as mp

mp.mp.dps = 30
GAUSSIAN = [  # q, sigma, order
    (0.01, 6, 2), (0.01, 6, 2.5), (0.01, 1, 1.1), (0.01, 1, 7.3), (0.1, 0.7, 1.5), (0.1, 2, 4.75),
    (0.25, 1.3, 32), (0.5, 3, 10.9), (0.5, 0.3, 1.9), (0.001, 0.8, 3.3), (0.9, 4, 64), (1, 5, 3.5),
]
LAPLACE = [(1, 2), (0.5, 1.5), (3, 10.9), (20, 64)]


def divergence(p, m, order, breaks):
    return mp.log(mp.quad(lambda x: m(x) ** order * p(x) ** (1 - order), breaks)) / (order - 1)


def gaussian(q, sigma, order):
    q, sigma, order = mp.mpf(str(q)), mp.mpf(str(sigma)), mp.mpf(str(order))

    def p(x):
        return mp.npdf(x, 0, sigma)

    def m(x):
        return (1 - q) * p(x) + q * mp.npdf(x, 1, sigma)

    ends = [-order - 20 * sigma, order + 20 * sigma]
    breaks = mp.linspace(*ends, 41 + 2 * int((ends[1] - ends[0]) / sigma))
    return max(divergence(p, m, order, breaks), divergence(m, p, order, breaks))


def laplace(scale, order):
    scale, order = mp.mpf(str(scale)), mp.mpf(str(order))

    def density(mean):
        return lambda x: mp.exp(-abs(x - mean) / scale) / (2 * scale)

    return divergence(density(0), density(1), order, [-mp.inf, 0, 1, mp.inf])


if __name__ == "__main__":
    print("mpmath", mp.__version__)
    for q, sigma, order in GAUSSIAN:
        print(f"    {{{q}, {sigma}, {order}, {mp.nstr(gaussian(q, sigma, order), 12)}}},")
    for scale, order in LAPLACE:
        print(f"    {{{scale}, {order}, {mp.nstr(laplace(scale, order), 12)}}},")
