"""What is told of hearing: sources, their gateways, the network in the box, decoders, relays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.errors import BadFrameReason
from gateway.model import DownlinkState, Json
from gateway.observe.metric import Found, Kind, Metric, View, as_number, at, counted, number

OVERFLOW: Final = "overflow"  # of every source's `dropped`: a frame while too many others waited for the disk
SENT: Final = "sent_"


def _of_sources(find: Callable[[Mapping[str, Json]], float | None]) -> Callable[[View], Found]:
    def each(view: View) -> Found:
        yield from (((one["name"], one["type"]), find(one)) for one in at(view, "sources") or ())

    return each


def _hearing(view: View) -> Found:
    hearing = at(view, "hearing") or {}
    yield from (((one["name"], one["type"]), as_number(hearing.get(one["name"]))) for one in at(view, "sources") or ())


def _dropped(view: View) -> Found:
    for one in at(view, "sources") or ():
        reasons = {OVERFLOW: 0, **one.get("dropped", {})}
        yield from (((one["name"], reason), float(count)) for reason, count in reasons.items())


def _of_gateways(find: Callable[[Mapping[str, Json]], float | None]) -> Callable[[View], Found]:
    def each(view: View) -> Found:
        for source in at(view, "sources") or ():
            for eui, one in source.get("gateways", {}).items():
                yield (source["name"], eui), find(one)

    return each


def _bad_crc(gateway: Mapping[str, Json]) -> float | None:
    """Return the share that the forwarder's own numbers tell (rxnb, rxok of its last stat); None where it says nothing, or heard nothing."""
    stat = gateway.get("stat") or {}
    return 1 - stat.get("rxok", 0) / stat["rxnb"] if stat.get("rxnb") else None


def _uplinks(view: View) -> Found:
    yield ("radio",), as_number(at(view, "network", "counts", "uplinks") or 0)
    yield ("server",), as_number(at(view, "servers", "counts", "uplinks") or 0)


def _lost(view: View) -> Found:
    yield ("disk",), as_number(at(view, "network", "counts", "lost_for_want_of_disk") or 0)
    yield ("overflow",), float(sum(one.get("dropped", {}).get(OVERFLOW, 0) for one in at(view, "sources") or ()))
    yield ("nobody_to_tell",), as_number(at(view, "journal", "untold_lost"))


def _sent(view: View) -> Found:
    answers: Mapping[str, int] = at(view, "network", "answers") or {}
    sent = {name.removeprefix(SENT): count for name, count in answers.items() if name.startswith(SENT)}
    yield from (((window,), float(count)) for window, count in {"rx1": 0, "rx2": 0, **sent}.items())


def _not_sent(view: View) -> Found:
    answers: Mapping[str, int] = at(view, "network", "answers") or {}
    tries = {name: count for name, count in answers.items() if not name.startswith(SENT) and name != "missed"}
    for name, count in tries.items():
        window, _, reason = name.partition("_")
        yield (window, reason), float(count)


def _air(key: str) -> Callable[[View], Found]:
    def each(view: View) -> Found:
        for one in at(view, "network", "duty_cycle") or ():
            yield (one["source"], one["gateway"], one["sub_band"]), as_number(one[key])

    return each


def _undecoded(view: View) -> Found:
    for words, count in (at(view, "undecoded") or {}).items():
        decoder, _, reason = words.rpartition(": ")
        yield (decoder, reason), float(count)


def _relays(view: View) -> Found:
    yield from (((name,), as_number(one.get("away_s") or 0.0)) for name, one in (at(view, "relays") or {}).items())


def _of_devices(key: str) -> Callable[[View], Found]:
    def each(view: View) -> Found:
        for one in at(view, "devices") or ():
            yield (one["dev_eui"], one["name"]), as_number(one[key])

    return each


