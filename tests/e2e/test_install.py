"""What cmake --install makes works where it was moved to."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import h5py
import pytest
from harness import BINARY, ENVIRONMENT, installed, medpfl, text

# A second of the quickstart.
SHORT = ["--data.phantom.train=16", "--data.phantom.test=8", "--attack.iterations=2", "--attack.targets=probes"]


def output_of(*command: object) -> str:
    """What a program prints; it must succeed without a word on stderr."""
    done = subprocess.run([str(word) for word in command], env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("install"))


def test_it_runs_a_configuration_of_its_own(prefix: Path, tmp_path: Path) -> None:
    config = prefix / "share/medpfl/configs/quickstart.ini"
    output_of(prefix / "bin/medpfl", "simulate", "--quiet", "--config", config, *SHORT, f"--run.output={tmp_path / 'run'}")
    with h5py.File(tmp_path / "run" / "run.h5") as run:
        assert text(run.attrs["status"]) == "complete"


def test_its_libraries_are_found_without_the_build(prefix: Path) -> None:
    """All of them, and none in the build folder or where the prefix was before."""
    program = prefix / "bin/medpfl"
    libraries = output_of("ldd", program)
    assert "libtorch_cpu" in libraries and "not found" not in libraries
    searched = re.findall(r"R(?:UN)?PATH\).*\[(.*)\]", output_of("readelf", "--dynamic", program))
    for folder in (BINARY.parents[1], prefix.parent):
        assert not any(str(folder) in path for path in searched)


def test_the_manual_page_is_the_help_of_the_program(prefix: Path) -> None:
    """Each job with its flags, each section of options, and the exit codes; roff has nothing to warn of."""
    page = output_of("groff", "-ww", "-man", "-Tascii", "-P-cbou", prefix / "share/man/man1/medpfl.1")
    assert page.startswith("MEDPFL(1)")
    jobs = re.findall(r"^  ([\w-]+) ", medpfl("help").out, re.MULTILINE)
    assert "simulate" in jobs
    for job in jobs:
        assert f"\n   medpfl {job}\n" in page
        for flag in re.findall(r"^  (--[\w-]+)", medpfl("help", job, "flags").out, re.MULTILINE):
            assert re.search(rf"^       {flag}\b", page, re.MULTILINE), f"{flag} of {job}"
    for section in re.findall(r"^\[.*?\]", medpfl("simulate", "--print-config").out, re.MULTILINE):
        assert f"\n   {section} " in page
    for code in re.findall(r"^ +(\d+) ", medpfl("help", "exit-codes").out, re.MULTILINE):
        assert re.search(rf"^       {code} ", page, re.MULTILINE), code


def test_bash_completes_its_words(prefix: Path) -> None:
    script = prefix / "share/bash-completion/completions/medpfl"
    assert "_medpfl" in output_of("bash", "-c", f"source '{script}' && complete -p medpfl")


def test_the_license_is_with_it(prefix: Path) -> None:
    assert "Apache License" in (prefix / "share/doc/medpfl/LICENSE").read_text()
