"""Where the radio may come in: what was found, the likeliest first, and what can always be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from gateway.cities.profile import Said
from gateway.setup.asking import UNSAID, Known, Option, mode
from gateway.setup.findings import (
    Arrival,
    ChirpstackForwarder,
    Concentratord,
    Findings,
    Forwarder,
    LoraFwd,
    Modem,
    ServerHere,
    Station,
)
from gateway.setup.forwarders import region_of
from gateway.setup.listening import OWN

Found = Forwarder | LoraFwd | Station | ChirpstackForwarder | Concentratord | Modem | ServerHere | None
T = TypeVar("T")
STATION_PORT: Final = 3001  # as [[source]] type = "basics_station" has it
OTHER_PORT: Final = 1730  # where another program has 1700
HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OF_SERVERS: Final = frozenset({"chirpstack", "the_things_stack"})  # they have the keys, and do the network

ALWAYS: Final = (
    Option("udp", Said("A packet forwarder on another box (UDP)", "En packet forwarder på en annan box (UDP)")),
    Option("stations", Said("A Basics Station on another box", "En Basics Station på en annan box")),
    Option("chirpstack", Said("Behind a ChirpStack that does the network", "Bakom en ChirpStack som sköter nätet")),
    Option("the_things_stack", Said("Behind The Things Network", "Bakom The Things Network")),
    Option("none", Said("None yet", "Ingen ännu")),
)


def found(findings: Findings) -> Mapping[str, Found]:
    """Return what was found by the key that it is chosen with, the likeliest first: what runs before what lies there."""
    listed: list[tuple[str, Found]] = [
        *(("forwarder", one) for one in findings.forwarders if one.process is not None),
        *(("concentratord", one) for one in findings.concentratords),
        *(("station", one) for one in findings.stations if one.process is not None),
        *(("lorafwd", one) for one in findings.lora_fwds),
        *(("chirpstack_mqtt", one) for one in findings.chirpstack),
        *(("forwarder", one) for one in findings.forwarders if one.process is None),
        *(("station", one) for one in findings.stations if one.process is None),
        *(("modem", one) for one in findings.modems),
    ]
    keyed: dict[str, Found] = {}
    for key, one in listed:
        number = sum(name == key or name.startswith(f"{key}-") for name in keyed) + 1
        keyed[key if number == 1 else f"{key}-{number}"] = one
    return keyed


def options(known: Known) -> list[Option]:
    """Return all that can be chosen; what arrives from other boxes goes first where nothing is here."""
    here = [Option(key, *_words(one)) for key, one in found(known.findings).items()]
    always = [_with_reason(one, known.findings) for one in ALWAYS]
    if known.findings.arrivals and not here:
        return always
    return [*here, *always]


def usual(known: Known) -> str:
    """Return the likeliest: what runs here, what arrives, what lies here; a packet forwarder elsewhere where there is nothing."""
    running = [
        key for key, one in found(known.findings).items() if isinstance(one, Concentratord | Modem) or _runs(one)
    ]
    if running:
        return running[0]
    if known.findings.arrivals:
        return "udp"
    return next(iter(found(known.findings)), "udp")


def is_behind_a_server(known: Known) -> bool:
    """Tell whether all that is chosen is behind a network server, which has the keys and the region."""
    keys = known.given("radio").split()
    return bool(keys) and set(keys) <= OF_SERVERS


def chosen_of(known: Known, kind: type[T]) -> list[T]:
    """Return what was chosen of a kind of finding."""
    there = found(known.findings)
    return [one for key in known.given("radio").split() if isinstance(one := there.get(key), kind)]


def region(known: Known) -> str:
    """Return the region that frequencies tell, "" where none do."""
    here: list[Forwarder | Arrival] = [*chosen_of(known, Forwarder), *known.findings.arrivals]
    told = [region_of(one.frequencies_hz) for one in here]
    return next(filter(None, told), "")


def udp_port(known: Known, forwarder: Forwarder | None = None) -> int:
    """Return the port to listen on: the one that a forwarder sends to this box already, else 1700, another where that is taken."""
    box = known.findings.box
    gives_way = {OWN} if mode(known) == "new" else set()  # this agent, which then has the new file
    taken = {port for port, who in box.ports_taken.items() if who not in gives_way}
    if forwarder is not None and forwarder.server in HERE and forwarder.port not in taken:
        return forwarder.port
    return OTHER_PORT if box.port in taken else box.port


def is_here(server: str) -> bool:
    """Tell whether a forwarder's server is this machine."""
    return server in HERE


def _runs(one: Found) -> bool:
    return getattr(one, "process", None) is not None


def _words(one: Found) -> tuple[Said, Said]:
    """Return a finding's title and what was seen of it."""
    match one:
        case Forwarder():
            more = Said(" and others", " och andra") if one.has_several_servers else UNSAID
            return _title("Packet forwarder", one), Said(
                f"{one.folder}; sends to {one.server}:{one.port}{more.en}",
                f"{one.folder}; sänder till {one.server}:{one.port}{more.sv}",
            )
        case LoraFwd():
            return _title("Kerlink lorafwd", one), Said(
                f"{one.file}; sends to {one.server}", f"{one.file}; sänder till {one.server}"
            )
        case Station():
            nowhere = Said("names no server yet", "nämner ingen server än")
            return _title("Basics Station", one), Said(
                f"{one.tc_uri}: {one.uri or nowhere.en}", f"{one.tc_uri}: {one.uri or nowhere.sv}"
            )
        case ChirpstackForwarder():
            return _title(one.title, one), Said(f"{one.file}; broker {one.url}", f"{one.file}; broker {one.url}")
        case Concentratord():
            shut = "" if one.is_open else "; not open to this user"
            closed = "" if one.is_open else "; inte öppen för denna användare"
            return Said("ChirpStack Concentratord", "ChirpStack Concentratord"), Said(
                f"{one.event_url}{shut}", f"{one.event_url}{closed}"
            )
        case Modem():
            return Said(f"LoRa modem {one.firmware}", f"LoRa-modem {one.firmware}"), Said(
                f"{one.port}: one channel, cannot answer", f"{one.port}: en kanal, kan inte svara"
            )
    return Said("", ""), Said("", "")


def _title(name: str, one: Forwarder | LoraFwd | Station | ChirpstackForwarder) -> Said:
    if one.process is None:
        return Said(f"{name} (does not run)", f"{name} (kör inte)")
    return Said(f"{name} ({one.process.name} runs)", f"{name} ({one.process.name} kör)")


def _with_reason(option: Option, findings: Findings) -> Option:
    if option.key == "udp" and findings.arrivals:
        some = ", ".join(f"{one.gateway} ({one.address})" for one in findings.arrivals[:3])
        return Option(option.key, option.title, Said(f"arrives already: {some}", f"kommer redan: {some}"))
    if option.key == "chirpstack" and findings.servers:
        there = findings.servers[0]
        return Option(option.key, option.title, Said(f"{there.file} is here", f"{there.file} finns här"))
    return option
