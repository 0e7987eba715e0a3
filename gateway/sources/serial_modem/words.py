"""What a person has to know of a radio that hears one channel at one data rate and never answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.sources.serial_modem.driver import Channel
from gateway.sources.serial_modem.families import FAMILIES

NOTHING_HEARD_S: Final = 3600.0  # most devices send every quarter of an hour to every hour
JOIN_REQUEST, UNCONFIRMED_UP, CONFIRMED_UP = 0, 2, 4  # MType, LoRaWAN 1.0.4, section 4.2.1
F_CTRL: Final = 5  # where it stands in a data frame
ADR: Final = 0x80


def channel_words(channel: Channel) -> str:
    """Return "868.1 MHz SF7BW125"."""
    return f"{channel.frequency_hz / 1e6:.6g} MHz {channel.data_rate}"


def hears(channel: Channel) -> str:
    """Return what it hears, and what that excludes."""
    return (
        f"{channel_words(channel)} only, and cannot answer: devices must be set to this channel and data rate, as ABP and "
        "without ADR; none can join (OTAA), and no downlink goes out"
    )


def wants_of(phy_payload: bytes) -> Iterator[str]:
    """Yield what a frame asks for that only a radio that transmits can give: "join", "confirmed", "adr"."""
    kind = phy_payload[0] >> 5
    if kind == JOIN_REQUEST:
        yield "join"
    if kind == CONFIRMED_UP:
        yield "confirmed"
    if kind in {UNCONFIRMED_UP, CONFIRMED_UP} and len(phy_payload) > F_CTRL and phy_payload[F_CTRL] & ADR:
        yield "adr"


WANTED: Final[Mapping[str, str]] = {
    "join": "{} join requests were heard, which this modem cannot answer: register those devices as ABP, or hear them with a concentrator",
    "confirmed": "{} confirmed uplinks were heard, which nobody acknowledges: those devices repeat each several times; set them to unconfirmed",
    "adr": "{} uplinks ask for ADR: without an answer those devices change their data rate some time, and are not heard any more; "
    "switch ADR off",
}


def unanswered(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each thing that was asked for in vain."""
    yield from (words.format(counts[want]) for want, words in WANTED.items() if counts.get(want))


def nobody_answers(port: str, modem: str, baud: int | None) -> str:
    """Return what to look at where no modem answers at an open port."""
    if modem == "auto":
        known = ", ".join(f"{driver.makes} at {baud or driver.baud}" for driver in FAMILIES.values())
        return (
            f"{port}: no modem that is known answers ({known} baud); is it one of these, with its maker's AT firmware?"
        )
    driver = FAMILIES[modem]
    return (
        f'{port}: no {driver.makes} answers at {baud or driver.baud} baud; `modem = "auto"` tries all that are known, and `baud` '
        "says another speed"
    )


def silence(channel: Channel, for_s: float) -> str:
    """Return what to look at where nothing at all is heard."""
    return (
        f"nothing was heard for {for_s / 3600:.0f} h: does a device send on {channel_words(channel)}, and is the antenna "
        "that of this band?"
    )
