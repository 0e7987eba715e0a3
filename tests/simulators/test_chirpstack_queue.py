"""The simulated Concentratord's queue: the checks of the real one, in its order, with its numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.model import FskRate, LoraRate
from simulators.chirpstack_queue import AHEAD_US, JitQueue, Unconvertible

NOW_US = 5_000_000


def item(
    *,
    delay_us: int | None = 1_000_000,
    frequency_hz: int = 868_100_000,
    context: bytes = NOW_US.to_bytes(4, "big"),
    fsk: bool = False,
) -> Any:
    made = gw_pb2.DownlinkFrameItem(phy_payload=bytes(12))
    made.tx_info.frequency, made.tx_info.power, made.tx_info.context = frequency_hz, 14, context
    if fsk:
        made.tx_info.modulation.fsk.datarate = 50_000
    else:
        lora = made.tx_info.modulation.lora
        lora.bandwidth, lora.spreading_factor, lora.polarization_inversion = 125_000, 7, True
    if delay_us is None:
        made.tx_info.timing.immediately.SetInParent()
    else:
        made.tx_info.timing.delay.delay.FromTimedelta(timedelta(microseconds=delay_us))
    return made


def status(queue: JitQueue, **wanted: Any) -> str:
    return str(gw_pb2.TxAckStatus.Name(queue.offer(item(**wanted), NOW_US)[0]))


def test_a_packet_goes_out_at_its_time() -> None:
    number, sent = JitQueue().offer(item(), NOW_US)

    assert number == gw_pb2.OK
    assert sent is not None
    assert (sent.starts_us, sent.frequency_hz, sent.data_rate) == (
        NOW_US + 1_000_000,
        868_100_000,
        LoraRate(7, 125_000),
    )
    assert (sent.power_dbm, sent.inverted) == (14, True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"frequency_hz": 915_000_000}, "TX_FREQ"),
        ({"delay_us": AHEAD_US - 1}, "TOO_LATE"),
        ({"delay_us": AHEAD_US}, "OK"),
        ({"delay_us": 512_000_001}, "TOO_EARLY"),
        ({"context": (NOW_US - 1_000_001).to_bytes(4, "big")}, "TOO_EARLY"),  # what has passed is most of a wrap ahead
        ({"fsk": True}, "OK"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_status(wanted: dict[str, Any], expected: str) -> None:
    assert status(JitQueue(), **wanted) == expected


def test_two_packets_in_one_slot_collide_and_a_full_queue_takes_none() -> None:
    queue = JitQueue(capacity=2)

    assert [status(queue), status(queue), status(queue, delay_us=2_000_000), status(queue, delay_us=3_000_000)] == [
        "OK",
        "COLLISION_PACKET",
        "OK",
        "QUEUE_FULL",
    ]


def test_at_once_is_the_first_free_moment() -> None:
    queue = JitQueue()

    first, second = (queue.offer(item(delay_us=None), NOW_US)[1] for _ in "12")

    assert first is not None
    assert second is not None
    assert first.starts_us == NOW_US + 80_000
    assert second.starts_us == first.ends_us + 42_500


def test_the_counter_wraps() -> None:
    last = (1 << 32) - 500_000
    _, sent = JitQueue().offer(item(context=(last & 0xFFFF_FFFF).to_bytes(4, "big")), last)

    assert sent is not None
    assert sent.starts_us == last + 1_000_000


def test_what_v3_orders_is_read_too() -> None:
    made = gw_pb2.DownlinkFrameItem(phy_payload=bytes(12))
    info = made.tx_info_legacy
    info.frequency, info.power, info.context, info.timing = 868_100_000, 14, NOW_US.to_bytes(4, "big"), gw_pb2.DELAY
    info.fsk_modulation_info.datarate = 50_000
    info.delay_timing_info.delay.FromTimedelta(timedelta(seconds=1))

    _, sent = JitQueue().offer(made, NOW_US)

    assert sent is not None
    assert (sent.starts_us, sent.data_rate) == (NOW_US + 1_000_000, FskRate(50_000))


@pytest.mark.parametrize("spoil", ["tx_info", "context", "timing", "modulation"])
def test_what_is_missing_makes_no_packet(spoil: str) -> None:
    made = item()
    (made if spoil == "tx_info" else made.tx_info).ClearField(spoil)

    with pytest.raises(Unconvertible):
        JitQueue().offer(made, NOW_US)
