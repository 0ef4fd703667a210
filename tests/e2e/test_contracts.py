"""What every component of every family must do. The families' tables say which there are.

A component that needs more than the tiny federation has an entry in NEEDS; one that does not is
tested here without a word about it. Components of several families share a run where their options
agree, since the start of a process is what takes longest.
"""

from __future__ import annotations

import configparser
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import files
import h5py
import pytest
from harness import BINARY, CONFIG, ENVIRONMENT, REPOSITORY, TINY, command, complete, medpfl, simulate, text, words
from test_same_bits import expect_same

Options = dict[str, object]

# How a component is put to work, by family; NAME stands for it.
USE: dict[str, Options] = {
    "attacks": {"attack.method": "NAME", "attack.labels": "known"},
    "defenses": {"defense.chain": "NAME", "federation.batch_size": 4},
    "models": {"model.name": "NAME"},
    "datasets": {"data.dataset": "NAME"},
    "algorithms": {"federation.algorithm": "NAME", "federation.batch_size": 4},
    "federation.server_optimizer": {"federation.server_optimizer": "NAME",
                                    "federation.algorithm": "fedavg"},
    "federation.partition": {"federation.partition": "NAME"},
    "federation.sum": {"federation.sum": "NAME"},
    "attack.engine": {"attack.engine": "NAME", "attack.method": "dlg"},
}
BATCH_NORM: Options = {"model.name": "convnet-small", "model.convnet-small.norm": "batch",
                       "model.convnet-small.width": 2, "model.convnet-small.blocks": 2,
                       "model.norm_mode": "train", "model.init": "pytorch",
                       "federation.batch_size": 4, "attack.probe_batch": 2}
NEEDS: dict[str, Options] = {
    "grad-inversion": BATCH_NORM,
    "medical-bn": BATCH_NORM,
    "sme": {"federation.algorithm": "fedavg", "attack.probes": 0, "attack.targets": "updates",
            "federation.batch_size": 2},
    "unroll": {"federation.algorithm": "fedavg", "attack.probes": 0, "attack.targets": "updates",
               "federation.batch_size": 2,
               "attack.dlg.update": "unroll"},
    "imprint": {"attack.threat": "malicious-server", "model.imprint_bins": 16},
    "fc-readout": {"model.name": "mlp", "model.mlp.hidden": 16},
    "ats": {"data.channels": 3},
    "convnet": {"model.convnet.width": 2},
    # Deep networks diverge from weights as wide as the tiny federation's.
    "resnet18": {"model.resnet18.width": 2, "data.image_size": 32, "model.init": "pytorch"},
    "resnet20": {"model.resnet20.width": 2, "model.init": "pytorch"},
    "vgg11": {"model.vgg11.width": 2, "data.image_size": 32, "model.init": "pytorch"},
}
SECTIONS = {"attacks": "attack", "defenses": "defense", "models": "model", "datasets": "data",
            "algorithms": "federation"}
DESCRIBED = {"attacks", "defenses", "models", "algorithms"}
CONFIGURATION = REPOSITORY / "docs" / "configuration.md"
METHODS = [REPOSITORY / "docs" / "methods.md", *sorted((REPOSITORY / "docs" / "methods").glob("*.md"))]
# Results of these depend on the number of ranks, as their help says; they share no run.
CHANGES_WITH_RANKS = {"fast"}


@dataclass(frozen=True)
class Component:
    """A row of a family's table, or a word of an option that chooses one."""

    family: str
    name: str

    def __str__(self) -> str:
        return f"{self.family}:{self.name}"

    def options(self) -> Options:
        """What puts it to work."""
        use = {key: self.name if value == "NAME" else value
               for key, value in USE[self.family].items()}
        return use | NEEDS.get(self.name, {})

    def files(self, folder: Path) -> Options:
        """Of a data set that reads files: where they are, written on first use."""
        if self.family != "datasets" or self.name not in files.WRITERS:
            return {}
        source = folder / "data"
        return {"data.path": source if source.exists() else files.WRITERS[self.name](source)}

    def section(self) -> str:
        """The section of its own options; "" where it has none."""
        name = f"{SECTIONS[self.family]}.{self.name}" if self.family in SECTIONS else ""
        return name if f"\n[{name}]\n" in DEFAULTS else ""


def rows(family: str) -> list[str]:
    """Names in the table of a family, as `medpfl list` shows it: one a line, indented by two."""
    return re.findall(r"^  (\S+)  ", medpfl("list", family).out, re.MULTILINE)


def configuration(*arguments: object) -> str:
    """The resolved configuration as INI, with comments."""
    shown = medpfl("simulate", "--print-config", *arguments)
    assert shown.code == 0, shown.err
    return shown.out


def domains(section: str) -> dict[str, str]:
    """What each option of a section may hold, as the comments of --print-config say."""
    text = DEFAULTS.partition(f"\n[{section}]\n")[2].partition("\n[")[0]
    shown = re.findall(r"^# .*\((.*)\); from: .*\n(\w+)=", text, re.MULTILINE)
    return {name: domain for domain, name in shown}


def values(ini: str) -> dict[str, str]:
    """Every option of an INI text."""
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.read_string(ini)
    return {f"{section}.{name}": value for section in parser.sections()
            for name, value in parser[section].items()}


def words_of(option: str) -> list[str]:
    """The words of an option that has a choice."""
    section, _, name = option.rpartition(".")
    words_there = domains(section)[name].removeprefix("one of: ").split(", ")
    return [word for word in words_there if word != "auto"]


