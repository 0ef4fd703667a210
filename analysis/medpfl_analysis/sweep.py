"""A sweep's points and their scores as tables; docs/file_format.md is the contract."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from .hdf5 import RunFormatError, dataset, find, members, open_result, read, table
from .pooled import over_networks, read_differences, read_pooled
from .relative_noise import relative_noise
from .result_file import ResultFile
from .run import Run, open_run
from .scores import GROUP, METRICS, VERDICT, Metric, summarize_run
from .settings import Settings, methods
from .verdicts import Verdict

POINT_COLUMNS = "folder block status exit_code error seconds".split()
_LEAKS = "identified rank_1 psnr ssim rdlv psnr_20 asr_50 asr_70 asr_90".split()
_BY_KEY = {metric.key: metric for metric in METRICS}
SCORES = tuple(_BY_KEY[key] for key in _LEAKS)
"""The scores that say what leaks."""
LEAK = "leak"
"""The column of a sweep's table with the share of images that leak, by Sweep.measure."""
NOT_JUDGED = (
    "Not all of these runs judge images: some are of a schema before 1.3. In the place of identified "
    "images stand those re-identified: nearest to their reconstruction among all images of the "
    "hospital, however like them the mean public image is. Run the sweep again for identified images."
)
UTILITY = ("accuracy", "balanced_accuracy", "auroc")
ACCURACY_LIMITS = ("balanced_accuracy_low", "balanced_accuracy_high")


