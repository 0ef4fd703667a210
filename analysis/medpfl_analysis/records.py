"""Columns of a run's tables, and the values that are more than one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

ROUND_COLUMNS = (
    "round participants examples train_loss test_loss accuracy balanced_accuracy auroc f1 "
    "update_norm bytes seconds"
).split()
NEWER_ROUND_COLUMNS = ["arrived", "epsilon", "epsilon_classic", "identification_bound",
                       "identification_bound_present", "one_class", "balanced_accuracy_low",
                       "balanced_accuracy_high", "network"]
DEFENSE_COLUMNS = (
    "round client defense norm_before norm_after sparsity bytes bits form"
).split()
TASK_COLUMNS = (
    "task method gradient round client kind probe restart status iterations evaluations seconds "
    "matching_loss chosen threat knowledge"
).split()
NEWER_TASK_COLUMNS = ["memory_growth", "objective", "gradient_norm", "vanished", "network"]
IMAGE_COLUMNS = (
    "task index label label_inferred label_found mse psnr ssim rdlv rank_of_truth "
    "success_ssim_50 success_ssim_70 success_ssim_90 success_psnr_20"
).split()
NEWER_IMAGE_COLUMNS = ["oracle_psnr", "oracle_ssim", "cluster", "ssim_public_mean", "candidates",
                       "identified", "near_duplicates", "ms_ssim", "perceptual_mse"]
SUMMARY_COLUMNS = (
    "method kind round images tasks diverged vanished mse psnr psnr_mean ssim ssim_mean rdlv "
    "success_psnr_20 success_ssim_50 success_ssim_70 success_ssim_90 label_accuracy reidentified "
    "objective matching_loss iterations evaluations seconds"
).split()
NEWER_SUMMARY_COLUMNS = (
    "identified identified_low identified_high identified_effective clusters candidates "
    "identified_bound chance verdict verdict_reason near_duplicated hospitals"
).split()
GRADIENT_COLUMNS = "round client probe kind examples steps norm loss".split()


class Environment(NamedTuple):
    """Where a run was computed."""

    attributes: dict[str, str]
    """device, torch, mpi, hdf5"""
    ranks: pd.DataFrame
    """host, threads, peak_memory (bytes) and what else the file holds, one row a rank"""


class Privacy(NamedTuple):
    """What a run claims by its last round; numbers that a file of an earlier version lacks are NaN."""

    epsilon: float
    classic: float
    delta: float
    claim: str
    """what epsilon is of, and what it leaves out"""
    weak_from: float
    """the epsilon from which on it alone guarantees little"""
    sampled: float
    """identification_bound, over the draw of the batches"""
    present: float
    """the same for an image known to have been in every batch"""
    candidates: int
    """of the two bounds; 0: the file has none"""


class Trace(NamedTuple):
    """The attacker's objective along each attack, rows as in `Run.tasks`."""

    iteration: np.ndarray
    """int64 [T, points], -1 past the end"""
    objective: np.ndarray
    """float64 [T, points], NaN past the end"""
    terms: dict[str, np.ndarray]
    """name -> float64 [T, points]: the parts it is the sum of, NaN where a task has no such part"""


@dataclass(frozen=True)
class GradientBatches:
    """The images that the captured gradients were computed from."""

    images: np.ndarray
    """[U, channels, height, width]: uint8, or float32 in 0 to 1 where the source has more bits"""
    labels: np.ndarray
    """int64 [U]"""
    index: np.ndarray
    """int64 [U], position in the training split"""
    start: np.ndarray
    """int64 [G + 1]"""
    image: np.ndarray
    """int64, rows of `images`"""

    @property
    def unit_images(self) -> np.ndarray:
        """float32 [U, channels, height, width]: the images in 0 to 1, whatever their depth."""
        if self.images.dtype == np.uint8:
            return self.images.astype(np.float32) / np.float32(255)
        return self.images

    def rows(self, gradient: int) -> np.ndarray:
        """int64: the rows of `images` that gradient (0 <= gradient < G) came from."""
        if not 0 <= gradient < len(self.start) - 1:
            raise IndexError(f"gradient {gradient} is outside [0, {len(self.start) - 1})")
        return self.image[self.start[gradient] : self.start[gradient + 1]]
