"""The values that travel along the path of an uplink (docs/architecture.md, "The values").

All are frozen: a new state is a new value, often a new type, so that an unproved frame cannot reach a decoder.
Identifiers are lower-case hex strings, big endian as printed on labels; only `gateway.lorawan.phy` knows the
wire's little endian. Times are aware and in UTC. `None` means absent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final, NewType
from uuid import UUID

from decoders.contract import Decoded

Eui64 = NewType("Eui64", str)  # 16 lower-case hex digits, big endian
DevAddr = NewType("DevAddr", str)  # 8 lower-case hex digits, big endian
RowId = NewType("RowId", int)  # a row of the journal; grows, never reused
Json = Any  # what json.loads returns

UPLINK_NAMESPACE = UUID(
    "6a9e3c64-7c5b-5a7e-9d0c-0d2f5b8a1e77"
)  # of every uplink id; changing it changes every identity
MOVED = "moved-"  # in the name of a session that began in another network
FINGERPRINT = b"brygga moved session 1\0"  # parts this use of the digest from every other


_UUID_FREE_BITS = ~(0xF << 76 | 0x3 << 62)  # all but version and variant
_UUID_VERSION_5 = 5 << 76 | 0x2 << 62


def eui64(text: str) -> Eui64:
    """Return ``text`` (any case; `-`, `:`, blanks between octets allowed) as an EUI-64; ValueError says what is wrong."""
    return Eui64(_hex(text, 16))


MULTICAST_PREFIX = "ffffffff"  # no maker has it: a multicast group is registered under it, with its McAddr behind


def is_multicast(dev_eui: Eui64) -> bool:
    """Tell whether an EUI stands for a multicast group: "ffffffff" and the group's McAddr."""
    return dev_eui.startswith(MULTICAST_PREFIX)


def dev_addr(text: str) -> DevAddr:
    """Return ``text`` as a DevAddr; ValueError says what is wrong."""
    return DevAddr(_hex(text, 8))


def _hex(text: str, digits: int) -> str:
    plain = re.sub(r"[-:\s]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]*", plain) is None:
        raise ValueError(f"{text!r} has characters that are no hex digits")
    if len(plain) != digits:
        raise ValueError(f"{len(plain)} hex digit{'' if len(plain) == 1 else 's'} where {digits} are expected")
    return plain


class Key:
    """Hold 16 octets of AES-128 key that never appear in a repr, a log or an error."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        if len(octets) != 16:
            raise ValueError(f"a key has 16 octets (32 hex digits), not {len(octets)}")
        self._octets = bytes(octets)

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read 32 hex digits; the error never repeats them."""
        plain = re.sub(r"[-:\s]", "", text)
        if re.fullmatch(r"[0-9a-fA-F]{32}", plain) is None:
            raise ValueError("a key has 32 hex digits")
        return cls(bytes.fromhex(plain))

    def reveal(self) -> bytes:
        """Return the octets, for a cipher or for the journal; nothing else may ask."""
        return self._octets

    def __repr__(self) -> str:
        return "Key(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._octets == other._octets

    def __hash__(self) -> int:
        return hash(self._octets)


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────


class TimeQuality(IntEnum):
    """How far a wall clock may be believed; greater is better."""

    UNKNOWN = -1  # of a row whose time is known within bounds only; never stored
    UNSYNCHRONISED = 0
    SYSTEM = 1  # set by hand or by a battery clock
    NTP = 2
    GPS = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which times something was; None where there is no bound."""

    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as this box knows it: wall clock, and the monotonic clock that no correction moves."""

    utc: datetime
    monotonic: float  # seconds since this boot, those that it slept among them
    boot_id: str
    quality: TimeQuality
    bounds: Bounds | None = None  # where the quality is UNKNOWN; never stored


# ── radio ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """A position in WGS 84, in degrees and metres above the ellipsoid."""

    latitude: float
    longitude: float
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True)
class LoraRate:
    """A LoRa data rate, e.g. SF7BW125 is ``LoraRate(7, 125_000)``."""

    spreading_factor: int
    bandwidth_hz: int

    def __str__(self) -> str:
        return f"SF{self.spreading_factor}BW{self.bandwidth_hz // 1000}"


@dataclass(frozen=True, slots=True)
class FskRate:
    """An FSK data rate in bit/s."""

    bit_rate: int

    def __str__(self) -> str:
        return f"FSK{self.bit_rate}"


