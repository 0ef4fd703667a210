"""Prints the numbers that leak_summary_test.cpp stores, from NumPy: python3 tests/metrics/reference_leak_summary.py"""

import numpy as np

PSNR = [10.0, 20.0, 33.5, 100.0, 19.999999]
SSIM = [0.1, 0.5, 0.7, 1.0, 0.9]
MSE = [0.1, 0.01, 0.0004466835921509635, 0.0, 0.010000002]
RDLV = [-0.5, np.nan, 0.25, 1.0, 0.75]
RANK = np.array([3, 0, -1, 0, 12])
FOUND = [0, 1, 1, 1, 0]
OBJECTIVE = [0.25, np.inf, 0.125, 0.5]
DISTANCE = [0.125, np.nan, 0.0625, 0.3]
EVALUATIONS = [300, 17, 40, 2]

print("median of mse, psnr, ssim, rdlv:", np.median(MSE), np.median(PSNR), np.median(SSIM), np.nanmedian(RDLV))
print("mean of psnr, ssim:", repr(np.mean(PSNR)), repr(np.mean(SSIM)))
print("psnr >= 20:", np.mean(np.greater_equal(PSNR, 20)))
print("ssim >= 0.5, 0.7, 0.9:", [np.mean(np.greater_equal(SSIM, bound)) for bound in (0.5, 0.7, 0.9)])
print("labels:", np.mean(FOUND), "re-identified:", np.mean(RANK[RANK >= 0] == 0))
print("median of objective, distance, evaluations:", np.median(OBJECTIVE), np.nanmedian(DISTANCE), np.median(EVALUATIONS))
