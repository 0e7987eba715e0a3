"""A journal, one destination's loop and a platform that takes its time, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from decoders.contract import Decoded, Payload, Reading
from gateway.codecs import Codecs
from gateway.delivery import Destination, Telling
from gateway.errors import Unreachable
from gateway.formats import Conversation, Format
from gateway.journal import Changes, Journal
from gateway.model import (
    Answer,
    Device,
    Eui64,
    Instant,
    Item,
    Json,
    Receipt,
    Request,
    TimeQuality,
    Uplink,
    Verdict,
    uplink_id,
)
from simulators import jumping_time

T = TypeVar("T")

CITY = "lund"
BOOT = "boot-now"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEVICE = Device(dev_eui=Eui64("a81758fffe051d02"), name="torget", decoder="acme/th")
OTHER = Device(dev_eui=Eui64("a81758fffe051d03"), name="hamnen", decoder="acme/th")
ACTIVATION = "01000000-abp0"


@dataclass
class LoopClock:
    """The wall clock and the monotonic clock of the loop's time; ``ahead`` is how far somebody has set the former."""

    quality: TimeQuality = TimeQuality.NTP
    boot: str = BOOT
    ahead: timedelta = timedelta()

    def __call__(self) -> Instant:
        now = asyncio.get_running_loop().time()
        return Instant(START + timedelta(seconds=now) + self.ahead, now, self.boot, self.quality)


class AcmeTh:
    """One octet of temperature."""

    name = "acme/th"
    revision = "1"

    def decode(self, payload: Payload) -> Decoded:
        return Decoded((Reading("air_temperature", payload.data[0], "Cel"),))


def uplink(f_cnt: int, heard_at: Instant) -> Uplink:
    return Uplink(
        id=uplink_id(DEVICE.dev_eui, ACTIVATION, f_cnt),
        dev_eui=DEVICE.dev_eui,
        activation=ACTIVATION,
        f_cnt=f_cnt,
        f_port=2,
        payload=bytes([f_cnt % 100]),
        confirmed=False,
        adr=False,
        receptions=(),
        heard_at=heard_at,
    )


def _request(items: Sequence[Item]) -> Request:
    return Request(target="t", body=b" ".join(b"%d" % item.uplink.f_cnt for item in items), content_type="text/plain")


def _receipt(batch: Sequence[Item], answers: Sequence[Answer]) -> Receipt:
    pairs = list(zip(batch, answers, strict=True))
    return Receipt(
        accepted=frozenset(item.row for item, answer in pairs if answer.verdict is Verdict.TAKEN),
        refused={item.row: answer.detail for item, answer in pairs if answer.verdict is Verdict.REFUSED},
        undecided={
            item.row: answer.detail for item, answer in pairs if answer.verdict in {Verdict.LATER, Verdict.UNCLEAR}
        },
    )


class EachAlone:
    """A format that says each uplink in a request of its own, all side by side."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:  # noqa: ARG002 - it keeps none
        answers = yield [_request([item]) for item in batch]
        return _receipt(batch, answers)


class OneByOne:
    """A format that says each uplink when the one before is answered."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:  # noqa: ARG002 - it keeps none
        answers: list[Answer] = []
        for item in batch:
            answers += yield [_request([item])]
        return _receipt(batch, answers)


class Together:
    """A format that says a whole batch in one request."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:  # noqa: ARG002 - it keeps none
        [answer] = yield [_request(batch)]
        return _receipt(batch, [answer] * len(batch))


@dataclass
class Platform:
    """Answer so many requests at a time, each after ``seconds``; note when each counter was taken."""

    seconds: float = 0.0
    side_by_side: int = 4
    verdict: Callable[[int], Verdict] = lambda _: Verdict.TAKEN
    away: bool = False
    tried: list[float] = field(default_factory=list)
    taken: list[tuple[float, int]] = field(default_factory=list)

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        self.tried.append(asyncio.get_running_loop().time())
        if self.away:
            raise Unreachable("tcp://127.0.0.1:9: connection refused")
        answers: list[Answer] = []
        while len(answers) < len(requests):
            await asyncio.sleep(self.seconds)
            answers += map(self._answer, requests[len(answers) : len(answers) + self.side_by_side])
        return answers

    def _answer(self, request: Request) -> Answer:
        f_cnts = [int(word) for word in (request.body or b"").split()]
        verdict = self.verdict(f_cnts[0])
        if verdict is Verdict.TAKEN:
            now = asyncio.get_running_loop().time()
            self.taken += [(now, f_cnt) for f_cnt in f_cnts]
        return Answer(verdict=verdict, status={Verdict.LATER: 503}.get(verdict, 0), detail=f"said {verdict}")

    @property
    def counters(self) -> list[int]:
        """What it has taken, in its order."""
        return [f_cnt for _, f_cnt in self.taken]

    async def close(self) -> None:
        """Nothing is open."""

    def status(self) -> Mapping[str, Json]:
        return {}


@dataclass
class Scene:
    """A box with one destination."""

    journal: Journal
    platform: Platform
    clock: LoopClock
    telling: Telling
    heard: dict[int, float] = field(default_factory=dict)  # counters and when

    async def hear(self, *f_cnts: int, **changed: Any) -> None:
        now = asyncio.get_running_loop().time()
        self.heard.update(dict.fromkeys(f_cnts, now))
        uplinks = tuple(replace(uplink(f_cnt, self.clock()), **changed) for f_cnt in f_cnts)
        await self.journal.commit(Changes(uplinks=uplinks))

    def latency(self, f_cnt: int) -> float:
        """How long after it was heard the platform had an uplink, in seconds."""
        return next(at for at, taken in self.platform.taken if taken == f_cnt) - self.heard[f_cnt]

    async def until(self, count: int, limit_s: float = 20_000.0) -> None:
        """Return when the platform has taken ``count`` uplinks."""
        async with asyncio.timeout(limit_s):
            while len(self.platform.taken) < count:  # noqa: ASYNC110 - on a clock that jumps
                await asyncio.sleep(0.25)

    async def waiting(self) -> int:
        """How many uplinks are before the destination."""
        return (await self.journal.depth(CITY)).waiting


def telling(journal: Journal, platform: Platform, clock: LoopClock, format_: Format, **changed: Any) -> Telling:
    destination = Destination(
        name=CITY,
        format=format_,
        transport=platform,
        side_by_side=platform.side_by_side,
        **{"selects": lambda _: True} | changed,
    )
    return Telling(
        destination,
        journal=journal,
        codecs=Codecs({"acme/th": AcmeTh()}.__getitem__),
        find={one.dev_eui: one for one in (DEVICE, OTHER)}.get,
        clock=clock,
        trust=TimeQuality.NTP,
    )


def play(
    folder: Path,
    story: Callable[[Scene], Coroutine[Any, Any, T]],
    *,
    platform: Platform | None = None,
    format_: Format | None = None,
    history: int = 0,
    **changed: Any,
) -> T:
    """Play ``story`` on virtual time, with a loop that runs beside it; ``history`` uplinks wait when it starts."""

    async def whole() -> T:
        clock, far = LoopClock(), platform or Platform()
        journal = await Journal.open(folder / "journal.db", clock=clock, destinations=[CITY])
        scene = Scene(journal, far, clock, telling(journal, far, clock, format_ or EachAlone(), **changed))
        try:
            await scene.hear(*range(1, history + 1))
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(scene.telling.run(), name="telling")
                told = await story(scene)
                task.cancel()
            return told
        finally:
            await journal.close()

    return jumping_time.run(whole())
