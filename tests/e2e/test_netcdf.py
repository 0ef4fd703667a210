"""Readers that know nothing of MedPFL find names and images in the files: netCDF ones by dimension scales, viewers by the
rules of NeXus."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from harness import TINY, all_datasets, complete, medpfl, names_an_axis, text, words

@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Those of a run with everything in it, one in color, a sweep and an audit."""
    folder = tmp_path_factory.mktemp("netcdf")
    everything = TINY | {"defense.chain": "clip,gaussian", "defense.clip.bound": 1, "attack.method": "dlg"}
    complete(folder / "run", everything).close()
    complete(folder / "color", TINY | {"data.channels": 3}).close()
    (folder / "grid.ini").write_text("[grid]\nfederation.learning_rate = 0.1 | 0.2\n")
    for arguments in (["sweep", f"--grid={folder}/grid.ini", f"--run.output={folder}/sweep", *words(TINY)],
                      ["audit", "--evaluations=3", f"--run.output={folder}/audit", *words(TINY), "--attack.method="]):
        ended = medpfl(*arguments)
        assert ended.code == 0, ended.err
    return [folder / "run/run.h5", folder / "color/run.h5", folder / "sweep/sweep.h5", folder / "audit/audit.h5"]


def test_xarray_knows_every_axis_by_name(files: list[Path]) -> None:
    """Every group opens, and each variable has the names, the shape and the values of the dataset."""
    for path in files:
        with h5py.File(path) as file:
            groups: dict[str, dict[str, h5py.Dataset]] = {}
            for dataset in all_datasets(file, axes=True).values():
                groups.setdefault(dataset.parent.name, {})[dataset.name.rpartition("/")[2]] = dataset
            for group, datasets in groups.items():
                with xarray.open_dataset(path, group=group, engine="h5netcdf") as read:
                    for name, dataset in datasets.items():
                        axes = tuple(axis for axis in text(dataset.attrs["dimensions"]).split(",") if axis)
                        if names_an_axis(dataset):
                            assert read.sizes[name] == len(dataset) and not dataset.id.get_storage_size()
                            continue
                        assert read[name].dims == axes, f"{path}: {group}/{name}"
                        # Text of fixed length is bytes to this engine, as to h5py.
                        np.testing.assert_array_equal(read[name].values, dataset[()])


def test_viewers_begin_with_pairs_of_images(files: list[Path]) -> None:
    """The default of the root is a group of class NXdata, whose signal is the truth beside the reconstruction."""
    for path in files[:2]:
        with h5py.File(path) as file:
            assert text(file.attrs["NX_class"]) == "NXroot"
            shown = file[text(file.attrs["default"])]
            pairs = shown[text(shown.attrs["signal"])]
            assert text(pairs.attrs["interpretation"]) == "rgb-image"
            both = np.concatenate([file["attacks/truth"], file["attacks/reconstruction"]], axis=3)
            colors = np.repeat(both, 3, axis=1) if both.shape[1] == 1 else both
            np.testing.assert_array_equal(pairs, np.moveaxis(colors, 1, 3))
            assert np.unique(file["attacks/truth"]).size > 10


def test_plots_are_of_what_is_there(files: list[Path]) -> None:
    """Signals and axes of NXdata are datasets of the group, of shapes that fit."""
    shown = 0
    for path in files:
        with h5py.File(path) as file:
            for group in {dataset.parent.name for dataset in all_datasets(file).values()}:
                attributes = file[group].attrs
                if "NX_class" not in attributes or group == "/":
                    continue
                shown += 1
                signal = file[group][text(attributes["signal"])]
                axes = [text(axis) for axis in attributes["axes"]]
                assert len(axes) == signal.ndim
                for length, axis in zip(signal.shape, axes, strict=True):
                    assert axis == "." or file[group][axis].shape == (length,)
                for other in attributes.get("auxiliary_signals", []):
                    assert file[group][text(other)].shape == signal.shape
    assert shown == 8
