"""What goes into the journal and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from gateway.model import CommandState, Device, Downlink, Eui64, Frame, Json, RootKeys, RowId, Session, Uplink


class Changes(NamedTuple):
    """One atomic set: after a crash all of it is there, or nothing. A tuple: with so many fields it is made in a third of the time."""

    uplinks: tuple[Uplink, ...] = ()
    sessions: tuple[Session, ...] = ()  # inserted, or replaced by (dev_eui, activation)
    retired: tuple[tuple[Eui64, str], ...] = ()  # (dev_eui, activation) of sessions to forget
    begun: tuple[
        tuple[Eui64, str], ...
    ] = ()  # those of `sessions` that begin, though they may have been retired before
    dev_nonces: tuple[tuple[Eui64, int], ...] = ()  # used DevNonces
    join_nonces: tuple[tuple[Eui64, int], ...] = ()  # the next JoinNonce of a device
    mac_states: tuple[tuple[Eui64, str, bytes], ...] = ()  # of sessions by (dev_eui, activation)
    downlinks: tuple[Downlink, ...] = ()  # inserted, or replaced by id
    events: tuple[Event, ...] = ()
    command_states: tuple[CommandState, ...] = ()  # to be told beside those that `downlinks` bring with them
    abp_activations: tuple[tuple[Eui64, int], ...] = ()  # the number of an ABP device's last activation
    rejoin_counts: tuple[tuple[Eui64, Eui64, int], ...] = ()  # the last RJcount1 of a device (1.1), by its JoinEUI
    served: tuple[Served, ...] = ()  # uplinks among `uplinks` that a network server has told


@dataclass(frozen=True, slots=True)
class Served:
    """That a network server has told an uplink of a device, by which source, and the address that reaches the device there."""

    dev_eui: Eui64
    source: str
    address: str
    id: UUID  # the uplink's


@dataclass(frozen=True, slots=True)
class Event:
    """Something in the life of a device that a person may want to know later."""

    dev_eui: Eui64
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A frame of nobody, and its place in the ring."""

    id: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Row:
    """An uplink and its place in the log."""

    id: RowId
    uplink: Uplink
    is_again: bool = False  # it was told or tried before, and was put back to the front


@dataclass(frozen=True, slots=True)
class PutBack:
    """Rows that a destination had and is told again, and how many more there was no room for."""

    rows: tuple[RowId, ...]
    left: int = 0


class HeldKind(StrEnum):
    """Why a row waits for a person, a codec or a clock."""

    REFUSED = "refused"  # a dead letter: the platform said no
    UNDECODED = "undecoded"  # no decoder could read it
    UNDATED = "undated"  # its time is not known and the destination takes no uncertain time


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why one destination sets a row aside."""

    kind: HeldKind
    reason: str
    decoder: str = ""  # "vendor/model@revision" of the decoder that failed; "" where there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What one destination decided about rows that read() gave it; a row in none of these stays."""

    delivered: frozenset[RowId] = frozenset()
    skipped: frozenset[RowId] = frozenset()  # not this destination's: nothing was to be sent
    held: Mapping[RowId, Hold] = field(default_factory=dict)
    given_up: frozenset[RowId] = frozenset()  # waited for longer than the destination is to wait
    memory: Mapping[str, Json | None] = field(default_factory=dict)  # None forgets the key


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A row that a destination set aside, with the reason."""

    id: RowId
    destination: str
    kind: HeldKind
    reason: str
    decoder: str
    held_at: datetime
    uplink: Uplink


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much one destination has before it."""

    waiting: int  # rows that read() would give, those to be retried among them
    oldest: datetime | None  # when the first of them was heard; as the clock stood then, where nobody knows better
    held: Mapping[HeldKind, int]
    lost: int  # rows that went undelivered, for the journal was full or damaged; since the destination began
    held_lost: int  # held rows that went, for their share of the journal was full or the journal damaged
    moved: bool = False  # its name has another city now: no more is heard for it
    has_settled: bool = True  # anything, since it began
    given_up: int = 0  # rows that went undelivered, for they had waited too long
    given_up_since: datetime | None = None  # when the first of them went


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What lies before one destination at this moment, in numbers."""

    waiting: int  # rows that read() would give, those to be retried among them
    after: int  # of those, the rows after the one that was asked about
    last: RowId  # the newest row that is for it, settled or not; 0 before the first


class Begin(StrEnum):
    """With which row a destination begins that the journal has not known before."""

    NOW = "now"  # the next uplink
    OLDEST = "oldest"  # all that is kept
    UNTOLD = "untold"  # what is kept and no destination was to have; the next uplink where there is another destination


class AlarmKind(StrEnum):
    """What an alarm is about."""

    DAMAGED = "damaged"  # the journal was damaged, and what could be read was salvaged
    UNREADABLE = "unreadable"  # uplinks of the journal were passed over, for they are gone or cannot be read
    DISK = "disk"  # the disk takes nothing
    NEARLY_FULL = "nearly_full"  # the disk, soon
    LONG_LOG = "long_log"  # another process reads for so long that the log grows
    LETTING_GO = "letting_go"  # undelivered uplinks go, for there is no room


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong, or was and is to be known."""

    kind: AlarmKind
    since: datetime
    words: str
    until_seen: bool  # it stays until forget_alarms(); others go by themselves


class WhenFull(StrEnum):
    """What becomes of a journal that is full of rows which some destination still waits for."""

    DROP_OLDEST = "drop_oldest"  # the oldest go, counted for each destination that had not got them
    THIN_OUT = "thin_out"  # of the oldest one of each device and hour stays, the others go, counted likewise
    REFUSE = "refuse"  # commits raise StorageError: what is heard waits in memory, and is lost when that is full


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The journal in numbers; counts of commits are since it was opened."""

    rows: int
    segments: int
    dropped_rows: int  # settled rows whose segments were dropped, since the database was made
    last_row: RowId  # 0 before the first
    file_bytes: int
    wal_bytes: int
    used_bytes: int  # of the file; the rest is free for new rows
    quota_bytes: int  # what the log may use; a commit beyond it raises StorageError
    commits: int  # transactions, each with one flush
    committed_rows: int
    failed_commits: int
    untold_lost: int  # rows that went before there was any destination
    trouble: str | None  # why the last commit failed, in words; None when it did not
    troubles: int = 0  # how often commits began to fail

    def as_json(self) -> Mapping[str, Json]:
        """Return the numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonces:
    """What an OTAA device remembers of its joins elsewhere: a smaller JoinNonce it refuses, an old DevNonce is a replay."""

    dev_eui: Eui64
    join_nonce: int | None = None  # the next to use here; None: not known
    dev_nonces: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SkippedAhead:
    """That the counters of this box were raised by a margin, for an older state may have come back."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A device with its secrets.

    ``session`` holds an ABP device's keys and address, or the session that an OTAA device has elsewhere; see
    `Journal.put_devices` for what becomes of its activation. ``nonces`` come with an OTAA device from elsewhere.
    """

    device: Device
    root_keys: RootKeys = field(default_factory=RootKeys)
    session: Session | None = None
    nonces: Nonces | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import of devices did."""

    added: int
    changed: int
    unchanged: int