DataRate = LoraRate | FskRate


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One copy of a frame, as one antenna of one gateway heard it."""

    gateway: Eui64
    frequency_hz: int
    data_rate: DataRate
    rssi_dbm: float
    snr_db: float | None = None
    timestamp_us: int | None = None  # concentrator counter at the end of the packet, 32 bits, wraps
    channel: int | None = None
    antenna: int = 0
    gateway_time: datetime | None = None  # a gateway's own time of reception
    gateway_time_is_gps: bool = False  # it is a GPS receiver's beyond doubt, and the gateway is this box
    fine_time_ns: int | None = None
    place: Place | None = None
    source: str = ""  # the name of the source in the configuration: answers go back through it
    context: bytes = b""  # what the source needs to answer to this copy, its own words; never stored
    is_here: bool = False  # the gateway is this box beyond doubt; never stored


@dataclass(frozen=True, slots=True)
class Frame:
    """A PHYPayload and its receptions, best first; nothing in it is trusted."""

    phy_payload: bytes
    receptions: tuple[Reception, ...]  # at least one; the best SNR (then RSSI) first
    heard_at: Instant

    @property
    def best(self) -> Reception:
        """The copy to answer through."""
        return self.receptions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TxRequest:
    """A frame to send through the gateway that heard ``reply_to``."""

    source: str
    gateway: Eui64
    phy_payload: bytes
    frequency_hz: int
    data_rate: DataRate
    power_dbm: float  # that the radio sends: the allowed EIRP less the antenna's gain
    timestamp_us: int | None  # concentrator counter to send at; None: at once, or by ``context`` and ``delay``
    delay: timedelta | None = None  # from the end of the uplink that it answers to the slot; None: at once
    context: bytes = b""  # of the reception that it answers

    @property
    def at_once(self) -> bool:
        """Whether it goes out as soon as the radio is free: class C."""
        return self.timestamp_us is None and self.delay is None


class TxResult(StrEnum):
    """What the radio said of a TxRequest (GWMP's names and, behind them, ChirpStack's; the last two are ours)."""

    SENT = "sent"
    TOO_LATE = "too_late"
    TOO_EARLY = "too_early"
    COLLISION_PACKET = "collision_packet"
    COLLISION_BEACON = "collision_beacon"
    TX_FREQ = "tx_freq"
    TX_POWER = "tx_power"
    GPS_UNLOCKED = "gps_unlocked"
    QUEUE_FULL = "queue_full"
    INTERNAL_ERROR = "internal_error"
    DUTY_CYCLE_OVERFLOW = "duty_cycle_overflow"  # the radio keeps a ledger of its own, and this one is over it
    NO_ANSWER = "no_answer"  # the radio was asked and said nothing
    NOT_CONNECTED = "not_connected"  # there is no radio to ask


# ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────


class MacVersion(StrEnum):
    """LoRaWAN link layer versions."""

    V1_0_0 = "1.0.0"
    V1_0_1 = "1.0.1"
    V1_0_2 = "1.0.2"
    V1_0_3 = "1.0.3"
    V1_0_4 = "1.0.4"
    V1_1 = "1.1"


class Activation(StrEnum):
    """How a device gets its session."""

    OTAA = "otaa"
    ABP = "abp"


@dataclass(frozen=True, slots=True)
class Entity:
    """The thing in the city that a device measures, e.g. ``Entity("WeatherObserved", "torget-1")``.

    ``type`` is a Smart Data Models type, or "" to let each format choose by quantity; ``id`` is the city's short
    name of the thing (no URN; a format makes one), or "" for the device's own EUI.
    """

    type: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered device: how to read it and what it measures. Its keys are beside it, never in it."""

    dev_eui: Eui64
    name: str = ""
    decoder: str = ""  # "vendor/model"; "" keeps payloads as undecoded
    activation: Activation = Activation.OTAA
    mac_version: MacVersion = MacVersion.V1_0_3
    device_class: str = "A"
    join_eui: Eui64 | None = None
    entity: Entity = Entity()
    place: Place | None = None
    tags: frozenset[str] = frozenset()  # destinations select devices by tag
    adr_margin_db: float | None = None  # None: the network's
    counter_reset_allowed: bool = False  # ABP: whether its frame counter may begin again at 0
    answered_by: str = ""  # the relay whose network server answers it; "": this agent


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKeys:
    """The keys an OTAA device joins with. 1.0.x: ``app_key`` alone; 1.1: ``nwk_key`` too."""

    app_key: Key | None = None
    nwk_key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """The keys of one activation; in 1.0.x the three network keys are one NwkSKey."""

    f_nwk_s_int_key: Key
    s_nwk_s_int_key: Key
    nwk_s_enc_key: Key
    app_s_key: Key

    @classmethod
    def v1_0(cls, *, nwk_s_key: Key, app_s_key: Key) -> SessionKeys:
        """Return the keys of a LoRaWAN 1.0.x session."""
        return cls(f_nwk_s_int_key=nwk_s_key, s_nwk_s_int_key=nwk_s_key, nwk_s_enc_key=nwk_s_key, app_s_key=app_s_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One activation of a device: address, keys and counters; replaced, never changed.

    ``activation`` names it in every uplink id: ``"<DevAddr>-<JoinNonce>"`` for OTAA, ``"<DevAddr>-abp<n>"`` for ABP,
    where n grows with each declared counter reset, and see `moved_activation` for one that began in another network.
    """

    dev_eui: Eui64
    dev_addr: DevAddr
    activation: str
    mac_version: MacVersion
    keys: SessionKeys
    f_cnt_up: int = 0  # the next 32-bit uplink counter expected
    n_f_cnt_down: int = 0  # the next downlink counter free to use (1.1: of the network)
    a_f_cnt_down: int = 0  # 1.1: of the application
    rx1_delay_s: int = 1
    rx1_dr_offset: int = 0
    rx2_data_rate: int = 0
    rx2_frequency_hz: int = 869_525_000
    confirmed_f_cnt_up: int | None = None  # the last confirmed uplink's counter (1.1: ConfFCnt of the answer's MIC)


def never_back(old: Session, new: Session) -> Session:
    """Return ``new`` with no counter below that of ``old``."""
    if new.f_cnt_up >= old.f_cnt_up and new.n_f_cnt_down >= old.n_f_cnt_down and new.a_f_cnt_down >= old.a_f_cnt_down:
        return new
    return replace(
        new,
        f_cnt_up=max(new.f_cnt_up, old.f_cnt_up),
        n_f_cnt_down=max(new.n_f_cnt_down, old.n_f_cnt_down),
        a_f_cnt_down=max(new.a_f_cnt_down, old.a_f_cnt_down),
    )


def moved_activation(dev_eui: Eui64, dev_addr: DevAddr, keys: SessionKeys) -> str:
    """Return the name of an OTAA session that began in another network: ``"<DevAddr>-moved-<16 hex digits>"``.

    The digits are a digest of the device and its session keys. So a second import of the same session has the same
    name (and its uplinks the same ids), one after a rejoin another, for each join derives new keys; and none can be
    that of a join here, which ends in its JoinNonce, nor of an ABP session. A digest of 512 bits of key tells no key.
    """
    digest = hashlib.sha256(FINGERPRINT + bytes.fromhex(dev_eui + dev_addr))
    for key in (keys.f_nwk_s_int_key, keys.s_nwk_s_int_key, keys.nwk_s_enc_key, keys.app_s_key):
        digest.update(key.reveal())
    return f"{dev_addr}-{MOVED}{digest.hexdigest()[:16]}"


def is_moved(session: Session) -> bool:
    """Tell whether a session is an OTAA session that began in another network."""
    return session.activation.startswith(f"{session.dev_addr}-{MOVED}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDecoded:
    """What a network server's own codec made of a payload."""

    fields: Json = None  # as the codec names them: a mapping as a rule; None: it said nothing
    normalised: Json = None  # a measurement or a list of them, in the words of The Things Network's normalised payload
    goes_first: bool = False  # it is taken though the device names a decoder here


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That a network server in front has told an uplink, and by which source."""

    source: str
    decoded: ServerDecoded | None = None  # where it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """An application payload, proved, decrypted and new."""

    id: UUID
    dev_eui: Eui64
    activation: str
    f_cnt: int  # 32 bits
    f_port: int  # 1 to 255; 0 for a frame that carried no application payload
    payload: bytes
    confirmed: bool
    adr: bool
    receptions: tuple[Reception, ...]  # may be none of what a network server has told
    heard_at: Instant
    told: Told | None = None  # None: this box has proved it itself

    @property
    def best(self) -> Reception | None:
        """The strongest copy; None where nobody told how it was heard."""
        return self.receptions[0] if self.receptions else None


NO_MONOTONIC: Final = -1.0  # of an `Instant` that another clock than this box's has told


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUplink:
    """An application payload that a network server in front of this box has proved, decrypted and told.

    ``id`` is the server's own word for this uplink (its deduplication id, or what stands for one): the same each time it is told.
    ``address`` is what a downlink to the device is addressed to there, "" where none can be.
    """

    source: str
    id: str
    dev_eui: Eui64
    dev_addr: DevAddr | None
    f_cnt: int  # 32 bits, as the server counts
    f_port: int  # 0 for a frame that carried no application payload
    payload: bytes
    confirmed: bool
    adr: bool
    receptions: tuple[Reception, ...]  # may be none: not every server tells
    server_time: datetime | None  # when the server says that it was heard
    heard_at: Instant  # when it came here
    decoded: ServerDecoded | None = None  # where it is to be taken; None: decode here
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNews:
    """What a network server tells of a device beside its payloads: that it joined, how its battery is, what went wrong."""

    source: str
    dev_eui: Eui64
    at: datetime | None  # by the server's clock
    what: str  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReceipt:
    """What a network server says of a downlink that it was given."""

    source: str
    dev_eui: Eui64
    reference: UUID  # that the downlink was given with
    state: DownlinkState
    detail: str = ""
    f_cnt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Where this box is and what time it was, as a GNSS receiver measured; what is None was not told, or is not sure enough."""

    source: str
    place: Place | None
    accuracy_m: float | None
    utc: datetime | None  # when it was measured: at ``heard_at``, or up to a second before, for a serial line is late
    heard_at: Instant


FromServer = ServerUplink | ServerNews | ServerReceipt
Heard = Frame | FromServer | Fix  # what sources bring


def uplink_id(dev_eui: Eui64, activation: str, f_cnt: int) -> UUID:
    """Return the one identity of an uplink, everywhere and for ever (design, law 3)."""
    return name_based_uuid(UPLINK_NAMESPACE, f"{dev_eui}/{activation}/{f_cnt}")


def name_based_uuid(namespace: UUID, name: str) -> UUID:
    """Return the UUIDv5 of ``name`` in ``namespace`` (RFC 9562, section 5.5): `uuid.uuid5` at half its cost."""
    digest = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(digest[:16], "big") & _UUID_FREE_BITS | _UUID_VERSION_5)


