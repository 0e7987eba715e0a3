"""The judge of a torture run: pure rules over the evidence, each naming what it finds by id.

    a  what the journal committed arrived
    b  what a device was told had been committed (acknowledged uplinks, accepted joins)
    c  a duplicate carries the id of its first
    d  no id stands for two different uplinks, and none for an uplink that no device sent
    e  no counter went back: nothing replayed was taken
    f  the agent ended when it was killed or told to, and never by itself

A broker that said PUBACK and was killed before it had saved the message has lost it itself: the agent had handed it
over. Such an uplink is named apart. It is excused only where a success was seen on the wire, by a witness who is
neither the agent nor the broker, and every run of the broker that said so ended by a kill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from gateway.model import Eui64
from simulators.torture.evidence import Delivered, Evidence, Transmitted
from simulators.torture.payload import serial_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: the rule, the id of what it is about, and what is wrong."""

    rule: str
    id: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules found; ``lost_by_broker`` are uplinks that the agent had handed over."""

    findings: tuple[Finding, ...]
    lost_by_broker: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.findings


Rule = Callable[[Evidence], Iterable[Finding]]
One = TypeVar("One", Transmitted, Delivered)


def judge(evidence: Evidence) -> Judgement:
    """Return every finding of every rule."""
    findings = tuple(finding for rule in RULES for finding in rule(evidence))
    return Judgement(findings=findings, lost_by_broker=tuple(sorted(_lost_by_broker(evidence))))


# ── a: what was committed arrived ──


def _arrived(evidence: Evidence) -> Iterator[Finding]:
    said = {one.uplink for one in evidence.taken if one.success}
    for uplink in sorted(_missing(evidence) - _lost_by_broker(evidence)):
        if uplink in evidence.held:
            yield Finding("a", uplink, f"committed, and set aside by the agent: {evidence.held[uplink]}")
        elif uplink in said:
            yield Finding("a", uplink, "committed, taken by a broker that was not killed since, and never arrived")
        else:
            yield Finding("a", uplink, "committed, and no broker ever said that it had taken it")


def _whole(evidence: Evidence) -> Iterator[Finding]:
    if evidence.waiting:
        yield Finding("a", "journal", f"{evidence.waiting} rows were still waiting for delivery at the end")
    if unknown := evidence.gone_rows - len(_let_go(evidence)):
        yield Finding("a", "journal", f"{unknown} rows are gone from it: what they were cannot be judged")


def _known(evidence: Evidence) -> Iterator[Finding]:
    committed = {one.uplink for one in evidence.committed}
    for uplink in sorted({one.uplink for one in evidence.delivered} - committed - _let_go(evidence)):
        yield Finding(
            "a", uplink, "arrived, and the journal does not hold it: delivered before the commit, or lost since"
        )


def _let_go(evidence: Evidence) -> frozenset[str]:
    """Return what arrived, and whose row has gone since where rows may go: never more than rows are gone."""
    gone = frozenset(one.uplink for one in evidence.delivered) - {one.uplink for one in evidence.committed}
    return gone if evidence.may_have_let_go and len(gone) <= evidence.gone_rows else frozenset()


def _missing(evidence: Evidence) -> frozenset[str]:
    return frozenset(one.uplink for one in evidence.committed) - {one.uplink for one in evidence.delivered}


def _lost_by_broker(evidence: Evidence) -> frozenset[str]:
    runs: defaultdict[str, set[int]] = defaultdict(set)
    for one in evidence.taken:
        if one.success:
            runs[one.uplink].add(one.broker_run)
    return frozenset(
        uplink for uplink in _missing(evidence) if uplink in runs and runs[uplink] <= evidence.killed_broker_runs
    )


# ── b: what a device was told had been committed ──


def _acknowledged(evidence: Evidence) -> Iterator[Finding]:
    broken = evidence.acknowledged - {one.uplink for one in evidence.committed} - _let_go(evidence)
    for sent in evidence.sent:
        if sent.uplink in broken:
            yield Finding(
                "b", sent.uplink, f"{_who(sent)}: acknowledged to the device, and the journal does not hold it"
            )


def _joined(evidence: Evidence) -> Iterator[Finding]:
    for dev_eui, activation in evidence.activated.items():
        if activation not in evidence.sessions.get(dev_eui, frozenset()):
            yield Finding("b", f"{dev_eui} {activation}", "the device took this activation, the journal has no session")


# ── c, d: identity ──


def _one_id_each(evidence: Evidence) -> Iterator[Finding]:
    first: dict[int, str] = {}
    for one in evidence.delivered:
        if one.serial is None:
            yield Finding("c", one.uplink, "arrived without the payload of any device")
        elif first.setdefault(one.serial, one.uplink) != one.uplink:
            yield Finding("c", one.uplink, f"is a copy of {first[one.serial]} (serial {one.serial}) under another id")


def _one_uplink_each(evidence: Evidence) -> Iterator[Finding]:
    yield from _differing(evidence.committed, lambda one: replace(one, row=0))
    yield from _differing(evidence.delivered, lambda one: one)


def _differing(many: Sequence[One], what: Callable[[One], One]) -> Iterator[Finding]:
    first: dict[str, One] = {}
    for one in many:
        if (before := first.setdefault(one.uplink, what(one))) != what(one):
            yield Finding("d", one.uplink, f"stands for two uplinks: {before} and {one}")


def _honest(evidence: Evidence) -> Iterator[Finding]:
    sent = {one.uplink: one for one in evidence.sent}
    for row in evidence.committed:
        if sent.get(row.uplink) != replace(row, row=0):
            yield Finding("d", row.uplink, f"row {row.row}, {_who(row)}: no device sent this under this id")
    for arrived in evidence.delivered:
        origin = sent.get(arrived.uplink)
        if origin is None or (arrived.dev_eui, arrived.serial) != (origin.dev_eui, serial_of(origin.payload)):
            yield Finding(
                "d", arrived.uplink, f"arrived as serial {arrived.serial} of {arrived.dev_eui}: not what was sent"
            )


# ── e: counters ──


def _counted(evidence: Evidence) -> Iterator[Finding]:
    last: dict[tuple[Eui64, str], int] = {}
    for one in sorted(evidence.committed, key=lambda one: one.row):
        before = last.get((one.dev_eui, one.activation), -1)
        if one.f_cnt <= before:
            yield Finding("e", one.uplink, f"row {one.row}, {_who(one)}: taken after number {before}")
        last[one.dev_eui, one.activation] = max(before, one.f_cnt)


def _once(evidence: Evidence) -> Iterator[Finding]:
    first: dict[int | None, Transmitted] = {}
    for one in evidence.committed:
        before = first.setdefault(serial_of(one.payload), one)
        if before is not one:
            yield Finding("e", one.uplink, f"row {one.row}, {_who(one)}: the same transmission as row {before.row}")


# ── f: the agent itself ──


def _alive(evidence: Evidence) -> Iterator[Finding]:
    for words in evidence.crashes:
        yield Finding("f", "agent", words)


def _who(one: Transmitted) -> str:
    return f"number {one.f_cnt} of {one.dev_eui} ({one.activation})"


RULES: Final[tuple[Rule, ...]] = (
    _arrived,
    _whole,
    _known,
    _acknowledged,
    _joined,
    _one_id_each,
    _one_uplink_each,
    _honest,
    _counted,
    _once,
    _alive,
)
