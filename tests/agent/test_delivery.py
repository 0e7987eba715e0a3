"""One destination's loop, against a journal in memory, a format that writes ids and a platform that does as told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from gateway.codecs import Codecs
from gateway.delivery import STRIKES, Destination, Telling
from gateway.errors import StorageError, Unreachable
from gateway.formats import Conversation
from gateway.formats.ngsi_ld import NgsiLd
from gateway.journal import Changes, HeldKind, Journal, Row
from gateway.model import (
    Answer,
    Device,
    Eui64,
    Instant,
    Item,
    Json,
    Receipt,
    Request,
    RowId,
    TimeQuality,
    Uplink,
    Verdict,
    uplink_id,
)
from gateway.sharing import Share

BOOT = "boot-now"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEVICE = Device(dev_eui=Eui64("a81758fffe051d02"), name="torget", decoder="acme/th", tags=frozenset({"air"}))
OTHERS = Device(dev_eui=Eui64("a81758fffe00ffff"), name="another city's", decoder="acme/th")
REMOVED = Eui64("a81758fffe00dddd")
STATUS = {Verdict.LATER: 503}  # 0 would say that it was never sent


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self, quality: TimeQuality = TimeQuality.NTP) -> None:
        self.seconds = 100.0
        self.quality = quality

    def __call__(self) -> Instant:
        return Instant(START + timedelta(seconds=self.seconds), self.seconds, BOOT, self.quality)


class AcmeTh:
    """One octet of temperature; 0xEE is a message it does not know; 0xBB, 0xCC and so on are bugs of its author."""

    name = "acme/th"
    revision = "1"

    def decode(self, payload: Payload) -> Decoded:
        match payload.data[0]:
            case 0xEE:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, "0xEE")
            case 0xBB:
                raise KeyError("a bug")
            case 0xCC:
                sys.exit(3)
            case 0xDD:
                return None  # type: ignore[return-value]  # the bug
            case 0xDE:
                return Decoded((Reading("air_temperature", None, "Cel"),))  # type: ignore[arg-type]  # the bug
            case 0xDF:
                return Decoded([("air_temperature", 2)], {})  # type: ignore[arg-type]  # the bug
            case 0xF0:
                return Decoded((Reading("air_temperature", 20, "furlong"),))
            case 0xF1:
                return Decoded((Reading("air_temperature", 20, "furlong"), Reading("relative_humidity", 50, "%")))
            case value:
                return Decoded((Reading("air_temperature", value, "Cel"),))


class IdFormat:
    """Say each uplink's counter in a request of its own; take a verdict as it comes."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        answers = yield [
            Request(target="t", body=str(item.uplink.f_cnt).encode(), content_type="text/plain") for item in batch
        ]
        pairs = list(zip(batch, answers, strict=True))
        return Receipt(
            accepted=frozenset(item.row for item, answer in pairs if answer.verdict is Verdict.TAKEN),
            refused={item.row: answer.detail for item, answer in pairs if answer.verdict is Verdict.REFUSED},
            undecided={
                item.row: answer.detail for item, answer in pairs if answer.verdict in {Verdict.LATER, Verdict.UNCLEAR}
            },
            memory={"taken": memory.get("taken", 0) + sum(answer.verdict is Verdict.TAKEN for answer in answers)},
        )


