"""Read the frames of Watteco's (nke's) sensors: a report of one attribute of a cluster, as ZigBee has it, or a batch.

FPort 125, big endian. The lowest bit of the first octet tells the two apart: 1 a report, 0 a batch (`_batch.py`).

    FF CC KKKK AAAA [SS] TT value [causes]

    F  bits 7-5 and 2-1 (above them)  endpoint: which of several inputs
    C  01 answer to a reading (with S, its status), 0a report, 8a report of an alarm, 07 answer to a setting
    K  cluster: 0402 temperature, 0405 humidity, 000f binary input, 000c analogue input, 0050 configuration, …
    A  attribute of the cluster          T  type of the value, which tells its length

Field names are those of the vendor's codec: each value under its variable's name, and in ``samples`` with its time, which is
given to the millisecond. The causes of an alarm are told as a warning.

Source: Watteco support pages, "Applicative layer"; the vendor's codec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from decoders.catalogue.watteco import _attributes, _batch
from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._variables import STATED, Meaning, net_powers
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

F_PORT = 125
STANDARD = 0x01
READ, CONFIGURED, REPORT, ALARM = 0x01, 0x07, 0x0A, 0x8A
CAUSES = ("none", "short", "long", "reserved")

Fields = dict[str, Any]
Samples = list[tuple[str, Any, datetime | None]]  # variable, value, time
Meanings = Mapping[str, Meaning | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What one model calls its variables, and what its batches hold.

    ``units`` are the vendor's own words; ``endpoints`` has the names of a variable that comes from several of them.
    """

    units: Mapping[str, str]
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_bits: int = 0
    series: Mapping[int, Series] = field(default_factory=dict)
    stated: Mapping[str, Meaning]  # in a report
    batched: Mapping[str, Meaning]  # in a batch

    @property
    def quantities(self) -> tuple[str, ...]:
        """Return what readings of the model can state, sorted."""
        return tuple(sorted({meaning.quantity for meaning in (*self.stated.values(), *self.batched.values())}))

    def decode(self, payload: Payload) -> Decoded:
        """Read a report, a batch, or an answer to a setting; raises DecodeError only."""
        if payload.f_port != F_PORT:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {F_PORT}")
        if not payload.data[0] & STANDARD:
            return self._batch(payload)
        cursor = Cursor(payload.data)
        frame, command, cluster = cursor.u8("frame control"), cursor.u8("command"), cursor.u16("cluster")
        endpoint = frame >> 5 | (frame & 0x06) << 2
        if command == CONFIGURED:
            return Decoded((), _configured(cursor, endpoint, cluster))
        if command not in {READ, REPORT, ALARM}:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"command {command:02x}")
        return self._report(cursor, command, cluster, endpoint, payload.received_at)

    def _report(self, cursor: Cursor, command: int, cluster: int, endpoint: int, at: datetime | None) -> Decoded:
        attribute = cursor.u16("attribute")
        if command == READ and (status := cursor.u8("status")):
            return Decoded((), {"endpoint": endpoint, "status": status}, (f"reading {cluster:04x} was refused",))
        values = _attributes.read(cursor, cluster, attribute)
        samples: Samples = [
            (name if command == READ else self._name(name, endpoint), value, at) for name, value in values.items()
        ]
        warnings: tuple[str, ...] = ()
        if causes := cursor.rest():
            warnings = (f"{'alarm' if command == ALARM else 'reported'} for the causes {causes.hex()}",)
        samples = [("NA", "NA", at) if name == "NA" else (name, value, at) for name, value, at in samples]
        return Decoded(tuple(_readings(samples, self.stated, timed=False)), self._fields(samples), warnings)

    def _name(self, name: str, endpoint: int) -> str:
        names = self.endpoints.get(name, ())
        return names[endpoint] if endpoint < len(names) else name

    def _batch(self, payload: Payload) -> Decoded:
        batch = _batch.read(payload.data, self.tag_bits, self.series)
        sent = payload.received_at
        samples: Samples = [
            (one.name, _plain(one.value), None if sent is None else _milliseconds(sent) - timedelta(seconds=one.age))
            for one in batch.samples
        ]
        fields = {"batch_counter": batch.counter} | self._fields(samples)
        if sent is None:
            return Decoded((), fields, ("no time is known for the samples of a batch, so they are not stated",))
        return Decoded(tuple(_readings(samples, self.batched, timed=True)), fields)

    def _fields(self, samples: Samples) -> Fields:
        latest: dict[str, tuple[Any, datetime | None]] = {}
        for name, value, at in samples:
            before = latest[name][1] if name in latest else None
            if name not in latest or (at is not None and before is not None and at > before):
                latest[name] = (value, at)
        fields: Fields = {"samples": [self._sample(*one) for one in samples]}
        fields |= {name: value for name, (value, _) in latest.items()}
        return fields | {f"{name}_unit": self.units[name] for name in latest if name in self.units}

    def _sample(self, name: str, value: Any, at: datetime | None) -> Fields:
        sample: Fields = {"variable": name, "value": value}
        if at is not None:
            sample["date"] = _milliseconds(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return sample | ({"unit": self.units[name]} if name in self.units else {})


def _readings(samples: Samples, stated: Mapping[str, Meaning], *, timed: bool) -> Iterator[Reading]:
    found: dict[tuple[str, str | None, datetime | None], Reading] = {}
    for name, value, at in net_powers(samples):
        if (meaning := stated.get(name)) is None:
            continue
        quantity, channel = meaning.quantity, meaning.channel
        own = at if timed else None
        found[quantity, channel, own] = Reading(quantity, meaning.say(value), meaning.unit, channel, own)
    yield from found.values()


def _milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _plain(value: float) -> float:
    return int(value) if value == value // 1 else value


def _configured(cursor: Cursor, endpoint: int, cluster: int) -> Fields:
    """Return what an answer to the setting of a report says."""
    status, options, attribute = cursor.u8("status"), cursor.u8("options"), cursor.u16("attribute")
    return {
        "report": "standard",
        "endpoint": endpoint,
        "cmdID": f"0x{CONFIGURED:02X}",
        "clustID": f"0x{cluster:04X}",
        "attID": f"0x{attribute:04X}",
        "status": status,
        "report_parameters": {
            "new_mode_configuration": str(options >> 7),
            "cause_request": CAUSES[options >> 4 & 3],
            "secured_if_alarm": str(options >> 3 & 1),
            "secured": str(options >> 2 & 1),
            "no_hearde_port": str(options >> 1 & 1),  # the vendor's spelling
            "batch": str(options & 1),
        },
    }


def model(
    *,
    units: Mapping[str, str] | None = None,
    unitless: tuple[str, ...] = (),
    endpoints: Mapping[str, tuple[str, ...]] | None = None,
    tag_bits: int = 0,
    series: Mapping[int, Series] | None = None,
    reported: Meanings | None = None,
    batched: Meanings | None = None,
) -> Model:
    """Return a model that states what its variables usually mean.

    ``reported`` and ``batched`` say what they mean instead in a report and in a batch; None is nothing certain.
    """
    usual = {name: STATED[name] for name in (*(units or {}), *unitless) if name in STATED}
    return Model(
        units=units or {},
        endpoints=endpoints or {},
        tag_bits=tag_bits,
        series=series or {},
        stated=_without_none(usual | dict(reported or {})),
        batched=_without_none(usual | dict(batched or {})),
    )


def _without_none(meanings: Meanings) -> dict[str, Meaning]:
    return {name: meaning for name, meaning in meanings.items() if meaning is not None}
