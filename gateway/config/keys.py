"""The keys of `brygga.toml`: what a person may write, with what it means and what holds when it is left out.

docs/reference/configuration.md is made from these tables (scripts/generate_configuration.py).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.config.access_keys import PROXY_WORDS, NetworkAccessKeys, ProxyWish
from gateway.config.fleet_keys import FleetKeys
from gateway.config.network_keys import NetworkKeys
from gateway.config.observe_keys import HealthKeys, MetricsKeys
from gateway.config.place import Coordinates
from gateway.config.reaching import SERVICE_DATA
from gateway.config.section_keys import Keys
from gateway.config.share_keys import ShareKeys
from gateway.config.values import (
    Addresses,
    City,
    DestinationName,
    Duration,
    Euis,
    Folder,
    GiveUp,
    HeaderName,
    Headers,
    JournalSize,
    Name,
    NetId,
    OptionalFile,
    OptionalFolder,
    OptionalPath,
    OptionalText,
    Options,
    RegionName,
    Seconds,
    SecretFile,
    Shown,
    Tags,
    Text,
    Topic,
    Truth,
    Url,
    Written,
)
from gateway.config.way_keys import CommandsKeys, TlsKeys
from gateway.config.web_keys import WebKeys


class GatewayKeys(Keys):
    """This box."""

    name: Name = Field(default_factory=socket.gethostname, description="what people call this gateway")
    place: Coordinates = Field(
        default=None,
        description="where this box is: degrees north and east (WGS 84) and, where known, metres above the ellipsoid, such as"
        " `[57.70887, 11.97456, 12]`; the place of what its own radio hears, until a GNSS receiver knows better",
    )
    data: Folder = Field(
        default=SERVICE_DATA,
        description="the folder of the journal and all else that the agent writes; made by `brygga run` if its parent is there",
    )
    control_socket: OptionalPath = Field(
        default=None,
        description="the socket that the commands use; without it `/run/brygga/control.sock` while the service runs (its group may use"
        " it), else `control.sock` in the data folder",
    )
    key_file: OptionalPath = Field(
        default=None,
        description="what seals device keys in the journal (64 hex digits); without it systemd's credential `brygga.key` where"
        " there is one, else `brygga.key` in the data folder; made where it is not there. The journal's keys are lost without it",
    )


class ClockKeys(Keys):
    """How good a time must be before readings are dated with it."""

    trust: Annotated[Literal["gps", "ntp", "system"], Shown('"gps", "ntp" or "system"')] = Field(
        default="ntp",
        description="uplinks wait until the clock is that good; `system` believes this machine's clock as it is",
    )


class RadioKeys(Keys):
    """The air: one region and one network for all sources."""

    region: RegionName = Field(
        default="EU868", description="channels, data rates and limits (LoRaWAN Regional Parameters)"
    )
    net_id: NetId = Field(default="000000", description="the network's identity; `000000` is for private networks")
    dev_addr_block: Addresses = Field(
        default=None,
        description="the DevAddrs that joining devices get, a part of the NetID's, so that boxes side by side give different"
        " ones; without it all of the NetID's",
    )
    gather_ms: Annotated[int, Field(ge=0, le=800), Shown("a whole number from 0 to 800")] = Field(
        default=200,
        description="how long copies of one frame from several gateways are waited for; what is over 800 misses RX1",
    )
    duty_cycle: Annotated[Literal["kept", "ignored"], Shown('"kept" or "ignored"')] = Field(
        default="kept",
        description="whether downlinks wait for the law of their sub-band; `ignored` is for a laboratory without an antenna",
    )


class JournalKeys(Keys):
    """How much is kept, and how long."""

    limit: JournalSize = Field(default=512 * 10**6, description="the size of the database on disk")
    keep_delivered: Duration = Field(
        default=timedelta(days=7), description="how long an uplink stays after every destination has it"
    )
    when_full: Annotated[
        Literal["drop_oldest", "thin_out", "refuse"], Shown('"drop_oldest", "thin_out" or "refuse"')
    ] = Field(
        default="drop_oldest",
        description="what goes when the limit is reached, or the disk is full, and destinations still wait: the oldest uplinks; of the"
        " oldest all but the last of each device and hour, where readings matter and single events do not; or the newest, once some"
        " thousands of them wait in memory. `brygga status` counts them",
    )
    card: Annotated[
        Literal["consumer", "endurance", "industrial"], Shown('"consumer", "endurance" or "industrial"')
    ] = Field(
        default="consumer",
        description="which class of flash card the journal lies on: what any shop sells, one that is made for recording, or one with MLC"
        " flash or better. `brygga status` tells by it how long the card lasts",
    )
    card_tbw: Annotated[float | None, Field(gt=0), Shown("a number of terabytes")] = Field(
        default=None,
        description="how many terabytes the card's data sheet lets be written to it; then its class does not matter",
    )


class DecodersKeys(Keys):
    """Decoders besides those that come with the agent."""

    folder: OptionalFolder = Field(
        default=None, description="`<vendor>/<model>.yaml` or `.py`; one of a known name replaces the built-in one"
    )


class DestinationKeys(Keys):
    """A city: whom to tell, in which words, over which way."""

    name: DestinationName = Field(
        description="what this destination is called; the journal knows by it what was delivered, so keep it"
    )
    city: City = Field(
        default=None,
        description="which city it is: url, format and all else that `brygga city connect` has prepared need not be said;"
        " with another one the destination has moved, and what waits stays with the former city",
    )
    before: Options = Field(
        default={},
        description="where it was told before it had a city, `url`, `format` and the like as they stood in the section: what was heard"
        " until then goes on being told there",
    )
    url: Url = Field(description="where the platform is; the port is the protocol's own when left out")
    format: Text = Field(description="the platform's language; see the formats below")
    options: Options = Field(default={}, description="of the format; see the formats below")
    ids_file: OptionalFile = Field(
        default=None,
        description="what the platform calls devices, a CSV with the columns `dev_eui` (at diwise also `<dev_eui>/<channel>`) and `id`:"
        " the format's `options.ids`",
    )
    share: ShareKeys = Field(default=ShareKeys(), description="see `[destination.share]`")
    begin: Annotated[Literal["now", "oldest"] | None, Shown('"now" or "oldest"')] = Field(
        default=None,
        description="with which uplink a destination begins that the journal does not know: the next one, or the oldest that is"
        " kept; without it the next one, and for the first destination what was kept until there was one",
    )
    tags: Tags = Field(
        default=[],
        description="devices with one of these tags, each one word as in the devices file's `tags`; without `tags` and `dev_euis`:"
        " all devices",
    )
    dev_euis: Euis = Field(default=[], description="these devices, too")
    batch: Annotated[int, Field(ge=1, le=1000), Shown("a whole number from 1 to 1000")] = Field(
        default=100, description="uplinks that are told at a time"
    )
    retry_max_s: Seconds = Field(
        default=60.0, description="the longest pause between two tries at a platform that is away"
    )
    order: Annotated[Literal["live_first", "strict"] | None, Shown('"live_first" or "strict"')] = Field(
        default=None,
        description="what goes first when more than a `batch` waits: what is heard now, with the history behind it, or the oldest;"
        " without it `strict` where an older value would end over a newer one (see the format's `late`), else `live_first`",
    )
    backlog_per_s: Annotated[
        float | None,
        Field(ge=0, le=100_000, allow_inf_nan=False),
        Shown("a number of uplinks a second, 0 for no bound"),
    ] = Field(
        default=None,
        description="how fast goes what waited, lest a thousand gateways that come back together fall over their platform; without"
        " it 20, and in strict order no bound: all that is new waits behind",
    )
    give_up: GiveUp = Field(
        default=None,
        description="uplinks that waited longer are let go, counted in `brygga status`; without it none is, for who wants no old"
        " readings has to say so, and a full journal has its own rule",
    )
    uncertain_time: Truth = Field(
        default=False,
        description="whether it takes uplinks whose time is known within bounds only (the clock was never right in that boot)",
    )
    username: OptionalText = Field(default=None, description="for the broker, or HTTP Basic")
    password: Written = Field(default=None, description="beside `username`; better in a file")
    password_file: SecretFile = Field(default=None, description="the same, out of a file")
    sas_key_file: SecretFile = Field(
        default=None,
        description="MQTT: the shared access key of the gateway's device in Azure IoT Hub, out of a file; passwords are made of it",
    )
    token: Written = Field(default=None, description="HTTP: a Bearer token; better in a file")
    token_file: SecretFile = Field(default=None, description="HTTP: the same, out of a file")
    api_key_header: HeaderName = Field(default=None, description="HTTP: the header of the platform's own kind of key")
    api_key_file: SecretFile = Field(default=None, description="HTTP: the key that goes into that header")
    headers: Headers = Field(default={}, description="HTTP: sent with each request")
    tls: TlsKeys = Field(default=TlsKeys(), description="see `[destination.tls]`")
    proxy: ProxyWish = Field(default=None, description=PROXY_WORDS)
    commands: CommandsKeys = Field(default=CommandsKeys(), description="MQTT: see `[destination.commands]`")
    mqtt_version: Annotated[Literal["5", "3.1.1"], Shown('"5" or "3.1.1" in quotes')] = Field(
        default="5", description="MQTT: 3.1.1 only where the broker has no 5: it cannot say that it refused a message"
    )
    client_id: OptionalText = Field(
        default=None,
        description="MQTT: no two clients of a broker may have the same; without it `brygga-<gateway>-<destination>`",
    )
    window: Annotated[int, Field(ge=1, le=100), Shown("a whole number from 1 to 100")] = Field(
        default=100, description="MQTT: messages on their way at a time"
    )
    keep_alive_s: Annotated[int, Field(ge=0, le=65_535), Shown("a whole number from 0 to 65535")] = Field(
        default=60, description="MQTT: seconds between two signs of life; 0: none"
    )
    status_topic: Topic = Field(
        default=None, description='MQTT: where "online" and "offline" are kept; without it nowhere'
    )
    concurrency: Annotated[int, Field(ge=1, le=64), Shown("a whole number from 1 to 64")] = Field(
        default=4, description="HTTP: requests side by side"
    )
    connect_limit_s: Seconds = Field(default=10.0, description="HTTP: for name, TCP and TLS together")
    total_limit_s: Seconds = Field(default=30.0, description="HTTP: for a whole request; more than `connect_limit_s`")
    link: Annotated[Literal["metered"] | None, Shown('"metered"')] = Field(
        default=None,
        description="what the line there is: one that is paid by the octet gets `gzip`, uplinks of a minute together, and over MQTT"
        " `keep_alive_s = 600` where nothing else is written",
    )
    gzip: Truth = Field(
        default=False,
        description="HTTP: bodies go compressed (Content-Encoding) where the platform takes that; found out with the first of them",
    )


SECTIONS: Final[Mapping[str, type[Keys]]] = {
    "gateway": GatewayKeys,
    "clock": ClockKeys,
    "radio": RadioKeys,
    "network": NetworkKeys,
    "network_access": NetworkAccessKeys,
    "fleet": FleetKeys,
    "journal": JournalKeys,
    "decoders": DecodersKeys,
    "web": WebKeys,
    "metrics": MetricsKeys,
    "health": HealthKeys,
}
ONLY_WHERE_WRITTEN: Final = frozenset({"web", "metrics", "health"})  # sections that mean something by being there
MQTT_ONLY: Final = ("sas_key_file", "mqtt_version", "client_id", "window", "keep_alive_s", "status_topic", "commands")
HTTP_ONLY: Final = (
    "token",
    "token_file",
    "api_key_header",
    "api_key_file",
    "headers",
    "concurrency",
    "connect_limit_s",
    "total_limit_s",
    "gzip",
)