class ForgetfulFormat:
    """A format with a bug: it says nothing about any row."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        yield [Request(target="t", body=b"", content_type="text/plain") for _ in batch]
        return Receipt(memory=dict(memory))


@dataclass
class FakePlatform:
    """Take everything, unless ``verdict`` says otherwise for a counter."""

    verdict: Callable[[int], Verdict] = lambda _: Verdict.TAKEN
    away: bool = False
    taken: list[int] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        if self.away:
            raise Unreachable("tcp://127.0.0.1:9: connection refused")
        return [self._answer(int(request.body or b"0")) for request in requests]

    def _answer(self, f_cnt: int) -> Answer:
        verdict = self.verdict(f_cnt)
        if verdict is Verdict.TAKEN:
            self.taken.append(f_cnt)
            self.came.set()
        return Answer(verdict=verdict, status=STATUS.get(verdict, 0), detail=f"said {verdict}")

    async def close(self) -> None:
        """Nothing is open."""

    def status(self) -> Mapping[str, Json]:
        return {}


@dataclass
class Bench:
    """A journal with one destination, and the loop under test."""

    journal: Journal
    platform: FakePlatform
    telling: Telling
    clock: FakeClock

    async def hear(self, *f_cnts: int, **changed: Json) -> None:
        uplinks = tuple(replace(uplink(f_cnt, self.clock()), **changed) for f_cnt in f_cnts)
        await self.journal.commit(Changes(uplinks=uplinks))


def uplink(f_cnt: int, heard_at: Instant) -> Uplink:
    return Uplink(
        id=uplink_id(DEVICE.dev_eui, "01000000-abp0", f_cnt),
        dev_eui=DEVICE.dev_eui,
        activation="01000000-abp0",
        f_cnt=f_cnt,
        f_port=2,
        payload=bytes([f_cnt % 100]),
        confirmed=False,
        adr=False,
        receptions=(),
        heard_at=heard_at,
    )


@pytest.fixture
async def bench(tmp_path: Path) -> object:
    clock = FakeClock()
    journal = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=["lund"])
    platform = FakePlatform()
    yield Bench(journal, platform, telling(journal, platform, clock), clock)
    await journal.close()


def telling(journal: Journal, platform: FakePlatform, clock: FakeClock, format_: object = None) -> Telling:
    destination = Destination(
        name="lund",
        format=format_ or IdFormat(),  # type: ignore[arg-type]  # either is a Format
        transport=platform,
        selects=lambda device: device.dev_eui != OTHERS.dev_eui,
        batch=10,
    )
    return Telling(
        destination,
        journal=journal,
        codecs=Codecs(lambda name: AcmeTh() if name == "acme/th" else _missing(name)),
        find={DEVICE.dev_eui: DEVICE, OTHERS.dev_eui: OTHERS}.get,
        clock=clock,
        trust=TimeQuality.NTP,
    )


def _missing(name: str) -> AcmeTh:
    raise LookupError(name)


async def test_rows_go_out_oldest_first_and_the_cursor_follows(bench: Bench) -> None:
    await bench.hear(*range(1, 26))

    delays = [await bench.telling.turn() for _ in range(5)]

    assert bench.platform.taken == list(range(1, 26))
    assert delays == [0, 0, 0, 0, 0]
    assert (await bench.journal.depth("lund")).waiting == 0
    assert bench.journal.memory("lund")["taken"] == 25


async def test_a_platform_that_is_away_costs_nothing_but_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.transports.jitter.random.uniform", lambda _, most: most)
    await bench.hear(1, 2, 3)
    bench.platform.away = True

    delays = [await bench.telling.turn() for _ in range(8)]
    trouble, hindrance = bench.telling.status()["trouble"], bench.telling.status()["hindrance"]
    bench.platform.away = False
    await bench.telling.turn()

    assert "connection refused" in trouble
    assert hindrance == "answer"  # of a platform that does not say what kind
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]
    assert bench.platform.taken == [1, 2, 3]
    assert bench.telling.status()["trouble"] is None
    assert bench.telling.status()["hindrance"] is None


async def test_a_refused_row_becomes_a_dead_letter_with_the_platforms_words_and_the_rest_goes_on(bench: Bench) -> None:
    bench.platform.verdict = lambda f_cnt: Verdict.REFUSED if f_cnt == 2 else Verdict.TAKEN
    await bench.hear(1, 2, 3)

    await bench.telling.turn()
    [letter] = await bench.journal.held("lund", HeldKind.REFUSED)
    bench.platform.verdict = lambda _: Verdict.TAKEN
    await bench.journal.retry("lund", HeldKind.REFUSED)
    await bench.telling.turn()

    assert (letter.uplink.f_cnt, letter.reason) == (2, "said refused")
    assert bench.platform.taken == [1, 3, 2]
    assert list(await bench.journal.held("lund")) == []


async def test_an_unclear_answer_is_sent_again_under_the_same_id(bench: Bench) -> None:
    bench.platform.verdict = lambda f_cnt: Verdict.UNCLEAR if f_cnt == 1 else Verdict.TAKEN
    await bench.hear(1, 2)

    delay = await bench.telling.turn()
    bench.platform.verdict = lambda _: Verdict.TAKEN
    await bench.telling.turn()

    assert delay > 0
    assert bench.platform.taken == [2, 1]


async def test_a_row_that_alone_stays_undecided_is_set_aside_at_last(bench: Bench) -> None:
    bench.platform.verdict = lambda f_cnt: Verdict.LATER if f_cnt == 1 else Verdict.TAKEN
    await bench.hear(1)

    for f_cnt in range(2, 2 + STRIKES):
        await bench.hear(f_cnt)
        await bench.telling.turn()
    [letter] = await bench.journal.held("lund", HeldKind.REFUSED)

    assert letter.uplink.f_cnt == 1
    assert "said later" in letter.reason


async def test_a_platform_that_takes_nothing_makes_no_dead_letters_however_long(bench: Bench) -> None:
    bench.platform.verdict = lambda _: Verdict.LATER
    await bench.hear(1, 2, 3)

    for _ in range(5 * STRIKES):
        await bench.telling.turn()

    assert list(await bench.journal.held("lund")) == []
    assert (await bench.journal.depth("lund")).waiting == 3


@pytest.mark.parametrize(
    ("octet", "reason"),
    [
        (0xEE, "unknown_message: 0xEE"),
        (0xBB, "failed: KeyError: 'a bug'"),
        (0xCC, "failed: SystemExit: 3"),
        (0xDD, "failed: what it returns is None; a Decoded is expected"),
        (0xDE, "failed: readings[0].value is None; a number, a truth value or a text is expected"),
        (0xDF, "failed: readings[0] is of type tuple; a Reading is expected"),
        (
            0xF0,
            "nothing of it can be said: air_temperature: 'furlong' does not convert to 'Cel': unknown unit 'furlong'",
        ),
    ],
)
async def test_an_undecodable_uplink_waits_for_its_decoder_and_holds_up_nobody(
    bench: Bench, octet: int, reason: str
) -> None:
    await bench.hear(1)
    await bench.hear(2, payload=bytes([octet]))
    await bench.hear(3)

    await bench.telling.turn()
    [held] = await bench.journal.held("lund", HeldKind.UNDECODED)

    assert bench.platform.taken == [1, 3]
    assert (held.uplink.f_cnt, held.reason, held.decoder) == (2, reason, "acme/th@1")


async def test_a_device_that_is_not_selected_is_skipped_and_not_sent(bench: Bench) -> None:
    await bench.hear(1, dev_eui=OTHERS.dev_eui)
    await bench.hear(2)

    await bench.telling.turn()

    assert bench.platform.taken == [2]
    assert bench.telling.status()["counts"]["skipped"] == 1
    assert (await bench.journal.depth("lund")).waiting == 0


async def test_rows_heard_before_the_clock_was_right_wait_and_are_dated_then(bench: Bench) -> None:
    seen: list[datetime] = []

    class SeeingFormat(IdFormat):
        def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
            seen.extend(observation.observed_at for item in batch for observation in item.observations)
            return super().deliver(batch, memory)

    loop = telling(bench.journal, bench.platform, bench.clock, SeeingFormat())
    wrong = Instant(datetime(1970, 1, 1, tzinfo=UTC), 40.0, BOOT, TimeQuality.UNSYNCHRONISED)
    await bench.hear(1, heard_at=wrong)

    delay = await loop.turn()
    waited = list(bench.platform.taken)
    await bench.journal.learn_boot(BOOT, START, TimeQuality.NTP)
    await loop.turn()

    assert delay > 0
    assert waited == []
    assert bench.platform.taken == [1]
    assert seen == [START + timedelta(seconds=40)]


async def test_rows_of_a_boot_that_never_knew_the_time_are_held_not_dated(bench: Bench) -> None:
    wrong = Instant(datetime(1970, 1, 1, tzinfo=UTC), 40.0, "another-boot", TimeQuality.UNSYNCHRONISED)
    await bench.hear(1, heard_at=wrong)
    await bench.hear(2)

    await bench.telling.turn()
    [held] = await bench.journal.held("lund")

    assert held.kind is HeldKind.UNDATED
    assert bench.platform.taken == [2]


async def test_a_format_that_says_nothing_about_a_row_leaves_it_undecided(bench: Bench) -> None:
    loop = telling(bench.journal, bench.platform, bench.clock, ForgetfulFormat())
    await bench.hear(1)

    delay = await loop.turn()

    assert delay > 0
    assert (loop.status()["trouble"], loop.status()["hindrance"]) == ("no answer about this row", "answer")
    assert (await bench.journal.depth("lund")).waiting == 1


async def test_the_loop_wakes_when_something_is_heard_and_ends_when_cancelled(bench: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.telling.run(), name="telling")
        async with asyncio.timeout(5):
            await bench.hear(1)
            await bench.platform.came.wait()
            bench.platform.came.clear()
            await bench.hear(2)
            await bench.platform.came.wait()
        task.cancel()

    assert bench.platform.taken == [1, 2]
    assert UUID(str(uplink(1, bench.clock()).id)).version == 5


async def test_the_removed_devices_backlog_waits_for_whoever_registers_it_again(bench: Bench) -> None:
    await bench.hear(1, dev_eui=REMOVED)
    await bench.hear(2)

    await bench.telling.turn()
    [held] = await bench.journal.held("lund", HeldKind.UNDECODED)

    assert bench.platform.taken == [2]
    assert "not registered" in held.reason


async def test_an_uplink_of_which_something_can_be_said_goes_out_and_the_rest_is_counted(bench: Bench) -> None:
    await bench.hear(1, payload=b"\xf1")

    await bench.telling.turn()

    assert bench.platform.taken == [1]
    [problem] = bench.telling.status()["problems"]
    assert problem == {
        "problem": "air_temperature: 'furlong' does not convert to 'Cel': unknown unit 'furlong'",
        "count": 1,
        "last_s": 0.0,
    }


# ── a line that is lost in the middle ──


class StepFormat(IdFormat):
    """Say one uplink at a time, each in a wave of its own; stop when one is not taken."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        accepted: set[RowId] = set()
        undecided: dict[RowId, str] = {}
        for item in batch:
            [answer] = yield [Request(target="t", body=str(item.uplink.f_cnt).encode(), content_type="text/plain")]
            if answer.verdict is not Verdict.TAKEN:
                undecided[item.row] = answer.detail
                break
            accepted.add(item.row)
        return Receipt(accepted=frozenset(accepted), undecided=undecided, memory=dict(memory))


