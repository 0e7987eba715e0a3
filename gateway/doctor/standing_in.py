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
        self._others = names
        self._forms: dict[
            str, list[tuple[int, int]]
        ] = {}  # by the first word: how far in it stands, how long the name is
        for form in sorted({_form(name) for name in names if WORD.search(name)}, key=lambda one: -one[2]):
            self._forms.setdefault(form[0], []).append(form[1:])

    def found(self, text: str) -> Iterator[tuple[Span, str]]:
        """Yield where names stand and what they are called instead, from the left, the longest of each place."""
        done = 0
        for word in WORD.finditer(text):
            for offset, length in self._forms.get(word[0], ()):
                begin, end = word.start() - offset, word.start() - offset + length
                other = self._others.get(text[begin:end]) if begin >= done else None
                if other is not None and not _goes_on(text, end):
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


def _form(name: str) -> tuple[str, int, int]:
    first = WORD.search(name)
    assert first is not None
    return first[0], first.start(), len(name)


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
