"""The radio: what each source hears, how much of it is whole, and whether it can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.minutes import Lately, lately, telling
from gateway.sources.settings import Brings, SourceSettings
from gateway.spans import ago, span

Status = Mapping[str, Any]

FIRST_FRAME_S: Final = 600.0  # after the start; a site's devices together send more often
QUIET_S: Final = 3600.0
FORWARDER_S: Final = 60.0  # it speaks every 5 to 30 s, whatever it hears
FEW: Final = 20  # packets, of which a share says nothing yet
BAD_SHARE: Final = 0.5  # noise that looks like LoRa makes some 10 to 30 % where much is about
CLOCKS_APART_S: Final = 120.0

DEAF: Final = Ill(
    "deaf",
    Standing.WRONG,
    "nothing was heard since the agent began: no forwarder, no antenna, another region, or no device near",
    "brygga source test {about}",
)
QUIET: Final = Ill(
    "quiet",
    Standing.UNWISE,
    "it has heard before, and not for an hour",
    "brygga source test {about}; look at the antenna's cable",
)
NO_CRC: Final = Ill(
    "none_whole",
    Standing.WRONG,
    "packets are received, and not one whole: the antenna is loose, or the wrong one",
    "screw the antenna tight, look at cable and plug",
)
BAD_CRC: Final = Ill(
    "many_broken",
    Standing.UNWISE,
    "more than half of what is received has a wrong CRC: noise, a strong transmitter near, or a bad antenna",
    "move the antenna away from other transmitters; look at cable and plug",
)
NO_FORWARDER: Final = Ill(
    "no_forwarder",
    Standing.WRONG,
    "no packet forwarder speaks to this port",
    'in the forwarder: server_address this box ("127.0.0.1" on it), serv_port_up and serv_port_down {port}; is it running?',
)
SILENT: Final = Ill(
    "silent",
    Standing.WRONG,
    "the forwarder has stopped speaking: it has ended, or the line to it is broken",
    "sudo systemctl restart its service; look at the cable to {about}",
)
NO_PULL: Final = Ill(
    "no_pull",
    Standing.WRONG,
    "it sends what it hears and asks for nothing: no device can join or be answered",
    "in the forwarder of {about}: serv_port_down the same as serv_port_up",
)
SMALL_BUFFER: Final = Ill(
    "small",
    Standing.UNWISE,
    "the kernel gives less receive buffer than is asked for: a burst may be lost while the box is busy",
    "sudo sysctl -w net.core.rmem_max={asked}; systemd/90-brygga.conf keeps it",
)
DROPPING: Final = Ill(
    "dropping",
    Standing.WRONG,
    "datagrams did not fit into the receive buffer and are lost",
    "sudo sysctl -w net.core.rmem_max={asked}; is the box overloaded? brygga doctor --only machine",
)
AWAY: Final = Ill(
    "away", Standing.WRONG, "the source cannot listen, or its server or modem is away", "brygga source test {about}"
)
ADVICE: Final = Ill(
    "advice", Standing.UNWISE, "the source says itself what is not as it should be", "brygga source test {about}"
)
CLOCK_APART: Final = Ill(
    "apart",
    Standing.UNWISE,
    "the gateway's own clock is wrong: the times that it gives are of no use",
    "on {about}: is chrony or systemd-timesyncd running?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """What the sources of a running agent say."""

    sources: Sequence[Status]
    brings: Mapping[str, Brings]
    ports: Mapping[str, int]
    since_s: float
    now: datetime


async def radio(box: Box) -> Radio | None:
    """Return what the sources say; None where no agent answers."""
    if box.status is None:
        return None
    settings: Sequence[SourceSettings] = () if box.settings is None else box.settings.sources
    return Radio(
        sources=box.status.get("sources", ()),
        brings={one.name: one.brings for one in settings},
        ports={one.name: port for one in settings if isinstance(port := getattr(one, "port", None), int)},
        since_s=box.status.get("since_s", 0.0),
        now=box.now,
    )


def frames(facts: Radio) -> Iterator[Seen]:
    """Judge whether each source hears."""
    for one in facts.sources:
        if facts.brings.get(one["name"], Brings.FRAMES) is Brings.PLACE or one.get("state") == "finished":
            continue
        count, last_s, keys = one["heard"], one["last_heard_s"], {"about": one["name"]}
        if not count and facts.since_s > FIRST_FRAME_S:
            yield Seen(f"no frame in {span(facts.since_s)}", DEAF, one["name"], keys)
        elif last_s is not None and last_s > QUIET_S:
            yield Seen(f"last frame {ago(last_s)}, {count} before", QUIET, one["name"], keys)
        else:
            words = f"{one['name']}: {telling(lately(one['minutes']), 1)}"
            yield Seen(words if last_s is None else f"{words}, last {ago(last_s)}")


def crc(facts: Radio) -> Iterator[Seen]:
    """Judge how many packets are whole: of the last ten minutes, where they are few of the hour."""
    for name, eui, gateway in _gateways(facts):
        found = telling((Lately(**one) for one in gateway["lately"]), FEW)
        tells = gateway.get("stat") or gateway.get("stats") or found.broken  # others say nothing of broken packets
        if found.packets < FEW or not tells:
            continue
        words = f"{name}: {eui}: {found.share_broken:.0%} of {found.packets} packets in {found.when} have a wrong CRC"
        ill = NO_CRC if not found.heard else BAD_CRC if found.share_broken > BAD_SHARE else None
        yield Seen(words, ill, eui if ill else "")


def forwarders(facts: Radio) -> Iterator[Seen]:
    """Judge whether the forwarders of each port speak, and may be answered."""
    for one in facts.sources:
        if one.get("type") != "semtech_udp":
            continue
        port = one.get("listening", "").rpartition(":")[2] or facts.ports.get(one["name"], 1700)
        if not one.get("gateways") and facts.since_s > FORWARDER_S:
            yield Seen(f"nobody speaks to port {port}", NO_FORWARDER, one["name"], {"port": port})
        for eui, gateway in one.get("gateways", {}).items():
            yield _forwarder(eui, gateway)


def _forwarder(eui: str, gateway: Status) -> Seen:
    last_s = gateway["last_seen_s"]
    if last_s > FORWARDER_S:
        return Seen(f"last spoke {ago(last_s)}", SILENT, eui, {"about": eui})
    if not gateway["can_transmit"]:
        pull = gateway.get("last_pull_s")
        return Seen("no PULL_DATA " + ("ever" if pull is None else f"since {span(pull)}"), NO_PULL, eui, {"about": eui})
    return Seen(f"{eui} spoke {ago(last_s)} and can transmit")


def buffer(facts: Radio) -> Iterator[Seen]:
    """Judge the receive buffers."""
    for one in facts.sources:
        given = one.get("receive_buffer")
        if given is None:
            continue
        keys = {"asked": given["asked_bytes"]}
        if given["dropped_by_kernel"]:
            yield Seen(f"{given['dropped_by_kernel']} datagrams lost by the kernel", DROPPING, one["name"], keys)
        elif given["granted_bytes"] < given["asked_bytes"]:
            words = f"{given['granted_bytes'] // 1000} kB of {given['asked_bytes'] // 1000} kB"
            yield Seen(words, SMALL_BUFFER, one["name"], keys)
        else:
            yield Seen(f"{one['name']}: {given['granted_bytes'] // 1000} kB, nothing lost")


def standing(facts: Radio) -> Iterator[Seen]:
    """Judge whether each source listens, and what it says of itself."""
    for one in facts.sources:
        name = one["name"]
        if not one.get("listening") and one.get("type") != "recording":
            why = (one.get("broker") or {}).get("last_error") or next(iter(one.get("advice", ())), "it does not listen")
            yield Seen(str(why), AWAY, name, {"about": name})
        elif one.get("type") != "semtech_udp":  # whose advice are findings of their own
            yield from (Seen(words, ADVICE, name, {"about": name}) for words in one.get("advice", ()))
        yield Seen(f"{name} listens on {one.get('listening') or 'a file'}")


def clocks(facts: Radio) -> Iterator[Seen]:
    """Judge the times that gateways give."""
    for _, eui, gateway in _gateways(facts):
        stat = gateway.get("stat") or {}
        if not stat.get("time"):
            continue
        apart_s = abs((datetime.fromisoformat(stat["time"]) - facts.now).total_seconds() + stat["age_s"])
        ill = CLOCK_APART if apart_s > CLOCKS_APART_S else None
        words = f"its clock and ours are {span(apart_s)} apart" if ill else f"{eui}: its clock is right"
        yield Seen(words, ill, eui if ill else "", {"about": eui})


def _gateways(facts: Radio) -> Iterator[tuple[str, str, Status]]:
    for one in facts.sources:
        for eui, gateway in one.get("gateways", {}).items():
            yield one["name"], eui, gateway


CHECKS: Final = (
    Check(
        id="radio.source",
        looks="each source: whether its port, broker or modem is open, and what it says of itself",
        probe=radio,
        judge=standing,
        ills=(AWAY, ADVICE),
    ),
    Check(
        id="radio.frames",
        looks="each source: frames of the last ten minutes, else of the hour, and the last one",
        probe=radio,
        judge=frames,
        ills=(DEAF, QUIET),
    ),
    Check(
        id="radio.crc",
        looks="each gateway: the share of packets with a wrong CRC in the last ten minutes, else in the hour",
        probe=radio,
        judge=crc,
        ills=(NO_CRC, BAD_CRC),
    ),
    Check(
        id="radio.forwarder",
        looks="each packet forwarder: when it spoke last, and whether it asks for downlinks (PULL_DATA)",
        probe=radio,
        judge=forwarders,
        ills=(NO_FORWARDER, SILENT, NO_PULL),
    ),
    Check(
        id="radio.buffer",
        looks="each UDP port: the receive buffer that the kernel gives, and datagrams that did not fit",
        probe=radio,
        judge=buffer,
        ills=(DROPPING, SMALL_BUFFER),
    ),
    Check(
        id="radio.clock",
        looks="each packet forwarder: its own clock, as its stat tells it",
        probe=radio,
        judge=clocks,
        ills=(CLOCK_APART,),
    ),
)
