"""One `txpk` (a packet for a concentrator to send), as GWMP carries it: written for the gateway, read for simulators."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Final

from gateway.model import FskRate, Json, LoraRate, TxRequest

FSK_DEVIATION_HZ: Final = 25_000  # of LoRaWAN's 50 kbit/s (Regional Parameters RP002, EU863-870 data rate 7)


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
