"""A Basics Station's transmit queue and its LoRaWAN parser, sans-I/O, as version 2.0.6 was seen to work.

Times are microseconds of the station's own clock. What a station cannot place it drops and says nothing of: that is its
protocol, and the reason for most of what is tested with this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.model import DataRate, Json
from simulators.concentrator import Transmission, airtime_us

AIM_GAP_US: Final = 20_000  # before its time a frame must be there
MIN_GAP_US: Final = 10_000  # between two frames
CHECK_US: Final = 5_000  # after a frame's begin its `dntxed` leaves
RX2_AFTER_US: Final = 1_000_000
BACKOFF_US: Final = 100_000  # between two tries of a class C frame
TRIES: Final = 11
MOST_AHEAD_US: Final = 600_000_000
# An older rule than the law: 0.1 % below 868 MHz, and each frame blocks its band for its length times this.
DUTY_CYCLE: Final = ((869_400_000, 869_650_000, 10), (868_000_000, 868_600_000, 100), (869_700_000, 870_000_000, 100))
DUTY_CYCLE_ELSEWHERE: Final = 1000
POWER_DBM: Final = 14
# By the words that it knows. With another one it starts, hears, and drops whatever it is to send.
REGIONS: Final = frozenset({"EU863", "EU868", "IL915", "KR920", "AS923JP", "AS923-1", "US902", "US915", "AU915"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A `dnmsg` that was understood; times are those of the slot that is tried now."""

    diid: int
    dev_eui: str
    phy_payload: bytes
    priority: int
    class_c: bool
    starts_us: int
    frequency_hz: int
    number: int  # of its data rate
    rx2: tuple[int, int] | None  # frequency and data rate of what may be tried next
    tries: int = 0

    @property
    def reports(self) -> bool:
        """Tell whether there will be a `dntxed`: of a device of zeros there is none."""
        return set(self.dev_eui) - {"0", "-"} != set()


@dataclass(frozen=True, slots=True)
class Placed:
    """A frame that will be on air."""

    order: Order
    transmission: Transmission


class StationRadio:
    """One transmitter; ``data_rates`` are what `router_config` said."""

    def __init__(
        self, data_rates: Sequence[DataRate | None], frequencies_hz: tuple[int, int], *, keeps_duty_cycle: bool = False
    ) -> None:
        self._data_rates = data_rates
        self._lowest_hz, self._highest_hz = frequencies_hz
        self._keeps_duty_cycle = keeps_duty_cycle
        self._queue: list[Placed] = []
        self._blocked_until_us: dict[int, int] = {}  # by what DUTY_CYCLE says of a frequency

    def offer(self, message: Mapping[str, Json], *, answers_us: int | None, now_us: int) -> Placed | None:
        """Place a `dnmsg`; None, and no word to anybody, where that cannot be. ``answers_us`` is when its uplink ended."""
        self._queue = [one for one in self._queue if one.transmission.ends_us > now_us]
        order: Order | None = self._read(message, answers_us, now_us)
        while order is not None:
            if (placed := self._place(order, now_us)) is not None:
                self._queue.append(placed)
                self._block(placed)
                return placed
            order = self._next(order, now_us)
        return None

    def _read(self, message: Mapping[str, Json], answers_us: int | None, now_us: int) -> Order | None:
        class_c = message["dC"] == 2
        rx1, rx2 = (self._slot(message, name) for name in ("RX1", "RX2"))
        first = rx1 or rx2
        if first is None or message["dC"] == 1:
            return None
        delay_us = max(1, message.get("RxDelay", 1)) * 1_000_000
        if rx1 is None:
            delay_us += RX2_AFTER_US
        if class_c and rx1 is None:
            starts_us = now_us + AIM_GAP_US
        elif answers_us is None:
            return None
        else:
            starts_us = answers_us + delay_us
        return Order(
            diid=message["diid"],
            dev_eui=message["DevEui"],
            phy_payload=bytes.fromhex(message["pdu"]),
            priority=message.get("priority", 0),
            class_c=class_c,
            starts_us=starts_us,
            frequency_hz=first[0],
            number=first[1],
            rx2=rx2 if rx1 is not None else None,
        )

    def _slot(self, message: Mapping[str, Json], name: str) -> tuple[int, int] | None:
        frequency_hz, number = message.get(f"{name}Freq"), message.get(f"{name}DR")
        if frequency_hz is None or number is None:
            return None
        if not self._lowest_hz <= frequency_hz <= self._highest_hz or self._data_rates[number] is None:
            raise ValueError(f"a station reads no further than {name}: {frequency_hz} Hz, DR{number}")
        return frequency_hz, number

    def _place(self, order: Order, now_us: int) -> Placed | None:
        rate = self._data_rates[order.number]
        assert rate is not None
        transmission = Transmission(
            phy_payload=order.phy_payload,
            frequency_hz=order.frequency_hz,
            data_rate=rate,
            power_dbm=POWER_DBM,
            starts_us=order.starts_us,
            airtime_us=airtime_us(len(order.phy_payload), rate, crc=False),
            inverted=True,
        )
        in_time = now_us + AIM_GAP_US <= order.starts_us <= now_us + MOST_AHEAD_US
        if (
            not in_time
            or self._is_blocked(order)
            or any(_overlap(transmission, one.transmission) for one in self._queue)
        ):
            return None
        return Placed(order, transmission)

    def _next(self, order: Order, now_us: int) -> Order | None:
        """Return where a frame is tried next: a class C one a little later, another one in RX2."""
        if order.class_c and order.rx2 is None:
            later = max(order.starts_us + BACKOFF_US, now_us + AIM_GAP_US)
            return replace(order, starts_us=later, tries=order.tries + 1) if order.tries < TRIES else None
        if order.rx2 is None:
            return None
        frequency_hz, number = order.rx2
        starts_us = now_us + AIM_GAP_US if order.class_c else order.starts_us + RX2_AFTER_US
        return replace(order, starts_us=starts_us, frequency_hz=frequency_hz, number=number, rx2=None)

    def _is_blocked(self, order: Order) -> bool:
        free_us = self._blocked_until_us.get(_duty_cycle(order.frequency_hz), 0)
        return self._keeps_duty_cycle and order.starts_us < free_us

    def _block(self, placed: Placed) -> None:
        band = _duty_cycle(placed.transmission.frequency_hz)
        self._blocked_until_us[band] = placed.transmission.starts_us + placed.transmission.airtime_us * band


