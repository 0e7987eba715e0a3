"""Uplinks as lines of JSON (NDJSON): what `brygga journal export` writes and `import` reads.

    {"id": "0f0b…", "row": 12, "dev_eui": "a81758fffe0a0001", "device": "Library", "activation": "26011bda-000001",
     "f_cnt": 7, "f_port": 2, "payload": "0102", "confirmed": false, "adr": true, "heard_at": "2026-11-24T12:00:00.123456+00:00",
     "time_quality": "ntp", "monotonic_s": 12345.7, "boot": "0b1c…", "receptions": [{"gateway": "b827ebfffe123456", …}]}

Octets are hex digits. Keys are in none of it. A frame of nobody has "phy_payload" instead of an uplink's own. What a network
server has told says so, {"told": {"source": "campus", "decoded": {"fields": {"temperature": 21.5}}}}; its "monotonic_s" is -1.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.dating import LAST_YEAR, LONGEST_BOOT_S
from gateway.model import (
    NO_MONOTONIC,
    Eui64,
    Frame,
    FskRate,
    Instant,
    Json,
    LoraRate,
    Place,
    Reception,
    ServerDecoded,
    TimeQuality,
    Told,
    Uplink,
    eui64,
)

MOST_OCTETS: Final = 255  # of a LoRa payload (PHY)
LAST_COUNTER: Final = 2**32 - 1
STORED: Final = [one.name.lower() for one in TimeQuality if one >= TimeQuality.UNSYNCHRONISED]  # qualities

FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
LOST_WORD: Final = r"^lost-\d{1,10}$"  # what a salvage gives a gateway whose name is lost


def _moment(told: datetime) -> datetime:
    if not FIRST <= told < LAST:
        raise ValueError(f"{told.isoformat()} is not between 1970 and {LAST_YEAR}")
    return told.astimezone(UTC)


# The bounds are wider than what any radio says: what an agent has stored can be taken in, and no line can end another one.
Eui = Annotated[str, AfterValidator(eui64)]
Time = Annotated[AwareDatetime, AfterValidator(_moment)]
Hertz = Annotated[int, Field(gt=0, le=100_000_000_000)]
Decibels = Annotated[float, Field(ge=-1000, le=1000)]
Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Octets = Annotated[str, Field(max_length=2 * MOST_OCTETS, pattern="^(?:[0-9a-fA-F]{2})*$")]
Text = Annotated[str, Field(max_length=100)]


class Line(BaseModel):
    """A part of a line; what this version does not know is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class RateLine(Line):
    """A data rate: LoRa's or FSK's."""

    spreading_factor: int | None = Field(default=None, ge=5, le=12)
    bandwidth_hz: Hertz | None = None
    bit_rate: Hertz | None = None


class PlaceLine(Line):
    """A place in WGS 84."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude_m: float | None = Field(default=None, ge=-100_000, le=100_000)


class ReceptionLine(Line):
    """How one antenna of one gateway heard it."""

    gateway: Eui | Annotated[str, Field(pattern=LOST_WORD)]
    frequency_hz: Hertz
    data_rate: RateLine
    rssi_dbm: Decibels
    snr_db: Decibels | None = None
    timestamp_us: Int64 | None = None
    channel: Int64 | None = None
    antenna: Int64 = 0
    gateway_time: Time | None = None
    gateway_time_is_gps: bool = False
    fine_time_ns: Int64 | None = None
    place: PlaceLine | None = None
    source: Text = ""


class DecodedLine(Line):
    """What a network server's own codec made of it."""

    fields: Json = None
    normalised: Json = None
    goes_first: bool = False


class ToldLine(Line):
    """That a network server has told it."""

    source: Text
    decoded: DecodedLine | None = None


class UplinkLine(Line):
    """An uplink."""

    id: UUID
    dev_eui: Eui
    activation: Text
    f_cnt: int = Field(ge=0, le=LAST_COUNTER)
    f_port: int = Field(ge=0, le=255)
    payload: Octets
    confirmed: bool = False
    adr: bool = False
    heard_at: Time
    time_quality: Annotated[str, Field(pattern=f"^({'|'.join(STORED)})$")]
    monotonic_s: float = Field(ge=NO_MONOTONIC, le=LONGEST_BOOT_S)
    boot: Text
    receptions: tuple[ReceptionLine, ...]
    told: ToldLine | None = None


