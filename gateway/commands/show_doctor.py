"""How findings look on a terminal: the worst first, one line each, what to do below; 40 columns are enough."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.commands import lines
from gateway.commands.doctor_words import Words
from gateway.commands.listing import printable, terminal_width
from gateway.doctor import Finding, Standing

PIPE_WIDTH: Final = 100_000  # nothing is folded for a program that reads lines
MARKS: Final[Mapping[Standing, tuple[str, str]]] = {  # mark, colour
    Standing.WRONG: ("✗", "\x1b[31m"),
    Standing.UNWISE: ("!", "\x1b[33m"),
    Standing.UNKNOWN: ("?", "\x1b[36m"),
    Standing.WELL: ("✓", "\x1b[32m"),
}
PLAIN: Final = "\x1b[0m"


def said(findings: Sequence[Finding], words: Words) -> None:
    """Print the findings and what they come to."""
    width = terminal_width()
    for line in report(findings, words, width, is_coloured=lines.is_terminal(sys.stdout)):
        lines.say(line)


def report(findings: Sequence[Finding], words: Words, width: int | None, *, is_coloured: bool) -> Iterator[str]:
    """Yield the lines of a report, at most ``width`` cells wide where they can be; None: not folded."""
    for one in findings:
        if one.standing is not Standing.WELL:
            yield from _finding(one, words, PIPE_WIDTH if width is None else width, is_coloured=is_coloured)
    well = [one for one in findings if one.standing is Standing.WELL]
    counts = {standing: sum(one.standing is standing for one in findings) for standing in Standing}
    yield from _summary(counts, len({one.check for one in well}), words, is_coloured=is_coloured)


def _finding(one: Finding, words: Words, width: int, *, is_coloured: bool) -> Iterator[str]:
    mark, colour = MARKS[one.standing]
    means, seen = words.means(one), printable(one.seen)
    head = f"{mark} {words.standing(one.standing)}"
    about = f" ({printable(one.about)})" if one.about and (means or one.about not in one.seen) else ""
    first, *rest = _wrapped(f"{head}  {one.check}{about}: {means or seen}", width, "", "    ")
    yield f"{colour}{head}{PLAIN}{first.removeprefix(head)}" if is_coloured else first
    yield from rest
    if means and seen:
        yield from _wrapped(seen, width, "    ", "    ")
    yield from _wrapped(printable(words.do(one)), width, "    → ", "      ")


def _wrapped(text: str, width: int, first: str, then: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


def _summary(counts: Mapping[Standing, int], well: int, words: Words, *, is_coloured: bool) -> Iterator[str]:
    ill = {standing: count for standing, count in counts.items() if count and standing is not Standing.WELL}
    if not ill and not well:
        yield words.report("nothing")
        return
    mark, colour = MARKS[Standing.WELL]
    said = words.report("well" if ill else "all_well", well)
    more = "".join(f", {count} {words.standing(standing)}" for standing, count in ill.items())
    yield f"{colour}{mark}{PLAIN} {said}{more}" if is_coloured else f"{mark} {said}{more}"
