"""docs/file_format.md, the files that runs write and their schema_version say the same.

schema.txt lists what run.h5, sweep.h5 and audit.h5 hold, under the version that holds it. After a change raise the version in
src/results/run/schema.hpp and on the page, and write the list anew with MEDPFL_UPDATE_SCHEMA=1.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import h5py
import pytest
from files import npz
from harness import REPOSITORY, TINY, complete, medpfl, names_an_axis, text, words

LIST = Path(__file__).with_name("schema.txt")
PAGE = (REPOSITORY / "docs/file_format.md").read_text(encoding="utf-8")
# What every dataset has, its dimension scales, and how viewers show a group; the page says so once.
OF_ALL = {"description", "unit", "dimensions", "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST",
          "NX_class", "default", "signal", "axes", "auxiliary_signals", "interpretation", "long_name"}
# All that makes a run write more: a defense with a claim, weights, snapshots, gradients.
FULL = TINY | {"defense.chain": "clip,gaussian", "defense.clip.bound": 1, "attack.method": "dlg"}
GRID = "[grid]\nfederation.learning_rate = 0.1 | 0.2\n"

Contents = dict[str, str]


def general(path: str) -> str:
    """A path, without what the configuration chose."""
    path = re.sub(r"^/points/options/.*", "/points/options/SECTION.OPTION", path)
    return re.sub(r"^/attacks/trace/terms/.*", "/attacks/trace/terms/NAME", path)


def contents(file: h5py.File) -> Contents:
    """PATH: type and axes of each dataset; PATH@NAME: of each attribute."""
    found: Contents = {}
    objects: dict[str, h5py.Group | h5py.Dataset] = {"/": file}
    file.visititems(lambda name, one: objects.__setitem__(f"/{name}", one))
    for path, one in objects.items():
        if isinstance(one, h5py.Dataset) and names_an_axis(one):
            continue
        if isinstance(one, h5py.Dataset):
            kind = "text" if h5py.check_string_dtype(one.dtype) else str(one.dtype)
            found[general(path)] = f"{kind} [{text(one.attrs['dimensions'])}]"
        for name in one.attrs.keys() - OF_ALL:
            dtype = one.attrs.get_id(name).dtype
            found[f"{path}@{name}"] = "text" if h5py.check_string_dtype(dtype) else str(dtype)
    if "/runs" in file:
        found["/runs/NNNNN" if "points" in file else "/runs/NAME"] = "link"
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Contents]]:
    """By file: its version, and all that runs with everything in them write."""
    folder = tmp_path_factory.mktemp("schema")
    # What holds images of more than 8 bits comes first: in the list, images are those of 8 bits.
    deep = TINY | {"data.dataset": "medmnist", "data.path": npz(folder / "data.npz"), "data.window": "0,200",
                   "attack.targets": "auto", "federation.batch_size": 2}
    runs = [complete(folder / "deep", deep), complete(folder / "full", FULL)]
    (folder / "grid.ini").write_text(GRID)
    for arguments in (["attack", f"--input={folder}/full/run.h5", f"--run.output={folder}/again",
                       "--attack.method=inverting-gradients", "--attack.iterations=2"],
                      ["sweep", f"--grid={folder}/grid.ini", f"--run.output={folder}/sweep", *words(TINY)],
                      ["audit", "--evaluations=3", "--presets=idlg", f"--run.output={folder}/audit", *words(TINY), "--attack.method="]):
        ended = medpfl(*arguments)
        assert ended.code == 0, ended.err
    files = {"run.h5": [*runs, h5py.File(folder / "again/run.h5")],
             "sweep.h5": [h5py.File(folder / "sweep/sweep.h5")],
             "audit.h5": [h5py.File(folder / "audit/audit.h5")]}
    return {name: (".".join(str(part) for part in opened[0].attrs["schema_version"]),
                   {path: kind for file in opened for path, kind in contents(file).items()})
            for name, opened in files.items()}


def listed() -> dict[str, tuple[str, Contents]]:
    """schema.txt, as `written` is."""
    files: dict[str, tuple[str, Contents]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name, version = line.strip("[]").split()
            files[name] = (version, {})
        else:
            path, _, kind = line.partition(" ")
            files[name][1][path] = kind
    return files


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_what_files_hold_changes_with_their_version(written: dict[str, tuple[str, Contents]]) -> None:
    """Names that are added ask for a higher minor version; names dropped or changed, for a higher major one."""
    if "MEDPFL_UPDATE_SCHEMA" in os.environ:
        for name, (version, now) in written.items():
            before, then = listed()[name]
            if now != then:
                part = 2 if then.items() <= now.items() else 1
                assert number(version)[:part] > number(before)[:part], f"raise the version of {name} first: {before}"
        LIST.write_text("".join(f"[{name} {version}]\n" + "".join(f"{path} {kind}\n" for path, kind in sorted(now.items()))
                                for name, (version, now) in written.items()), encoding="utf-8")
    for name, (version, now) in written.items():
        before, then = listed()[name]
        added, dropped = dict(now.items() - then.items()), dict(then.items() - now.items())
        assert not added and not dropped, f"{name} {version} has {added}, and not {dropped}, of schema.txt {before}"
        assert version == before, f"{name} has version {version}, and schema.txt {before}"


def test_the_page_states_the_versions(written: dict[str, tuple[str, Contents]]) -> None:
    assert PAGE.startswith(f"# Result files, schema {written['run.h5'][0]}\n")
    for name, page in pages().items():
        assert f"| `schema_version` int64 [2] | {list(number(written[name][0]))} |" in page


def pages() -> dict[str, str]:
    """What the page says of each file."""
    run, _, rest = PAGE.partition("\n## benchmark.h5")
    sweep, _, audit = rest.partition("\n## Sweeps")[2].partition("\n## audit.h5")
    return {"run.h5": run, "sweep.h5": sweep, "audit.h5": audit}


def sections(page: str) -> dict[str, str]:
    """The text under each heading of a group; "" is that of all others."""
    found = {"": ""}
    for part in re.split(r"^(?=##)", page, flags=re.MULTILINE):
        heading = re.match(r"#+ (/\w+(?:/\w+)*)\n", part)
        found[heading[1] if heading else ""] = found.get(heading[1] if heading else "", "") + part
    return found


def home(path: str, texts: dict[str, str]) -> str:
    """The section of the nearest group above that has one."""
    group = path.partition("@")[0] if "@" in path else path.rpartition("/")[0]
    while group not in texts:
        group = group.rpartition("/")[0]
    return group


@pytest.mark.parametrize("name", ["run.h5", "sweep.h5", "audit.h5"])
def test_the_page_names_all_that_files_hold_and_no_more(name: str) -> None:
    """A name stands in its section, or with its whole path; what tables list, and attributes, are in a file."""
    texts = sections(pages()[name])
    # The /config of a sweep or an audit is that of a run, and the page says so.
    held = {path for path in listed()[name][1] if name == "run.h5" or not path.startswith("/config/")}
    page = "".join(texts.values())
    untold = []
    for path in held:
        last = re.split("[@/]", path)[-1]
        at = home(path, texts)
        if f"`{path}`" not in page and f"`{last}`" not in texts[at]:
            untold.append(path)
    assert not untold, "docs/file_format.md does not name what runs write"

    wrong = []
    for group, text in texts.items():
        names = {re.split("[@/]", path)[-1] for path in held if home(path, texts) == group} | {
            path for path in held if home(path, texts) == group}
        tables = re.findall(r"^\| *(?:dataset|attribute|what)\b.*\n\|[- |]*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
        cells = [row.split("|")[1] for table in tables for row in table.splitlines()]
        told = [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]
        wrong += [f"{group}: {word}" for word in told if word not in names | held]
    assert not wrong, "docs/file_format.md names what no run writes"
