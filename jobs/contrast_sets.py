#!/usr/bin/env python3
"""Makes folders of images that are not medical, for jobs/study.sh: OUTPUT/digits and OUTPUT/photographs.

Each has four classes of 150 training images and 40 test images, as OUTPUT/SET/SPLIT/CLASS/N.png, as many as the brain scans
of the study. What is there already stays.

Digits are the first of each digit 0 to 3 in the files of MNIST that --digits names.
Photographs are patches of a quarter of the shorter side, drawn at random from the photographs in the folder --photographs, in the
order of their names; training patches are from the left two thirds of each photograph, test patches from the rest. A class
is the patches of a quarter of the photographs.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 4
SPLITS = {"train": 150, "test": 40}  # images of each class
PATCH = 128  # pixels a side of a patch, once it is cut out


def idx(path: Path) -> np.ndarray:
    """The array of a gzipped IDX file of bytes."""
    with gzip.open(path) as file:
        content = file.read()
    shape = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def digits(folder: Path) -> Iterator[tuple[str, str, Image.Image]]:
    """Split, class and image of each digit."""
    images = idx(folder / "t10k-images-idx3-ubyte.gz")
    labels = idx(folder / "t10k-labels-idx1-ubyte.gz")
    for digit in range(CLASSES):
        mine = images[labels == digit]
        if len(mine) < sum(SPLITS.values()):
            raise ValueError(
                f"{folder} has {len(mine)} images of the digit {digit}, and {sum(SPLITS.values())} are needed"
            )
        mine = iter(mine)
        for split, count in SPLITS.items():
            for _ in range(count):
                yield split, str(digit), Image.fromarray(next(mine))


def photographs(folder: Path) -> Iterator[tuple[str, str, Image.Image]]:
    """Split, class and image of each patch."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if len(files) < CLASSES:
        raise ValueError(f"{folder} has {len(files)} photographs, and {CLASSES} are needed")
    random = np.random.default_rng(0)
    for number, part in enumerate(np.array_split(np.array(files, dtype=object), CLASSES)):
        whole = [Image.open(path).convert("RGB") for path in part]
        for split, count in SPLITS.items():
            for i in range(count):
                image = whole[i % len(whole)]
                side = min(image.size) // 4
                border = 2 * image.width // 3
                low, high = (0, border - side) if split == "train" else (border, image.width - side)
                left, top = random.integers(low, high + 1), random.integers(0, image.height - side + 1)
                patch = image.crop((left, top, left + side, top + side))
                yield split, str(number), patch.resize((PATCH, PATCH), Image.Resampling.BOX)


def write(images: Iterator[tuple[str, str, Image.Image]], folder: Path) -> None:
    """Writes all images, or nothing."""
    partial = folder.with_name(f".{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    for number, (split, name, image) in enumerate(images):
        (partial / split / name).mkdir(parents=True, exist_ok=True)
        image.save(partial / split / name / f"{number:04}.png")
    partial.rename(folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--digits", type=Path, metavar="DIR", help="holds t10k-*-ubyte.gz of MNIST")
    parser.add_argument("--photographs", type=Path, metavar="DIR", help="holds four or more JPEG or PNG files")
    options = parser.parse_args()
    for name, source, make in (("digits", options.digits, digits), ("photographs", options.photographs, photographs)):
        if source and source.is_dir() and not (options.output / name).exists():
            options.output.mkdir(parents=True, exist_ok=True)
            try:
                write(make(source), options.output / name)
            except (OSError, ValueError) as error:
                raise SystemExit(f"error: {name}: {error}") from None


if __name__ == "__main__":
    main()
