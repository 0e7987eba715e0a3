"""The columns of a devices file, which are the options of `brygga device add` too: what each is, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.model import DevAddr, Eui64, Key

# The model is imported where a cell is read: each command has these columns for its options, and a fifth of its start is the model's.

DECODER = re.compile(r"[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*")
SESSION_NAME = re.compile(r"[0-9a-f]{8}-(?:\d{1,8}|moved-[0-9a-f]{16})")
NONCE_MAX = 0xFFFF  # of a DevNonce
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)  # what a spreadsheet makes of an EUI that is all digits
MAY_BE_A_KEY = re.compile(r"[0-9a-fA-F]{24,}")  # longer than any identifier
TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}  # spreadsheets write TRUE
OTHER_NAMES = {"1.0": "1.0.0", "1.1.0": "1.1"}  # of a LoRaWAN version

ABSENT: Any = object()
"""What an empty cell of a column says that cannot be cleared: a known device keeps what it has."""

Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: ``read`` raises ValueError in words; an empty cell means ``empty``."""

    name: str
    words: str
    read: Read
    empty: Any = ABSENT
    is_option: bool = True  # of `brygga device add`; the others are for moving a device with its session


def quoted(text: str) -> str:
    """Return ``text`` for an error: in quotes, or not at all where it may be a key in the wrong column."""
    plain = re.sub(r"[-:\s]", "", text)
    return "this" if MAY_BE_A_KEY.search(plain) else repr(text)


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a line break or another control character")
    return text


def _identifier(read: Read) -> Read:
    def checked(text: str) -> Any:
        if ROUNDED.fullmatch(text):
            raise ValueError(f"{text!r} was rounded by a spreadsheet: format the column as text and enter it again")
        if re.search(r"[^0-9a-fA-F:\s-]", text):
            raise ValueError(f"{quoted(text)} has characters that are no hex digits")
        return read(text)

    return checked


def _decoder(text: str) -> str:
    if DECODER.fullmatch(text) is None:
        raise ValueError(f"{quoted(text)} is no vendor/model in lower-case letters, e.g. elsys/ers")
    return text


def _eui(text: str) -> Eui64:
    from gateway.model import eui64

    return eui64(text)


def _dev_addr(text: str) -> DevAddr:
    from gateway.model import dev_addr

    return dev_addr(text)


def _key(text: str) -> Key:
    from gateway.model import Key

    return Key.parse(text)


def _activation(text: str) -> StrEnum:
    from gateway.model import Activation

    return _one_of(Activation, text.lower(), text)


def _mac_version(text: str) -> StrEnum:
    from gateway.model import MacVersion

    plain = text.replace(",", ".")
    return _one_of(MacVersion, OTHER_NAMES.get(plain, plain), text)


def _one_of(kind: type[StrEnum], spelled: str, text: str) -> StrEnum:
    try:
        return kind(spelled)
    except ValueError:
        raise ValueError(f"{quoted(text)} is none of {', '.join(kind)}") from None


def _device_class(text: str) -> str:
    if text.upper() not in {"A", "C"}:
        raise ValueError(f"{quoted(text)} is none of A, C")
    return text.upper()


def _number(least: float, most: float, unit: str) -> Read:
    def read(text: str) -> float:
        if NUMBER.fullmatch(text) is None:
            raise ValueError(f"{quoted(text)} is no number, e.g. 57.7089")
        number = float(text.replace(",", "."))
        if not least <= number <= most:
            raise ValueError(f"{text} is not within {least:g} to {most:g} {unit}")
        return number

    return read


def _truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise ValueError(f"{quoted(text)} is none of yes, no")
    return TRUTHS[text.lower()]


def _whole(most: int) -> Read:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) > most:
            raise ValueError(f"{quoted(text)} is no whole number from 0 to {most}")
        return int(text)

    return read


def _numbers(text: str) -> frozenset[int]:
    """Read ranges, as `ranges` writes them."""
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        begin, end = _whole(NONCE_MAX)(first), _whole(NONCE_MAX)(last or first)
        if end < begin:
            raise ValueError(f"{quoted(part)} ends before it begins")
        found.update(range(begin, end + 1))
    return frozenset(found)


def ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers in short: "0-17 29"."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1] = spans[-1][0], number
        else:
            spans.append((number, number))
    return " ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def _session_name(text: str) -> str:
    if SESSION_NAME.fullmatch(text) is None:
        raise ValueError(
            f"{quoted(text)} is no name of a session, e.g. 26011bda-17; leave the cell empty for one from elsewhere"
        )
    return text


def _tags(text: str) -> frozenset[str]:
    return frozenset(filter(None, re.split(r"[\s,;]+", _text(text))))


