"""What a platform is told of devices themselves, beside what they measure: how each was heard last, and the gateway's own state.

How a device was heard is two observations like any others, ``rssi`` (dBm) and ``snr`` (dB) of the best reception, at the time of hearing. So each
format has words for them already: NGSI-LD the Device's `rssi` and `dateLastValueReported` and a DeviceMeasurement, SensorThings two
Datastreams, SenML two records. Its battery goes out when the device tells it, as what it is: a measurement.

They go out in a conversation of their own (`with_state`), behind the one about the rows, and of rows that were delivered: nothing of it decides what
becomes of a row. It is held at most once an interval and device, whatever the answer: what is not taken comes with the next one.

In the memory stands, under "state/<DevEUI>", when that was and what was said: ``[milliseconds, snr]``; under "state/gateway/<EUI>"
``[milliseconds, facts]``. It grows with devices, not with uplinks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from decoders.vocabulary import QUANTITIES
from gateway.formats import Conversation
from gateway.formats.naming import milliseconds
from gateway.model import (
    Eui64,
    Item,
    Json,
    Observation,
    Place,
    Plausibility,
    Receipt,
    name_based_uuid,
)
from gateway.version import VERSION

INTERVAL_S: Final = 600.0
STATE: Final = "state/"
GATEWAY: Final = "state/gateway/"
OF_ROWS: Final = (
    "tries/",
    "step/",
    "sent/",
    "part/",
)  # keys that conversations keep about rows; a state's row is none of theirs
NOT_TAKEN: Final = "the state of a device was not taken: {words}"

Deliver = Callable[[Sequence[Item], Mapping[str, Json]], Conversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """The gateway as an uplink shows it."""

    eui: Eui64
    heard_ms: int  # since the epoch
    uptime_s: float  # of the machine
    facts: Mapping[str, Json]  # what changes seldom: version, place; of those only what is new
    item: Item  # that it was heard with

    @property
    def place(self) -> Place | None:
        """Return where it stands, where that is known and new."""
        if "latitude" not in self.facts:
            return None
        return Place(self.facts["latitude"], self.facts["longitude"])


TellGateway = Callable[[Sequence[GatewayState], Mapping[str, Json]], Conversation]


def check_interval(interval_s: float) -> None:
    """Raise ValueError where ``interval_s`` is no interval."""
    if not interval_s >= 1:
        raise ValueError(f"device_interval: {interval_s} is less than a second")


def with_state(
    batch: Sequence[Item],
    memory: Mapping[str, Json],
    deliver: Deliver,
    *,
    interval_s: float = INTERVAL_S,
    tell_gateway: TellGateway | None = None,
) -> Conversation:
    """Hold the conversation about ``batch``, and then those about the devices and gateways whose state is due."""
    receipt = yield from deliver(batch, memory)
    delivered = [item for item in _tellable(batch) if item.row in receipt.accepted]
    interval_ms = int(interval_s * 1000)
    due = list(_due(delivered, memory, interval_ms))
    if due:
        told = yield from deliver(due, _After(memory, receipt.memory))
        receipt = _with(receipt, told, _told_devices(due, told, memory))
    gateways = list(_gateways(delivered, memory, interval_ms)) if tell_gateway is not None else []
    if tell_gateway is not None and gateways:
        told = yield from tell_gateway(gateways, _After(memory, receipt.memory))
        receipt = _with(receipt, told, _told_gateways(gateways, told, memory))
    return receipt


def with_state_inside(
    batch: Sequence[Item], memory: Mapping[str, Json], deliver: Deliver, *, interval_s: float = INTERVAL_S
) -> Conversation:
    """Hold the conversation about ``batch`` with what is due of devices in the same messages, for a message an uplink is known by."""
    due = {item.row: item for item in _due(list(_tellable(batch)), memory, int(interval_s * 1000))}
    told = [
        replace(item, observations=item.observations + due[item.row].observations) if item.row in due else item
        for item in batch
    ]
    receipt = yield from deliver(told, memory)
    accepted = [item for row, item in due.items() if row in receipt.accepted]
    return replace(receipt, memory={**receipt.memory, **_told_devices(accepted, receipt, memory)})


# ── devices ──


def _tellable(batch: Sequence[Item]) -> Iterator[Item]:
    return (item for item in batch if item.observations and item.uplink.receptions and item.may_tell_signal)


def _due(delivered: Sequence[Item], memory: Mapping[str, Json], interval_ms: int) -> Iterator[Item]:
    newest = {item.device.dev_eui: item for item in sorted(delivered, key=_heard_ms)}
    for dev_eui, item in newest.items():
        told_ms, snr = memory.get(f"{STATE}{dev_eui}") or (None, None)
        if told_ms is not None and _heard_ms(item) < told_ms + interval_ms:
            continue
        said = tuple(_signal(item, snr))
        if said:
            yield replace(item, observations=said)


def _signal(item: Item, told_snr: float | None) -> Iterator[Observation]:
    """Yield how ``item`` was heard: the RSSI always, for its time is when the device was last seen; the SNR where it is new."""
    own = {one.quantity for one in item.observations}  # a device that tells of a radio of its own
    best = item.uplink.best
    if best is None:
        return
    if "rssi" not in own:
        yield _observation(item, "rssi", best.rssi_dbm)
    if "snr" not in own and best.snr_db is not None and best.snr_db != told_snr:
        yield _observation(item, "snr", best.snr_db)


def _observation(item: Item, quantity: str, value: float) -> Observation:
    heard_at = item.uplink.heard_at
    return Observation(
        id=name_based_uuid(item.uplink.id, f"radio/{quantity}"),
        uplink_id=item.uplink.id,
        dev_eui=item.device.dev_eui,
        entity=item.device.entity,
        quantity=quantity,
        unit=QUANTITIES[quantity].unit,
        value=value,
        channel=None,
        observed_at=heard_at.utc,
        time_quality=heard_at.quality,
        plausibility=Plausibility.PLAUSIBLE,
        place=item.observations[0].place,  # a device that moves is where it said, not where it is registered
    )


def _told_devices(due: Sequence[Item], told: Receipt, memory: Mapping[str, Json]) -> Mapping[str, Json]:
    kept: dict[str, Json] = {}
    for item in due:
        key = f"{STATE}{item.device.dev_eui}"
        _, before = memory.get(key) or (None, None)
        said = {one.quantity: one.value for one in item.observations} if item.row in told.accepted else {}
        kept[key] = [_heard_ms(item), said.get("snr", before)]
    return kept


# ── the gateway ──


def _gateways(delivered: Sequence[Item], memory: Mapping[str, Json], interval_ms: int) -> Iterator[GatewayState]:
    # A network server's gateways are none of ours: nobody knows what software they run, nor since when.
    ours = [(best.gateway, item) for item in delivered if item.uplink.told is None and (best := item.uplink.best)]
    newest = dict(sorted(ours, key=lambda one: _heard_ms(one[1])))
    for eui, item in newest.items():
        told_ms, facts = memory.get(f"{GATEWAY}{eui}") or (None, {})
        if told_ms is not None and _heard_ms(item) < told_ms + interval_ms:
            continue
        now = _facts(item)
        yield GatewayState(
            eui=eui,
            heard_ms=_heard_ms(item),
            uptime_s=round(item.uplink.heard_at.monotonic, 1),
            facts=now if now != facts else {},
            item=item,
        )


def _facts(item: Item) -> Mapping[str, Json]:
    facts: dict[str, Json] = {"software_version": f"brygga {VERSION}"}
    place = None if item.uplink.best is None else item.uplink.best.place
    return facts if place is None else {**facts, "latitude": place.latitude, "longitude": place.longitude}


def _told_gateways(gateways: Sequence[GatewayState], told: Receipt, memory: Mapping[str, Json]) -> Mapping[str, Json]:
    kept: dict[str, Json] = {}
    for one in gateways:
        _, before = memory.get(f"{GATEWAY}{one.eui}") or (None, {})
        is_taken = one.item.row in told.accepted
        kept[f"{GATEWAY}{one.eui}"] = [one.heard_ms, dict(one.facts) or before if is_taken else before]
    return kept


# ── both ──


def _heard_ms(item: Item) -> int:
    return milliseconds(item.uplink.heard_at.utc)


@dataclass(frozen=True, slots=True)
class _After(Mapping[str, Json]):
    """The memory as it is after a receipt, without what is kept about rows.

    A view: a destination knows some things of each device, and a copy at each delivery would cost as much as all the rest.
    """

    before: Mapping[str, Json]
    learned: Mapping[str, Json]

    def __getitem__(self, key: str) -> Json:
        value = None if key.startswith(OF_ROWS) else self.learned[key] if key in self.learned else self.before[key]
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in {**self.before, **self.learned} if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _with(receipt: Receipt, told: Receipt, kept: Mapping[str, Json]) -> Receipt:
    """Return the rows' receipt with what a second conversation leaves: words and memory, and no decision."""
    learned = {key: value for key, value in told.memory.items() if not key.startswith(OF_ROWS)}
    words = dict.fromkeys([*told.refused.values(), *told.undecided.values()])
    waits = [one for one in (receipt.retry_after, told.retry_after) if one is not None]
    return replace(
        receipt,
        warnings=(*receipt.warnings, *(NOT_TAKEN.format(words=one) for one in words)),
        retry_after=max(waits, default=None),
        memory={**receipt.memory, **learned, **kept},
    )
