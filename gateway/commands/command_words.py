"""What a command is, for the command line and its reference."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Parser = argparse.ArgumentParser
Add = Callable[[Parser], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what it is called, what it does, how it is typed."""

    words: str
    brief: str
    description: str
    example: str  # a line that can be typed, and lines of what comes of it
    arguments: tuple[Add, ...] = ()


class AnyOrder(Parser):
    """A parser that takes words and options in any order: `send DEVICE --port 10 0102`, too.

    argparse gives a word that may be left out its nothing before the first option, and does not know it behind.
    """

    _is_under_way = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, options first."""
        if self._is_under_way or self._subparsers is not None:  # argparse mixes no options with commands of a group
            return super().parse_known_args(args, namespace)
        self._is_under_way = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_under_way = False


def argument(*names: str, help: str, **settings: object) -> Add:  # noqa: A002 - argparse's own word
    """Return what adds an argument or an option to a parser."""

    def add(parser: Parser) -> None:
        parser.add_argument(*names, help=help, **settings)  # type: ignore[arg-type]  # argparse's own keywords

    return add


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number from ``least`` to ``most``; argparse tells what it raises."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            span = f"from {least} up" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{text!r} where a whole number {span} is expected")
        return number

    return read


CONFIG = argument("--config", metavar="FILE", help="default: brygga.toml here, then /etc/brygga/brygga.toml")
JSON = argument("--json", action="store_true", help="print JSON, for programs")