class DownlinkState(StrEnum):
    """Where a downlink is on its way; from EXPIRED on it has come to its end."""

    QUEUED = "queued"
    SENT = "sent"  # a confirmed one waits for its acknowledgement, another has come to its end
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"
    FAILED = "failed"  # with the reason: refused by the radio, over the duty cycle, never acknowledged
    DROPPED = "dropped"  # by a person, or with its device or session


@dataclass(frozen=True, slots=True, kw_only=True)
class Downlink:
    """What an application tells a device, and what became of it; replaced with each step.

    ``id`` grows and is never used again. Of several that wait for one device the greatest ``priority`` goes first, then the oldest.
    """

    id: int
    dev_eui: Eui64
    f_port: int  # 1 to 223
    payload: bytes
    queued_at: datetime
    confirmed: bool = False
    priority: int = 0
    expires_at: datetime | None = None
    reference: str = ""  # the caller's own, given back with each state
    origin: str = ""  # the destination whose platform asked for it, and is told each state; "" for nobody
    origin_key: str = ""  # what that platform's command is known by when it comes a second time
    state: DownlinkState = DownlinkState.QUEUED
    tries: int = 0  # frames that carried it
    f_cnt: int | None = None  # of the last of them
    sent_at: datetime | None = None
    detail: str = ""  # why it failed, in words

    @property
    def is_open(self) -> bool:
        """Tell whether something can still become of it."""
        return self.state is DownlinkState.QUEUED or (self.state is DownlinkState.SENT and self.confirmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandState:
    """What became of a platform's command, as it is told to the platform."""

    destination: str
    reference: str
    state: str  # a DownlinkState, or REFUSED
    at: datetime
    time_quality: TimeQuality
    dev_eui: str = ""  # as the platform wrote it, where the command was refused; "" where it named none
    downlink: int | None = None  # None: it never became one
    f_cnt: int | None = None
    tries: int = 0
    detail: str = ""


REFUSED = "refused"  # a command that never became a downlink


# ── meaning ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Plausibility(StrEnum):
    """Whether a value lies where its quantity can lie."""

    PLAUSIBLE = "plausible"
    IMPLAUSIBLE = "implausible"  # delivered, and marked where the format has a place for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value of one quantity of one entity at one time, in the vocabulary's unit."""

    id: UUID  # uuid5 of the uplink's id, the place in the uplink and the decoder's revision
    uplink_id: UUID
    dev_eui: Eui64
    entity: Entity
    quantity: str  # a name of decoders/vocabulary/quantities.csv
    unit: str  # UCUM; "" for booleans
    value: float | int | bool | str
    channel: str | None
    observed_at: datetime
    time_quality: TimeQuality
    plausibility: Plausibility
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """All that a format may want of one row: the heard, the known and the derived."""

    row: RowId
    uplink: Uplink
    device: Device
    decoded: Decoded
    observations: tuple[Observation, ...]
    age: timedelta = timedelta()  # since it was heard, when its batch was read: formats have no clock
    may_tell_signal: bool = True  # how it was heard, beside its observations
    untold: frozenset[str] = frozenset()  # "rssi", "snr": of its receptions, what nobody there may know
    is_personal: bool = False  # its decoder tells of persons wherever the device hangs


# ── platforms ───────────────────────────────────────────────────────────────────────────────────────────────────


HIDDEN = "(secret)"  # where a credential stood


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """One thing to say to a platform: bytes, and where they go.

    ``target`` is a path with its query for HTTP, a topic for MQTT. ``headers`` are HTTP headers, or MQTT 5 user properties.
    ``secrets`` are credentials as they stand in target and body, where a platform wants them there. ``expires_s`` is how long a broker
    may keep it for who is away (MQTT 5); None: as long as it likes.
    """

    target: str
    body: bytes
    content_type: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    expires_s: int | None = None

    def shown(self) -> Request:
        """Return it as people may see it: without its secrets."""
        target, body = self.target, self.hide(self.body)
        for secret in self.secrets:
            target = target.replace(secret, HIDDEN)
        return replace(self, target=target, body=body, secrets=frozenset())

    def hide(self, octets: bytes) -> bytes:
        """Return ``octets`` without this request's secrets, such as an answer that repeats its path."""
        for secret in self.secrets:
            octets = octets.replace(secret.encode(), HIDDEN.encode())
        return octets

    def __repr__(self) -> str:
        shown = self.shown() if self.secrets else self
        return f"Request({shown.method} {shown.target!r}, {shown.content_type!r}, {shown.headers!r}, {shown.body!r})"


NOT_SENT: Final = "not sent: "  # how the words of `Answer.unsent` begin


class Verdict(StrEnum):
    """What an answer means to whoever does not know the platform."""

    TAKEN = "taken"
    REFUSED = "refused"  # this message, for ever: a dead letter
    LATER = "later"  # not now: overloaded, not authorised, not ready
    UNCLEAR = "unclear"  # sent, no answer: perhaps taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one Request: an HTTP status and body, or a PUBACK's reason code.

    For ``UNCLEAR`` there is no ``status`` (0).
    """

    verdict: Verdict
    status: int
    detail: str = ""  # in words, for people: "507 Insufficient Storage", "0x87 Not authorized"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: timedelta | None = None

    @classmethod
    def unsent(cls, why: str) -> Answer:
        """Return what stands for the answer to a request that was not sent, and may be later."""
        return cls(verdict=Verdict.LATER, status=0, detail=f"{NOT_SENT}{why}")

    @property
    def is_unsent(self) -> bool:
        """Whether `unsent` made it."""
        return self.verdict is Verdict.LATER and self.status == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a platform decided about the rows of a batch; a row in neither was not decided and stays.

    ``memory`` holds what the format must still know after a restart; it is stored with the receipt, key by key (None
    forgets a key).
    """

    accepted: frozenset[RowId] = frozenset()
    refused: Mapping[RowId, str] = field(default_factory=dict)  # with the platform's answer in words
    undecided: Mapping[RowId, str] = field(default_factory=dict)  # why, for `status`: the last answer in words
    warnings: tuple[str, ...] = ()  # shown in `status`, counted
    inexpressible: Mapping[str, int] = field(default_factory=dict)  # quantities this format has no way to say, counted
    retry_after: timedelta | None = None
    memory: Mapping[str, Json] = field(default_factory=dict)


Clock = Callable[[], Instant]
