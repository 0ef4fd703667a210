"""What the documents say of options, exit codes, files and each other is so; one spelling throughout."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from harness import REPOSITORY, medpfl

FOLDERS = "analysis cmake configs docs jobs packaging slurm src tests".split()
FILES = sorted(path.relative_to(REPOSITORY).as_posix()
               for path in [*REPOSITORY.glob("*.md"), *(path for folder in FOLDERS
                                                        for path in (REPOSITORY / folder).rglob("*"))]
               if path.is_file() and "__pycache__" not in path.parts)
PAGES = [name for name in FILES if name.endswith(".md")]
SECTIONS = "run data model federation defense attack output checkpoint".split()
# Parts of an attack: every preset has all of them, so the documents list them once.
SHARED = "attack.NAME"
# Files whose spelling is checked.
READ = (".md", ".cpp", ".hpp", ".py", ".sh", ".sbatch", ".ini", ".txt")
# A comment or a text in a line of C++; a character is matched so that no quote begins a text.
COMMENT_OR_TEXT = re.compile(r"""//.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'""")
# The examples of docs/adding_a_component.md and docs/tutorials/add_a_defense.md.
MADE_UP = {"src/defenses/sign.cpp", "defense.sign.magnitude",
           "src/defenses/flip.cpp", "tests/defenses/flip_test.cpp", "defense.flip.probability"}


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """The page without blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", read(name), flags=re.DOTALL | re.MULTILINE)


def told_options() -> dict[str, tuple[str, str]]:
    """section.option -> default and the words it may be, "" if free, as the program tells them."""
    options: dict[str, tuple[str, str]] = {}
    section, told = "", ""
    for line in medpfl("simulate", "--print-config").out.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("#"):
            told = line
        elif "=" in line:
            option, _, value = line.partition("=")
            words = re.search(r"\(one of: ([^)]*)\)", told)
            options[f"{section}.{option}"] = (value, words[1] if words else "")
    return options


@pytest.fixture(scope="module")
def options() -> dict[str, tuple[str, str]]:
    return told_options()


def listed_options() -> dict[str, tuple[str, str]]:
    """section.option -> default and the whole row, of the tables of docs/configuration.md."""
    rows: dict[str, tuple[str, str]] = {}
    sections: list[str] = []
    for line in read("docs/configuration.md").splitlines():
        if line.startswith("#"):
            sections = re.findall(r"\[([^]]+)\]", line)
        elif match := re.match(r"\| `([^`]+)` \| (?:(?:`([^`]*)`|empty) \| )?", line):
            for section in sections:
                rows[f"{section}.{match[1]}"] = (match[2] or "", line)
    return rows


def test_the_configuration_page_lists_every_option_and_no_other(
        options: dict[str, tuple[str, str]]) -> None:
    """With its default and all its words. Of presets the parts are listed once, without defaults."""
    listed = listed_options()
    parts = {name.rpartition(".")[2] for name in listed if name.startswith(f"{SHARED}.")}
    assert parts, "the parts of an attack are missing"
    presets = {name.rpartition(".")[0] for name in options if name.count(".") == 2 and
               name.startswith("attack.") and name.rpartition(".")[0] + ".labels" not in listed}
    expected = dict(options)
    for preset in presets:
        own = {name: expected.pop(name) for name in list(expected) if name.startswith(f"{preset}.")}
        assert {name.rpartition(".")[2] for name in own} == parts, preset
        for name, (_, words) in own.items():
            expected[f"{SHARED}.{name.rpartition('.')[2]}"] = ("", words)
    assert listed.keys() == expected.keys()
    assert any(words for _, words in expected.values())
    for name, (default, words) in expected.items():
        told, row = listed[name]
        assert told == default, f"{name}: default {default}, in the document {told}"
        for word in filter(None, words.split(", ")):
            assert f"`{word}`" in row, f"{name} may be {word}, which its row does not say"


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_a_document_names_exists(
        page: str, options: dict[str, tuple[str, str]]) -> None:
    """section.option in code, without a value or with one."""
    known = options.keys() | MADE_UP
    known |= {re.sub(r"^(attack|model|defense|data)\.[^.]+\.", r"\1.NAME.", name) for name in options}
    known |= {name.rpartition(".")[0] for name in options}
    named = re.findall(rf"(?:`|--|^)((?:{'|'.join(SECTIONS)})\.[\w-]+(?:\.[\w-]+)?)(?=[`= ])", read(page),
                       flags=re.MULTILINE)
    files = re.compile(r"\.(h5|lock|owner|progress|cpp|hpp|py|sh|ini|sbatch|partial|data|npz)$")
    wrong = [name for name in named if name not in known and not files.search(name)]
    assert not wrong, f"{page} names options that do not exist"


def test_the_page_of_exit_codes_lists_those_of_the_program() -> None:
    declared = dict(re.findall(r"(k\w+) = (\d+),", read("src/core/error.hpp").partition("};")[0]))
    table = read("docs/exit_codes.md").partition("## Codes of medpfl")[2].partition("\n## ")[0]
    assert {name: code for code, name in re.findall(r"^\| (\d+) \| `(k\w+)` \|", table, re.MULTILINE)} == declared


def test_there_is_one_version() -> None:
    """Of the program, of the analysis and in the citation."""
    version = medpfl("--version").out.split()[1]
    assert f"\nversion: {version}\n" in read("CITATION.cff")
    assert f'\n__version__ = "{version}"\n' in read("analysis/medpfl_analysis/__init__.py")


def anchors(name: str) -> set[str]:
    """Anchors of the headings, by the rule of GitHub: lower case, no punctuation, - for blanks."""
    headings = re.findall(r"^#+ (.*)$", prose(name), flags=re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Files beside the page, and headings in them."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (REPOSITORY / page).parent / path if path else REPOSITORY / page
        if not file.exists() or (anchor and anchor not in anchors(str(file.resolve().relative_to(REPOSITORY)))):
            broken.append(target)
    assert not broken, f"{page} has links that lead nowhere"


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_files_that_a_document_names_exist(page: str) -> None:
    """Paths of the checkout in code, whole or from any of its folders on."""
    named = re.findall(r"`([\w./-]+/[\w.-]+\.(?:cpp|hpp|py|ini|sh|sbatch))`", read(page))
    wrong = [name for name in named if name not in MADE_UP
             and not any(f"/{file}".endswith(f"/{name}") for file in FILES)]
    assert not wrong, f"{page} names files that do not exist"


def test_the_page_of_clusters_lists_every_profile() -> None:
    """Each is linked, and each of a site says that it was not run there."""
    profiles = {name for name in FILES if name.startswith("slurm/machines/")}
    page = read("docs/hpc.md")
    assert {name for name in profiles if f"](../{name})" not in page} == set()
    of_sites = {name for name in profiles if "SBATCH_ACCOUNT" in read(name)}
    assert {name for name in of_sites if "not run there" not in read(name)} == set() != of_sites


def test_the_index_lists_every_page() -> None:
    """docs/README.md, so that no page is found by chance alone; decisions, too."""
    listed = set(re.findall(r"\]\(([^)#\s]+)", read("docs/README.md")))
    pages = {Path(page).relative_to("docs").as_posix() for page in PAGES
             if page.startswith("docs/") and page != "docs/README.md"}
    assert pages <= listed


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("docs/data/")])
def test_tables_of_data_are_whole_and_described(name: str) -> None:
    """Rows of equal length, as many as a page says, and each column in the page that links to it."""
    head, *rows = csv.reader(read(name).splitlines())
    assert {len(row) for row in rows} == {len(head)}
    link = name.removeprefix("docs/")
    pages = [read(page) for page in PAGES if f"[{link}]({link})" in read(page)]
    assert any(f"{len(rows)} rows" in page for page in pages), f"no page says that {name} has {len(rows)} rows"
    told = "".join(pages)
    missing = [column for column in head if not column.endswith(("_low", "_high")) and f"`{column}`" not in told]
    assert not missing


def test_each_name_of_a_type_is_given_once() -> None:
    """The linker merges what two types of one name have in common, such as a destructor, and warns of nothing."""
    given: dict[str, list[str]] = {}
    for name in FILES:
        if name.startswith("src/") and name.endswith(".hpp"):
            space = ""
            for line in read(name).splitlines():
                if opened := re.match(r"namespace (\S+) {", line):
                    space = opened[1]
                elif found := re.match(r"(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;]*)? {", line):
                    given.setdefault(f"{space}::{found[1]}", []).append(name)
                elif found := re.match(r"using (\w+) =", line):
                    given.setdefault(f"{space}::{found[1]}", []).append(name)
    assert len(given) > 300
    assert not {name: places for name, places in given.items() if len(places) > 1}


def words(name: str) -> str:
    """The file without what stands for code: of C++ only comments and texts with a blank, such as help."""
    text = read(name)
    if name.endswith((".cpp", ".hpp")):
        parts = ([part for part in COMMENT_OR_TEXT.findall(line) if part.startswith("//") or " " in part]
                 for line in text.splitlines())
        text = "\n".join(" ".join(line) for line in parts)
    return re.sub(r"`[^`\n]*`|\S+=\S+", "", text)


def test_one_spelling() -> None:
    """The list of CONTRIBUTING.md: what stands on its right is not written anywhere."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$",
                      read("CONTRIBUTING.md").partition("## Words")[2].partition("\n## ")[0], flags=re.MULTILINE)
    wrong = [word.strip() for _, cell in rows[2:] for word in cell.split(",")]
    assert len(wrong) > 10
    pattern = re.compile(r"\b(" + "|".join(re.escape(word) for word in wrong) + r")\b", re.IGNORECASE)
    found = []
    for name in FILES:
        if name == "CONTRIBUTING.md" or not name.endswith(READ):
            continue
        found += [f"{name}:{number}: {match[0]}" for number, line in enumerate(words(name).splitlines(), 1)
                  for match in pattern.finditer(line)]
    assert not found, "\n".join(found)
