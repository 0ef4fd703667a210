"""An audit's verdicts and tables; docs/audit.md and docs/file_format.md are the contract."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from .hdf5 import RunFormatError, attributes, find, open_result, table
from .result_file import ResultFile
from .run import Run, open_run
from .verdicts import Verdict

KINDS = ("update", "probe")
STAGE_COLUMNS = (
    "kind round verdict verdict_reason candidate method options evaluations images clusters "
    "identified identified_low identified_high chance identified_bound undefended "
    "balanced_accuracy"
).split()
STAGE_COLUMNS_1_1 = ("run", "hospitals", "inferred", "reidentified", "ssim")
CANDIDATE_COLUMNS = "kind round candidate method options images identified reidentified ssim chosen".split()
PRESET_COLUMNS = ("kind round method verdict verdict_reason images identified identified_low "
                  "identified_high inferred reidentified ssim").split()
# Audits that were written while schema 1.1 was under way lack them.
PRESET_COLUMNS_LATER = ("hospitals", "clusters", "chance", "identified_bound")


class Audit(ResultFile):
    """An audit. One that is under way or interrupted has the stages that are done, and its verdicts
    are about these."""

    def __init__(self, file: h5py.File) -> None:
        super().__init__(file)
        self._root = attributes(file)

    def _told(self, name: str) -> Any:
        if name not in self._root:
            raise RunFormatError(f"{self.path}: attribute {name} is missing, which schema 1 requires; "
                                 "the file is damaged")
        return self._root[name]

    def verdict(self, kind: str = "") -> Verdict:
        """What the file says of messages of a kind, one of KINDS, or of all."""
        name = f"verdict_{kind}" if kind else "verdict"
        return Verdict(self._told(name), self._told(f"{name}_reason"))

    @property
    def balanced_accuracy(self) -> float:
        """That of the model at the end, on test images that are not public."""
        return float(self._number(self._root, "balanced_accuracy"))

    @property
    def chance(self) -> float:
        """The balanced accuracy of answers that do not depend on the images."""
        return 1 / int(self._number(self._root, "classes", least=1))

    @property
    def networks(self) -> int:
        """Federations that were attacked; they differ in run.seed. An earlier version has one."""
        return int(self._number(self._root, "networks", absent=1, least=1))

    @property
    def apart(self) -> bool:
        """Whether the attacks were chosen under a network that none of them attacked."""
        return bool(self._root.get("rehearsed_apart", 0))

    @property
    def minutes(self) -> float:
        """The time the audit was given; 0 where it was given evaluations instead."""
        return float(self._number(self._root, "minutes", least=0))

    def evaluations(self, kind: str) -> int:
        """What an attack on a message of a kind may spend."""
        return int(self._number(self._root, f"evaluations_{kind}", least=0))

    @cached_property
    def stages(self) -> pd.DataFrame:
        """One row an attack on messages of a kind and round, with STAGE_COLUMNS, `run` (its folder),
        `hospitals`, `inferred` (0: the limits are those of the range over networks),
        `reidentified` and `ssim`; shares are in [0, 1], and NaN where no attack applies."""
        return table(find(self.file, "stages"), STAGE_COLUMNS, newer=STAGE_COLUMNS_1_1)

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """One row an attack that a rehearsal tried on public images, with CANDIDATE_COLUMNS."""
        return table(find(self.file, "candidates"), CANDIDATE_COLUMNS)

    @cached_property
    def presets(self) -> pd.DataFrame:
        """One row an attack that was tried on a stage's messages at its defaults, with
        PRESET_COLUMNS and PRESET_COLUMNS_LATER; none in files of schema 1.0."""
        return table(find(self.file, "presets"), PRESET_COLUMNS, newer=PRESET_COLUMNS_LATER)

    @cached_property
    def noise(self) -> pd.DataFrame:
        """The noise of dp-sgd, `sigma` times its clipping bound, that would keep an `epsilon` to the end; no rows where the
        federation has a defense, dp-sgd could not guarantee it, or the file is of a schema before 1.2."""
        return table(find(self.file, "noise"), ("epsilon", "sigma"))

    def overview(self) -> tuple[Verdict, pd.DataFrame]:
        """See ResultFile.overview(): the stages."""
        return self.verdict(), self.stages[["kind", "round", "method", "images", "identified", "identified_low", "identified_high",
                                            "chance", "undefended", "balanced_accuracy", "verdict"]]

    def rehearsal(self, stage: pd.Series) -> pd.DataFrame:
        """The candidates of a stage: those that attacked the hospitals first, then those tried on
        most images, then by what they found and by the mean SSIM."""
        tried = self.candidates
        mine = tried[(tried["kind"] == stage["kind"]) & (tried["round"] == stage["round"])]
        found = mine.assign(found=mine["identified"] + mine["reidentified"])
        return found.sort_values(
            ["chosen", "images", "found", "ssim"], ascending=False, kind="stable").drop(columns="found")

    def open_attacks(self, stage: pd.Series) -> list[Run]:
        """The runs of the attack on a stage's messages, one a network, the first network's first. Raises RunFormatError as
        open_run where that one cannot be read; of the others those that are not there are left out."""
        first = stage["run"]
        if not isinstance(first, str):  # schema 1.0
            first = f"attack/round-{stage['round']}-{stage['kind']}"
        opened = [open_run(self.folder / first)]
        same = first.removeprefix("network-1/")
        further = 2 if self.apart else 1
        others = {int(folder.name.removeprefix("network-")): folder / same for folder in self.folder.glob("network-[1-9]*")
                  if folder.name.removeprefix("network-").isdecimal()}
        opened += [open_run(others[network]) for network in sorted(others)
                   if further <= network < further + self.networks - 1 and others[network].is_dir()]
        return opened

    def open_federation(self) -> Run:
        """The run whose messages were attacked: the audit's own, the first of several, or the
        recorded one that it was given, by the path that the audit was given. Raises RunFormatError as open_run."""
        given = Path(self._told("federation"))
        own = Path("network-1/federation" if self.apart else "federation")
        return open_run(self.folder / given if given == own else given)


def is_audit(path: Path) -> bool:
    """Whether the path is an audit's folder or its audit.h5."""
    return path.name == "audit.h5" or (path / "audit.h5").is_file()


def open_audit(path: str | Path) -> Audit:
    """Opens an audit's folder, or its audit.h5.

    Raises RunFormatError if the file is missing, not HDF5, truncated, not an audit, or of another
    major schema version.
    """
    return Audit(open_result(Path(path), "medpfl-audit", "an audit's folder or its audit.h5"))
