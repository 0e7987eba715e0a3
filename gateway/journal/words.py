"""Texts that many rows share, each written once and numbered."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.journal.database import Insert, Step


class Words:
    """Number texts; a new one is stored in the commit of the first row that uses it."""

    def __init__(self, stored: Iterable[tuple[int, str]] = ()) -> None:
        self._texts: dict[int, str] = dict(stored)
        self._numbers: dict[str, int] = {text: number for number, text in self._texts.items()}
        self._stored = len(self._texts)
        self._staged = self._stored

    def number(self, text: str) -> int:
        """Return the number of ``text``; a new text gets the next one."""
        number = self._numbers.get(text)
        if number is None:
            number = len(self._texts) + 1
            self._numbers[text] = number
            self._texts[number] = text
        return number

    def text(self, number: int) -> str:
        """Return the text that was numbered ``number``; KeyError when there is none."""
        return self._texts[number]

    def stage(self) -> tuple[Step, ...]:
        """Return what stores the texts that are not on disk yet."""
        self._staged = len(self._texts)
        if self._staged == self._stored:
            return ()
        new = range(self._stored + 1, self._staged + 1)
        return (Insert("INSERT INTO words", tuple((number, self._texts[number]) for number in new)),)

    def all(self) -> tuple[Step, ...]:
        """Return what stores every text, also where it is there already."""
        self._staged = len(self._texts)
        return (Insert("REPLACE INTO words", tuple(self._texts.items())),) if self._texts else ()

    def confirm(self) -> None:
        """Remember that what stage() returned is durable."""
        self._stored = self._staged
