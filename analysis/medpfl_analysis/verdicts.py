"""Verdicts as pages show them. The program computes the word and the reason, and its files hold
them; a page adds a mark, and computes nothing."""

from __future__ import annotations

from typing import NamedTuple

LEAKS, PROTECTS, NOT_TESTED = "leaks", "protects", "not tested"
MEANINGS = {
    LEAKS: "An attack identifies more images than chance does.",
    PROTECTS: "The attack identifies at least half of the images with the defense off, and "
                "hardly more than chance with it. An audit says so, which tries it on public images, "
                "or a sweep that has the same setting without the defense; a single run never sees "
                "its messages without it.",
    "inconclusive": "Neither is shown: few images, no defense, or an attack too weak to judge one.",
    NOT_TESTED: "Nothing was attacked, or no attack applies or answers the defense. It is not "
                "counted as safe.",
}
"""What each verdict means, as docs/audit.md says."""
_MARKS = {LEAKS: "▲", PROTECTS: "✓", "inconclusive": "?", NOT_TESTED: "○"}


class Verdict(NamedTuple):
    """What a file says of messages that were attacked. False where it says nothing: it is of a
    version before verdicts, or the row is no attack."""

    word: str
    """a key of MEANINGS, or "" """
    reason: str
    """why, as a clause"""

    def __bool__(self) -> bool:
        return bool(self.word)

    def __str__(self) -> str:
        return f"{self.word}; {self.reason}"

    @property
    def mark(self) -> str:
        """The sign that stands beside the word wherever a page shows it; "" for a word of a later
        version."""
        return _MARKS.get(self.word, "")

    @property
    def marked(self) -> str:
        """Mark and word, for text; "" without a verdict."""
        return f"{self.mark} {self.word}".strip()

    @property
    def name(self) -> str:
        """The word as the style sheet names it."""
        return self.word.replace(" ", "-")


def meanings(shown: bool) -> list[tuple[Verdict, str]]:
    """What a page explains where it shows verdicts; else nothing."""
    return [(Verdict(word, ""), text) for word, text in MEANINGS.items()] if shown else []
