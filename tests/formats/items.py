"""Items as delivery makes them: readings in, observations by the real normaliser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from decoders.contract import Decoded, Reading
from gateway.formats import Conversation, Format
from gateway.model import (
    Answer,
    Device,
    Eui64,
    Instant,
    Item,
    Json,
    LoraRate,
    Place,
    Receipt,
    Reception,
    Request,
    RowId,
    TimeQuality,
    Uplink,
    Verdict,
    uplink_id,
)
from gateway.normalise import normalise

HEARD_AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
DEV_EUI = Eui64("a81758fffe03abcd")
SUNDSVALL = Place(62.3908, 17.3063)
DEVICE = Device(dev_eui=DEV_EUI, place=SUNDSVALL)
TAKEN = Answer(verdict=Verdict.TAKEN, status=204)


def eui(number: int) -> Eui64:
    return Eui64(f"{0xA81758FFFE000000 + number:016x}")


def uplink(number: int = 1, *, dev_eui: Eui64 = DEV_EUI, heard_at: datetime | None = None) -> Uplink:
    """Return the uplink with frame counter ``number``, by default heard so many seconds after HEARD_AT."""
    heard_at = heard_at or HEARD_AT + timedelta(seconds=number)
    reception = Reception(
        gateway=Eui64("00" * 8), frequency_hz=868_100_000, data_rate=LoraRate(7, 125_000), rssi_dbm=-80
    )
    return Uplink(
        id=uplink_id(dev_eui, "01020304-000001", number),
        dev_eui=dev_eui,
        activation="01020304-000001",
        f_cnt=number,
        f_port=5,
        payload=b"",
        confirmed=False,
        adr=True,
        receptions=(reception,),
        heard_at=Instant(heard_at, float(number), "boot", TimeQuality.NTP),
    )


def item(
    *readings: Reading,
    row: int = 1,
    device: Device = DEVICE,
    heard_at: datetime | None = None,
) -> Item:
    heard = uplink(row, dev_eui=device.dev_eui, heard_at=heard_at)
    decoded = Decoded(readings)
    normalised = normalise(heard, device, decoded, "1")
    assert normalised.problems == ()
    return Item(row=RowId(row), uplink=heard, device=device, decoded=decoded, observations=normalised.observations)


def converse(
    platform: Format,
    batch: Sequence[Item],
    answer: Callable[[Request], Answer] | Mapping[int, Answer] | Answer = TAKEN,
    memory: Mapping[str, Json] | None = None,
) -> tuple[list[list[Request]], Receipt]:
    """Hold a conversation; return its waves and the receipt.

    ``answer`` is the answer to all requests, or by their number from 0 (TAKEN to the rest), or what a platform says.
    """
    waves: list[list[Request]] = []
    count = 0
    conversation = platform.deliver(batch, memory or {})
    requests: Sequence[Request] | Receipt = _next(conversation, None)
    while not isinstance(requests, Receipt):
        waves.append(list(requests))
        answers = [_answer(answer, count + index, request) for index, request in enumerate(requests)]
        count += len(answers)
        requests = _next(conversation, answers)
    return waves, requests


def _answer(
    answer: Callable[[Request], Answer] | Mapping[int, Answer] | Answer, number: int, request: Request
) -> Answer:
    if isinstance(answer, Answer):
        return answer
    return answer.get(number, TAKEN) if isinstance(answer, Mapping) else answer(request)


def _next(conversation: Conversation, answers: Sequence[Answer] | None) -> Sequence[Request] | Receipt:
    try:
        return next(conversation) if answers is None else conversation.send(answers)
    except StopIteration as end:
        receipt: Receipt = end.value
        return receipt
