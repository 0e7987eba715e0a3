"""What a source brings in a while, counted by kind: whose frames, how they were heard, by which gateways.

Whose a frame is is told by its address alone, as anybody can who listens: nothing is proved, and nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import BadFrame
from gateway.lorawan.phy import DataFrame, Direction, JoinAccept, JoinRequest, RejoinRequest, parse
from gateway.model import (
    DevAddr,
    Eui64,
    Fix,
    Frame,
    Heard,
    Json,
    Reception,
    ServerNews,
    ServerReceipt,
    ServerUplink,
)


class Kind(StrEnum):
    """Whose a frame is, and what."""

    OWN = "own"  # a data frame to one of the addresses of registered devices
    OWN_JOIN = "own_join"  # a registered device asks to join
    STRANGER = "stranger"
    STRANGER_JOIN = "stranger_join"
    DOWNLINK = "downlink"  # another gateway's
    UNREADABLE = "unreadable"  # no LoRaWAN, or not whole
    TOLD = "told"  # a network server tells of something that is no payload
    FIX = "fix"  # a GNSS receiver tells where this box is


@dataclass(frozen=True, slots=True)
class Known:
    """What a box's own devices are known by."""

    addresses: frozenset[DevAddr] = frozenset()
    dev_euis: frozenset[Eui64] = frozenset()


class Survey:
    """Count what one source brings."""

    def __init__(self, source: str, known: Known) -> None:
        self.source = source
        self._known = known
        self._kinds: Counter[str] = Counter()
        self._gateways: Counter[str] = Counter()
        self._rates: Counter[str] = Counter()
        self._times: Counter[str] = Counter()
        self._rssi: list[float] = []
        self._snr: list[float] = []

    def take(self, heard: Heard) -> None:
        """Count what a source has brought, if it is this one."""
        match heard:
            case Frame() if heard.best.source == self.source:
                self._kinds[self.kind(heard.phy_payload)] += 1
                self._hear(heard.receptions)
            case ServerUplink() if heard.source == self.source:
                self._kinds[Kind.OWN if heard.dev_eui in self._known.dev_euis else Kind.STRANGER] += 1
                self._hear(heard.receptions)
            case Fix() if heard.source == self.source:
                self._kinds[Kind.FIX] += 1
            case ServerNews() | ServerReceipt() if heard.source == self.source:
                self._kinds[Kind.TOLD] += 1
            case _:
                return  # another source's

    def kind(self, phy_payload: bytes) -> Kind:
        """Return whose a frame is, and what."""
        try:
            frame = parse(phy_payload)
        except BadFrame:
            return Kind.UNREADABLE
        match frame:
            case DataFrame(direction=Direction.UPLINK):
                return Kind.OWN if frame.dev_addr in self._known.addresses else Kind.STRANGER
            case JoinRequest() | RejoinRequest():
                return Kind.OWN_JOIN if frame.dev_eui in self._known.dev_euis else Kind.STRANGER_JOIN
            case DataFrame() | JoinAccept():
                return Kind.DOWNLINK
            case _:
                return Kind.UNREADABLE

    def as_json(self) -> dict[str, Json]:
        """Return what was counted; signals as their least and greatest, in dBm and dB."""
        return {
            "kinds": {kind: count for kind, count in self._kinds.items() if count},
            "gateways": dict(self._gateways),
            "data_rates": dict(self._rates),
            "times": dict(self._times),
            "rssi_dbm": _ends(self._rssi),
            "snr_db": _ends(self._snr),
        }

    def _hear(self, receptions: Iterable[Reception]) -> None:
        for one in receptions:
            self._gateways[one.gateway] += 1
            self._rates[str(one.data_rate)] += 1
            self._times[_time(one)] += 1
            self._rssi = _ends([*self._rssi, one.rssi_dbm])
            self._snr = _ends([*self._snr, *([] if one.snr_db is None else [one.snr_db])])


def merged(first: Mapping[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    """Return what two surveys, one after the other, have counted together."""
    return {name: _both(first[name], second[name]) for name in first}


def _both(first: Json, second: Json) -> Json:
    if isinstance(first, dict):
        return dict(Counter(first) + Counter(second))
    return _ends([*first, *second])


def _ends(values: list[float]) -> list[float]:
    return [min(values), max(values)] if values else []


def _time(reception: Reception) -> str:
    if reception.gateway_time is None:
        return "none"
    return "gps" if reception.gateway_time_is_gps else "gateway"