class Sweep(ResultFile):
    """A sweep."""

    @cached_property
    def options(self) -> pd.DataFrame:
        """One row a point, a column for each option of the grid; "" where its block lacks it."""
        group = find(self.file, "points/options")
        names = members(group) if isinstance(group, h5py.Group) else ()
        for name in names:
            if "." not in name:
                raise RunFormatError(f"{self.path}: '{name}' is no option of a grid; the file is damaged")
        frame = table(group, names)
        frame.index.name = "point"
        return frame

    @cached_property
    def _roots(self) -> dict[str, str]:
        """What stands for each value of run.seed in what may be shared: root 1, root 2, ..."""
        seeds = self.options["run.seed"].unique() if "run.seed" in self.options else ()
        return {seed: f"root {n}" for n, seed in enumerate(filter(None, seeds), 1)}

    @cached_property
    def shared_options(self) -> pd.DataFrame:
        """The options that may be shared: numbered roots stand in the place of run.seed."""
        return self.options.replace({"run.seed": self._roots}) if self._roots else self.options

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row a point: folder, block, status (complete | interrupted | failed | open),
        exit_code, error, seconds."""
        group = find(self.file, "points")
        if not isinstance(group, h5py.Group):
            raise RunFormatError(f"{self.path}: has no /points; the file is damaged")
        frame = table(group, POINT_COLUMNS, "point", ["setting"]).fillna({"setting": ""})
        if len(self.options.columns) and len(self.options) != len(frame):
            raise RunFormatError(
                f"{self.path}: /points has {len(frame)} rows, /points/options "
                f"{len(self.options)}; the file is damaged"
            )
        return frame

    def overview(self) -> tuple[Verdict, pd.DataFrame]:
        """See ResultFile.overview(): one row a setting and attack, or the points while none is complete."""
        if not self.complete:
            return Verdict("", ""), self.points[["folder", "status", "error"]]
        return Verdict("", ""), self.over_networks[["panel", "defense", "attack", "n", "identified", "identified_low", "identified_high",
                                                    "balanced_accuracy", "epsilon", "verdict"]]

    @property
    def complete(self) -> list[int]:
        """Points whose runs are complete."""
        return self.points.index[self.points["status"] == "complete"].tolist()

    @cached_property
    def left_out(self) -> pd.DataFrame:
        """Points that are not complete, which no other table has. Columns are those of `points`,
        and `setting`, the options that make the point."""
        rows = self.points[self.points["status"] != "complete"].copy()
        rows["setting"] = [
            " ".join(f"{name}={value}" for name, value in self.shared_options.loc[point].items()
                     if value)
            if len(self.options.columns) else "" for point in rows.index]
        return rows

    @cached_property
    def shared_grid(self) -> str:
        """The text of the grid that may be shared, with numbered roots as in shared_options."""
        def numbered(line: re.Match[str]) -> str:
            seeds = (seed.strip() for seed in line[2].split("|"))
            return line[1] + " | ".join(self._roots.get(seed, "root") for seed in seeds)

        text = str(read(dataset(self.file, "grid/text", 0)))
        return re.sub(r"(?m)^([ \t]*run\.seed[ \t]*=[ \t]*)([^#\n]*)(#.*)?$", numbered, text)

    @cached_property
    def base(self) -> list[str]:
        """Options of the base configuration that are not default, such as "federation.rounds=400".
        They may be shared, because run.seed is left out."""
        frame = self.provenance
        left = {"run.output", "run.seed", *frame["option"][frame["source"] == "default"]}
        if self.complete:
            # The index may have been made from a base written out whole; a run knows the sources.
            with self.open_point(self.complete[0]) as run:
                told = run.provenance
            left.update(told["option"][told["source"] == "default"])
        kept = frame[~frame["option"].isin(left)]
        return [f"{row.option}={row.value}" for row in kept.itertuples()]

    @property
    def name(self) -> str:
        """run.name of the base configuration; "" where that is the default."""
        frame = self.provenance
        given = (frame["option"] == "run.name") & (frame["source"] != "default")
        return "".join(frame["value"][given])

    def open_point(self, point: int) -> Run:
        """The run of a point. Raises RunFormatError as open_run, which names the file."""
        return open_run(self.folder / self.points.loc[point, "folder"])

    @cached_property
    def settings(self) -> Settings:
        """What the complete points differ in, in the order of `complete`."""
        data, configs, chosen = [], [], []
        for point in self.complete:
            with self.open_point(point) as run:
                data.append(run.data_name)
                configs.append(run.config)
                told = run.provenance
                chosen.append(set(told["option"][told["source"] != "default"]))
        return Settings(data, configs, chosen)

    @cached_property
    def measure(self) -> Metric:
        """What tells the share of images that leak, for all points alike: identified, or, where a
        file judges no images (NOT_JUDGED), re-identified."""
        attacked = self._scored[self._scored["method"] != ""]
        return _BY_KEY["identified" if attacked["identified"].notna().all() else "rank_1"]

    @property
    def judgement(self) -> str:
        """What readers must know of `measure`; "" where images are judged."""
        return "" if self.measure.key == "identified" else NOT_JUDGED

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a complete point and attack (and round and kind of message, where a point has
        several); a point without attacks has one row with method "".

        Columns: point, folder, block, setting (of /points; "" in an index of schema 1.0), those of
        `Setting` and `Attack` (label as `attack`), the options of the grid, method, round, kind, n,
        knowledge, bound, verdict and verdict_reason (of this row in the run's file), attacked (words for the networks that were), for each of SCORES `key` and its limits; LEAK; accuracy, balanced_accuracy (and
        its limits), auroc and network (a word) after the last round, chance; fields of `Privacy` by the last
        round (epsilon NaN: none is claimed; sampled as identification_bound); relative_noise (see
        relative_noise()), bytes (of a round, mean) and seconds of the point.

        Raises RunFormatError if no point is complete, or one is not what the sweep says.
        """
        return self._scored.assign(**{LEAK: self._scored[self.measure.key]})

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """What attacks identified over the networks of each setting; see read_pooled()."""
        return read_pooled(self.file)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """How settings differ on the same images; see read_differences()."""
        return read_differences(self.file)

    @cached_property
    def over_networks(self) -> pd.DataFrame:
        """The table with one row for the points that differ in run.seed alone; see over_networks()."""
        means = [metric.key for metric in SCORES if metric.key != "identified"]
        shown = over_networks(self.table, self.pooled,
                              [*means, *UTILITY, "relative_noise", "bytes", "seconds"])
        return shown.assign(**{LEAK: shown[self.measure.key]})

    @cached_property
    def _scored(self) -> pd.DataFrame:
        if not self.complete:
            raise RunFormatError(
                f"{self.path}: none of its {len(self.points)} points is complete; continue the "
                "sweep with the command that began it and --resume"
            )
        rows = []
        for place, point in enumerate(self.complete):
            with self.open_point(point) as run:
                rows += self._rows(run, place, point)
        return pd.DataFrame(rows)

    def _rows(self, run: Run, place: int, point: int) -> list[dict]:
        if run.status != "complete":
            raise RunFormatError(
                f"{run.path}: is {run.status}, and {self.path} has the point as complete; was it "
                "run again on its own? continue the sweep with --resume"
            )
        known = self.points.loc[point]
        common = {"point": point, "folder": known["folder"], "block": known["block"],
                  "setting": known["setting"]}
        if len(self.options.columns):
            common |= self.shared_options.loc[point].to_dict()
        common |= asdict(self.settings.settings[place]) | _utility(run)
        common |= {"relative_noise": relative_noise(run), "seconds": float(known["seconds"])}
        scores = summarize_run(run, SCORES)
        several = [key for key in ("round", "kind") if scores[key].nunique() > 1]
        rows = []
        for _, score in scores.iterrows():
            attack = asdict(self.settings.attack(place, score["method"]))
            label = attack.pop("label")
            rows.append(common | attack | score.to_dict() | {
                "attacked": _attacked(run, score),
                "attack": ", ".join([label, *(f"round {score[key]}" if key == "round" else score[key]
                                              for key in several)])})
        if rows:
            return rows
        if methods(run.config):
            raise RunFormatError(f"{run.path}: is complete and has no attacks; it is damaged")
        empty = {"attack": "", "options": "", "adapted": False, "n": 0, "hospitals": 0, "bound": np.nan, "attacked": "",
                 "knowledge": "", **dict.fromkeys([*GROUP, *VERDICT], "")}
        return [common | empty | {column: np.nan for metric in SCORES
                                  for column in (metric.key, *metric.limits)}]


