"""What a gateway is told to send, and what it says of that.

One request is one receive window, so an order has one item. Its number comes back in the acknowledgement; Gateway Bridge and MQTT Forwarder
use its lower 16 bits as their packet forwarder's token, so no two orders that are under way may share those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.model import FskRate, Json, LoraRate, TxRequest, TxResult
from gateway.sources.chirpstack_gateway import protobuf, words
from gateway.sources.chirpstack_gateway.fields import CODE_RATE_4_5, DOWNLINK_TIMING_V3, MODULATION_V3, TX_ACK_STATUS
from gateway.sources.chirpstack_gateway.reading import Generation
from gateway.sources.chirpstack_gateway.scalars import enumerated, octets, whole

FSK_DEVIATION_HZ: Final = 25_000  # of LoRaWAN's 50 kbit/s (Regional Parameters RP002, EU863-870 data rate 7)
GREATEST_NUMBER: Final = 0xFFFF_FFFF
HEADER: Final = 2  # octets of ours before a gateway's own context: board and antenna

RESULTS: Final[Mapping[str, TxResult]] = {
    "OK": TxResult.SENT,
    "TOO_LATE": TxResult.TOO_LATE,
    "TOO_EARLY": TxResult.TOO_EARLY,
    "COLLISION_PACKET": TxResult.COLLISION_PACKET,
    "COLLISION_BEACON": TxResult.COLLISION_BEACON,
    "TX_FREQ": TxResult.TX_FREQ,
    "TX_POWER": TxResult.TX_POWER,
    "GPS_UNLOCKED": TxResult.GPS_UNLOCKED,
    "QUEUE_FULL": TxResult.QUEUE_FULL,
    "INTERNAL_ERROR": TxResult.INTERNAL_ERROR,
    "DUTY_CYCLE_OVERFLOW": TxResult.DUTY_CYCLE_OVERFLOW,
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a gateway speaks, learnt from what it says: answers are written alike."""

    generation: Generation = Generation.V4
    is_json: bool = False
    in_kilohertz: bool = False  # v3's bandwidths: Gateway Bridge counts so, Concentratord in Hz


def write_order(request: TxRequest, number: int, dialect: Dialect) -> bytes:
    """Return the DownlinkFrame of a request as a gateway of that dialect reads it."""
    message, said = (
        ("DownlinkFrameV3", _order_v3(request, number, bandwidth_unit_hz=1000 if dialect.in_kilohertz else 1))
        if dialect.generation is Generation.V3
        else ("DownlinkFrame", order(request, number))
    )
    return words.write(message, said) if dialect.is_json else protobuf.write(message, said)


def worth_s(request: TxRequest) -> int:
    """Return how long an order is worth delivering, in whole seconds: until its slot, which is counted from the uplink; at least 1."""
    return 1 if request.delay is None else max(1, math.ceil(request.delay.total_seconds()))


def order(request: TxRequest, number: int) -> Mapping[str, Json]:
    """Return the DownlinkFrame of a request, as fields.

    Power is EIRP in whole dBm, rounded down: the gateway takes off what its own configuration says of the antenna. Without a CRC
    other gateways, which hear every downlink, do not take it for an uplink.
    """
    board, antenna, context = _context(request)
    tx_info = {
        "frequency": request.frequency_hz,
        "power": math.floor(request.power_dbm),
        "modulation": _modulation(request.data_rate),
        "board": board,
        "antenna": antenna,
        "timing": {"immediately": {}} if request.delay is None else {"delay": {"delay": _duration(request.delay)}},
        "context": context,
    }
    items = [{"phy_payload": request.phy_payload, "tx_info": tx_info}]
    return {"downlink_id": number, "items": items, "gateway_id": request.gateway}


def read_number(ack: Mapping[str, Json]) -> int | None:
    """Return which order a DownlinkTxAck answers; v3 has it as `token`, and in 16 octets."""
    for name in ("downlink_id", "token"):
        if (number := whole(ack.get(name), GREATEST_NUMBER)) is not None:
            return number
    long = octets(ack.get("downlink_id_legacy", ack.get("downlink_id"))) or b""
    return int.from_bytes(long, "big") if len(long) == 16 else None


