"""What of a recording is sent again: what packet forwarders pushed, or would have; and an overview of it, beforehand."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.commands.recorded_datagrams import pushed
from gateway.errors import ConfigError
from gateway.model import Eui64, Json
from gateway.sources.gwmp import BadDatagram, PacketType, PushData, parse
from gateway.sources.recording.opening import RecordingFile
from gateway.sources.recording.pace import LONGEST_GAP_S
from gateway.sources.recording.records import Bad, Passed

RECORDS_A_TURN: Final = 64
HEADER: Final = 12  # octets of a PUSH_DATA before its JSON
COUNTER: Final = re.compile(rb'("tmst"\s*:\s*)(\d{1,10})(?=\s*[,}])')
OF_ANOTHER_DAY: Final = frozenset(
    {"time", "tmms", "ftime"}
)  # a GNSS receiver's: a server would date frames, or itself, with it
MOST_GATEWAYS: Final = 200  # each takes two sockets of the thousand that a process usually may have


@dataclass(frozen=True, slots=True)
class Moment:
    """A PUSH_DATA of one gateway; ``at_s`` are seconds of the recording's own time, None: directly after the one before."""

    at_s: float | None
    gateway: Eui64
    datagram: bytes


@dataclass(slots=True)
class Overview:
    """What is in a recording."""

    moments: int = 0
    frames: int = 0
    seconds: float = 0.0  # at its own pace
    versions: dict[Eui64, int] = field(default_factory=dict)  # of GWMP, by gateway
    passed: Counter[str] = field(default_factory=Counter)  # records that are not sent, by reason
    problem: str = ""  # the first record that could not be read, in words


class Script:
    """A recording on disk; each `turns` begins it anew. All of it blocks. ConfigError: it is no recording."""

    def __init__(self, path: Path, port: int) -> None:
        self._path = path
        self._port = port

    def turns(self, overview: Overview | None = None) -> Iterator[list[Moment]]:
        """Yield its moments some at a time; what is no moment is counted in ``overview``."""
        seen = overview or Overview()
        file = RecordingFile(self._path, self._port, "replay")
        try:
            file.begin()
            while records := file.read(RECORDS_A_TURN):
                turn: list[Moment] = []
                for record in records:
                    match record.what:
                        case Bad(reason, words):
                            seen.passed[reason] += 1
                            seen.problem = seen.problem or words
                        case Passed() as passed:
                            seen.passed[passed] += 1
                        case _:
                            turn += [
                                Moment(record.at_s, gateway, datagram)
                                for gateway, datagram in pushed(record)
                                if _is_push(datagram, seen)
                            ]
                yield turn
        finally:
            file.close()

    def overview(self) -> Overview:
        """Read it once and return what is in it; ConfigError where nothing of it can be sent."""
        seen, last = Overview(), None
        for turn in self.turns(seen):
            for moment in turn:
                seen.moments += 1
                seen.frames += _frames(moment.datagram)
                seen.versions.setdefault(moment.gateway, moment.datagram[0])
                if moment.at_s is not None:
                    seen.seconds += 0.0 if last is None else min(max(moment.at_s - last, 0.0), LONGEST_GAP_S)
                    last = moment.at_s
        if not seen.moments:
            why = (
                f"{self._path.name}, {seen.problem}"
                if seen.problem
                else "is it what packet forwarders sent? --port says to which port"
            )
            raise ConfigError(f"{self._path}: nothing in it can be sent again: {why}")
        if len(seen.versions) > MOST_GATEWAYS:
            raise ConfigError(
                f"{self._path}: {len(seen.versions)} gateways are in it; {MOST_GATEWAYS} can be played at once"
            )
        return seen


def aimed(body: bytes, shift_us: int) -> bytes:
    """Return a PUSH_DATA's JSON with its `tmst` moved onto another counter, and without times of another day.

    All else is to the octet as it was, also where it is no JSON; where times are taken out it is written anew.
    """
    if any(b'"' + name.encode() + b'"' in body for name in OF_ANOTHER_DAY):
        body = _undated(body)
    return COUNTER.sub(lambda found: found[1] + b"%d" % ((int(found[2]) + shift_us) & 0xFFFF_FFFF), body)


def first_counter(body: bytes) -> int | None:
    """Return the first `tmst` in a PUSH_DATA's JSON, in µs; None where there is none."""
    found = COUNTER.search(body)
    return None if found is None else int(found[2]) & 0xFFFF_FFFF


def _undated(body: bytes) -> bytes:
    try:
        said = json.loads(body)
        told = [_without_times(one) for one in said.get("rxpk", ())]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return body
    return json.dumps(said | {"rxpk": told}, separators=(",", ":")).encode() if told else body


def _without_times(rxpk: Json) -> Json:
    return {name: value for name, value in rxpk.items() if name not in OF_ANOTHER_DAY}


def _is_push(datagram: bytes, seen: Overview) -> bool:
    if datagram[3] == PacketType.PUSH_DATA:
        return True
    seen.passed["keep_alives_and_answers"] += 1
    return False


def _frames(datagram: bytes) -> int:
    try:
        said = parse(datagram)
    except BadDatagram:
        return 0
    return len(said.rxpk) if isinstance(said, PushData) else 0
