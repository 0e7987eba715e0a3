"""What a broker's answer means for each entity that it was told (ETSI GS CIM 009, 5.6 and 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.formats.ngsi_ld.letters import Stage
from gateway.model import Answer, Json, Verdict

LONGEST: Final = 300  # characters of a platform's words that a person needs
LATER_STATUS: Final = frozenset({408, 425, 429})


class Fate(Enum):
    """What becomes of an entity, or of a whole request."""

    TAKEN = "taken"
    PARTLY = "partly"  # taken, but for the attributes that the words name
    REFUSED = "refused"
    SPLIT = "split"  # something in it: try the halves; alone it is refused
    TRY_SPLIT = "try split"  # perhaps something in it: try the halves; alone it is undecided
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The fate of a whole request, the fates of those entities that fared otherwise, and the broker's words."""

    fate: Fate
    words: str = ""
    apart: Mapping[str, tuple[Fate, str]] | None = None  # by entity id


def judge(answer: Answer, ids: Sequence[str]) -> Judgement:
    """Return what ``answer`` to a request with the entities ``ids`` means."""
    match answer.status:
        case 0:
            return _judge_verdict(answer)
        case 207:
            return _judge_each(answer, ids)
        case status if 200 <= status < 300:
            return Judgement(Fate.TAKEN)
        case 400 if _is_later(_problem_type(answer)):  # some say so of a @context that they cannot fetch
            return Judgement(Fate.UNDECIDED, _words(answer))
        case 400 | 409 | 413 | 422:  # of the content; which entity's, only the halves can tell
            return Judgement(Fate.SPLIT, _words(answer))
        case 500:  # a broker that stumbles over one entity says no more than this
            return Judgement(Fate.TRY_SPLIT, _words(answer))
    # The rest is about the way there (tokens, paths, methods, overload): nothing is lost for it.
    return Judgement(Fate.UNDECIDED, _words(answer))


def judge_one(answer: Answer, stage: Stage) -> Judgement:
    """Return what ``answer`` to a request with one entity means."""
    match stage, answer.status:
        case (Stage.MERGE | Stage.MERGE_AGAIN, 207):
            return _judge_attributes(answer)
        case Stage.CREATE, 404 if _problem_type(answer).endswith("/ResourceNotFound"):
            # diwise's broker says so of a type, or an id, that no context source is configured for.
            return Judgement(Fate.REFUSED, _words(answer))
        case Stage.HISTORY, 404 | 405 | 501:
            return Judgement(Fate.REFUSED, f"late, and the broker has no temporal API: {_words(answer)}")
    return judge(answer, [])


def _judge_attributes(answer: Answer) -> Judgement:
    """Read the UpdateResult of a merge: attributes in its ``notUpdated`` were left as they are (5.2.18)."""
    try:
        left = [f"{one['attributeName']}: {one.get('reason', 'no reason given')}" for one in _not_updated(answer)]
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return Judgement(Fate.UNDECIDED, "207 Multi-Status with a body that is no update result")
    return Judgement(Fate.PARTLY, f"207 not updated: {'; '.join(left)}"[:LONGEST]) if left else Judgement(Fate.TAKEN)


def _not_updated(answer: Answer) -> Sequence[Mapping[str, Json]]:
    return json.loads(answer.body).get("notUpdated") or ()


def _judge_verdict(answer: Answer) -> Judgement:
    match answer.verdict:
        case Verdict.TAKEN:
            return Judgement(Fate.TAKEN)
        case Verdict.REFUSED:
            return Judgement(Fate.SPLIT, _words(answer))
    return Judgement(Fate.UNDECIDED, _words(answer))


def _judge_each(answer: Answer, ids: Sequence[str]) -> Judgement:
    """Read a 207: entities named in its errors fared badly, the others well; ``"errors": []`` is full success."""
    try:
        body = json.loads(answer.body)
        errors = [_error(entry) for entry in body.get("errors") or ()]
        success = set(body.get("success") or ())
    except (ValueError, AttributeError, TypeError, RecursionError):
        return Judgement(Fate.UNDECIDED, "207 Multi-Status with a body that is no batch result")
    known = set(ids)
    apart = {entity: (fate, words) for entity, fate, words in errors if entity in known}
    nameless = [(fate, words) for entity, fate, words in errors if entity not in known]
    if nameless:  # an error of nobody: whoever is not named as a success may be meant
        apart |= dict.fromkeys(known - success - apart.keys(), nameless[0])
    return Judgement(Fate.TAKEN, apart=apart)


def _error(entry: Mapping[str, Json]) -> tuple[str, Fate, str]:
    problem = entry.get("error")
    problem = problem if isinstance(problem, Mapping) else {"title": str(problem or "no reason given")}
    status = problem.get("status")
    status = int(status) if isinstance(status, int) or (isinstance(status, str) and status.isdecimal()) else 0
    later = status >= 500 or status in LATER_STATUS or (not status and _is_later(str(problem.get("type", ""))))
    return str(entry.get("entityId", "")), Fate.UNDECIDED if later else Fate.REFUSED, _problem(status, problem)


def _is_later(problem_type: str) -> bool:
    return problem_type.rsplit("/", 1)[-1] in {"InternalError", "LdContextNotAvailable", "TooManyRequests"}


def _problem_type(answer: Answer) -> str:
    return str(_details(answer).get("type", ""))


def _details(answer: Answer) -> Mapping[str, Json]:
    """Return the body as problem details (RFC 7807); empty if it is something else."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):  # the latter of [[[[…
        return {}
    return body if isinstance(body, Mapping) else {}


def _words(answer: Answer) -> str:
    body = _details(answer)
    if "title" in body or "detail" in body:
        return _problem(answer.status, body)
    text = answer.body.decode("utf-8", "replace").strip()
    said = [answer.detail or (str(answer.status) if answer.status else str(answer.verdict)), text]
    return ": ".join(part for part in said if part)[:LONGEST]


def _problem(status: int, problem: Mapping[str, Json]) -> str:
    title, detail = problem.get("title"), problem.get("detail")
    said = " ".join(str(part) for part in (status or "", title or problem.get("type") or "") if part)
    return (f"{said}: {detail}" if detail else said or "no reason given")[:LONGEST]
