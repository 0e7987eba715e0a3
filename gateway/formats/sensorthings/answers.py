"""What a SensorThings server's answer means: for the entity asked for, for the observations sent, for the way there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from gateway.model import Answer, Json, Verdict

LONGEST: Final = 300  # characters of a platform's words that a person needs
QUDT_UNIT: Final = "http://qudt.org/vocab/unit/"


class Fate(Enum):
    """What becomes of a request."""

    TAKEN = "taken"
    EXISTS = "exists"  # istSOS: such an entity, or an observation of that time, is there
    MISSING = "missing"  # what the path names is not there
    NO_SUCH_WAY = "no such way"  # the server has no such operation
    TOO_LARGE = "too large"
    REFUSED = "refused"  # something in it, for ever
    AMBIGUOUS = "ambiguous"  # a 500: something in it, or the server
    UNCLEAR = "unclear"  # perhaps taken
    LATER = "later"  # the way there, the credential, overload: nothing is lost for it


# 502 and 504 come from a proxy: what stands behind it may have taken the request.
BY_STATUS: Final[Mapping[int, Fate]] = {
    404: Fate.MISSING,
    405: Fate.NO_SUCH_WAY,
    409: Fate.EXISTS,
    413: Fate.TOO_LARGE,
    500: Fate.AMBIGUOUS,
    501: Fate.NO_SUCH_WAY,
    502: Fate.UNCLEAR,
    504: Fate.UNCLEAR,
} | dict.fromkeys((401, 402, 403, 407, 408, 425, 429, 503), Fate.LATER)
OF_THE_WAY: Final = frozenset({Fate.LATER, Fate.UNCLEAR})  # what comes next would fare no better


@dataclass(frozen=True, slots=True)
class There:
    """An observation that the server has; ``id`` is ours, None where it kept no parameters."""

    id: str | None
    phenomenon: datetime | None
    result: datetime | None


def fate(answer: Answer) -> Fate:
    """Return what ``answer`` means for its request."""
    if not answer.status:
        match answer.verdict:
            case Verdict.TAKEN:
                return Fate.TAKEN
            case Verdict.REFUSED:
                return Fate.REFUSED
            case Verdict.UNCLEAR:
                return Fate.UNCLEAR
        return Fate.LATER
    if 200 <= answer.status < 300:
        return Fate.TAKEN
    if 400 <= answer.status < 500:
        return BY_STATUS.get(answer.status, Fate.REFUSED)
    return BY_STATUS.get(answer.status, Fate.AMBIGUOUS if answer.status > 500 else Fate.LATER)


def words(answer: Answer) -> str:
    """Return what a server said, for people: FROST's ``message``, django-ninja's ``detail``, or the text."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):  # the latter of [[[[…
        body = None
    said = (
        next((body[key] for key in ("message", "detail", "title") if body.get(key)), "")
        if isinstance(body, dict)
        else ""
    )
    if not said:
        return (answer.detail or f"status {answer.status or answer.verdict}")[:LONGEST]
    shown = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return f"{answer.status} {shown}"[:LONGEST]


def values(answer: Answer) -> Sequence[Mapping[str, Json]] | None:
    """Return the entities of a collection's page; None when the body is none."""
    try:
        found = json.loads(answer.body)["value"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def has_more(answer: Answer) -> bool:
    """Tell whether a collection goes on behind this page."""
    return b'"@iot.nextLink"' in answer.body


def errors_by_row(answer: Answer, count: int) -> Sequence[str] | None:
    """Read the answer to CreateObservations: a link (or nothing) for each row taken, "error" and words for the others.

    Return "" or the error for each of ``count`` rows; None when the body does not say.
    """
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, list) or len(body) != count or not all(isinstance(one, str) for one in body):
        return None
    return [one if one.lower().startswith("error") else "" for one in body]


def observations_there(answer: Answer) -> Sequence[There] | None:
    """Return the observations of a page; None when the body is none."""
    found = values(answer)
    return None if found is None else [_there(one) for one in found]


def is_other_unit(found: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    """Tell whether a Datastream that was found measures in another unit, as far as both name it in QUDT's words."""
    theirs, ours = (str((one.get("unitOfMeasurement") or {}).get("definition", "")) for one in (found, wanted))
    return theirs.startswith(QUDT_UNIT) and ours.startswith(QUDT_UNIT) and theirs != ours


def _there(one: Mapping[str, Json]) -> There:
    parameters = one.get("parameters")
    known = parameters.get("observation") if isinstance(parameters, dict) else None
    return There(
        known if isinstance(known, str) else None, _time(one.get("phenomenonTime")), _time(one.get("resultTime"))
    )


def _time(text: Json) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):  # an interval, or nothing
        return None
    return found if found.tzinfo else None