def line_of(uplink: Uplink, row: int, name: str) -> dict[str, Json]:
    """Return an uplink as a line says it; ``name`` is its device's, "" for none."""
    return {
        "id": str(uplink.id),
        "row": row,
        "dev_eui": uplink.dev_eui,
        **({"device": name} if name else {}),
        "activation": uplink.activation,
        "f_cnt": uplink.f_cnt,
        "f_port": uplink.f_port,
        "payload": uplink.payload.hex(),
        "confirmed": uplink.confirmed,
        "adr": uplink.adr,
        **_heard(uplink.heard_at, uplink.receptions),
        **({} if uplink.told is None else {"told": asdict(uplink.told)}),
    }


def line_of_frame(frame: Frame) -> dict[str, Json]:
    """Return a frame of nobody as a line says it."""
    return {"phy_payload": frame.phy_payload.hex(), **_heard(frame.heard_at, frame.receptions)}


def _heard(at: Instant, receptions: tuple[Reception, ...]) -> dict[str, Json]:
    return {
        "heard_at": at.utc.isoformat(),
        "time_quality": at.quality.name.lower(),
        "monotonic_s": at.monotonic,
        "boot": at.boot_id,
        "receptions": [_reception(one) for one in receptions],
    }


def _reception(one: Reception) -> dict[str, Json]:
    told = asdict(one) | {"gateway_time": None if one.gateway_time is None else one.gateway_time.isoformat()}
    del told["context"]  # the source's own, and long over
    return {name: value for name, value in told.items() if value is not None}


def uplink_of(line: bytes) -> Uplink | None:
    """Return the uplink of a line; None for a frame of nobody. ValueError says what is wrong with it."""
    if b'"phy_payload"' in line and b'"payload"' not in line:
        return None
    try:
        told = UplinkLine.model_validate_json(line)
        return _uplink(told)
    except OverflowError as error:
        raise ValueError(f"a number is out of range: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from error


def _uplink(told: UplinkLine) -> Uplink:
    if told.told is None and (told.monotonic_s < 0 or not told.receptions):
        raise ValueError(
            "monotonic_s is below 0, or there are no receptions: so are only uplinks that a network server has told"
        )
    quality = TimeQuality[told.time_quality.upper()]
    return Uplink(
        id=told.id,
        dev_eui=Eui64(told.dev_eui),
        activation=told.activation,
        f_cnt=told.f_cnt,
        f_port=told.f_port,
        payload=bytes.fromhex(told.payload),
        confirmed=told.confirmed,
        adr=told.adr,
        receptions=tuple(map(_reception_of, told.receptions)),
        heard_at=Instant(told.heard_at, told.monotonic_s, told.boot, quality),
        told=None if told.told is None else _told(told.told),
    )


def _told(told: ToldLine) -> Told:
    decoded = told.decoded
    if decoded is None:
        return Told(source=told.source)
    made = ServerDecoded(fields=decoded.fields, normalised=decoded.normalised, goes_first=decoded.goes_first)
    return Told(source=told.source, decoded=made)


def _reception_of(told: ReceptionLine) -> Reception:
    place = told.place
    return Reception(
        gateway=Eui64(told.gateway),
        frequency_hz=told.frequency_hz,
        data_rate=_rate(told.data_rate),
        rssi_dbm=told.rssi_dbm,
        snr_db=told.snr_db,
        timestamp_us=told.timestamp_us,
        channel=told.channel,
        antenna=told.antenna,
        gateway_time=told.gateway_time,
        gateway_time_is_gps=told.gateway_time_is_gps,
        fine_time_ns=told.fine_time_ns,
        place=None if place is None else Place(place.latitude, place.longitude, place.altitude_m),
        source=told.source,
    )


def _rate(told: RateLine) -> LoraRate | FskRate:
    if told.bit_rate is not None:
        return FskRate(told.bit_rate)
    if told.spreading_factor is None or told.bandwidth_hz is None:
        raise ValueError("receptions.data_rate: spreading_factor and bandwidth_hz, or bit_rate")
    return LoraRate(told.spreading_factor, told.bandwidth_hz)