@dataclass
class FlappingPlatform(FakePlatform):
    """Take three requests, and be gone for one."""

    sent: int = 0

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        self.sent += 1
        if self.sent % 4 == 0:
            raise Unreachable("http://city: connection reset")
        return await super().send(requests)


async def test_what_was_taken_before_the_line_was_lost_is_settled_and_never_sent_again(bench: Bench) -> None:
    platform = FlappingPlatform()
    loop = telling(bench.journal, platform, bench.clock, StepFormat())
    await bench.hear(*range(1, 21))

    turns = 0
    while (await bench.journal.depth("lund")).waiting and turns < 20:
        await loop.turn()
        turns += 1

    assert platform.taken == list(range(1, 21))
    assert loop.status()["counts"]["delivered"] == 20


@dataclass
class FlappingBroker(FlappingPlatform):
    """An NGSI-LD broker behind such a line; it notes the times that it was told, in order."""

    times: list[str] = field(default_factory=list)

    def _answer(self, f_cnt: int) -> Answer:
        raise NotImplementedError

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        self.sent += 1
        if self.sent % 4 == 0:
            raise Unreachable("http://city: connection reset")
        for request in requests:
            self.times += [entity["temperature"]["observedAt"] for entity in json.loads(request.body)]
        return [Answer(verdict=Verdict.TAKEN, status=204)] * len(requests)


