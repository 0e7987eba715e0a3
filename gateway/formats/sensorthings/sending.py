"""Observations go out: many a request where the server knows CreateObservations, and one by one where that fails.

A request that fails as a whole, and a row that answers "error" (one server says so of a whole group for one bad row), is
asked for and then sent one by one, so that what is good arrives once and what is bad is named.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from gateway.formats.sensorthings.answers import OF_THE_WAY, Fate, errors_by_row, words
from gateway.formats.sensorthings.directory import JSON, Directory, Exchange
from gateway.formats.sensorthings.observations import Cell, data_array, reference, single
from gateway.formats.sensorthings.questions import ask, is_at_that_time, is_same
from gateway.formats.sensorthings.refs import Ref
from gateway.formats.sensorthings.rows import Told, still_open
from gateway.model import Answer, Request

ARRAYS_AT_ONCE: Final = 4  # requests side by side; then one looks whether the server still takes them
SINGLES_AT_ONCE: Final = 32
SMALLEST_ARRAY: Final = 8  # observations; fewer go one by one after a 413
CREATE: Final = "/CreateObservations"
NOT_WRITTEN: Final = frozenset({Fate.LATER, Fate.MISSING, Fate.NO_SUCH_WAY, Fate.TOO_LARGE})
TAKEN_BEFORE: Final = "409: the server had that observation already"


@dataclass(slots=True)
class Sending:
    """How observations go to one server."""

    directory: Directory
    most: int  # observations of a request
    arrays: bool  # whether CreateObservations is to be used; what is learned of the server may say no

    def send(self, told: Sequence[Told]) -> Exchange:
        """Send all that have their entities."""
        alone = [one for one in told if one.row.tries or not self.arrays]  # a row that failed before harms no other
        together = [one for one in told if self.arrays and not one.row.tries]
        spoiled = yield from self._send_arrays(list(_chunks(together, self.most)))
        yield from ask(spoiled, self.directory)
        rest = [] if self.arrays else together  # this server has no CreateObservations, as was just learned
        yield from self._send_singles(list(dict.fromkeys(still_open([*alone, *spoiled, *rest]))))

    # ── many at once ──

    def _send_arrays(self, waiting: list[list[Told]]) -> Generator[Sequence[Request], Sequence[Answer], list[Told]]:
        """Send chunk by chunk, and return what has to be asked for and sent alone."""
        spoiled: list[Told] = []
        while waiting and not self._stopped:
            now, waiting = waiting[:ARRAYS_AT_ONCE], waiting[ARRAYS_AT_ONCE:]
            answers = yield [self._array(chunk) for chunk in now]
            for chunk, answer in zip(now, answers, strict=True):
                judged = self._hear(chunk, answer)
                self.arrays &= judged not in {Fate.MISSING, Fate.NO_SUCH_WAY}
                if judged is Fate.TOO_LARGE and len(chunk) > SMALLEST_ARRAY:
                    middle = len(chunk) // 2
                    waiting = [chunk[:middle], chunk[middle:], *waiting]
                elif judged is Fate.TAKEN:
                    spoiled += self._judge_rows(chunk, answer)
                elif judged not in OF_THE_WAY and self.arrays:
                    spoiled += chunk
            if not self.arrays:
                break
        return spoiled

    def _judge_rows(self, chunk: Sequence[Told], answer: Answer) -> Sequence[Told]:
        errors = errors_by_row(answer, len(chunk))
        if errors is None:  # a success that does not say of what
            return chunk
        for told, error in zip(chunk, errors, strict=True):
            if not error:
                told.take()
        return [told for told, error in zip(chunk, errors, strict=True) if error]

    def _array(self, chunk: Sequence[Told]) -> Request:
        groups = [(self._ref(group[0]), [self._cell(one) for one in group]) for group in _groups(chunk)]
        return Request(target=self.directory.path + CREATE, body=data_array(groups), content_type=JSON)

    # ── one by one ──

    def _send_singles(self, told: Sequence[Told]) -> Exchange:
        conflicts: list[Told] = []
        for start in range(0, len(told), SINGLES_AT_ONCE):
            if self._stopped:
                break
            wave = told[start : start + SINGLES_AT_ONCE]
            answers = yield [self._single(one) for one in wave]
            fates = [self._hear([one], answer) for one, answer in zip(wave, answers, strict=True)]
            for one, judged, answer in zip(wave, fates, answers, strict=True):
                self._judge_single(one, judged, answer)
            conflicts += [one for one, judged in zip(wave, fates, strict=True) if judged is Fate.EXISTS]
            if set(fates) == {Fate.AMBIGUOUS} and len(wave) > 1:  # it is the server, not one of them
                self.directory.course.stopped = words(answers[0])
        yield from self._settle_conflicts(conflicts)

    def _judge_single(self, one: Told, judged: Fate, answer: Answer) -> None:
        course = self.directory.course
        match judged:
            case Fate.TAKEN:
                one.take()
            case Fate.EXISTS:  # asked for, after all are sent
                pass
            case Fate.REFUSED | Fate.TOO_LARGE:
                one.refuse(f"{one.stream.name}: {words(answer)}")
                if one.feature is not None:  # perhaps it is there no more: looked for before the next one needs it
                    self.directory.forget(one.feature)
            case Fate.AMBIGUOUS:
                one.wait(f"{one.stream.name}: {words(answer)}")
                one.row.ambiguous = True
            case Fate.MISSING | Fate.NO_SUCH_WAY:
                course.stopped = course.stopped or f"{words(answer)}: is {self.directory.path!r} right behind the URL?"

    def _settle_conflicts(self, told: Sequence[Told]) -> Exchange:
        """Take a 409 for "it is there", unless another one stands at its time."""
        there = yield from ask(told, self.directory)
        for one in still_open(told):
            others = [found for found in there if is_at_that_time(one, found)]
            if others and not any(is_same(one, found) for found in others):
                one.refuse(f"{one.stream.name}: 409, another observation stands at that time")
            else:
                one.take()
                self.directory.course.warnings[TAKEN_BEFORE] += 1

    def _single(self, one: Told) -> Request:
        observation, uplink, feature = self._cell(one)
        links = {} if feature is None else {"FeatureOfInterest": reference(feature)}
        body = single(observation, uplink, Datastream=reference(self._ref(one)), **links)
        return Request(target=f"{self.directory.path}/Observations", body=body, content_type=JSON)

    # ── both ──

    @property
    def _stopped(self) -> bool:
        return bool(self.directory.course.stopped)

    def _hear(self, chunk: Sequence[Told], answer: Answer) -> Fate:
        judged = self.directory.course.hear(answer, writes=True)
        for one in chunk:
            one.row.reached |= judged not in NOT_WRITTEN
        return judged

    def _cell(self, one: Told) -> Cell:
        feature = None if one.feature is None else self.directory.ref(one.feature)
        return one.observation, one.row.item.uplink, feature

    def _ref(self, one: Told) -> Ref:
        ref = self.directory.ref(one.stream)
        assert ref is not None
        return ref


def _chunks(told: Sequence[Told], most: int) -> Iterator[list[Told]]:
    """Yield ``told`` by Datastream, so that a request has few groups; within one, oldest first."""
    ordered = sorted(told, key=lambda one: one.stream.identity)
    for start in range(0, len(ordered), most):
        yield ordered[start : start + most]


def _groups(chunk: Sequence[Told]) -> Iterator[list[Told]]:
    for _, group in groupby(chunk, key=lambda one: one.stream.identity):
        yield list(group)
