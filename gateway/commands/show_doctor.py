"""How findings look on a terminal: the worst first, one line each, what to do below; 40 columns are enough."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.commands import lines
from gateway.commands.listing import printable, terminal_width
from gateway.doctor import Finding, Standing

PIPE_WIDTH: Final = 100_000  # nothing is folded for a program that reads lines
MARKS: Final[Mapping[Standing, tuple[str, str, str]]] = {  # mark, word, colour
    Standing.WRONG: ("✗", "wrong", "\x1b[31m"),
    Standing.UNWISE: ("!", "unwise", "\x1b[33m"),
    Standing.UNKNOWN: ("?", "unknown", "\x1b[36m"),
    Standing.WELL: ("✓", "well", "\x1b[32m"),
}
PLAIN: Final = "\x1b[0m"


def said(findings: Sequence[Finding]) -> None:
    """Print the findings and what they come to."""
    width = terminal_width()
    for line in report(findings, width, is_coloured=lines.is_terminal(sys.stdout)):
        lines.say(line)


def report(findings: Sequence[Finding], width: int | None, *, is_coloured: bool) -> Iterator[str]:
    """Yield the lines of a report, at most ``width`` cells wide where they can be; None: not folded."""
    for one in findings:
        if one.standing is not Standing.WELL:
            yield from _finding(one, PIPE_WIDTH if width is None else width, is_coloured=is_coloured)
    well = [one for one in findings if one.standing is Standing.WELL]
    counts = {standing: sum(one.standing is standing for one in findings) for standing in Standing}
    yield from _summary(counts, len({one.check for one in well}), is_coloured=is_coloured)


def _finding(one: Finding, width: int, *, is_coloured: bool) -> Iterator[str]:
    mark, word, colour = MARKS[one.standing]
    about = f" ({printable(one.about)})" if one.about and one.about not in one.seen else ""
    text = f"{mark} {word}  {one.check}{about}: {printable(one.seen)}"
    first, *rest = textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False)
    head = f"{mark} {word}"
    yield f"{colour}{head}{PLAIN}{first.removeprefix(head)}" if is_coloured else first
    yield from rest
    if one.do:
        yield from textwrap.wrap(
            printable(one.do), width, initial_indent="    → ", subsequent_indent="      ", break_on_hyphens=False
        )


def _summary(counts: Mapping[Standing, int], well: int, *, is_coloured: bool) -> Iterator[str]:
    ill = {standing: count for standing, count in counts.items() if count and standing is not Standing.WELL}
    if not ill and not well:
        yield "nothing to look at: is the agent running?"
        return
    mark, _, colour = MARKS[Standing.WELL]
    words = f"{mark} all well: {well} checks" if not ill else f"{mark} {well} checks well"
    more = "".join(f", {count} {MARKS[standing][1]}" for standing, count in ill.items())
    yield f"{colour}{mark}{PLAIN}{words.removeprefix(mark)}{more}" if is_coloured else f"{words}{more}"
