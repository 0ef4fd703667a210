"""Whether a federation and its attacks came out the same on two devices, but for rounding.

compare.py ONE.json OTHER.json, as `medpfl inspect --json` writes them. It ends with 1 where they differ.
"""

import json
import sys

# Losses are means over some steps of float32. A search goes on to other last digits from its first rounding on, so that
# images are compared up to a quality beyond which only these decide.
LOSS, PSNR, MOST_PSNR = 1e-4, 1.0, 30.0


def numbers(path: str) -> dict[str, tuple[float, float]]:
    """What is compared, each with its tolerance."""
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    found = {f"train_loss of round {row['round']}": (row["train_loss"], LOSS * row["train_loss"])
             for row in run["rounds"]}
    for row in run["attacks"]:
        name = f"{row['method']}, {row['kind']}, round {row['round']}"
        found[f"psnr_mean of {name}"] = min(row["psnr_mean"], MOST_PSNR), PSNR
        found[f"images of {name}"] = row["images"], 0
    return found


def main(one: str, other: str) -> int:
    """Prints every number of the two runs, and returns how many differ."""
    first, second = numbers(one), numbers(other)
    if not first or first.keys() != second.keys():
        print("the two runs have other rounds or attacks:", *sorted(first.keys() ^ second.keys()), sep="\n  ")
        return 1
    differ = 0
    for name, (value, tolerance) in first.items():
        same = abs(value - second[name][0]) <= tolerance
        differ += not same
        print(f"{name:<48} {value:12.6f} {second[name][0]:12.6f}  {'' if same else 'DIFFERS'}")
    return differ


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