_EUI = _identifier(_eui)
_COUNTER = _whole(2**32 - 1)

COLUMNS = {
    column.name: column
    for column in (
        Column(name="dev_eui", words="16 hex digits, from the label", read=_EUI),
        Column(name="name", words="what people call it", read=_text, empty=""),
        Column(name="decoder", words="vendor/model, e.g. elsys/ers", read=_decoder, empty=""),
        Column(name="activation", words="otaa (if not said) or abp", read=_activation),
        Column(name="mac_version", words="LoRaWAN version, 1.0.3 if not said", read=_mac_version),
        Column(name="device_class", words="A (if not said) or C", read=_device_class),
        Column(name="join_eui", words="16 hex digits; also called AppEUI; empty: any", read=_EUI, empty=None),
        Column(
            name="app_key",
            words="32 hex digits (OTAA); on a terminal asked for when left out, to stay out of the shell's history",
            read=_key,
        ),
        Column(name="nwk_key", words="32 hex digits (OTAA of LoRaWAN 1.1)", read=_key),
        Column(name="dev_addr", words="8 hex digits (ABP, or a joined device's session)", read=_identifier(_dev_addr)),
        Column(name="nwk_s_key", words="32 hex digits (as dev_addr; FNwkSIntKey of LoRaWAN 1.1)", read=_key),
        Column(name="app_s_key", words="32 hex digits (as dev_addr)", read=_key),
        Column(
            name="entity_type",
            words="Smart Data Models type of what it measures, e.g. WeatherObserved",
            read=_text,
            empty="",
        ),
        Column(name="entity_id", words="the city's name for what it measures", read=_text, empty=""),
        Column(name="latitude", words="degrees north, WGS 84", read=_number(-90, 90, "degrees"), empty=None),
        Column(name="longitude", words="degrees east, WGS 84", read=_number(-180, 180, "degrees"), empty=None),
        Column(name="altitude_m", words="metres above the ellipsoid", read=_number(-500, 10_000, "metres"), empty=None),
        Column(
            name="tags",
            words="words that destinations select devices by, e.g. 'water north'",
            read=_tags,
            empty=frozenset(),
        ),
        Column(
            name="adr_margin_db",
            words="0 to 40 dB that ADR leaves it, more for one that moves; empty: as the configuration says",
            read=_number(0, 40, "dB"),
            empty=None,
        ),
        Column(
            name="counter_reset_allowed",
            words="yes or no (if not said): ABP, whether its frame counter may begin again at 0; docs/lorawan.md tells"
            " what that opens",
            read=_truth,
            empty=False,
        ),
        Column(
            name="answered_by",
            words="the relay whose network server answers it; empty: this agent does (docs/relay.md)",
            read=_text,
            empty="",
        ),
        Column(name="s_nwk_s_int_key", words="32 hex digits (as dev_addr, LoRaWAN 1.1)", read=_key),
        Column(name="nwk_s_enc_key", words="32 hex digits (as dev_addr, LoRaWAN 1.1)", read=_key),
        Column(
            name="activation_number",
            words="of an ABP session; a greater one declares that the counters begin anew",
            read=_COUNTER,
            is_option=False,
        ),
        Column(
            name="session_name",
            words="of a joined device's session, as an export wrote it: the ids of its uplinks hang on it",
            read=_session_name,
            is_option=False,
        ),
        Column(
            name="next_join_nonce",
            words="that the device's next join is answered with",
            read=_whole(2**24),
            is_option=False,
        ),
        Column(
            name="dev_nonces",
            words="that the device has joined with, e.g. '0-17 29'",
            read=_numbers,
            is_option=False,
        ),
        Column(name="f_cnt_up", words="next uplink counter (of a session)", read=_COUNTER, is_option=False),
        Column(name="n_f_cnt_down", words="next downlink counter (of a session)", read=_COUNTER, is_option=False),
        Column(
            name="a_f_cnt_down",
            words="next downlink counter of the application (of a session of LoRaWAN 1.1)",
            read=_COUNTER,
            is_option=False,
        ),
        Column(
            name="confirmed_f_cnt_up",
            words="counter of the last confirmed uplink (of a session)",
            read=_COUNTER,
            is_option=False,
        ),
        Column(name="rx1_delay_s", words="1 to 15 seconds (of a session)", read=_whole(15), is_option=False),
        Column(name="rx1_dr_offset", words="0 to 7 (of a session)", read=_whole(7), is_option=False),
        Column(name="rx2_data_rate", words="0 to 15, where an ABP device or a group listens", read=_whole(15)),
        Column(
            name="rx2_frequency_hz", words="hertz, where an ABP device or a group listens", read=_whole(1_677_721_500)
        ),
    )
}
