"""What the probes found on a machine: values, nothing of how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model import Eui64, Place, TimeQuality


@dataclass(frozen=True, slots=True)
class Process:
    """A program that runs: what it is called, where, with which words, and the unit of systemd that it belongs to."""

    name: str
    words: tuple[str, ...] = ()
    folder: str = ""  # "" where this user may not know
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value in somebody's file: where it stands, and how it is written there."""

    file: Path
    line: int  # from 1
    start: int  # characters from the beginning of the file to the value
    end: int
    written: str  # as it stands, quotes too


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarder:
    """A packet forwarder (Semtech UDP) on this machine, as its files say."""

    folder: Path
    settings: Mapping[str, Setting]  # server_address, serv_port_up, serv_port_down: where the last word on each stands
    server: str
    port: int  # of uplinks
    gateway: Eui64 | None
    frequencies_hz: tuple[int, ...]
    process: Process | None  # None: no program that reads these files was seen
    is_writable: bool = False  # by this user: all files that say where it sends
    has_several_servers: bool = False  # a poly packet forwarder's list, which is edited by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraFwd:
    """Kerlink's lorafwd, whose file is TOML with most keys in comments."""

    file: Path
    server: str
    process: Process | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A LoRa Basics Station: the file that names its network server; the text is "" where there is no such file yet."""

    tc_uri: Path
    uri: str
    process: Process | None
    is_writable: bool = False  # by this user


@dataclass(frozen=True, slots=True, kw_only=True)
class ChirpstackForwarder:
    """ChirpStack's MQTT Forwarder or Gateway Bridge."""

    title: str
    file: Path
    url: str  # of its broker, as brygga.toml has it
    prefix: str
    username: str
    process: Process | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentratord:
    """A ChirpStack Concentratord: its two sockets."""

    event_url: str
    command_url: str
    is_open: bool  # to this user


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHere:
    """A ChirpStack network server on this machine."""

    file: Path
    url: str  # of the broker that its events go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Modem:
    """A LoRa modem that answered at a serial port."""

    port: str
    family: str
    firmware: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A GNSS receiver that speaks at a serial port, and where it says that it is."""

    port: str
    baud: int
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A gateway whose datagrams reach this machine already."""

    gateway: Eui64
    address: str
    frequencies_hz: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The machine itself."""

    hostname: str
    is_root: bool
    has_systemd: bool
    has_unit: bool  # brygga.service, and the configuration is the one that it reads
    group: str  # "brygga" where there is one
    clock: TimeQuality
    configured: str = ""  # the text of the brygga.toml that is there
    fragments: tuple[str, ...] = ()  # the texts of brygga.d beside it
    connected: frozenset[str] = frozenset()  # cities that `brygga city connect` has prepared
    port: int = 1700  # UDP, that packet forwarders are expected at
    ports_taken: Mapping[int, str] = field(default_factory=dict)  # UDP: by whom, "" where this user may not know


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was found; ``troubles`` are probes that failed or took too long, in words."""

    box: Box
    forwarders: tuple[Forwarder, ...] = ()
    lora_fwds: tuple[LoraFwd, ...] = ()
    stations: tuple[Station, ...] = ()
    chirpstack: tuple[ChirpstackForwarder, ...] = ()
    concentratords: tuple[Concentratord, ...] = ()
    servers: tuple[ServerHere, ...] = ()
    modems: tuple[Modem, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def place(self) -> Place | None:
        """The place that a receiver has told."""
        return next((one.place for one in self.receivers if one.place is not None), None)
