"""The kinds of values that people write: each with its words, and with what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gateway.cities.slugs import slug
from gateway.config.credentials import found
from gateway.config.reaching import is_path
from gateway.config.units import duration, size
from gateway.errors import ConfigError
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.region import REGIONS
from gateway.model import Eui64, Json, eui64
from gateway.transports import tls
from gateway.transports.endpoint import Endpoint, endpoint
from gateway.transports.secret import Secret

REJOIN_LEAST: Final = timedelta(seconds=1 << 10)  # RejoinParamSetupReq (LoRaWAN 1.1, section 5.14)
REJOIN_MOST: Final = timedelta(days=388)  # some hours less than 2 ** 25 s
GIVE_UP_LEAST: Final = timedelta(hours=1)
POWERS_OF_TWO: Final = frozenset(1 << exponent for exponent in range(16))  # that ADRParamSetupReq can say
NAME_LIMIT: Final = 64  # characters: names are columns of tables and labels of metrics
SMALLEST_JOURNAL: Final = 2**20  # what the journal itself asks for; a test compares


@dataclass(frozen=True, slots=True)
class Shown:
    """How a kind of value is called in errors and in the reference: "a whole number, 0 to 65535"."""

    text: str
    item: str = ""  # one of a list's
    secret: bool = False  # never repeated in an error


@dataclass(slots=True)
class Reading:
    """What reading one section found so far; pydantic's context while it does."""

    folder: Path  # relative paths begin here
    good: dict[tuple[type, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, info: ValidationInfo) -> Reading:
        """Return the one that is under way."""
        assert isinstance(info.context, cls)
        return info.context


def _measured(read: Callable[[str], Any], example: str) -> BeforeValidator:
    """Return what reads texts with a unit, and asks for the unit of a bare number."""

    def measure(value: Json) -> Any:
        match value:
            case str():
                return read(value)
            case int() | float() if not isinstance(value, bool):
                raise ValueError(f"{value} has no unit; {example.format(value)!r} has one")
            case _:
                return value

    return BeforeValidator(measure)


def _journal_size(octets: int) -> int:
    if octets < SMALLEST_JOURNAL:
        raise ValueError(f"{octets} octets are too few for a journal; 1 MiB is the least, and holds some 8000 uplinks")
    return octets


def _tag(text: str) -> str:
    tag = _name(text)
    words = re.findall(r"[^\s,;]+", tag)
    if words != [tag]:
        raise ValueError(
            f"{text!r} can be no device's tag: blanks, commas and semicolons part tags; {'-'.join(words) or 'water'!r} can be one"
        )
    return tag


def _text(read: Callable[[str], Any]) -> BeforeValidator:
    """Return what reads texts and leaves the complaint about everything else to the type."""
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _or_off(value: Json) -> Json:
    match value:
        case "off" | timedelta():
            return value
        case str() if (span := duration(value)) > timedelta(0):
            return span
        case str():
            raise ValueError(f"{value!r} would ask with every downlink; 'off' is never")
        case _:
            raise ValueError(f"{value!r} is no time with a unit, such as '1 d', nor 'off'")


def _give_up(span: timedelta | None) -> timedelta | None:
    if span is not None and span < GIVE_UP_LEAST:
        raise ValueError(
            f"{round(span.total_seconds())} s is less than an hour, which any outage lasts; '90 d' is a time"
        )
    return span


def _rejoin_time(span: timedelta | None) -> timedelta | None:
    if span is not None and not REJOIN_LEAST <= span <= REJOIN_MOST:
        raise ValueError(
            f"{round(span.total_seconds())} s is not within 1024 s and 388 d, which RejoinParamSetupReq can say"
        )
    return span


def _power_of_two(number: int | None) -> int | None:
    if number is not None and number not in POWERS_OF_TWO:
        raise ValueError(f"{number} is no power of two from 1 to 32768; 64 is one")
    return number


def _in_folder(value: Json, info: ValidationInfo) -> Json:
    if not isinstance(value, str):
        return value
    if not is_path(value):
        raise ValueError(f"{value!r} is no path; leave the key out where none is meant")
    return Reading.of(info).folder / value


def _name(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable() or len(text) > NAME_LIMIT:
        raise ValueError(f"{text!r} is no name: 1 to {NAME_LIMIT} printable characters, no blank at the ends")
    return text


def _destination_name(text: str) -> str:
    if "@" in text:
        raise ValueError(
            f"{text!r} has an @ in it, which the journal puts between a destination and its city; leave it out"
        )
    return _name(text)


def _existing_folder(value: Json, info: ValidationInfo) -> Json:
    path = _in_folder(value, info)
    if isinstance(path, Path) and not path.is_dir():
        raise ValueError(f"{path} {'is a file' if path.exists() else 'is not there'}; a folder is expected")
    return path


def _readable(value: Json, info: ValidationInfo) -> Json:
    path = _in_folder(value, info)
    if isinstance(path, Path):
        path = found(path, Reading.of(info).folder)
        try:
            path.open("rb").close()
        except OSError as error:
            raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    return path


def _secret_of(value: Json, info: ValidationInfo) -> Json:
    path = _in_folder(value, info)
    return _said(Secret.from_file, found(path, Reading.of(info).folder)) if isinstance(path, Path) else path


def _authority(value: Json, info: ValidationInfo) -> Json:
    path = _in_folder(value, info)
    if isinstance(path, Path):
        path = found(path, Reading.of(info).folder)
        _said(lambda file: tls.context(tls.Tls(ca_file=file)), path)
    return path


def _said(function: Callable[[Path], Any], path: Path) -> Any:
    """Turn what ``function`` says of a file into what pydantic collects."""
    try:
        return function(path)
    except ConfigError as error:
        raise ValueError("; ".join(error.problems)) from error


def _net_id(text: str) -> str:
    if re.fullmatch(r"[0-9A-Fa-f]{6}", text) is None:
        raise ValueError(f"{text!r} is no NetID: 6 hex digits, e.g. '000000' for a network of one's own")
    return text


def _region(text: str) -> str:
    if text not in REGIONS:
        raise ValueError(f"{text!r} is none of {', '.join(REGIONS)}")
    return text


def _topic(text: str) -> str:
    if not text or re.search(r"[+#\0]", text):
        raise ValueError(f"{text!r} is no topic to publish to: not empty, without + and #")
    return text


def _topic_filter(text: str) -> str:
    levels = text.split("/")
    wild = any("+" in level and level != "+" for level in levels) or any("#" in level for level in levels[:-1])
    if not text or "\0" in text or wild or ("#" in levels[-1] and levels[-1] != "#"):
        raise ValueError(f"{text!r} is no topic to subscribe to: + stands for a whole level, # for the last ones")
    return text


def _dev_eui(text: str) -> Eui64:
    try:
        return eui64(text)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _header_name(text: str) -> str:
    if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text) is None:  # RFC 9110, section 5.6.2
        raise ValueError(f"{text!r} is no name of an HTTP header; 'X-API-Key' is one")
    return text


def _header_value(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("the value of a header is one line of printable characters, no blank at the ends")
    return text


# What stands behind a key. The optional ones are left out where nothing is meant: TOML has no word for nothing.
Text = Annotated[str, Shown("a text")]
OptionalText = Annotated[str | None, Field(min_length=1), Shown("a text that is not empty")]
Truth = Annotated[bool, Shown("true or false")]
Name = Annotated[str, AfterValidator(_name), Shown("a name of 1 to 64 characters")]
DestinationName = Annotated[str, AfterValidator(_destination_name), Shown("a name of 1 to 64 characters")]
City = Annotated[str | None, _text(slug), Shown('a city such as "goteborg"')]
Port = Annotated[int, Field(ge=0, le=0xFFFF), Shown("a whole number from 0 (any that is free) to 65535")]
JournalSize = Annotated[
    int, _measured(size, "{} MB"), AfterValidator(_journal_size), Shown('a size such as "512 MB" or "2 GB"')
]
Octets = Annotated[
    int, _text(size), Field(ge=4096), Shown('a size such as "4 MiB", or a number of octets, from 4096 up')
]
Duration = Annotated[timedelta, _measured(duration, "{} d"), Shown('a time such as "7 d", "12 h" or "30 min"')]
GiveUp = Annotated[
    timedelta | None, _measured(duration, "{} d"), AfterValidator(_give_up), Shown('a time from 1 h up such as "90 d"')
]
DurationOrOff = Annotated[
    timedelta | Literal["off"], BeforeValidator(_or_off), Shown('a time such as "1 d" or "12 h", or "off"')
]
RejoinTime = Annotated[
    timedelta | None,
    _measured(duration, "{} d"),
    AfterValidator(_rejoin_time),
    Shown('a time from "1024 s" to "388 d"'),
]
DataRateNumber = Annotated[int | None, Field(ge=0, le=15), Shown("the number of a data rate, 0 to 15")]
Frequency = Annotated[int | None, Field(gt=0), Shown("a frequency in hertz")]
Frequencies = Annotated[
    list[Annotated[int, Field(gt=0)]] | None, Shown("a list of frequencies in hertz", item="a frequency in hertz")
]
PowerOfTwo = Annotated[int | None, AfterValidator(_power_of_two), Shown("a power of two from 1 to 32768")]
Seconds = Annotated[
    float, Field(gt=0, le=86_400, allow_inf_nan=False), Shown("a number of seconds above 0 and up to 86400")
]
RegionName = Annotated[str, AfterValidator(_region), Shown("a region: " + ", ".join(REGIONS))]
Addresses = Annotated[
    AddressBlock | None, _text(AddressBlock.parse), Shown('a block of DevAddrs such as "00130000/20"')
]
Decibels = Annotated[
    float,
    Field(ge=-30, le=30, allow_inf_nan=False),
    Shown("a number of dBi from -30 to 30, the cable's loss taken off"),
]
NetId = Annotated[str, AfterValidator(_net_id), Shown("a text of 6 hex digits")]
Topic = Annotated[str | None, _text(_topic), Shown("an MQTT topic")]
TopicFilter = Annotated[str | None, _text(_topic_filter), Shown("an MQTT topic, + and # allowed")]
Url = Annotated[Endpoint, _text(endpoint), Shown("a URL with mqtt://, mqtts://, http:// or https://")]
Euis = Annotated[
    list[Annotated[str, AfterValidator(_dev_eui)]],
    Shown("a list of EUIs", item="a text of 16 hex digits"),
]
Tags = Annotated[list[Annotated[str, AfterValidator(_tag)]], Shown("a list of tags", item="a text")]
Headers = Annotated[
    dict[Annotated[str, AfterValidator(_header_name)], Annotated[str, AfterValidator(_header_value)]],
    Shown("a table of HTTP headers", item="a text", secret=True),
]
HeaderName = Annotated[str | None, _text(_header_name), Shown("the name of an HTTP header")]
Options = Annotated[dict[str, Any], Shown("a table of the format's options")]
Written = Annotated[Secret | None, _text(Secret), Shown("a text", secret=True)]
SecretFile = Annotated[Secret | None, BeforeValidator(_secret_of), Shown("a file of one line")]
Folder = Annotated[Path, BeforeValidator(_in_folder), Shown("a folder")]
OptionalFolder = Annotated[Path | None, BeforeValidator(_existing_folder), Shown("a folder")]
OptionalPath = Annotated[Path | None, BeforeValidator(_in_folder), Shown("a path")]
File = Annotated[Path, BeforeValidator(_readable), Shown("a file")]
OptionalFile = Annotated[Path | None, BeforeValidator(_readable), Shown("a file")]
AuthorityFile = Annotated[Path | None, BeforeValidator(_authority), Shown("a file of certificates, PEM")]
