"""Before an observation is sent a second time, its Datastream is asked whether it is there.

Servers take the same observation twice and keep both (django-ogc-sensorthings, FROST); istSOS answers 409 to a second
one of the same time. So what may be there already is asked for by time, and known by ``parameters/observation``. The
question begins with the whole second, for one server cuts times off there (django-ogc-sensorthings).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import quote

from gateway.formats.sensorthings.answers import Fate, There, has_more, observations_there, words
from gateway.formats.sensorthings.directory import Directory
from gateway.formats.sensorthings.observations import time
from gateway.formats.sensorthings.refs import in_path
from gateway.formats.sensorthings.rows import Told
from gateway.model import Answer, Request

PAGE: Final = 50  # observations of an answer: 50 kB where a server gives all members in spite of $select
MOST_PAGES: Final = 100
AT_A_TIME: Final = 40  # observations of a question
SPAN: Final = timedelta(days=1)  # of a question: at a reading every 20 seconds MOST_PAGES hold it
SELECT: Final = "phenomenonTime,resultTime,parameters"
CANNOT_ASK: Final = "the server answers no questions by time: what was repeated may be there twice"


@dataclass(slots=True)
class _Question:
    """What is asked of one Datastream about one span of time, page by page."""

    told: list[Told]  # oldest first
    page: int = 0
    there: list[There] = field(default_factory=list)
    done: bool = False


def ask(told: Sequence[Told], directory: Directory) -> Generator[Sequence[Request], Sequence[Answer], list[There]]:
    """Mark those of ``told`` that are there as taken, and return all that is there in their spans of time.

    Those whose Datastream is gone, or that could not be asked for now, wait.
    """
    questions = [_Question(part) for part in _parts(told)]
    waiting = questions
    while waiting and not directory.course.stopped:
        answers = yield [_request(question, directory) for question in waiting]
        for question, answer in zip(waiting, answers, strict=True):
            _hear(question, answer, directory)
        waiting = [question for question in waiting if not question.done]
    for question in questions:
        _recognise(question)
    return [there for question in questions for there in question.there]


def question_about(told: Sequence[Told], directory: Directory) -> Request:
    """Return what asks for ``told``, oldest first, of one Datastream that is known."""
    return _request(_Question([*told]), directory)


def is_same(told: Told, there: There) -> bool:
    """Tell whether ``there`` is what is told: by its id, or by both times where no id was kept."""
    if there.id is not None:
        return there.id == str(told.observation.id)
    return _second(there.phenomenon) == _second(told.observation.observed_at) and _second(there.result) == _second(
        told.row.item.uplink.heard_at.utc
    )


def is_at_that_time(told: Told, there: There) -> bool:
    """Tell whether ``there`` has the time that ``told`` has."""
    return _second(there.phenomenon) == _second(told.observation.observed_at)


def _parts(told: Sequence[Told]) -> Iterator[list[Told]]:
    for _, group in groupby(sorted(told, key=_by_stream), key=lambda one: one.stream.identity):
        part: list[Told] = []
        for one in group:
            began = part[0].observation.observed_at if part else one.observation.observed_at
            if len(part) == AT_A_TIME or one.observation.observed_at - began > SPAN:
                yield part
                part = []
            part.append(one)
        yield part


def _by_stream(told: Told) -> tuple[tuple[str, str], datetime]:
    return told.stream.identity, told.observation.observed_at


def _request(question: _Question, directory: Directory) -> Request:
    first, last = question.told[0], question.told[-1]
    began = first.observation.observed_at.replace(microsecond=0)
    condition = f"phenomenonTime ge {time(began)} and phenomenonTime le {time(last.observation.observed_at)}"
    ref = directory.ref(first.stream)
    assert ref is not None
    skip = f"&$skip={question.page * PAGE}" if question.page else ""
    target = f"{directory.path}/Datastreams{in_path(ref)}/Observations?$filter={quote(condition, safe='')}"
    return Request(method="GET", target=f"{target}&$select={SELECT}&$top={PAGE}{skip}", body=b"", content_type="")


def _hear(question: _Question, answer: Answer, directory: Directory) -> None:
    judged = directory.course.hear(answer)
    found = observations_there(answer) if judged is Fate.TAKEN else None
    if found is not None:
        question.there += found
        question.page += 1
        question.done = not has_more(answer) or question.page == MOST_PAGES
        return
    question.done = True
    match judged:
        case Fate.MISSING:
            _note_gone(question, directory, words(answer))
        case Fate.REFUSED | Fate.NO_SUCH_WAY:
            directory.course.warnings[CANNOT_ASK] += 1
        case _:  # whether it is there is not known: it waits
            for told in question.told:
                told.wait(f"{told.stream.name}: {words(answer)}")
                told.row.ambiguous |= judged is Fate.AMBIGUOUS


def _note_gone(question: _Question, directory: Directory, said: str) -> None:
    """Look for the Datastream, and for what it names, again the next time."""
    stream = question.told[0].stream
    given = stream.identity in directory.given
    for entity in (stream, *(other for _, other in stream.links)):
        directory.forget(entity)
    for told in question.told:
        if given:
            told.refuse(f"{stream.name}: the Datastream that options.datastreams names is not there: {said}")
        else:
            told.wait(f"{stream.name}: its Datastream is gone: {said}")


def _recognise(question: _Question) -> None:
    known = {there.id for there in question.there if there.id is not None}
    nameless = [there for there in question.there if there.id is None]
    for told in question.told:
        if str(told.observation.id) in known:
            told.take()
        elif (same := next((there for there in nameless if is_same(told, there)), None)) is not None:
            nameless.remove(same)  # it stands for one, not for its neighbours of the same second
            told.take()


def _second(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(microsecond=0)
