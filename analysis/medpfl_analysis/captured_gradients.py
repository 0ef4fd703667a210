"""The gradients that a run recorded, and the images they came from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import h5py
import numpy as np
import pandas as pd

from .hdf5 import RunFormatError, dataset, find, open_virtual, read, read_recorded, table
from .records import GRADIENT_COLUMNS, GradientBatches
from .result_file import ResultFile


class CapturedGradients(ResultFile):
    """What a Run shows of its network and of the messages that were recorded."""

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row a parameter tensor: name, offset, size, shape (text)."""
        return table(self._group("model"), ("name", "offset", "size", "shape"))

    @cached_property
    def gradients(self) -> pd.DataFrame:
        """One row a captured gradient: round, client, probe, kind, examples, steps, norm, loss."""
        return table(self._group("gradients"), GRADIENT_COLUMNS)

    @cached_property
    def gradient_layers(self) -> pd.DataFrame:
        """name, column (in a row of gradient_values), offset (in the flat vector of the model),
        size, shape (text): the tensors that were recorded, one row each."""
        return table(self._group("gradients/layers"), ("name", "column", "offset", "size", "shape"))

    def gradient_values(self, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """float32 [rows, columns]: captured gradients, all by default; columns as gradient_layers
        says, whatever the precision they were recorded in."""
        return read_recorded(self._gradient_values, rows).astype(np.float32, copy=False)

    def gradient_tensors(self, row: int, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """float32 tensors of one captured gradient by name, in the order asked for; by default all
        that were recorded.

        Raises KeyError for a name the network does not have, RunFormatError for a tensor that was
        not recorded.
        """
        recorded = self.gradient_layers.set_index("name")
        for name in names or ():
            if name in recorded.index:
                continue
            if name not in set(self.layers["name"]):
                raise KeyError(f"the network has no tensor '{name}': {', '.join(self.layers['name'])}")
            raise RunFormatError(
                f"{self.path}: {name} was not recorded, only {', '.join(recorded.index)}; run again "
                f"with --output.layers=all, or with {name} in it"
            )
        values = self.gradient_values([row])[0]
        found = {}
        for name in recorded.index if names is None else names:
            layer = recorded.loc[name]
            part = values[layer["column"] : layer["column"] + layer["size"]]
            found[name] = part.reshape([int(extent) for extent in layer["shape"].split("x")])
        return found

    @cached_property
    def _gradient_values(self) -> h5py.Dataset:
        if find(self.file, "gradients/values") is None:
            raise RunFormatError(
                f"{self.path}: has no captured gradients; run with --output.gradients=all"
            )
        return open_virtual(self.file, "gradients/values", 2)

    @cached_property
    def gradient_batches(self) -> GradientBatches:
        """The images and labels each captured gradient came from."""
        group = self._group("gradients/batches")
        if group is None:
            raise RunFormatError(
                f"{self.path}: has no captured gradients; run with --output.gradients=all"
            )
        images = open_virtual(self.file, "gradients/batches/images", 4)
        columns = ("labels", "index", "start", "image")
        return GradientBatches(read_recorded(images), *(read(dataset(group, name, 1)) for name in columns))
