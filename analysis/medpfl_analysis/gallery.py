"""The gallery of a page: each private image beside what an attack recovered of it, those that leak worst first."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
import pandas as pd
from PIL import Image

from .pictures import displayable
from .run import Run
from .scores import GROUP, by_strength, chosen_images, summarize_run
from .words import counted

MAX_CARDS = 200
MAX_OF_SETTING = 8
"""Cards of a setting, where there are several."""
MAX_BYTES = 9_000_000
"""Of the pictures of a gallery, so that a page is below 15 MB."""
MAX_SNAPSHOTS = 4
_LOSSLESS = 64
"""Pixels a side up to which a picture is PNG; larger ones are JPEG."""


@dataclass(frozen=True)
class Shown:
    """One picture of a card."""

    address: str
    alt: str
    title: str


@dataclass(frozen=True)
class Card:
    """A private image and what came back of it."""

    pictures: list[Shown]
    """the private image, and what was recovered"""
    steps: list[Shown]
    """the attack on its way"""
    headline: str
    lines: list[str]
    keys: dict[str, str]
    """what it is filtered by: names of FILTERS and their values"""


@dataclass(frozen=True)
class Gallery:
    """Cards in order, and what to say of them."""

    cards: list[Card] = field(default_factory=list)
    note: str = ""
    filters: list[tuple[str, list[str]]] = field(default_factory=list)
    """those with two values or more"""


FILTERS = ("setting", "attack", "round", "message", "network", "hospital", "class", "result")


def picture_address(image: np.ndarray) -> str:
    """The pixels of displayable() as data: address."""
    pixels = np.round(255 * displayable(image)).astype(np.uint8)
    kind = "png" if max(pixels.shape[:2]) <= _LOSSLESS else "jpeg"
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"optimize": True} if kind == "png" else {"quality": 85}))
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode()}"


def strongest_first(runs: Sequence[Run], settings: Sequence[str]) -> pd.DataFrame:
    """The images of chosen_images() of all runs, and `place` (that of the run), `setting` (its name) and `network` (from 1, of
    the runs of one setting): by the strength of the attack at the setting, as by_strength(); of each attack the identified
    ones first, then by PSNR. Row labels are those of their run."""
    key = ["setting", *GROUP]
    summaries = [summarize_run(run).assign(setting=setting) for run, setting in zip(runs, settings, strict=True)]
    order = by_strength(pd.concat(summaries)).drop_duplicates(key)
    attack_place = {found: n for n, found in enumerate(order[key].itertuples(index=False, name=None))}
    frames = [chosen_images(run.images_with_tasks()).assign(place=place, setting=settings[place],
                                                             network=settings[:place + 1].count(settings[place]))
              for place, run in enumerate(runs)]
    images = pd.concat(frames)
    return images.assign(attack_place=[attack_place[found] for found in images[key].itertuples(index=False, name=None)]).sort_values(
        ["attack_place", "identified", "psnr"], ascending=[True, False, False], kind="stable", na_position="last").drop(
            columns="attack_place")


def _class_name(names: Sequence[str], label: int) -> str:
    return names[label] if 0 <= label < len(names) else f"class {label}"


def _steps(iterations: np.ndarray) -> list[int]:
    """Which snapshots of one image to show: MAX_SNAPSHOTS at most, evenly, of those there are."""
    used = np.flatnonzero(iterations >= 0)
    if len(used) > MAX_SNAPSHOTS:
        used = used[np.round(np.linspace(0, len(used) - 1, MAX_SNAPSHOTS)).astype(int)]
    return used.tolist()


def _result(identified: float) -> str:
    return "not judged" if np.isnan(identified) else "identified" if identified == 1 else "not identified"


def _card(run: Run, row: int, image: pd.Series) -> Card:
    """The card of a row of Run.images_with_tasks()."""
    truth, recovered = run.pictures("truth", [row])[0], run.pictures("reconstruction", [row])[0]
    iterations = run.pictures("snapshot_iterations", [row])[0]
    steps = _steps(iterations)
    whose = f"hospital {image['client']}" if image["client"] >= 0 else "a sum of hospitals"
    network = str(image["network"])
    label, result = _class_name(run.class_names, image["label"]), _result(image["identified"])
    scores = f"PSNR {image['psnr']:.1f} dB, SSIM {image['ssim']:.2f}".replace("-0.00", "0.00")
    by = f"{image['method']}, round {image['round']}, {image['kind']}"
    pictures = [Shown(picture_address(truth), f"Private image of {whose}, {label}", "private"),
                Shown(picture_address(recovered), f"Recovered by {by}: {result}, {scores}", "recovered")]
    snapshots = run.pictures("snapshots", [row])[0] if steps else []
    way = [Shown(picture_address(snapshots[s]), f"The attack after step {iterations[s]:,}", f"step {iterations[s]:,}") for s in steps]
    headline = result.capitalize() + (", diverged" if image["status"] == "diverged" else "")
    keys = (image["setting"], image["method"], str(image["round"]), image["kind"], network, str(image["client"]) if image["client"] >= 0 else "sum",
            label, result)
    return Card(pictures, way, headline, [*filter(None, [image["setting"]]), f"{whose.capitalize()}, {label}", by, scores],
                dict(zip(FILTERS, keys, strict=True)))


def gallery(runs: Sequence[Run], settings: Sequence[str] = ()) -> Gallery:
    """Of each setting the first images of strongest_first(), equally many of all: MAX_OF_SETTING at most where there are several, and
    MAX_CARDS together, or as many as MAX_BYTES hold. `settings` has the name of each run; without it the runs are of one attack under several networks, or one."""
    if not runs:
        return Gallery()
    chosen = strongest_first(runs, list(settings) or [""] * len(runs))
    turn = chosen.groupby("setting", sort=False).cumcount().to_numpy()
    most = MAX_CARDS if len(set(settings)) < 2 else min(MAX_CARDS, int((turn < MAX_OF_SETTING).sum()))
    made: dict[int, Card] = {}
    size = 0
    for at in np.argsort(turn, kind="stable")[:most]:
        image = chosen.iloc[at]
        card = _card(runs[image["place"]], int(image.name), image)
        size += sum(len(shown.address) for shown in (*card.pictures, *card.steps))
        if made and size > MAX_BYTES:
            break
        made[int(at)] = card
    if not made:
        return Gallery()
    cards = [made[at] for at in sorted(made)]
    whole, total = len(cards) == len(chosen), counted(len(chosen), "reconstruction")
    which = f"All {total}" if whole else f"{len(cards)} of {total}, the first of each setting" if settings else (
        f"The first {len(cards)} of {total}")
    note = (f"{which}: the strongest attack first, and of each attack the identified images first, then those of the highest "
            "PSNR.")
    values = {name: list(dict.fromkeys(card.keys[name] for card in cards)) for name in FILTERS}
    return Gallery(cards, note, [(name, sorted(found, key=_natural)) for name, found in values.items() if len(found) > 1])


def _natural(word: str) -> tuple[int, int, str]:
    """Numbers by value, before words."""
    return (0, int(word), "") if word.isdigit() else (1, 0, word)
