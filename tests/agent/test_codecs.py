"""Room 4: outcomes in order, each uplink decoded once, and decoders that work elsewhere awaited without holding others up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, NotNow, Payload
from gateway.codecs import Codecs, Outcome
from gateway.model import Device, Eui64, Uplink
from tests.journal.samples import uplink
from tests.pipeline.rig import until

ONE, TWO = Eui64("70b3d57ed0000001"), Eui64("70b3d57ed0000002")


@dataclass
class Here:
    name: str = "acme/here"
    revision: str = "1"

    def decode(self, payload: Payload) -> Decoded:
        return Decoded((), {"here": payload.data.hex()})


@dataclass
class Elsewhere:
    name: str = "acme/elsewhere"
    revision: str = "1"
    asked: list[Sequence[Payload]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    answer: object = None

    def decode(self, payload: Payload) -> Decoded:
        raise AssertionError(f"{payload}: this would hold up the loop")

    async def decode_all(self, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
        self.asked.append(payloads)
        self.begun.set()
        await self.ready.wait()
        if self.answer is not None:
            return self.answer  # type: ignore[return-value]  # what a broken one may return
        return [
            DecodeError(DecodeReason.MALFORMED, "zero")
            if payload.data == b"\0"
            else Decoded((), {"n": payload.data.hex()})
            for payload in payloads
        ]


def codecs_of(*decoders: Decoder) -> tuple[Codecs, dict[str, Decoder]]:
    known = {one.name: one for one in decoders}
    return Codecs(known.__getitem__), known


def heard(f_cnt: int, decoder: str, octets: bytes = b"", dev_eui: Eui64 = ONE) -> tuple[Uplink, Device]:
    return uplink(f_cnt, dev_eui, octets or bytes([f_cnt])), Device(dev_eui=dev_eui, decoder=decoder)


def shown(outcomes: Sequence[Outcome]) -> list[object]:
    return [dict(one.fields) if isinstance(one, Decoded) else str(one) for one in outcomes]


async def test_outcomes_stand_in_the_order_of_the_batch() -> None:
    first, second = Elsewhere("acme/first"), Elsewhere("acme/second")
    first.ready.set()
    second.ready.set()
    codecs, _ = codecs_of(Here(), first, second)
    batch = [
        heard(1, "acme/second"),
        heard(2, "acme/here"),
        heard(3, "acme/first"),
        heard(4, "acme/nowhere"),
        heard(5, "acme/second", b"\0"),
        heard(6, "acme/first"),
    ]

    outcomes = await codecs.decode(batch)

    assert shown(outcomes) == [
        {"n": "01"},
        {"here": "02"},
        {"n": "03"},
        "no_decoder: 'acme/nowhere'",
        "malformed: zero",
        {"n": "06"},
    ]
    assert [len(payloads) for payloads in (*first.asked, *second.asked)] == [2, 2]
    assert codecs.failures == {
        ("acme/nowhere", DecodeReason.NO_DECODER): 1,
        ("acme/second", DecodeReason.MALFORMED): 1,
    }


async def test_a_decoder_is_told_which_device_it_was_and_when() -> None:
    decoder = Elsewhere()
    decoder.ready.set()
    codecs, _ = codecs_of(decoder)
    one = heard(1, decoder.name, dev_eui=TWO)

    await codecs.decode([one])

    assert decoder.asked == [[Payload(b"\1", 2, one[0].heard_at.utc, TWO)]]


async def test_two_destinations_that_ask_at_once_have_an_uplink_decoded_once() -> None:
    decoder = Elsewhere()
    codecs, _ = codecs_of(decoder)
    batch = [heard(1, decoder.name), heard(2, decoder.name, b"\0")]

    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(codecs.decode(batch)) for _ in range(2)]
        await decoder.begun.wait()
        decoder.ready.set()

    assert [shown(one.result()) for one in both] == [[{"n": "01"}, "malformed: zero"]] * 2
    assert len(decoder.asked) == 1
    assert codecs.failures.total() == 1


async def test_a_slow_decoder_does_not_keep_others_from_being_asked() -> None:
    slow, quick = Elsewhere("acme/slow"), Elsewhere("acme/quick")
    quick.ready.set()
    codecs, _ = codecs_of(Here(), slow, quick)

    waiting = asyncio.create_task(codecs.decode([heard(1, slow.name)]))
    others = await codecs.decode([heard(2, quick.name), heard(3, "acme/here")])
    slow.ready.set()

    assert shown(others) == [{"n": "02"}, {"here": "03"}]
    assert shown(await waiting) == [{"n": "01"}]


async def test_what_a_decoder_said_is_forgotten_when_it_was_mended_meanwhile() -> None:
    old, new = Elsewhere(), Elsewhere(revision="2")
    new.ready.set()
    codecs, known = codecs_of(old)
    batch = [heard(1, old.name)]

    waiting = asyncio.create_task(codecs.decode(batch))
    await old.begun.wait()
    known[old.name] = new
    codecs.forget()
    codecs.revision(old.name)
    old.ready.set()
    await waiting
    await codecs.decode(batch)

    assert len(new.asked) == 1


async def test_a_decoder_that_breaks_its_promise_fails_its_payloads_and_no_others() -> None:
    for answer, words in (
        ([], "what it returns is of type list; 2 outcomes is expected"),
        ([1, 2], "what it returns is of type int; a Decoded is expected"),
        (7, "TypeError: object of type 'int' has no len()"),
    ):
        decoder = Elsewhere(answer=answer)
        decoder.ready.set()
        codecs, _ = codecs_of(Here(), decoder)

        outcomes = await codecs.decode([heard(1, decoder.name), heard(2, "acme/here"), heard(3, decoder.name)])

        assert shown(outcomes) == [f"failed: {words}", {"here": "02"}, f"failed: {words}"]


async def test_what_was_not_tried_is_not_remembered_and_a_device_that_is_read_again_has_recovered() -> None:
    resting = DecodeError(DecodeReason.WAITING, "it rests")
    decoder = Elsewhere(answer=[resting])
    decoder.ready.set()
    codecs, _ = codecs_of(decoder)
    one, other = heard(1, decoder.name), heard(2, decoder.name, dev_eui=TWO)

    first = await codecs.decode([one])
    before = codecs.waiting, codecs.recovered()
    decoder.answer = None
    await codecs.decode([other])
    of_another = codecs.waiting, codecs.recovered()
    again = await codecs.decode([one])

    assert shown(first) == ["waiting: it rests"]
    assert before == of_another == (True, False)
    assert shown(again) == [{"n": "01"}]
    assert (codecs.waiting, codecs.recovered(), codecs.recovered()) == (False, True, False)


async def test_a_decoder_that_cannot_be_had_at_the_moment_is_looked_up_again_after_a_minute() -> None:
    now, asked = 0.0, 0

    def find(_: str) -> Decoder:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise NotNow("no memory")
        return Here()

    codecs = Codecs(find, lambda: now)
    one = heard(1, "acme/here")

    first = [shown(await codecs.decode([one])) for _ in range(3)]
    now = 60.0
    again = shown(await codecs.decode([one]))

    assert first == [["waiting: no memory"]] * 3
    assert again == [{"here": "01"}]
    assert asked == 2


async def test_cancelling_leaves_nothing_behind() -> None:
    decoder = Elsewhere()
    codecs, _ = codecs_of(decoder)
    batch = [heard(1, decoder.name)]
    waiting = asyncio.create_task(codecs.decode(batch))
    await decoder.begun.wait()

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    decoder.ready.set()
    outcomes = await codecs.decode(batch)

    assert waiting.cancelled()
    assert shown(outcomes) == [{"n": "01"}]


# ── loading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Slow:
    """Finds decoders while the loop goes on, and only then: whoever looks in the loop's own thread waits in vain."""

    def __init__(self, *found: Decoder) -> None:
        self.found = list(found)
        self.asked = 0
        self.opened = threading.Event()

    def __call__(self, name: str) -> Decoder:
        self.asked += 1
        decoder = self.found.pop(0)
        assert self.opened.wait(5), f"{name}: the loop stood still"
        return decoder


