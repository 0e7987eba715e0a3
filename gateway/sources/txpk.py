"""One `txpk` (a packet for a concentrator to send), as GWMP carries it: written for the gateway, read of a network server."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.model import Eui64, FskRate, Json, LoraRate, TxRequest
from gateway.sources.gwmp import BadDatagram, BadDatagramReason
from gateway.sources.rxpk import data_rate_of, frequency_of, gps_time_of, number_of, payload_of, whole_of

FSK_DEVIATION_HZ: Final = 25_000  # of LoRaWAN's 50 kbit/s (Regional Parameters RP002, EU863-870 data rate 7)
USUAL_POWER_DBM: Final = 14.0  # where a txpk says none: what forwarders take then
LAST_TIMESTAMP_US: Final = 0xFFFF_FFFF
LONGEST_PREAMBLE: Final = 0xFFFF
USUAL_CODING_RATE: Final = 5
CODING_RATES: Final = {"4/5": 5, "4/6": 6, "2/3": 6, "4/7": 7, "4/8": 8, "2/4": 8, "1/2": 8}


def write_txpk(request: TxRequest) -> dict[str, Json]:
    """Return the txpk for a LoRaWAN downlink.

    Power is EIRP in whole dBm, rounded down: forwarders subtract their antenna's gain and read an integer. `ncrc` keeps
    other gateways, which hear every downlink, from taking it for an uplink.
    """
    moment = {"imme": True} if request.at_once else {"imme": False, "tmst": request.timestamp_us}
    return {
        **moment,
        "freq": request.frequency_hz / 1e6,
        "rfch": 0,  # the radio chain that can transmit
        "powe": math.floor(request.power_dbm),
        **_modulation(request.data_rate),
        "ncrc": True,
        "size": len(request.phy_payload),
        "data": b64encode(request.phy_payload).decode(),
    }


def _modulation(data_rate: LoraRate | FskRate) -> dict[str, Json]:
    match data_rate:
        case LoraRate():
            return {"modu": "LORA", "datr": str(data_rate), "codr": "4/5", "ipol": True}
        case FskRate():
            return {"modu": "FSK", "datr": data_rate.bit_rate, "fdev": FSK_DEVIATION_HZ}


@dataclass(frozen=True, slots=True)
class Txpk:
    """What a server wants sent; ``gps_time`` where it names its moment in GPS time (class B) and not by the counter."""

    request: TxRequest
    gps_time: datetime | None = None
    coding_rate: int = USUAL_CODING_RATE  # the lower number of 4/5 to 4/8
    preamble: int | None = None  # LoRa: symbols, FSK: octets; None: the usual
    has_crc: bool = False


def read_txpk(txpk: Json, *, gateway: Eui64, source: str) -> Txpk:
    """Return what a txpk says; raise BadDatagram and nothing else, whatever the JSON."""
    if not isinstance(txpk, dict) or any(isinstance(value, dict | list) for value in txpk.values()):
        raise BadDatagram(BadDatagramReason.SHAPE)  # nested without end it could be read and not be written
    timestamp_us, gps_time = None, None
    if txpk.get("imme") is not True:
        timestamp_us, gps_time = whole_of(txpk.get("tmst"), LAST_TIMESTAMP_US), gps_time_of(txpk)
        if timestamp_us is None and gps_time is None:
            raise BadDatagram(BadDatagramReason.SHAPE)
    power_dbm = number_of(txpk.get("powe"), -30, 40)
    request = TxRequest(
        source=source,
        gateway=gateway,
        phy_payload=payload_of(txpk.get("data")),
        frequency_hz=frequency_of(txpk.get("freq")),
        data_rate=data_rate_of(txpk.get("modu"), txpk.get("datr")),
        power_dbm=USUAL_POWER_DBM if power_dbm is None else power_dbm,
        timestamp_us=timestamp_us,
    )
    return Txpk(
        request,
        None if timestamp_us is not None else gps_time,
        coding_rate=CODING_RATES.get(str(txpk.get("codr")), USUAL_CODING_RATE),
        preamble=whole_of(txpk.get("prea"), LONGEST_PREAMBLE),
        has_crc=txpk.get("ncrc") is not True,
    )