def _overlap(one: Transmission, other: Transmission) -> bool:
    return one.starts_us < other.ends_us + MIN_GAP_US and other.starts_us < one.ends_us + MIN_GAP_US


def _duty_cycle(frequency_hz: int) -> int:
    found = [times for lowest, highest, times in DUTY_CYCLE if lowest <= frequency_hz <= highest]
    return found[0] if found else DUTY_CYCLE_ELSEWHERE


# ── what is heard ───────────────────────────────────────────────────────────────────────────────────────────────


def taken_apart(frame: bytes) -> dict[str, Json] | None:
    """Return the pieces of a frame as a station writes them; None where it takes it for no LoRaWAN frame."""
    kind = frame[0] >> 5 if frame else -1
    if not frame or frame[0] & 0x1F or (len(frame) < 12 and kind != 7):
        return None
    match kind:
        case 0 | 6:
            return _join_request(frame, "jreq" if kind == 0 else "rejoin") if len(frame) == 23 else None
        case 1 | 7:
            return {"msgtype": "jacc" if kind == 1 else "propdf", "FRMPayload": frame.hex().upper()}
        case _:
            return _data_frame(frame, "updf" if kind in {2, 4} else "dndf")


def _join_request(frame: bytes, msgtype: str) -> dict[str, Json]:
    return {
        "msgtype": msgtype,
        "MHdr": frame[0],
        "JoinEui": _dashed(frame[1:9]),
        "DevEui": _dashed(frame[9:17]),
        "DevNonce": int.from_bytes(frame[17:19], "little"),
        "MIC": _signed(frame[-4:]),
    }


def _data_frame(frame: bytes, msgtype: str) -> dict[str, Json] | None:
    port = 8 + (frame[5] & 0xF)
    if port > len(frame) - 4:
        return None
    return {
        "msgtype": msgtype,
        "MHdr": frame[0],
        "DevAddr": _signed(frame[1:5]),
        "FCtrl": frame[5],
        "FCnt": int.from_bytes(frame[6:8], "little"),
        "FOpts": frame[8:port].hex().upper(),
        "FPort": -1 if port == len(frame) - 4 else frame[port],
        "FRMPayload": frame[port + 1 : -4].hex().upper(),
        "MIC": _signed(frame[-4:]),
    }


def _signed(octets: bytes) -> int:
    return int.from_bytes(octets, "little", signed=True)


def _dashed(octets: bytes) -> str:
    return octets[::-1].hex("-").upper()
