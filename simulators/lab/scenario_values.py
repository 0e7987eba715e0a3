"""The kinds of values that stand in a scenario beside those of `brygga.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config.reading import did_you_mean
from gateway.config.units import duration
from gateway.config.values import Shown
from gateway.model import Json
from simulators.lab.cities import kinds
from simulators.lab.scenario import DAY_S

GATEWAY_TYPES: Final = (
    "semtech_udp",
    "basics_station",
    "chirpstack_mqtt",
    "concentratord",
    "serial_modem",
    "chirpstack",
    "the_things_stack",
    "webhook",
)
NOT_HERE: Final = {  # types of sources that hear no device of a scenario
    "gnss": "it has no radio, and the box's clock is what [[fault]] says of it; leave it out",
    "recording": "it is heard as it was recorded, and no device of a scenario is in it; `brygga replay FILE` plays it into any agent",
}
_HOUR: Final = re.compile(r"(?:(\d{1,3}) d )?([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class When:
    """A time of a scenario: after ``span`` from its beginning, or at a clock's ``minutes`` of the day, ``days`` days later."""

    span: timedelta | None = None
    minutes: int = 0
    days: int = 0

    def seconds(self, begins: datetime) -> float:
        """Return seconds from the beginning; a clock's time is the next one, or the beginning itself."""
        if self.span is not None:
            return self.span.total_seconds()
        of_day = begins.hour * 3600 + begins.minute * 60 + begins.second
        return (self.minutes * 60.0 - of_day) % DAY_S + self.days * DAY_S


def _when(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    if found := _HOUR.fullmatch(value.strip()):
        return When(minutes=int(found[2]) * 60 + int(found[3]), days=int(found[1] or 0))
    try:
        return When(span=duration(value))
    except ValueError:
        raise ValueError(
            f"{value!r} is no time of a scenario: '08:00' and '2 d 08:00' are a clock's, '90 min' is counted from the beginning"
        ) from None


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(
            f"{value.isoformat()} has no offset from UTC; {value.isoformat()}+01:00 is Swedish winter time"
        )
    return value


def _place(value: list[float]) -> list[float]:
    if len(value) != 2 or not -90 <= value[0] <= 90 or not -180 <= value[1] <= 180:
        raise ValueError(f"{value} is no place: latitude and longitude in degrees, such as [59.27, 15.21]")
    return value


def _kind(value: str) -> str:
    if value not in kinds():
        raise ValueError(f"{value!r} is no kind of platform{did_you_mean(value, kinds())}")
    return value


def _gateway_type(value: str) -> str:
    if (why := NOT_HERE.get(value)) is not None:
        raise ValueError(f"{value!r} cannot be a gateway of a scenario: {why}")
    if value not in GATEWAY_TYPES:
        raise ValueError(f"{value!r} is no type of gateway{did_you_mean(value, GATEWAY_TYPES)}")
    return value


At = Annotated[
    When | None, BeforeValidator(_when), Shown("a time such as '08:00', '2 d 08:00' or '90 min' from the beginning")
]
Begins = Annotated[datetime, AfterValidator(_aware), Shown("a date and time such as 2026-01-15T00:00:00+01:00")]
GatewayType = Annotated[str, AfterValidator(_gateway_type), Shown('a type of source such as "semtech_udp"')]
Hertz = Annotated[int, Field(ge=863_000_000, le=870_000_000), Shown("a frequency in hertz, 863000000 to 870000000")]
SpreadingFactor = Annotated[int, Field(ge=7, le=12), Shown("a whole number from 7 to 12")]
Kind = Annotated[str, AfterValidator(_kind), Shown('a kind of platform such as "ngsi_ld"')]
Count = Annotated[int, Field(ge=1, le=100_000), Shown("a whole number from 1 to 100000")]
Where = Annotated[
    list[float], AfterValidator(_place), Shown("a place such as [59.27, 15.21]", item="a number of degrees")
]
Metres = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False), Shown("a number of metres, 0 to 100000")]
Share = Annotated[float, Field(ge=0, le=1), Shown("a share from 0 to 1")]
OptionalShare = Annotated[float | None, Field(ge=0, le=1), Shown("a share from 0 to 1")]
Milliseconds = Annotated[float, Field(ge=0, le=60_000), Shown("a number of milliseconds, 0 to 60000")]
Names = Annotated[list[str], Shown("a list of names", item="a name")]
Spans = Annotated[
    timedelta | None,
    BeforeValidator(lambda value: duration(value) if isinstance(value, str) else value),
    Shown('a time such as "15 min" or "1 d"'),
]
Counted = Annotated[int | None, Field(ge=0), Shown("a whole number from 0 up")]
DataRateNumber = Annotated[int | None, Field(ge=0, le=5), Shown("the number of a data rate, 0 to 5")]
Decibel = Annotated[float | None, Field(ge=0, le=60), Shown("a number of decibels, 0 to 60")]
Seconds = Annotated[float, Field(allow_inf_nan=False), Shown("a number of seconds, below 0 for back")]
Walls = Annotated[
    Literal["outdoors", "timber", "windows", "indoors", "cellar"],
    Shown('"outdoors", "timber", "windows", "indoors" or "cellar"'),
]
Watched = Annotated[
    Literal["parking_occupied", "door_open", "people_in", "presence", "water_present", "leak_detected"] | None,
    Shown('"parking_occupied", "door_open", "people_in", "presence", "water_present" or "leak_detected"'),
]
Setting = Annotated[
    Literal["outdoors", "office", "school", "home", "cellar", "cold_store"],
    Shown('"outdoors", "office", "school", "home", "cellar" or "cold_store"'),
]