SOURCES: Final = (
    Metric(
        name="brygga_source_frames",
        kind=Kind.COUNTER,
        labels=("source", "type"),
        help="Frames, and uplinks of network servers, that a source brought; each copy of a frame counts.",
        where="sources[].heard",
        find=_of_sources(lambda one: as_number(one.get("heard"))),
    ),
    Metric(
        name="brygga_source_last_heard_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("source", "type"),
        help="Since the last of them; nothing before the first.",
        where="sources[].last_heard_s",
        find=_of_sources(lambda one: as_number(one.get("last_heard_s"))),
    ),
    Metric(
        name="brygga_source_hears",
        kind=Kind.GAUGE,
        labels=("source", "type"),
        help="1 where the source can hear: its port is open, its broker or modem answers.",
        where="hearing",
        find=_hearing,
    ),
    Metric(
        name="brygga_source_dropped",
        kind=Kind.COUNTER,
        labels=("source", "reason"),
        help="What a source brought and was not taken, wrong CRCs among it where the forwarder passes them on.",
        where="sources[].dropped",
        find=_dropped,
    ),
    Metric(
        name="brygga_gateway_frames",
        kind=Kind.COUNTER,
        labels=("source", "gateway"),
        help="Frames that a radio gateway brought, by its EUI.",
        where="sources[].gateways{}.frames",
        find=_of_gateways(lambda one: as_number(one.get("frames"))),
    ),
    Metric(
        name="brygga_gateway_last_seen_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("source", "gateway"),
        help="Since a radio gateway said anything, its keep-alive among it.",
        where="sources[].gateways{}.last_seen_s",
        find=_of_gateways(lambda one: as_number(one.get("last_seen_s"))),
    ),
    Metric(
        name="brygga_gateway_bad_crc_ratio",
        kind=Kind.GAUGE,
        unit="ratio",
        labels=("source", "gateway"),
        help="The share of packets with a wrong CRC in the forwarder's last interval, as its stat has it.",
        where="sources[].gateways{}.stat: rxnb, rxok",
        find=_of_gateways(_bad_crc),
    ),
)

NETWORK: Final = (
    Metric(
        name="brygga_frames",
        kind=Kind.COUNTER,
        help="Frames after their copies were gathered.",
        where="network.counts.frames",
        find=lambda view: [((), as_number(at(view, "network", "counts", "frames") or 0))],
    ),
    Metric(
        name="brygga_uplinks",
        kind=Kind.COUNTER,
        labels=("by",),
        help="Uplinks that are committed, with a payload for an application: of the network in the box, or of network servers.",
        where="network.counts.uplinks, servers.counts.uplinks",
        find=_uplinks,
    ),
    Metric(
        name="brygga_joins",
        kind=Kind.COUNTER,
        help="Devices that joined.",
        where="network.counts.joins",
        find=lambda view: [((), as_number(at(view, "network", "counts", "joins") or 0))],
    ),
    Metric(
        name="brygga_frames_refused",
        kind=Kind.COUNTER,
        labels=("reason",),
        help="Frames that were not taken; most are other networks' (unknown_dev_addr).",
        where="network.refused",
        find=counted("network", "refused", always=[*map(str, BadFrameReason)]),
    ),
    Metric(
        name="brygga_uplinks_lost",
        kind=Kind.COUNTER,
        labels=("cause",),
        help="Uplinks and frames that are lost before a destination could have them: the disk took nothing and memory was full, or"
        " the journal was full before there was any destination.",
        where="network.counts.lost_for_want_of_disk, sources[].dropped.overflow, journal.untold_lost",
        find=_lost,
    ),
    Metric(
        name="brygga_frames_waiting_for_disk",
        kind=Kind.GAUGE,
        help="Frames in memory that the disk has not taken yet.",
        where="network.waiting_for_disk",
        find=number("network", "waiting_for_disk"),
    ),
    Metric(
        name="brygga_devices",
        kind=Kind.GAUGE,
        help="Devices that are registered.",
        where="network.devices",
        find=number("network", "devices"),
    ),
    Metric(
        name="brygga_sessions",
        kind=Kind.GAUGE,
        help="Sessions of LoRaWAN.",
        where="network.sessions",
        find=number("network", "sessions"),
    ),
    Metric(
        name="brygga_decode_failures",
        kind=Kind.COUNTER,
        labels=("decoder", "reason"),
        help="Uplinks that a decoder did not understand; they are kept, and tried again when it changes.",
        where="undecoded",
        find=_undecoded,
    ),
    Metric(
        name="brygga_broken_decoders",
        kind=Kind.GAUGE,
        help="Decoders' files that are broken, so that the one before stays in use.",
        where="broken_decoders",
        find=lambda view: [((), float(len(at(view, "broken_decoders") or ())))],
    ),
    Metric(
        name="brygga_relay_away_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("relay",),
        help="How long the network server of a relay has been away; 0 where it answers.",
        where="relays{}.away_s",
        find=_relays,
    ),
)

