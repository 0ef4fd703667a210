"""The numbers of run_seeds_test.cpp, by Python's own BLAKE2b: python3 tests/privacy/reference_seeds.py"""

from __future__ import annotations

import hashlib

LABELS = ("world", "server", "hospitals", "noise", "masks")
CASES = ((1, "", ""), (0xFEDCBA9876543210, "\ndata.limit=3", "\ndata.limit=4"))
INPUTS = "train_images = 00ff\n"


def seed(root: int, label: str) -> int:
    """One seed, drawn from another."""
    key = root.to_bytes(8, "little") + bytes(24)
    digest = hashlib.blake2b(label.encode(), key=key, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little")


if __name__ == "__main__":
    for root, noise, masks in CASES:
        suffixes = {"noise": noise, "masks": masks}
        print(f"0x{root:x}", [noise, masks])
        for name in LABELS:
            drawn = seed(root, f"medpfl {name}" + suffixes.get(name, ""))
            print(f"  {name:<9} 0x{drawn:016x}")
            if name in suffixes:
                print(f"    over inputs 0x{seed(drawn, 'medpfl inputs' + chr(10) + INPUTS):016x}")
