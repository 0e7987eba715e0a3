"""Where texts stand in a text: found by search, not by one large pattern, which takes minutes with a thousand names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

SHORT: Final = 4  # characters; a text below that is looked for as a whole word alone
WORD: Final = re.compile(r"\w+")

Span = tuple[int, int]
"""Where something begins, and where it ends."""


class Texts:
    """Find texts wherever they stand, in capitals or not, within words and across each other."""

    def __init__(self, texts: Iterable[str]) -> None:
        found = {folded(one) for one in texts}
        self._long = sorted(one for one in found if len(one) >= SHORT)
        self._short = Names({one: "" for one in found if 0 < len(one) < SHORT})

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where they stand, in no order."""
        where = folded(text)
        for one in self._long:
            at = where.find(one)
            while at >= 0:
                yield at, at + len(one)
                at = where.find(one, at + 1)
        yield from (span for span, _ in self._short.found(where))


class Names:
    """Find names as whole words."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names`` are what is looked for, each with what it is called instead."""
        self._by_first: dict[str, list[tuple[int, str, str]]] = {}
        for name in sorted(names, key=len, reverse=True):
            if first := WORD.search(name):
                self._by_first.setdefault(first[0], []).append((first.start(), name, names[name]))

    def found(self, text: str) -> Iterator[tuple[Span, str]]:
        """Yield where names stand and what they are called instead, from the left, the longest of each place."""
        done = 0
        for word in WORD.finditer(text):
            for offset, name, other in self._by_first.get(word[0], ()):
                begin, end = word.start() - offset, word.start() - offset + len(name)
                if begin >= done and text.startswith(name, begin) and not _goes_on(text, end):
                    yield (begin, end), other
                    done = end
                    break

    def replaced(self, text: str) -> str:
        """Return the text with other names."""
        parts, done = [], 0
        for (begin, end), other in self.found(text):
            parts += [text[done:begin], other]
            done = end
        return "".join([*parts, text[done:]])


def without(text: str, spans: Iterable[Span], instead: str) -> str:
    """Return a text without what stands at ``spans``; what touches goes as one."""
    parts, done = [], 0
    for begin, end in _together(spans):
        parts += [text[done:begin], instead]
        done = end
    return "".join([*parts, text[done:]])


def folded(text: str) -> str:
    """Return the text in small letters, of the same length: some capitals have two."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(map(_folded, text))


def _folded(letter: str) -> str:
    small = letter.lower()
    return small if len(small) == 1 else letter


def _goes_on(text: str, end: int) -> bool:
    return WORD.match(text, end - 1) is not None and WORD.match(text, end) is not None


def _together(spans: Iterable[Span]) -> Iterator[Span]:
    begin = end = 0
    for first, last in sorted(spans):
        if first > end:
            if end:
                yield begin, end
            begin = first
        end = max(end, last)
    if end:
        yield begin, end
