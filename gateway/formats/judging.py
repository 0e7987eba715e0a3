"""What an answer means where the platform says nothing of single items (docs/decisions/0040-cities.md, "How long one tries")."""

from __future__ import annotations

import json
from collections.abc import Collection
from enum import Enum
from typing import Final

from gateway.model import Answer, Verdict

LONGEST: Final = 300  # characters of a platform's words that a person needs
STUMBLE: Final = 500
NOT_FOUND: Final = 404
NEVER: Final = frozenset({400, 404, 415, 422})  # the same bytes meet the same answer
NOBODY_SUBSCRIBES: Final = 0x10  # MQTT 5, PUBACK: taken, and no matching subscribers
NOBODY_LISTENS: Final = "the broker took it, and nobody subscribes to the topic (0x10)"
NOTHING_SAID: Final = "an uplink held no observation: nothing was sent of it"
WORDS: Final = ("description", "message", "detail", "title", "error")  # where platforms' error bodies say what is wrong


class Fate(Enum):
    """What becomes of a request."""

    TAKEN = "taken"
    REFUSED = "refused"
    STUMBLED = "stumbled"  # something in it, or the platform is ill: nobody can tell from one answer
    LATER = "later"  # of the way there: tokens, overload, maintenance
    UNCLEAR = "unclear"  # perhaps taken


def fate_of(answer: Answer, doubtful: Collection[int] = (STUMBLE,)) -> Fate:
    """Return what ``answer`` means for all that was in its request; a status among ``doubtful`` is of it or of the platform."""
    if answer.status in doubtful:
        return Fate.STUMBLED
    if answer.status in NEVER:
        return Fate.REFUSED
    match answer.verdict:
        case Verdict.TAKEN:
            return Fate.TAKEN
        case Verdict.REFUSED:
            return Fate.REFUSED
        case Verdict.UNCLEAR:
            return Fate.UNCLEAR
    return Fate.LATER


def words_of(answer: Answer) -> str:
    """Return a platform's answer as a person reads it."""
    detail = answer.detail or (f"{answer.verdict}, status {answer.status}" if answer.status else str(answer.verdict))
    said = _said(answer.body)
    return (f"{detail}: {said}" if said and said not in detail else detail)[:LONGEST]


def _said(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # the latter of [[[[…
        return ""
    if not isinstance(found, dict):
        return ""
    return next((found[key] for key in WORDS if isinstance(found.get(key), str)), "")
