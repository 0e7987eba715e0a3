"""What a question is: words in two languages, a usual answer that comes of what was found, a check. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.cities.catalogue import Catalogue
from gateway.cities.profile import Said
from gateway.setup.findings import Findings

LANGUAGES: Final = ("en", "sv")
YES: Final = frozenset({"y", "yes", "j", "ja"})
NO: Final = frozenset({"n", "no", "nej"})
UNSAID: Final = Said("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a question may depend on."""

    findings: Findings
    catalogue: Catalogue
    decoders: Callable[[], Sequence[str]] = tuple  # names; read when they are asked for
    read_file: Callable[[str], str | None] = lambda _: None  # a file of devices; None where there is no such file
    language: str = "en"
    typed: Mapping[str, str] = field(default_factory=dict)  # answers so far, by the question's id
    devices: tuple[Mapping[str, str], ...] = ()  # that are complete: cells of a devices file, or {"file": …}

    def says(self, said: Said) -> str:
        """Return a sentence in the language that is spoken."""
        return said.sv if self.language == "sv" else said.en

    def given(self, name: str) -> str:
        """Return an answer, "" where there is none."""
        return self.typed.get(name, "")

    def is_yes(self, name: str) -> bool:
        """Tell whether a question was answered with yes."""
        return self.given(name) == "yes"


class NotRight(ValueError):
    """Say what is wrong with an answer, in both languages."""

    def __init__(self, en: str, sv: str = "") -> None:
        self.said = Said(en, sv or en)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Option:
    """One of several answers: what is typed or written in a file, what it is called, and why it is offered."""

    key: str
    title: Said
    why: Said = UNSAID


Read = Callable[[str, Known], str]
"""Return an answer as it is kept; raises NotRight."""


def as_it_is(text: str, _: Known) -> str:
    """Take any text."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. All that may differ from box to box is a function of what is known."""

    id: str
    text: Said
    helps: Said  # what "?" shows, and the comment in an answers file
    read: Read = as_it_is
    usual: Callable[[Known], str] = lambda _: ""  # what Enter means, as it would be typed
    due: Callable[[Known], bool] = lambda _: True
    found: Callable[[Known], Sequence[str]] = lambda _: ()  # lines that stand before it
    options: Callable[[Known], Sequence[Option]] = lambda _: ()
    is_secret: bool = False


def yes_or_no(text: str, _: Known) -> str:
    """Read "yes" or "no" in both languages."""
    word = text.strip().lower()
    if word in YES:
        return "yes"
    if word in NO:
        return "no"
    raise NotRight(f"{text!r}: y (yes) or n (no) is right", f"{text!r}: j (ja) eller n (nej) är rätt")


def chosen(text: str, options: Sequence[Option]) -> str:
    """Return the key of the option that is meant: its number, its key, or how that begins."""
    word = text.strip().lower()
    if word.isdecimal() and 1 <= int(word) <= len(options):
        return options[int(word) - 1].key
    fitting = [one.key for one in options if one.key == word] or [
        one.key for one in options if one.key.startswith(word)
    ]
    if word and len(fitting) == 1:
        return fitting[0]
    keys = ", ".join(one.key for one in options)
    raise NotRight(
        f"{text!r}: 1 to {len(options)} is right, or one of {keys}",
        f"{text!r}: 1 till {len(options)} är rätt, eller något av {keys}",
    )


def all_chosen(text: str, options: Sequence[Option]) -> str:
    """Return the keys of the options that are meant, each once, with blanks between."""
    words = text.replace(",", " ").split()
    if not words:
        raise NotRight("nothing is chosen; one number at least is right", "inget är valt; minst ett nummer är rätt")
    return " ".join(dict.fromkeys(chosen(word, options) for word in words))


def mode(known: Known) -> str:
    """Return what is to be done: "new" where nothing is configured yet."""
    return known.given("mode") or ("keep" if known.findings.box.configured else "new")


def is_whole(known: Known) -> bool:
    """Tell whether a whole configuration is made, and not one added to."""
    return mode(known) == "new"