def _attacked(run: Run, score: pd.Series) -> str:
    """The words for the networks of one row of the scores; "" in files before schema 1.4."""
    tasks = run.tasks
    mine = tasks[(tasks[GROUP] == score[GROUP].to_numpy()).all(axis=1)]
    return " | ".join(sorted(mine["network"].dropna().unique()))


def _utility(run: Run) -> dict[str, float | str]:
    """The scores of the model after the last round, NaN where it was not evaluated, and what is
    claimed."""
    rounds = run.rounds
    last = rounds.iloc[-1] if len(rounds) else pd.Series(dtype=float)
    found: dict[str, float | str] = {name: float(last.get(name, np.nan)) for name in (*UTILITY, *ACCURACY_LIMITS)}
    word, claim = last.get("network", np.nan), run.privacy
    found |= {"chance": run.chance, "network": word if isinstance(word, str) else ""}
    found |= {"epsilon": claim.epsilon if claim else np.nan, "claim": claim.claim if claim else "",
              "weak_from": claim.weak_from if claim else np.nan,
              "identification_bound": claim.sampled if claim else np.nan,
              "candidates": claim.candidates if claim else 0}
    found["bytes"] = float(rounds["bytes"].mean()) if len(rounds) else np.nan
    return found


def is_sweep(path: Path) -> bool:
    """Whether the path is a sweep's folder or its sweep.h5."""
    return path.name == "sweep.h5" or (path / "sweep.h5").is_file()


def open_sweep(path: str | Path) -> Sweep:
    """Opens a sweep's folder, or its sweep.h5.

    Raises RunFormatError if the file is missing, not HDF5, truncated, not a sweep, or of another
    major schema version.
    """
    return Sweep(open_result(Path(path), "medpfl-sweep", "a sweep's folder or its sweep.h5"))
