"""A frame of any radio as GWMP tells it: what a packet forwarder on that gateway would have sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.model import Eui64, Frame, FskRate, Json, LoraRate, Reception
from gateway.sources.gwmp import PushData

VERSION = 2


def written(gateway: Eui64, frames: Sequence[Frame], token: int) -> bytes:
    """Return the PUSH_DATA that carries ``frames``."""
    rxpk = tuple(_rxpk(frame.phy_payload, frame.best) for frame in frames)
    return PushData(version=VERSION, token=token, gateway=gateway, rxpk=rxpk).to_bytes()


def statistics(gateway: Eui64, token: int, at: datetime, *, heard: int, sent: int) -> bytes:
    """Return the PUSH_DATA with a `stat` of what was ``heard`` and ``sent`` since the last one: servers show a gateway's life by it."""
    time = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
    stat = {"time": time, "rxnb": heard, "rxok": heard, "rxfw": heard, "ackr": 100.0, "dwnb": sent, "txnb": sent}
    return PushData(version=VERSION, token=token, gateway=gateway, stat=stat).to_bytes()


def _rxpk(phy_payload: bytes, heard: Reception) -> dict[str, Json]:
    time = heard.gateway_time
    told: dict[str, Json] = {
        "tmst": heard.timestamp_us,
        "time": None if time is None else time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "chan": heard.channel or 0,
        "rfch": 0,
        "freq": heard.frequency_hz / 1e6,
        "stat": 1,
        **_modulation(heard.data_rate),
        "rssi": round(heard.rssi_dbm),
        "lsnr": heard.snr_db,
        "size": len(phy_payload),
        "data": b64encode(phy_payload).decode(),
    }
    return {name: value for name, value in told.items() if value is not None}


def _modulation(rate: LoraRate | FskRate) -> dict[str, Json]:
    match rate:
        case LoraRate():
            return {"modu": "LORA", "datr": str(rate), "codr": "4/5"}
        case FskRate():
            return {"modu": "FSK", "datr": rate.bit_rate}
