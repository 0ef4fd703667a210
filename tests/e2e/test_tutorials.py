"""What a newcomer types by docs/tutorials is accepted, runs and compiles."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from files import image_folder
from harness import BINARY, LIMIT, REPOSITORY, medpfl
from medpfl_analysis.__main__ import parser

PAGES = sorted((REPOSITORY / "docs" / "tutorials").glob("*.md"))
# A block in Markdown with its language, "" for commands of the shell.
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^cat >(\S+) <<'END'\n(.*?)^END$", re.DOTALL | re.MULTILINE)
# Jobs that take the options of a run.
JOBS = {"simulate", "attack", "sweep", "audit"}
# Other programs, which are not run.
OTHERS = {"cd", "cmake", "defenses_test", "export", "jupyter", "mkdir", "ninja", "pip", "python3", "scancel",
          "sinfo", "squeue", "srun", "sudo", "tail"}
# What the page on a new defense adds, and what stands in for it: the program under test has no such defense.
STANDS_IN = {"defense.chain=flip": "defense.chain=prune", "defense.flip.probability": "defense.prune.ratio",
             "medpfl list flip": "medpfl list prune"}
# The job that a batch file of slurm/ gives the options behind its name to.
BATCH_JOB = re.compile(r'^(?:run_until_done|"\$\{medpfl\[@\]\}") (\w+)', re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a language in their order."""
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def commands(page: Path) -> list[list[str]]:
    """The commands of the shell as words, without what makes files."""
    text = FILE.sub("", "".join(blocks(page, ""))).replace("\\\n", " ")
    for made_up, known in STANDS_IN.items():
        text = text.replace(made_up, known)
    lines = (shlex.split(line, comments=True) for line in text.splitlines())
    return [line for line in lines if line]


def job_of(words: list[str]) -> list[str]:
    """The words of medpfl behind its launcher or batch file; [] of another program."""
    if words[0] == "mpirun":
        assert words[1:2] == ["-n"] and words[3] == "medpfl", words
        return words[4:]
    if words[0] == "medpfl":
        return words[1:]
    if words[0] != "sbatch":
        return []
    place = next(i for i, word in enumerate(words) if word.endswith(".sbatch"))
    return [BATCH_JOB.search((REPOSITORY / words[place]).read_text(encoding="utf-8"))[1], *words[place + 1:]]


@pytest.fixture
def checkout(page: Path, tmp_path: Path, folder: Path) -> Path:
    """Where the page is typed: what the checkout has, the files that the page makes, images in FOLDER, and a tiny
    run in the place of each of the page's."""
    for name in ("analysis", "configs", "slurm"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    image_folder(tmp_path / "FOLDER")
    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"runs/([\w-]+)(?![\w.-])", text)):
        shutil.copytree(folder, tmp_path / "runs" / name)
    for name, content in FILE.findall("".join(blocks(page, ""))):
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def python(checkout: Path, *words: str) -> None:
    """Runs Python as the page says, with the package of the checkout and without a screen."""
    done = subprocess.run(["/usr/bin/python3", *words], cwd=checkout, capture_output=True, text=True, timeout=LIMIT, check=False,
                          env=os.environ | {"PYTHONPATH": str(REPOSITORY / "analysis"), "MPLBACKEND": "Agg"})
    assert done.returncode == 0, done.stderr


def test_there_are_tutorials() -> None:
    assert len(PAGES) >= 5 and all(commands(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_accepted(page: Path, checkout: Path) -> None:
    """Options and configurations exist, files of weights fit, and other words are of known programs."""
    for words in commands(page):
        job = job_of(words)
        if job:
            # A dry run finds the tiny run in its place.
            flags = [] if job[0] not in JOBS else ["--overwrite"] if "--dry-run" in job else ["--print-config"]
            done = medpfl(*job, *flags, cwd=checkout)
            assert done.code == 0, f"{shlex.join(words)}: {done.err}"
        elif words[1:3] == ["-m", "medpfl_analysis"]:
            parser().parse_args(words[3:])
        elif words[0] == "/usr/bin/python3" and words[-1].endswith(".py"):
            python(checkout, *words[1:])
        else:
            assert Path(words[0]).name in OTHERS, f"{page.name}: {shlex.join(words)}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.stem)
def test_python_runs(page: Path, checkout: Path) -> None:
    """All of a page in one session, as in a notebook."""
    python(checkout, "-c", "".join(blocks(page, "python")))


@pytest.mark.parametrize("target", ["medpfl_defenses", "defenses_test"])
def test_the_new_defense_compiles(target: str, tmp_path: Path) -> None:
    """The files of add_a_defense.md, by the command that compiles others of their library and of their program."""
    page = REPOSITORY / "docs" / "tutorials" / "add_a_defense.md"
    source = next(text for text in blocks(page, "cpp") if ("TEST(" in text) == target.endswith("_test"))
    (tmp_path / "flip.cpp").write_text(source, encoding="utf-8")
    listed = json.loads((BINARY.parents[1] / "compile_commands.json").read_text(encoding="utf-8"))
    command = next(entry for entry in listed if f"/{target}.dir/" in entry["command"])
    words = shlex.split(command["command"])
    words[words.index("-o") + 1] = str(tmp_path / "flip.o")
    words[words.index("-c") + 1] = str(tmp_path / "flip.cpp")
    done = subprocess.run([*words, f"-I{REPOSITORY / 'tests/defenses'}"], cwd=command["directory"], capture_output=True,
                          text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