DOWN: Final = (
    Metric(
        name="brygga_downlinks_waiting",
        kind=Kind.GAUGE,
        help="Downlinks of applications that have not come to their end.",
        where="downlinks_waiting",
        find=number("downlinks_waiting"),
    ),
    Metric(
        name="brygga_downlinks",
        kind=Kind.COUNTER,
        labels=("state",),
        help="How often a downlink came into a state; one that failed was refused, or never acknowledged.",
        where="network.downlinks",
        find=counted("network", "downlinks", always=[*map(str, DownlinkState)]),
    ),
    Metric(
        name="brygga_transmissions",
        kind=Kind.COUNTER,
        labels=("window",),
        help="What was handed to a radio: answers of the network, and downlinks.",
        where="network.answers: sent_*",
        find=_sent,
    ),
    Metric(
        name="brygga_transmissions_failed",
        kind=Kind.COUNTER,
        labels=("window", "reason"),
        help="Tries that failed: what RX1 missed RX2 may have made good.",
        where="network.answers",
        find=_not_sent,
    ),
    Metric(
        name="brygga_transmissions_missed",
        kind=Kind.COUNTER,
        help="Answers and downlinks that were not sent in any window.",
        where="network.answers.missed",
        find=lambda view: [((), as_number(at(view, "network", "answers", "missed") or 0))],
    ),
    Metric(
        name="brygga_air_spent_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("source", "gateway", "sub_band"),
        help="Air time of the last hour in a sub-band.",
        where="network.duty_cycle[].spent_s",
        find=_air("spent_s"),
    ),
    Metric(
        name="brygga_air_allowed_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("source", "gateway", "sub_band"),
        help="What the law allows of it in an hour; nothing where there is no limit.",
        where="network.duty_cycle[].allowed_s",
        find=_air("allowed_s"),
    ),
)

DEVICES: Final = (
    Metric(
        name="brygga_device_last_heard_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        labels=("dev_eui", "name"),
        help="Since a device was heard.",
        where="devices[].last_heard_s",
        find=_of_devices("last_heard_s"),
        on_wish=True,
    ),
    Metric(
        name="brygga_device_rssi_dbm",
        kind=Kind.GAUGE,
        unit="dbm",
        labels=("dev_eui", "name"),
        help="How strong it was heard last, by the gateway that heard it best.",
        where="devices[].rssi_dbm",
        find=_of_devices("rssi_dbm"),
        on_wish=True,
    ),
    Metric(
        name="brygga_device_snr_db",
        kind=Kind.GAUGE,
        unit="db",
        labels=("dev_eui", "name"),
        help="How far above the noise that was.",
        where="devices[].snr_db",
        find=_of_devices("snr_db"),
        on_wish=True,
    ),
    Metric(
        name="brygga_device_battery_volts",
        kind=Kind.GAUGE,
        unit="volts",
        labels=("dev_eui", "name"),
        help="Its battery, where its payload tells volts.",
        where="devices[].battery_v",
        find=_of_devices("battery_v"),
        on_wish=True,
    ),
    Metric(
        name="brygga_device_battery_percent",
        kind=Kind.GAUGE,
        unit="percent",
        labels=("dev_eui", "name"),
        help="Its battery, as its payload or its network layer (DevStatusAns) told last.",
        where="devices[].battery",
        find=_of_devices("battery"),
        on_wish=True,
    ),
)