async def test_a_broker_behind_a_flapping_line_never_has_an_older_value_over_a_newer_one(bench: Bench) -> None:
    platform = FlappingBroker()
    loop = telling(bench.journal, platform, bench.clock, NgsiLd())
    for f_cnt in range(1, 21):
        bench.clock.seconds += 60
        await bench.hear(f_cnt)

    turns = 0
    while (await bench.journal.depth("lund")).waiting and turns < 20:
        await loop.turn()
        turns += 1

    assert len(platform.times) == 20
    assert platform.times == sorted(set(platform.times))


async def test_a_line_that_is_lost_again_and_again_makes_no_dead_letters(bench: Bench) -> None:
    platform = FlappingPlatform()
    loop = telling(bench.journal, platform, bench.clock, StepFormat())

    for turn in range(5 * STRIKES):
        await bench.hear(*range(4 * turn, 4 * turn + 4))
        await loop.turn()

    assert list(await bench.journal.held("lund")) == []


async def test_rows_behind_the_last_one_taken_are_not_counted_out(bench: Bench) -> None:
    bench.platform.verdict = lambda f_cnt: Verdict.TAKEN if f_cnt == min(waiting) else Verdict.UNCLEAR
    waiting = set(range(1, 10 + STRIKES))
    await bench.hear(*sorted(waiting))

    while waiting:
        await bench.telling.turn()
        waiting -= set(bench.platform.taken)

    assert list(await bench.journal.held("lund")) == []


