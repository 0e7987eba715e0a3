"""What is wrong with a Basics Station source, in words for whoever stands beside the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.sources.basics_station.access import Refused
from gateway.sources.basics_station.lns import PRODUCTION, Dropped
from gateway.sources.basics_station.messages import BadMessageReason
from gateway.sources.basics_station.stations import Stations
from gateway.sources.recent import REMEMBERED_S

UNITS: Final = ((86_400, "days"), (3600, "h"), (60, "min"), (1, "s"))


def advice(
    stations: Stations, dropped: Mapping[str, int], unheard_hz: Sequence[int], *, uri: str | None, now: float
) -> Sequence[str]:
    """Return a line for each thing that is wrong; none when all is well. ``dropped`` is of the last hour, ``uri`` what a tc.uri must say."""
    return [
        *_away(stations, now),
        *_rivals(stations, now),
        *_connecting(stations, dropped, uri, now),
        *_hearing(stations, dropped, unheard_hz, now),
    ]


def _away(stations: Stations, now: float) -> Iterator[str]:
    for gateway, station in stations.gone.items():
        away = _span(now - (now if station.left_at is None else station.left_at))
        yield f"{gateway} is away for {away}, and loses what it hears meanwhile: has it power and network? it tries again by itself"


def _span(seconds: float) -> str:
    return next(f"{seconds / unit:.0f} {name}" for unit, name in UNITS if seconds >= 2 * unit or unit == 1)


def _rivals(stations: Stations, now: float) -> Iterator[str]:
    for station in stations.rivals(now):
        yield (
            f"{station.gateway} connects from {station.address} while it is connected from {station.ousted_address}, again and again, and "
            "each ends the other: two stations have one EUI (a copied card or configuration?); give each its own"
        )


def _connecting(stations: Stations, dropped: Mapping[str, int], uri: str | None, now: float) -> Iterator[str]:
    if not len(stations) and not stations.gone and uri is not None:
        yield f"no station is connected: the station's tc.uri must say {uri} with this box's address, and the port must be open"
    lately = {gateway: why for gateway, (why, at) in stations.refused.items() if now - at < REMEMBERED_S}
    for gateway, why in lately.items():
        match why:
            case Refused.NOT_ALLOWED:
                yield f"{gateway} asks to come in and is not among source.gateways: add it where it is yours"
            case Refused.TOKEN:
                yield f"{gateway} has no token or another one: its tc.key must say 'Authorization: Bearer TOKEN' with the token that stands here"
            case Refused.CERTIFICATE:
                yield f"{gateway} shows another station's certificate: each needs the one that is made out to its own EUI"
            case Refused.TOO_MANY_GATEWAYS:
                yield f"{gateway} finds no room: too many stations are connected; name yours in source.gateways"
    if dropped.get(Refused.TOKEN) and not any(why == Refused.TOKEN for why in lately.values()):
        yield "somebody connects without the right token: the tc.key of a station must say 'Authorization: Bearer TOKEN'"


def _hearing(stations: Stations, dropped: Mapping[str, int], unheard_hz: Sequence[int], now: float) -> Iterator[str]:
    if unheard_hz:
        named = ", ".join(f"{hz / 1e6:.1f}" for hz in unheard_hz)
        yield f"devices may use {named} MHz, and a station's two radios do not reach that: change network.channels_hz"
    for station in stations:
        if station.sent_late_at is not None and now - station.sent_late_at < REMEMBERED_S:
            yield (
                f"{station.gateway} told too late that it had sent {station.counts['sent_late']} downlinks: its way here is slow, and devices "
                "may be answered twice; network.rx1_delay_s = 5 gives it time"
            )
        is_recent = station.not_sent_at is not None and now - station.not_sent_at < REMEMBERED_S
        if is_recent and station.counts["not_sent"]:
            own = ", or its own duty cycle, which a station that is built for production keeps, was spent"
            more = own if station.version and PRODUCTION in (station.version.features or "") else ""
            yield (
                f"{station.gateway} did not send {station.counts['not_sent']} downlinks: they came too late, or another one had "
                f"their slot{more}"
            )
    if dropped.get(Dropped.TIMESYNC_UNANSWERED):
        yield "a station asks for GPS time and gets none: this box does not know the time yet"
    if dropped.get(BadMessageReason.XTIME):
        yield "a station's times have lost their last digits (a xtime that is no whole number): its frames are not taken"
    if dropped.get(BadMessageReason.BINARY):
        yield "a station sends binary data, as its remote shell does: nobody here asks for that, and it is thrown away"
