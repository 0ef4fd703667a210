"""A run's results as tables and arrays; docs/file_format.md is the contract."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from .captured_gradients import CapturedGradients
from .hdf5 import (
    RunFormatError,
    attributes,
    dataset,
    find,
    members,
    names,
    open_result,
    open_virtual,
    read,
    read_rows,
    table,
)
from .process_mark import describe_holder
from .records import (
    DEFENSE_COLUMNS,
    IMAGE_COLUMNS,
    NEWER_IMAGE_COLUMNS,
    NEWER_SUMMARY_COLUMNS,
    NEWER_TASK_COLUMNS,
    NEWER_ROUND_COLUMNS,
    ROUND_COLUMNS,
    SUMMARY_COLUMNS,
    TASK_COLUMNS,
    Environment,
    Privacy,
    Trace,
)
from .verdicts import Verdict
from .words import generated

# Arrays of pictures by name, and how many dimensions each has.
PICTURES = {"truth": 4, "reconstruction": 4, "snapshots": 5, "snapshot_iterations": 2}


class Run(CapturedGradients):
    """One run.

    Tables of groups that the run does not have (no attacks, no gradients) have no rows. Reading
    raises RunFormatError where the file lacks what its schema requires.
    """

    def __init__(self, file: h5py.File) -> None:
        super().__init__(file)
        #: Where the status is running: whether a process works on the run, in words; else "".
        self.holder: str = describe_holder(self.folder) if self.status == "running" else ""
        #: The seed of all that the server draws; "" in files of schema 1.0, where run.seed was it.
        self.server_seed: str = attributes(file).get("server_seed", "")

    @property
    def name(self) -> str:
        """`run.name` of the configuration, else the folder's name."""
        return self.config.get("run.name") or self.folder.name

    @cached_property
    def shared_provenance(self) -> pd.DataFrame:
        """The provenance that may be shared: the server's seed stands in the place of run.seed.

        run.seed is the root from which the hospitals' noise and masks can be drawn again.
        """
        kept = self.provenance[self.provenance["option"] != "run.seed"]
        if not self.server_seed:
            return kept
        row = {"option": "server_seed", "value": self.server_seed, "source": "derived"}
        return pd.concat([kept, pd.DataFrame([row])], ignore_index=True)

    @cached_property
    def resolved_config(self) -> str:
        """The whole configuration as INI text."""
        group = self._group("config")
        return "" if group is None else read(dataset(group, "resolved", 0))

    @cached_property
    def shared_config(self) -> str:
        """The configuration that may be shared: resolved_config without run.seed."""
        lines, section = [], ""
        for line in self.resolved_config.splitlines(keepends=True):
            section = line.strip() if line.startswith("[") else section
            if section != "[run]" or line.partition("=")[0].strip() != "seed":
                lines.append(line)
        return "".join(lines)

    @cached_property
    def environment(self) -> Environment:
        """What the run was computed with: device, versions of libraries, ranks."""
        group = self._group("environment")
        axis = "rank"  # which also names a dataset without values
        columns = ("host", "threads", "peak_memory") if group is None else [name for name in members(group) if name != axis]
        return Environment(self._attributes("environment"), table(group, columns, axis))

    @cached_property
    def model(self) -> dict[str, Any]:
        """Attributes of the network: name, classes, input_shape [channels, height, width],
        parameters."""
        return self._attributes("model")

    @cached_property
    def dataset_name(self) -> str:
        """Name of the data set."""
        return str(self._attributes("data").get("dataset", "unknown"))

    @property
    def data_name(self) -> str:
        """The name of the folder of the images, or of the data set where it has no folder or makes them itself."""
        return (not generated(self.config) and Path(self.config.get("data.path", "")).name) or self.dataset_name

    @cached_property
    def class_names(self) -> list[str]:
        """Names of the C classes, or their numbers where the data set has no names."""
        known = names(self._attributes("data").get("class_names", []))
        return known or [str(c) for c in range(self.class_histogram.shape[1])]

    @cached_property
    def prior(self) -> np.ndarray:
        """float32 [channels, height, width] in [0, 1]: mean image of the held-out split."""
        return read(dataset(self.file, "data/prior", 3))

    @cached_property
    def clients(self) -> pd.DataFrame:
        """One row a hospital: examples, and a column for each class with its number of images; of a class that is named as
        another column, "class NAME"."""
        frame = table(self._group("clients"), ("examples",), "client")
        taken = {*frame.columns, frame.index.name}
        columns = [f"class {name}" if name in taken else name for name in self.class_names]
        if self.class_histogram.shape != (len(frame), len(columns)):
            raise RunFormatError(f"{self.path}: /clients/class_histogram has shape {self.class_histogram.shape}, and there are "
                                 f"{len(frame)} hospitals and {len(columns)} classes; the file is damaged")
        return frame.join(pd.DataFrame(self.class_histogram, columns=columns, index=frame.index))

    @cached_property
    def class_histogram(self) -> np.ndarray:
        """int64 [K, C]: training images of each hospital by class."""
        group = self._group("clients")
        if group is None:
            return np.zeros((0, 0), dtype=np.int64)
        return read(dataset(group, "class_histogram", 2))

    @cached_property
    def training_images(self) -> pd.DataFrame:
        """One row a training image: assignment (its hospital) and labels (its class)."""
        return table(self._group("clients"), ("assignment", "labels"), "image")

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One row a round; evaluation after the round, NaN where there was none; seconds, bytes.

        arrived counts the participants whose update the server got. epsilon is that of the hospital
        that gave away most so far, NaN where none is claimed.
        """
        return table(self._group("rounds"), ROUND_COLUMNS, newer=NEWER_ROUND_COLUMNS)

    @property
    def chance(self) -> float:
        """The balanced accuracy of answers that do not depend on the images; files before schema 1.4
        do not say: 1 / classes."""
        even = 1 / len(self.class_names) if self.class_names else np.nan
        return float(self._number(self._attributes("rounds"), "chance", absent=even))

    @cached_property
    def privacy(self) -> Privacy | None:
        """What the run claims by its last round; None where it claims nothing."""
        if len(self.rounds) == 0 or not np.isfinite(self.rounds["epsilon"].iloc[-1]):
            return None
        last, told = self.rounds.iloc[-1], attributes(dataset(self.file, "rounds/epsilon", 1))
        bound = find(self.file, "rounds/identification_bound")
        judged = {} if bound is None else attributes(bound)
        return Privacy(
            last["epsilon"], last["epsilon_classic"], self._number(told, "delta", absent=np.nan),
            told.get("claim", ""), self._number(told, "weak_from", absent=np.nan), last["identification_bound"],
            last["identification_bound_present"],
            int(self._number(judged, "candidates", absent=0, least=0)))

    @cached_property
    def defenses(self) -> pd.DataFrame:
        """One row an update and defense of the chain: what it did, and bytes on the wire behind it.

        `defense` and `form` are text; no rows without defenses.
        """
        frame = table(self._group("rounds/defenses"), DEFENSE_COLUMNS)
        if len(frame):
            told = self._attributes("rounds/defenses")
            for column, attribute in (("defense", "chain"), ("form", "forms")):
                words = names(told.get(attribute, ""))
                if not frame[column].between(0, len(words) - 1).all():
                    raise RunFormatError(f"{self.path}: rounds/defenses/{column} names what its attribute {attribute} lacks; "
                                         "the file is damaged")
                frame[column] = [words[place] for place in frame[column]]
        return frame

    @cached_property
    def initial(self) -> dict[str, float]:
        """Evaluation before the first round: test_loss, accuracy, ...; empty if there was none."""
        prefix = "initial_"
        found = self._attributes("rounds").items()
        return {key[len(prefix) :]: value for key, value in found if key.startswith(prefix)}

    def weights(self, rows: Sequence[int] | None = None) -> np.ndarray:
        """float32 [rows, P]: the global model before round r, the last row at the end."""
        if find(self.file, "rounds/weights") is None:
            raise RunFormatError(f"{self.path}: has no weights; run with --output.weights=true")
        return read_rows(open_virtual(self.file, "rounds/weights", 2), rows)

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """One row an attack task (an observation, a method and a start).

        Files of schema 1.0 call the objective matching_loss, and have no distance.
        """
        group = self._group("attacks/tasks")
        frame = table(group, TASK_COLUMNS, newer=NEWER_TASK_COLUMNS)
        if group is not None and find(group, "objective") is None:
            frame["objective"], frame["matching_loss"] = frame["matching_loss"], np.nan
        return frame

    @cached_property
    def images(self) -> pd.DataFrame:
        """One row a reconstructed image: scores (psnr in dB), and success flags as booleans. The oracle_ columns
        are the best along the way by the truth, which no attacker knows: never a result."""
        frame = table(self._group("attacks/images"), IMAGE_COLUMNS, newer=NEWER_IMAGE_COLUMNS)
        return frame.astype({name: bool for name in IMAGE_COLUMNS if name.startswith("success_")})

    @cached_property
    def summary(self) -> pd.DataFrame | None:
        """The scores of each method, kind and round, and of all rounds as round -1, over what the
        attacker chose; None for a file of schema 1.0, which has attacks and no summary."""
        group = self._group("attacks/summary")
        if group is None and len(self.tasks):
            if self.schema_version > (1, 0):
                raise RunFormatError(f"{self.path}: has attacks and no /attacks/summary; the file "
                                     "is damaged")
            return None
        return table(group, SUMMARY_COLUMNS, newer=NEWER_SUMMARY_COLUMNS)

    @property
    def verdict(self) -> Verdict:
        """What the file says of all messages that were attacked; nothing before schema 1.4, and
        without attacks."""
        told = self._attributes("attacks/summary")
        return Verdict(told.get("verdict", ""), told.get("verdict_reason", ""))

    @cached_property
    def not_tested(self) -> list[str]:
        """The messages that the attacks left out, in words."""
        return [str(line) for line in self._attributes("attacks").get("not_tested", [])]

    @cached_property
    def ssim_window(self) -> int | None:
        """Side in pixels of the Gaussian window of SSIM."""
        return self._attributes("attacks/images").get("ssim_window")

    def images_with_tasks(self) -> pd.DataFrame:
        """The rows of `images` in their order, each with the columns of its task."""
        unknown = set(self.images["task"]) - set(self.tasks["task"])
        if unknown or self.tasks["task"].duplicated().any():
            raise RunFormatError(
                f"{self.path}: /attacks/images names tasks {sorted(unknown)[:5]} that "
                "/attacks/tasks lacks, or a task is there twice; the file is damaged"
            )
        return self.images.merge(self.tasks, on="task", how="left", validate="many_to_one")

    @cached_property
    def reconstructions(self) -> pd.DataFrame:
        """images_with_tasks(), with the name of the image's class as class_name, and what `clients` says of its hospital:
        hospital_examples, and hospital_NAME for each class. NaN there for sums."""
        images = self.images_with_tasks()
        known = dict(enumerate(self.class_names))
        hospitals = self.clients.add_prefix("hospital_").reindex(images["client"]).set_index(images.index)
        return pd.concat([images.assign(class_name=images["label"].map(known)), hospitals], axis=1)

    def overview(self) -> tuple[Verdict, pd.DataFrame]:
        """See ResultFile.overview(): the scores of all attacks; of a run without any, its rounds."""
        if self.summary is None or self.summary.empty:
            return self.verdict, self.rounds[["round", "train_loss", "test_loss", "balanced_accuracy"]]
        return self.verdict, self.summary[["method", "kind", "round", "images", "identified", "identified_low", "identified_high",
                                           "chance", "psnr", "ssim", "verdict"]]

    def pictures(self, name: str, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Rows of one of the arrays PICTURES, without reading the others."""
        if name not in PICTURES:
            raise ValueError(f"'{name}' is no array of pictures; there are {', '.join(PICTURES)}")
        if find(self.file, f"attacks/{name}") is None and len(self.images) == 0:
            return np.zeros((0, 0, 0, 0), dtype=np.float32)
        found = dataset(self.file, f"attacks/{name}", PICTURES[name])
        if found.shape[0] != len(self.images):
            raise RunFormatError(
                f"{self.path}: {found.name} has {found.shape[0]} rows, /attacks/images has "
                f"{len(self.images)}; the file is damaged"
            )
        return read_rows(found, rows)

    @cached_property
    def truth(self) -> np.ndarray:
        """float32 [N, channels, height, width] in [0, 1], rows as in `images`."""
        return self.pictures("truth")

    @cached_property
    def reconstruction(self) -> np.ndarray:
        """float32 [N, channels, height, width] in [0, 1], rows as in `images`."""
        return self.pictures("reconstruction")

    @cached_property
    def snapshots(self) -> np.ndarray:
        """float32 [N, S, channels, height, width]: the attack on its way; zeros past its end."""
        return self.pictures("snapshots")

    @cached_property
    def snapshot_iterations(self) -> np.ndarray:
        """int64 [N, S]: iteration of each snapshot, -1 past the end of the attack."""
        return self.pictures("snapshot_iterations")

    @property
    def near_duplicate_ssim(self) -> float:
        """SSIM from which on two images are near-duplicates; NaN in files before schema 1.5."""
        return float(self._number(self._attributes("attacks/images"), "near_duplicate_ssim", absent=np.nan))

    @cached_property
    def trace(self) -> Trace:
        """The attacker's objective along each attack, and its terms; files of earlier versions have
        no terms."""
        group = self._group("attacks/trace")
        if group is None:
            return Trace(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)), {})
        parts = self._group("attacks/trace/terms")
        terms = {} if parts is None else {name: read(dataset(parts, name, 2)) for name in members(parts)}
        return Trace(read(dataset(group, "iteration", 2)), read(dataset(group, "objective", 2)), terms)

    @cached_property
    def timings(self) -> pd.DataFrame:
        """Seconds, one row a rank and one column a phase."""
        group = self._group("timings")
        if group is None:
            return pd.DataFrame()
        seconds = read(dataset(group, "seconds", 2))
        phases = names(attributes(group).get("phases", []))
        if phases and len(phases) != seconds.shape[1]:
            raise RunFormatError(f"{self.path}: /timings/seconds has {seconds.shape[1]} columns and {len(phases)} phases; the file is "
                                 "damaged")
        frame = pd.DataFrame(seconds, columns=phases or None)
        frame.index.name = "rank"
        return frame


def open_run(path: str | Path) -> Run:
    """Opens a run folder, or its run.h5.

    Raises RunFormatError if the file is missing, not HDF5, truncated, not a run, or of another
    major schema version.
    """
    path = Path(path)
    if path.is_dir():
        if (path / "sweep.h5").is_file():
            raise RunFormatError(
                f"{path}: is a sweep; give one of its runs, in {path / 'points'}, or use the "
                "commands report and defenses"
            )
        if (path / "audit.h5").is_file():
            raise RunFormatError(
                f"{path}: is an audit; give one of its runs, in {path / 'attack'}, or use the "
                "command report"
            )
        if not (path / "run.h5").is_file():
            raise RunFormatError(
                f"{path}: has no run.h5; give a run folder, and for a run that has just started "
                "wait for its first checkpoint"
            )
    return Run(open_result(path, "medpfl-run", "a run folder or its run.h5"))
