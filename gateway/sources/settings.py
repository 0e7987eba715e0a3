"""What the configuration says of each source, proved and complete: a frozen value for each type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from gateway.model import Eui64, TimeQuality
from gateway.sources.basics_station.plan import RadioPlan
from gateway.sources.basics_station.router_config import NO_FILTERS, Filters
from gateway.sources.network_server.decode import Decode, ServerKind
from gateway.sources.web_tls import ServerTls
from gateway.transports.broker import Broker
from gateway.transports.secret import Secret


class Brings(StrEnum):
    """What crosses the door."""

    FRAMES = "frames"  # of the air
    UPLINKS = "uplinks"  # of a network server in front, which has the keys
    PLACE = "place"  # of this box


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the settings of every source have in common."""

    brings: ClassVar[Brings] = Brings.FRAMES
    name: str
    antenna_gain_dbi: float = 0.0  # the cable's loss taken off; of a source that transmits


def bring(sources: Iterable[SourceSettings], what: Brings) -> bool:
    """Tell whether one of ``sources`` brings such things."""
    return any(one.brings is what for one in sources)


def type_of(settings: SourceSettings) -> str:
    """Return what the configuration calls this type of source: `SemtechUdpSettings` are of a "semtech_udp"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(settings).__name__.removesuffix("Settings")).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SemtechUdpSettings(SourceSettings):
    """A port that packet forwarders speak to."""

    host: str
    port: int  # 0: any that is free
    gateways: frozenset[Eui64]  # that may speak; none named: all
    receive_buffer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings(SourceSettings):
    """A file that is heard again."""

    file: Path
    speed: float | None  # times faster than it was recorded; None: as fast as it is taken
    repeat: bool
    recorded_time: TimeQuality | None  # how good the recorded times are by who configured it; None: all is heard now
    port: int  # of the server, in a capture


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicsStationSettings(SourceSettings):
    """A port that Basics Stations connect to, and what they are told to listen to."""

    host: str
    port: int  # 0: any that is free
    plan: RadioPlan
    trust: TimeQuality  # of this box's time, before a station is told it
    gateways: frozenset[Eui64] = frozenset()  # that may speak; none named: all
    token: Secret | None = None  # of every station
    tokens: tuple[tuple[Eui64, Secret], ...] = ()  # of one each
    tls: ServerTls | None = None
    filters: Filters = NO_FILTERS
    cups_folder: Path | None = None  # None: stations find no CUPS here


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialModemSettings(SourceSettings):
    """A LoRa modem on a serial port: one channel, one data rate, no answers."""

    port: str  # a device, or a URL of pyserial
    modem: str  # a family, or "auto"
    baud: int | None  # None: the family's
    frequency_hz: int
    spreading_factor: int
    bandwidth_hz: int
    gateway: Eui64 | None  # None: made of machine and name


@dataclass(frozen=True, slots=True, kw_only=True)
class GnssSettings(SourceSettings):
    """A GNSS receiver on a serial port."""

    brings: ClassVar[Brings] = Brings.PLACE
    port: str  # a device, or a URL of pyserial
    baud: int | None  # None: found out


@dataclass(frozen=True, slots=True, kw_only=True)
class ChirpstackMqttSettings(SourceSettings):
    """A broker that ChirpStack's MQTT Forwarder or Gateway Bridge publishes to."""

    broker: Broker
    prefix: str  # before "gateway/…"; "" for none
    gateways: frozenset[Eui64]  # that may speak; none named: all


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentratordSettings(SourceSettings):
    """The two ZeroMQ sockets of a ChirpStack Concentratord."""

    event_url: str
    command_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBrokerSettings(SourceSettings):
    """A broker that a network server publishes its applications' events to."""

    brings: ClassVar[Brings] = Brings.UPLINKS
    broker: Broker
    client_id: str | None  # None: made of machine and name
    application: str
    decode: Decode


@dataclass(frozen=True, slots=True, kw_only=True)
class ChirpstackSettings(ServerBrokerSettings):
    """A ChirpStack v4 in front."""

    is_json: bool  # else protobuf


@dataclass(frozen=True, slots=True, kw_only=True)
class TheThingsStackSettings(ServerBrokerSettings):
    """A Things Stack v3 in front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(SourceSettings):
    """An HTTP endpoint that a network server pushes its events to."""

    brings: ClassVar[Brings] = Brings.UPLINKS
    host: str
    port: int  # 0: any that is free
    path: str  # begins with "/"
    server: ServerKind
    token: Secret
    tls: ServerTls | None
    decode: Decode