async def test_the_loop_goes_on_while_a_decoder_is_loaded() -> None:
    find = Slow(Here())
    codecs = Codecs(find)

    decoding = asyncio.create_task(codecs.decode([heard(1, "acme/here")]))
    await until(lambda: find.asked == 1)
    find.opened.set()

    assert shown(await decoding) == [{"here": "01"}]


async def test_the_decoders_of_before_are_used_until_those_of_now_are_loaded() -> None:
    find = Slow(Here(revision="1"), Here(revision="2"))
    find.opened.set()
    codecs = Codecs(find)
    await codecs.decode([heard(1, "acme/here")])
    find.opened.clear()

    renewing = asyncio.create_task(codecs.renew(["acme/here"]))
    await until(lambda: find.asked == 2)
    meanwhile = codecs.revision("acme/here")
    find.opened.set()

    assert meanwhile == "acme/here@1"
    assert await renewing == {"acme/here": "2"}
    assert codecs.revision("acme/here") == "acme/here@2"


async def test_a_decoder_that_may_have_changed_while_it_was_loaded_is_looked_up_again() -> None:
    find = Slow(Here(revision="1"), Here(revision="2"))
    codecs = Codecs(find)

    decoding = asyncio.create_task(codecs.decode([heard(1, "acme/here")]))
    await until(lambda: find.asked == 1)
    codecs.forget()
    find.opened.set()
    await decoding

    assert codecs.revision("acme/here") == "acme/here@2"
    assert find.asked == 2


async def test_renewing_says_nothing_of_what_cannot_be_found() -> None:
    codecs, _ = codecs_of(Here())

    assert await codecs.renew(["acme/here", "acme/nowhere", ""]) == {"acme/here": "1"}
