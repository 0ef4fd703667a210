"""The numbers of six federations, against those that each LibTorch gave.

golden_numbers.csv has a column for each version that was tried. A run must agree with the first column within the tolerance
of its row, whatever LibTorch and processor compute it. MEDPFL_UPDATE_GOLDEN=1 writes the column of the version in use.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import complete, text
from test_same_bits import FEDERATIONS

TABLE = Path(__file__).with_name("golden_numbers.csv")
KEYS = ["federation", "quantity", "tolerance"]
# Relative tolerance of the mean of each: of what training gives, and of what attacks make of it, whose steps amplify
# the last bits.
QUANTITIES = {
    "rounds/train_loss": 1e-5, "rounds/test_loss": 1e-5, "rounds/update_norm": 1e-5, "gradients/norm": 1e-5,
    "attacks/tasks/objective": 2e-2, "attacks/images/psnr": 2e-2, "attacks/images/ssim": 2e-2}


def rows() -> list[dict[str, str]]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(run: h5py.File) -> dict[str, float]:
    """The means of a run."""
    return {name: float(np.nanmean(run[name][()])) for name in QUANTITIES}


def update(federation: str, found: dict[str, float], version: str) -> None:
    """Puts the numbers into the column of the version."""
    table = {(row["federation"], row["quantity"]): row for row in rows()} if TABLE.exists() else {}
    for name, value in found.items():
        row = table.setdefault((federation, name), {"federation": federation, "quantity": name})
        row |= {"tolerance": f"{QUANTITIES[name]:g}", version: f"{value:.9g}"}
    columns = sorted({column for row in table.values() for column in row} - set(KEYS), key=lambda v: [*map(int, v.split("."))])
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*KEYS, *columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table.values())


@pytest.mark.parametrize("federation", FEDERATIONS)
def test_numbers_are_those_of_every_libtorch(federation: str, tmp_path: Path) -> None:
    with complete(tmp_path / "run", FEDERATIONS[federation]) as run:
        found, version = numbers(run), text(run["environment"].attrs["torch"])
    if "MEDPFL_UPDATE_GOLDEN" in os.environ:
        update(federation, found, version)
    expected = [row for row in rows() if row["federation"] == federation]
    assert {row["quantity"] for row in expected} == QUANTITIES.keys()
    first = list(expected[0])[len(KEYS)]
    for row in expected:
        assert np.isclose(found[row["quantity"]], float(row[first]), rtol=float(row["tolerance"]), atol=0), row


def test_every_column_agrees_within_the_tolerances() -> None:
    for row in rows():
        first, *others = [float(row[column]) for column in row if column not in KEYS]
        assert np.allclose(others, first, rtol=float(row["tolerance"]), atol=0), row