def read_result(ack: Mapping[str, Json]) -> TxResult:
    """Return what became of an order's one item; NO_ANSWER for a status that nobody knows: it may be on air."""
    items = ack.get("items", [])
    if not isinstance(items, list) or not items:
        return _result_v3(ack.get("error"))
    status = enumerated(items[-1].get("status", 0), TX_ACK_STATUS) if isinstance(items[-1], dict) else None
    name = TX_ACK_STATUS[status] if status is not None and status < len(TX_ACK_STATUS) else ""
    return RESULTS.get(name, TxResult.NO_ANSWER)


def _result_v3(error: Json) -> TxResult:
    """Return what an acknowledgement without items says: releases of v3 before 3.10 had one word, none for "sent"."""
    if error is None:
        return TxResult.NO_ANSWER
    return RESULTS.get(error or "OK", TxResult.NO_ANSWER) if isinstance(error, str) else TxResult.NO_ANSWER


def _context(request: TxRequest) -> tuple[int, int, bytes]:
    """Return board, antenna and the gateway's own context, as `reading` put them together."""
    header, context = request.context[:HEADER], request.context[HEADER:]
    return (header[0], header[1], context) if len(header) == HEADER else (0, 0, b"")


def _duration(span: timedelta) -> Mapping[str, int]:
    return {"seconds": span // timedelta(seconds=1), "nanos": span.microseconds * 1000}


def _modulation(data_rate: LoraRate | FskRate) -> Mapping[str, Json]:
    match data_rate:
        case LoraRate():
            return {
                "lora": {
                    "bandwidth": data_rate.bandwidth_hz,
                    "spreading_factor": data_rate.spreading_factor,
                    "code_rate": CODE_RATE_4_5,
                    "polarization_inversion": True,
                    "no_crc": True,
                }
            }
        case FskRate():
            return {"fsk": {"datarate": data_rate.bit_rate, "frequency_deviation": FSK_DEVIATION_HZ}}


# ── v3 ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _order_v3(request: TxRequest, number: int, *, bandwidth_unit_hz: int) -> Mapping[str, Json]:
    board, antenna, context = _context(request)
    timing = "IMMEDIATELY" if request.delay is None else "DELAY"
    tx_info = {
        "gateway_id": bytes.fromhex(request.gateway),
        "frequency": request.frequency_hz,
        "power": math.floor(request.power_dbm),
        **_modulation_v3(request.data_rate, bandwidth_unit_hz),
        "board": board,
        "antenna": antenna,
        "timing": DOWNLINK_TIMING_V3.index(timing),
        **(
            {"immediately_timing_info": {}}
            if request.delay is None
            else {"delay_timing_info": {"delay": _duration(request.delay)}}
        ),
        "context": context,
    }
    return {
        "token": number,
        "downlink_id": number.to_bytes(16, "big"),
        "items": [{"phy_payload": request.phy_payload, "tx_info": tx_info}],
        "gateway_id": bytes.fromhex(request.gateway),
    }


def _modulation_v3(data_rate: LoraRate | FskRate, bandwidth_unit_hz: int) -> Mapping[str, Json]:
    match data_rate:
        case LoraRate():
            return {
                "modulation": MODULATION_V3.index("LORA"),
                "lora_modulation_info": {
                    "bandwidth": data_rate.bandwidth_hz // bandwidth_unit_hz,
                    "spreading_factor": data_rate.spreading_factor,
                    "code_rate": "4/5",
                    "polarization_inversion": True,
                },
            }
        case FskRate():
            return {
                "modulation": MODULATION_V3.index("FSK"),
                "fsk_modulation_info": {"datarate": data_rate.bit_rate, "frequency_deviation": FSK_DEVIATION_HZ},
            }
