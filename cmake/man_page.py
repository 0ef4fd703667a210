"""Writes the manual page of a program medpfl from its own help: man_page.py MEDPFL > medpfl.1"""

from __future__ import annotations

import re
import subprocess
import sys


def ask(*words: str) -> str:
    """What `medpfl WORDS` prints."""
    return subprocess.run([sys.argv[1], *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def plain(text: str) -> str:
    """The text in one line that roff takes as it stands."""
    line = " ".join(text.split())
    for character, escape in {"\\": r"\e", "-": r"\-", "^": r"\(ha", "~": r"\(ti", "`": r"\(ga"}.items():
        line = line.replace(character, escape)
    line = re.sub(r"[^\x00-\x7f]", lambda letter: rf"\[u{ord(letter[0]):04X}]", line)
    return rf"\&{line}" if line.startswith((".", "'")) else line


def paragraph(text: str) -> list[str]:
    return [".P", plain(text)]


def entry(term: str, *lines: str) -> list[str]:
    """A term, and below it indented lines."""
    told = [plain(line) for line in lines if line]
    return [".TP", rf"\fB{plain(term)}\fR", *"\n.br\n".join(told).splitlines()]


def rows(block: str) -> list[tuple[str, str]]:
    """The pairs of a table: each begins in the third column, and what stands further right continues it."""
    found: list[tuple[str, str]] = []
    for line in block.splitlines()[1:]:
        if match := re.fullmatch(r"  (\S+) +(.*)", line):
            found.append((match[1], match[2]))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line.strip()}")
    return found


def job_page(name: str, flags: dict[tuple[str, str], None]) -> list[str]:
    """What a job does; its flags are added to `flags`."""
    usage, about, *blocks = ask("help", name, "all").strip().split("\n\n")
    out = [f'.SS "medpfl {name}"', *paragraph(usage), *paragraph(about)]
    for block in blocks:
        if block.startswith("examples:"):
            out += [*paragraph("examples:"), ".P", ".EX", *map(plain, block.splitlines()[1:]), ".EE"]
        elif block.startswith("options used most"):
            out += paragraph("options used most: " + " ".join(re.findall(r"^  (--[\w.]+)=", block, re.MULTILINE)))
        elif block.startswith("flags:\n"):
            own = [(flag, " ".join(text.split())) for flag, text in rows(block)]
            flags.update(dict.fromkeys(own))
            out += paragraph("flags: " + " ".join(flag for flag, _ in own))
        elif not block.startswith(("flags: ", "[")):
            out += paragraph(block)
    return out


def option_pages() -> list[str]:
    """Every option of a run, by sections."""
    out: list[str] = []
    for block in ask("help", "simulate", "all").split("\n\n"):
        if block.startswith("["):
            head, _, rest = block.partition("\n")
            out += [f'.SS "{plain(head)}"']
            if rest.startswith("  --"):
                for option, text in rows(block):
                    out += entry(option, *text.splitlines())
            else:
                out += paragraph(rest)
    return out


def main() -> None:
    head, usage, jobs, more = ask("help").strip().split("\n\n")
    name, _, summary = head.partition(": ")
    flags: dict[tuple[str, str], None] = {}
    pages = [line for job, _ in rows(jobs) for line in job_page(job, flags)]
    codes, _, closing = ask("help", "exit-codes").strip().rpartition("\n")
    page = [f'.TH {name.upper()} 1 "" "{plain(ask("--version").partition(" (")[0])}"',
            ".nr HY 0", ".ad l",  # names of options stay whole
            ".SH NAME", plain(f"{name} - {summary}"),
            ".SH SYNOPSIS", plain(usage.removeprefix("usage: ")),
            ".SH DESCRIPTION"]
    for job, text in rows(jobs):
        page += entry(job, text)
    for line in more.splitlines():
        page += paragraph(line)
    page += [".SH JOBS", *pages, ".SH FLAGS"]
    for flag, text in flags:
        page += entry(flag, text)
    page += [".SH OPTIONS", *option_pages(), '.SH "EXIT STATUS"']
    for code, text in re.findall(r"^ +(\d+) +(.*)$", codes, re.MULTILINE):
        page += entry(code, text)
    page += paragraph(closing)
    print("\n".join(page))


if __name__ == "__main__":
    main()
