"""How the wizard speaks on a terminal: 40 columns or 200, with colours or without, or through a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Final

from gateway.cities.profile import Said
from gateway.commands import lines
from gateway.commands.asking import Unanswered
from gateway.commands.listing import folded, printable, terminal_width
from gateway.setup.asking import Known, Question

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"  # ECMA-48, SGR
BACK: Final = frozenset({"back", "<", "tillbaka", "bakåt"})
HELP: Final = frozenset({"?", "help", "hjälp"})
PROMPT: Final = "> "
HINT: Final = Said(
    "Enter takes what stands in [ ]. back: one question back. ?: what is meant. Ctrl-C: nothing is changed.",
    "Enter tar det som står i [ ]. tillbaka: en fråga tillbaka. ?: vad som menas. Ctrl-C: inget ändras.",
)


class Terminal:
    """Standard input and output, in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"  # no-color.org
        self._styled = lines.is_terminal(sys.stdout) and not is_plain

    def words(self, said: Said) -> str:
        """Return a sentence in the language that is spoken."""
        return said.sv if self.language == "sv" else said.en

    def say(self, text: str | Said = "", style: str = "") -> None:
        """Print a text, broken between words where the terminal is narrow."""
        plain = self.words(text) if isinstance(text, Said) else text
        for line in plain.split("\n"):
            for part in folded(printable(line), terminal_width()):
                lines.say(f"{style}{part}{PLAIN}" if style and self._styled else part)

    def say_all(self, some: Iterable[str | Said]) -> None:
        """Print some texts, each on lines of its own."""
        for one in some:
            self.say(one)

    def heading(self, text: str | Said) -> None:
        """Print what the following is about."""
        self.say()
        self.say(text, BOLD)

    def ask(self, known: Known, question: Question, usual: str) -> str:
        """Show a question with what was found, and return what is typed. Raises Unanswered where the input ends."""
        self.say()
        self.say_all(question.found(known))
        self.say(question.text, BOLD)
        for number, option in enumerate(question.options(known), 1):
            self.say(f" {number} {self.words(option.title)}")
            if why := self.words(option.why):
                self.say(f"     {why}", DIM)
        shown = _shown_usual(known, question, usual)
        return self.type(f"[{shown}] {PROMPT}" if shown else PROMPT, is_secret=question.is_secret)

    def type(self, prompt: str, *, is_secret: bool = False) -> str:
        """Return a line that a person types, or that a pipe brings; what is secret is not shown. Raises Unanswered."""
        try:
            if is_secret and lines.is_terminal(sys.stdin):
                import getpass

                return getpass.getpass(prompt)
            return input(prompt)
        except EOFError:
            lines.aside()
            raise Unanswered(prompt.strip(" >[]") or "brygga init") from None


def _shown_usual(known: Known, question: Question, usual: str) -> str:
    """Return the usual answer as it is typed: of options their numbers."""
    keys = [one.key for one in question.options(known)]
    if usual in keys and len(keys) > 1:
        return str(keys.index(usual) + 1)
    if usual in {"yes", "no"} and not keys:
        words = {"yes": Said("y", "j"), "no": Said("n", "n")}
        return known.says(words[usual])
    return usual
