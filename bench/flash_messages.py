"""What is stored when bytes are counted: uplinks whose payload is 400 octets of JSON, and uplinks as radio brings them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.model import (
    Eui64,
    Instant,
    Key,
    LoraRate,
    MacVersion,
    Reception,
    Session,
    SessionKeys,
    TimeQuality,
    Uplink,
    dev_addr,
    eui64,
    uplink_id,
)

DEVICES: Final = 200
SEED: Final = 6
SIZE: Final = 400  # octets of the message that store-and-forward is compared by
START: Final = datetime(2026, 11, 1, tzinfo=UTC)
BOOT: Final = "7f1f2a52-6f0e-4b53-9c5e-0e6a8f2d3c4b"
GATEWAYS: Final = (eui64("b827ebfffe000001"), eui64("b827ebfffe000002"))
KEYS: Final = SessionKeys.v1_0(nwk_s_key=Key(bytes(range(16))), app_s_key=Key(bytes(range(16, 32))))


def text(number: int, draw: random.Random) -> bytes:
    """Return 400 octets of JSON as a network server tells an uplink; some fifth of them is new each time."""
    told = {
        "deviceName": f"sensor-{number % DEVICES:04d}",
        "devEui": f"70b3d57ed0{number % DEVICES:06x}",
        "fCnt": number // DEVICES,
        "time": (START + timedelta(seconds=number, microseconds=draw.randrange(10**6))).isoformat(),
        "object": {
            "temperature": round(draw.gauss(20, 3), 2),
            "humidity": round(draw.gauss(50, 9), 1),
            "co2": draw.randrange(400, 1200),
            "light": draw.randrange(2000),
            "vdd": draw.randrange(3500, 3700),
        },
        "rxInfo": [
            {"gatewayId": GATEWAYS[0], "rssi": -draw.randrange(60, 120), "snr": round(draw.gauss(5, 4), 1)},
        ],
        "txInfo": {"frequency": 868_100_000 + 200_000 * draw.randrange(3), "spreadingFactor": draw.randrange(7, 13)},
    }
    return json.dumps(told).encode()[:SIZE].ljust(SIZE)


def radio(_number: int, draw: random.Random) -> bytes:
    """Return twenty octets that a device might send."""
    return draw.randbytes(20)


KINDS: Final[Mapping[str, tuple[Callable[[int, random.Random], bytes], int]]] = {  # payload, receptions
    "400-byte message": (text, 1),
    "uplink of 20 octets, heard by two": (radio, 2),
}


def uplinks(kind: str) -> Iterator[Uplink]:
    """Yield uplinks for ever, of the devices in turn, one a second; the same ones each time."""
    payload, receptions = KINDS[kind]
    draw, number = random.Random(SEED), 0
    while True:
        owner, f_cnt = Eui64(f"{0x70B3D57ED0000000 + number % DEVICES:016x}"), number // DEVICES
        activation = f"{0x26011000 + number % DEVICES:08x}-000001"
        yield Uplink(
            id=uplink_id(owner, activation, f_cnt),
            dev_eui=owner,
            activation=activation,
            f_cnt=f_cnt,
            f_port=2,
            payload=payload(number, draw),
            confirmed=False,
            adr=True,
            receptions=tuple(_reception(gateway, draw) for gateway in GATEWAYS[:receptions]),
            heard_at=Instant(
                START + timedelta(seconds=number, microseconds=draw.randrange(10**6)),
                1000.0 + number + draw.random(),
                BOOT,
                TimeQuality.NTP,
            ),
        )
        number += 1


def session_after(uplink: Uplink) -> Session:
    """Return the session that ``uplink`` moves."""
    return Session(
        dev_eui=uplink.dev_eui,
        dev_addr=dev_addr(uplink.activation[:8]),
        activation=uplink.activation,
        mac_version=MacVersion.V1_0_3,
        keys=KEYS,
        f_cnt_up=uplink.f_cnt + 1,
    )


def _reception(gateway: Eui64, draw: random.Random) -> Reception:
    return Reception(
        gateway=gateway,
        frequency_hz=868_100_000 + 200_000 * draw.randrange(3),
        data_rate=LoraRate(draw.randrange(7, 13), 125_000),
        rssi_dbm=-float(draw.randrange(60, 120)),
        snr_db=draw.randrange(-40, 40) / 4,
        timestamp_us=draw.randrange(2**32),
        channel=draw.randrange(8),
        source="radio",
    )
