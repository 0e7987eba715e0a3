"""How long a platform is asked about a row that it does not take, where no single answer tells whether the row is the matter.

Two answers may be about a row or about the platform, and are tries: words that fit a bad message as well as a bad day (500; of
platforms nobody has met 404 and MQTT's "not authorized", too), and none at all, as from a broker that hangs up over a message. Others that are
taken in the same conversation are the witness that it is the row. The count stands in the memory, under "tries/<row>", and
below zero where there was a witness since the first try.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.formats.judging import NOT_FOUND, STUMBLE, Fate
from gateway.model import Json

TRIES_KEY: Final = "tries/"
SUSPECT: Final = 1  # tries; such a row goes last and alone, when the others have proved the way
LIKELY: Final = 3  # tries; then a 500 counts whoever else is taken
TRIES: Final = 4  # with a witness; three may be bad luck
TRIES_ALONE: Final = 10  # with nothing else to send beside it; the witness was an earlier one


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """After how many tries a row is given up, and at which answers."""

    tries: int = 10
    doubtful: frozenset[int] = frozenset({STUMBLE})  # statuses that are of the row or of the platform
    ends_unwitnessed: bool = (
        True  # 500s to the oldest row count though nothing is taken: a queue of nothing but poison ends
    )
    knows_things: bool = False  # a 404 is of the thing that a row goes to, where others are taken beside it: missing.py


UNKNOWN_PLATFORM: Final = Patience(tries=TRIES, doubtful=frozenset({NOT_FOUND, STUMBLE, 0x87}), ends_unwitnessed=False)
"""Of platforms whose 500 may be anything: no witness, no dead letter, however long it lasts."""


def of_a_platform(tries: int, *, is_path: bool) -> Patience:
    """Return the patience with a platform that is known, and that over HTTP says 404 of a thing that is not there."""
    doubtful = frozenset({NOT_FOUND, STUMBLE} if is_path else {STUMBLE})
    return Patience(tries=tries, doubtful=doubtful, knows_things=is_path)


@dataclass(slots=True)
class Tries:
    """The tries of one row."""

    count: int = 0
    witnessed: bool = False  # before this conversation, since the first
    now: Fate | None = None  # STUMBLED or UNCLEAR, in this conversation
    is_alone: bool = True  # in the request that was answered so
    is_isolated: bool = False  # nothing else was on the line when no answer came

    @classmethod
    def read(cls, known: Json) -> Tries:
        """Return what the memory knows of a row."""
        return cls(abs(known or 0), (known or 0) < 0)

    def as_json(self) -> Json:
        """Return what the memory keeps."""
        return -self.count if self.witnessed else self.count

    @property
    def is_suspect(self) -> bool:
        """Tell whether the row goes alone and last."""
        return self.count >= SUSPECT

    def end(self, patience: Patience, *, witness: bool, is_first: bool) -> bool:
        """Count what came in this conversation, and tell whether the row is to be given up.

        ``witness``: others were taken in it. ``is_first``: of the rows that were answered so. Of several without an answer that were
        not isolated the first one is it, or nobody knows: a slow platform must not make dead letters of all that it was slow with.
        """
        if self.now is Fate.UNCLEAR and not (is_first or self.is_isolated):
            return False
        if not self.is_alone:  # that will be known when it is
            self.count += witness and not self.is_suspect
            self.witnessed |= witness
            return False
        ends_unwitnessed = (
            patience.ends_unwitnessed and self.now is Fate.STUMBLED and (is_first or self.count >= LIKELY)
        )
        if witness or self.witnessed or ends_unwitnessed:
            self.count += 1
            self.witnessed |= witness
            return self.count >= (patience.tries if witness or ends_unwitnessed else max(patience.tries, TRIES_ALONE))
        if is_first:
            self.count = max(self.count, SUSPECT)  # so that the others have their turn before it
        return False