@dataclass
class Company:
    """Components that one small run puts to work: at most one of each family."""

    members: list[Component]
    options: Options

    def __str__(self) -> str:
        return "+".join(map(str, self.members))

    def takes(self, component: Component) -> bool:
        """Whether another one can join without a contradiction."""
        return all(member.family != component.family and member.name not in CHANGES_WITH_RANKS
                   for member in self.members) and all(
            self.options.get(name, value) == value for name, value in component.options().items())

    def run(self, folder: Path) -> Options:
        """The run, its files written."""
        files_there = {name: value for member in self.members for name, value in member.files(folder).items()}
        return {"checkpoint.every": 1} | self.options | files_there

    def own_options(self) -> dict[str, str]:
        """The options that belong to its members, and what each may hold."""
        return {f"{member.section()}.{name}": domain for member in self.members if member.section()
                for name, domain in domains(member.section()).items()}


DEFAULTS = "\n" + configuration()


def components() -> list[Component]:
    """All there are."""
    return [Component(family, name) for family in USE
            for name in (words_of(family) if "." in family else rows(family))]


def companies(components_there: list[Component]) -> list[Company]:
    """All components, in few companies: each joins the first that takes it."""
    found: list[Company] = []
    for component in components_there:
        for company in found:
            if component.name not in CHANGES_WITH_RANKS and company.takes(component):
                company.members.append(component)
                company.options = company.options | component.options()
                break
        else:
            found.append(Company([component], component.options()))
    return found


ALL = components()
COMPANIES = companies(ALL)


@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_stopped_on_three_ranks_and_resumed_on_two_is_as_unbroken_on_one(company: Company, tmp_path: Path) -> None:
    """The bits depend neither on the number of ranks nor on an interruption."""
    options = company.run(tmp_path)
    ranks = (1, 1) if company.members[0].name in CHANGES_WITH_RANKS else (3, 2)
    rounds = stop_early(tmp_path / "parts", options, ranks[0])
    options |= {"federation.rounds": rounds}
    resumed = simulate(tmp_path / "parts", options, "--resume", ranks=ranks[1])
    assert resumed.code == 0, resumed.err
    with complete(tmp_path / "whole", options) as expected, \
            h5py.File(tmp_path / "parts/run.h5") as found:
        assert found["environment"].attrs["resumes"] > 0
        expect_same(expected, found)


def stop_early(output: Path, options: Options, ranks: int) -> int:
    """Begins a run and stops it behind its first checkpoint; of how many rounds it was to be."""
    for rounds in (2, 8, 32, 128):
        arguments = ["simulate", "--quiet", "--overwrite",
                     *words(TINY | options | {"run.output": output, "federation.rounds": rounds})]
        run = subprocess.Popen(command(arguments, ranks), env=os.environ | ENVIRONMENT,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
        while run.poll() is None and not (output / "checkpoint.h5").exists():
            time.sleep(0.002)
        run.send_signal(signal.SIGUSR1)  # which mpirun passes on; SIGTERM it takes for itself
        _, errors = run.communicate(timeout=120)
        assert (output / "run.h5").exists(), errors
        with h5py.File(output / "run.h5") as ended:
            if text(ended.attrs["status"]) == "interrupted":
                return rounds
            assert text(ended.attrs["status"]) == "complete", errors
    raise AssertionError(f"{BINARY} cannot be stopped in time")


@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_bad_values_of_their_options_are_refused_all_at_once(company: Company, tmp_path: Path) -> None:
    """One run names every option of the components that holds what it cannot mean."""
    bad = {option: "-1e9x" for option, domain in company.own_options().items()
           if "text" not in domain and "comma-separated list" not in domain}
    # A text or a list that may hold anything is refused when it is put to use, if it means nothing.
    if bad:
        refused = simulate(tmp_path / "run", company.run(tmp_path) | bad)
        assert refused.code == CONFIG
        for option in bad:
            assert f"{option} " in refused.err, refused.err
        assert not (tmp_path / "run").exists()


def test_unknown_options_are_named(tmp_path: Path) -> None:
    """One in the section of each component."""
    unknown = [f"{component.section()}.nonsense" for component in ALL if component.section()]
    refused = simulate(tmp_path / "run", dict.fromkeys(unknown, 1))
    assert refused.code == CONFIG
    for option in unknown:
        assert f"'{option}'" in refused.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_their_configuration_comes_back_from_what_print_config_shows(company: Company, tmp_path: Path) -> None:
    """Options that are not at their defaults go through a file unchanged."""
    options = TINY | company.run(tmp_path)
    for option, domain in company.own_options().items():
        choice = re.search(r"one of: (.*)", domain)
        if choice:
            options[option] = choice[1].split(", ")[-1]
        elif domain == "true or false":
            options[option] = "true"
    shown = configuration(*words(options))
    (tmp_path / "shown.ini").write_text(shown)
    again = configuration("--config", tmp_path / "shown.ini")
    assert values(again) == values(shown)
    for option, value in options.items():
        assert values(shown)[option] == str(value)


@pytest.mark.parametrize("component", ALL, ids=str)
def test_it_has_its_place_in_the_documents(component: Component) -> None:
    """Methods say what it computes; data sets and words of options stand in the configuration."""
    described = component.family in DESCRIBED
    pages = METHODS if described else [CONFIGURATION]
    name = re.escape(component.name)
    # A heading, a paragraph or a row of its own; a word in passing is none.
    named = rf"^#+ {name}$|\*\*`{name}`\*\*|^\|[^|]*`{name}`" if described else f"`{name}`"
    told = "".join(page.read_text() for page in pages)
    assert re.search(named, told, re.MULTILINE), f"none of {[page.name for page in pages]} says what it is"