async def test_a_platform_that_is_away_from_the_first_request_on_is_asked_once(bench: Bench) -> None:
    platform = FlappingPlatform(sent=3)
    loop = telling(bench.journal, platform, bench.clock, StepFormat())
    await bench.hear(1, 2, 3)

    delay = await loop.turn()

    assert delay > 0
    assert platform.sent == 4
    assert "connection reset" in loop.status()["trouble"]


# ── trouble with the disk ──


async def test_a_journal_that_cannot_be_read_stalls_the_loop_and_is_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.hear(1)

    async def failing(name: str, limit: int, *, after: RowId | None = None) -> Sequence[Row]:
        raise StorageError("journal.db: disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(bench.journal, "read", failing)
        delay = await bench.telling.turn()
        status = bench.telling.status()
    await bench.telling.turn()

    assert delay > 0
    assert (status["state"], status["trouble"], status["hindrance"]) == (
        "stalled", "the journal cannot be read: journal.db: disk I/O error", "disk",
    )  # fmt: skip
    assert bench.platform.taken == [1]


# ── what `status` says ──


async def test_a_city_that_nothing_was_ever_told_is_not_up_to_date(bench: Bench) -> None:
    before = bench.telling.status()["state"]
    await bench.hear(1)
    await bench.telling.turn()

    assert before == "no contact yet"
    assert bench.telling.status()["state"] == "delivering"


async def test_a_platform_that_refuses_everything_is_shown_as_refusing_until_it_takes_something(bench: Bench) -> None:
    bench.platform.verdict = lambda _: Verdict.REFUSED
    await bench.hear(1, 2)
    await bench.telling.turn()
    refusing = bench.telling.status()["state"]
    bench.platform.verdict = lambda _: Verdict.TAKEN
    await bench.hear(3)
    await bench.telling.turn()

    assert refusing == "refusing"
    assert bench.telling.status()["state"] == "delivering"


async def test_refusals_are_logged_once_until_the_platform_takes_all_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.platform.verdict = lambda f_cnt: Verdict.REFUSED if f_cnt in {1, 2, 3, 5} else Verdict.TAKEN
    for f_cnts in ((1, 2), (3,), (4,), (5,)):
        await bench.hear(*f_cnts)
        await bench.telling.turn()

    told = [record.getMessage() for record in caplog.records if "refuses uplinks" in record.getMessage()]
    assert [words.split(":")[0] for words in told] == [
        "lund refuses uplinks, row 1 first",
        "lund refuses uplinks, row 5 first",
    ]


async def test_rows_that_wait_for_the_clock_are_shown_as_such(bench: Bench) -> None:
    bench.clock.quality = TimeQuality.UNSYNCHRONISED
    await bench.hear(1)

    await bench.telling.turn()

    assert bench.telling.status()["state"] == "waiting for the clock"


async def test_a_connection_that_was_lost_while_idle_is_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.hear(1)
    await bench.telling.turn()

    monkeypatch.setattr(bench.platform, "status", lambda: {"connected": False})

    assert bench.telling.status()["state"] == "connection lost"


async def test_a_problem_says_when_it_was_seen_last_and_leaves_after_a_day(bench: Bench) -> None:
    await bench.hear(1, payload=b"\xf1")
    await bench.telling.turn()
    bench.clock.seconds += 3600
    [an_hour_later] = bench.telling.status()["problems"]
    bench.clock.seconds += 86_400

    assert an_hour_later["last_s"] == 3600
    assert bench.telling.status()["problems"] == []


# ── sharing ──


async def test_what_a_destination_may_not_have_is_skipped_and_counted(bench: Bench) -> None:
    destination = replace(bench.telling.destination, share=Share(without=frozenset({"air_temperature"})))
    bench.telling.destination = destination
    await bench.hear(1, 2)

    await bench.telling.turn()

    assert bench.platform.taken == []
    assert (await bench.journal.depth("lund")).waiting == 0
    assert bench.telling.status()["counts"]["not_shared"] == 2


async def test_what_is_withheld_for_persons_sake_is_said_in_status(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sharing.COUNTS_PEOPLE", {"air_temperature"})
    await bench.hear(1)

    await bench.telling.turn()

    (problem,) = bench.telling.status()["problems"]
    assert problem["problem"].startswith("air_temperature is not shared: it counts people; share.personal = true")


# ── a line that is paid by the octet ──


class Pauses:
    """The loop's pauses: noted, and over when the test says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.begun, self.over = asyncio.Event(), asyncio.Event()

    async def __call__(self, delay: float) -> None:
        if delay:
            self.asked.append(delay)
            self.begun.set()
            await self.over.wait()


async def test_on_a_metered_line_few_rows_wait_for_others_to_go_with_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = Pauses()
    monkeypatch.setattr("gateway.delivery.telling.asyncio.sleep", paused)
    bench.telling.destination = replace(bench.telling.destination, gather_s=60.0)
    await bench.hear(1, 2)

    running = asyncio.create_task(bench.telling.run())
    async with asyncio.timeout(5):
        await paused.begun.wait()
        before = list(bench.platform.taken)
        await bench.hear(3)
        paused.over.set()
        await bench.platform.came.wait()
    running.cancel()
    await asyncio.wait({running})

    assert paused.asked[0] == 60.0
    assert (before, bench.platform.taken) == ([], [1, 2, 3])


async def test_a_full_batch_waits_for_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    paused = Pauses()
    monkeypatch.setattr("gateway.delivery.telling.asyncio.sleep", paused)
    bench.telling.destination = replace(bench.telling.destination, gather_s=60.0)
    await bench.hear(*range(1, 12))

    running = asyncio.create_task(bench.telling.run())
    async with asyncio.timeout(5):
        await bench.platform.came.wait()
        asked = list(paused.asked)
    running.cancel()
    await asyncio.wait({running})

    assert asked == []
