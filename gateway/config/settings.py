"""What a configuration says, proved and complete: the rest of the agent sees these values and no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gateway.formats import Format, Shape
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import Region
from gateway.model import Device, Eui64, Place, TimeQuality
from gateway.observe.settings import Health, Metrics
from gateway.relay.settings import RelaySettings
from gateway.sharing import ALL, Share
from gateway.sources.settings import SourceSettings
from gateway.transports.broker import Broker
from gateway.transports.service import Service
from gateway.web.settings import Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """This box."""

    name: str
    data: Path  # the folder of all that the agent writes
    key_file: Path  # what seals device keys in the journal
    place: Place | None = None  # where it is, as the file says


@dataclass(frozen=True, slots=True)
class Clock:
    """How good a time must be before readings are dated with it."""

    trust: TimeQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """The air: one region and one network for all sources."""

    region: str  # one of gateway.lorawan.region.REGIONS
    net_id: int  # 24 bits
    dev_addr_block: AddressBlock | None  # None: all addresses of the NetID
    gather_ms: int
    lawful: bool  # False: no downlink waits for the duty cycle


@dataclass(frozen=True, slots=True)
class Network:
    """The region with this site's channels, and how devices are wanted to be."""

    region: Region
    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """How much is kept, and how long."""

    limit_bytes: int
    keep_delivered: timedelta
    when_full: str  # a value of gateway.journal.WhenFull
    card: str = "consumer"  # a class of gateway.wear
    card_bytes: int | None = None  # that may be written to it, as its data sheet says


@dataclass(frozen=True, slots=True)
class Decoders:
    """Decoders besides those that come with the agent."""

    folder: Path | None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return the folder as a registry takes it, or none."""
        return () if self.folder is None else (self.folder,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which devices a destination gets: all, or those with one of the tags or one of the EUIs."""

    tags: frozenset[str] = frozenset()
    dev_euis: frozenset[Eui64] = frozenset()

    def selects(self, device: Device) -> bool:
        """Tell whether ``device`` is among them."""
        if not self.tags and not self.dev_euis:
            return True
        return device.dev_eui in self.dev_euis or not self.tags.isdisjoint(device.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsSettings:
    """Where a platform's commands come from, in whose words, and where it is told what became of them."""

    topic: str  # a filter: + and # may stand in it
    state_topic: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSettings:
    """Whom to tell, in which words, over which way."""

    name: str  # the journal's: "<name>", or "<name>@<city>"
    format: Format
    platform: Broker | Service
    selection: Selection
    begin: str | None  # a value of gateway.journal.Begin; None: the journal's own
    batch: int
    retry_max_s: float
    commands: CommandsSettings | None
    share: Share = ALL
    strict: bool = False  # oldest first, whatever waits
    backlog_per_s: float = 0.0  # uplinks a second of what waited; 0: no bound
    give_up: timedelta | None = None
    uncertain_time: bool = False
    side_by_side: int = 100  # requests on their way at a time
    gather_s: float = 0.0  # that an uplink waits for others to go with it
    newest_only: bool = False  # an older value after a newer one is refused there, or would stand over it
    words: str = ""  # a digest of how it is spoken to
    memory_of: str = ""  # a digest of where that is


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole configuration; ``warnings`` are what works and is unwise, in words."""

    gateway: Gateway
    clock: Clock
    radio: Radio
    network: Network
    journal: Journal
    decoders: Decoders
    sources: tuple[SourceSettings, ...]
    destinations: tuple[DestinationSettings, ...]
    control_socket: Path
    relays: tuple[RelaySettings, ...] = ()
    former: tuple[DestinationSettings, ...] = ()  # the same destinations, at every other city that is connected
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # which files were read, where there are several, and which are credentials
    web: Web | None = None  # None: no port is opened
    metrics: Metrics = field(default_factory=Metrics)
    health: Health | None = None  # None: nobody is told
    path: Path | None = field(default=None, compare=False)  # the box's own file

    @property
    def journal_path(self) -> Path:
        """The database, in the data folder."""
        return self.gateway.data / "journal.db"
