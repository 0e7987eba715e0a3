"""Room 4: outcomes in order, each uplink decoded once, and decoders that work elsewhere awaited without holding others up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload
from gateway.codecs import Codecs, Outcome
from gateway.model import Device, Eui64, Uplink
from tests.journal.samples import uplink

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
