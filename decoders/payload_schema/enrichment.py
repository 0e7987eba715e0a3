"""``metadata``: fields that come from the network's side, and times that are computed from fields.

Of the network's side a decoder knows the port and the time of reception; what else a table asks for (`$rxMetadata[0].rssi`,
`$devEui`) is left out, for the platforms get it beside the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.payload_schema.document import Mapping, shown

Fields = dict[str, Any]
Enrich = Callable[[Fields, datetime | None, int], None]
"""Add what is known to the fields."""

ENTRY = ("name", "source", "mode", "field", "offset_field", "elapsed_field", "time_base", "format", "description")
DIRECTIVES = "YmdHMSfzZjybBaAIpF%T"  # of strftime; its widths ("%1000000000d") would fill a memory
LONGEST_FORMAT = 60
NO_TIME = (OSError, OverflowError, ValueError)  # of a year that no calendar has: the field is left out
MODES = ("rx_time", "subtract", "unix_epoch", "iso8601", "elapsed_to_absolute")


def enrichment(table: Mapping) -> list[Enrich]:
    """Return what the ``metadata`` of a table adds to its fields; raises TableError."""
    metadata = table.part("metadata")
    metadata.only({"include", "timestamps", "description"}, (), "metadata")
    included = [_include(entry) for entry in _entries(metadata, "include")]
    return [*(one for one in included if one), *(_timestamp(entry) for entry in _entries(metadata, "timestamps"))]


def _entries(metadata: Mapping, key: str) -> Sequence[Mapping]:
    entries = metadata.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise metadata.wrong(f"{key} is a list of mappings", key)
    for entry in entries:
        entry.only(ENTRY, (), f"an entry of {key}")
        if not isinstance(entry.get("name", "timestamp"), str):
            raise entry.wrong("name is a text", "name")
    return entries


def _include(entry: Mapping) -> Enrich | None:
    name, source = entry.get("name"), entry.get("source")
    if not isinstance(name, str) or not isinstance(source, str) or not source.startswith("$"):
        raise entry.wrong("an entry of include has a name and a source, as $recvTime")
    if source == "$fPort":
        return lambda fields, _, port: fields.update({name: port})
    return _received(name) if source == "$recvTime" else None


def _timestamp(entry: Mapping) -> Enrich:
    name, mode = entry.get("name", "timestamp"), entry.get("mode")
    if mode is not None and not isinstance(mode, str):
        raise entry.wrong(f"mode is one of {', '.join(MODES)}, not {shown(mode)}", "mode")
    if mode == "rx_time" or (mode is None and entry.get("source") == "$recvTime"):
        return _received(name)
    if mode in {"subtract", "elapsed_to_absolute"}:
        return _before(name, _field(entry, "elapsed_field" if "elapsed_field" in entry else "offset_field"))
    if mode == "unix_epoch":
        return _epoch(name, _field(entry, "field"), _iso)
    if mode == "iso8601":
        return _epoch(name, _field(entry, "field"), _formatter(entry))
    raise entry.wrong(f"mode is one of {', '.join(MODES)}, not {shown(mode)}", "mode")


def _field(entry: Mapping, key: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str):
        raise entry.wrong(f"{key} names a field", key)
    return found.removeprefix("$")


def _received(name: str) -> Enrich:
    def enrich(fields: Fields, received_at: datetime | None, _: int) -> None:
        if received_at is not None:
            fields[name] = _iso(received_at)

    return enrich


def _before(name: str, field: str) -> Enrich:
    def enrich(fields: Fields, received_at: datetime | None, _: int) -> None:
        seconds = fields.get(field)
        if received_at is not None and isinstance(seconds, int | float):
            with suppress(*NO_TIME):
                fields[name] = _iso(received_at - timedelta(seconds=seconds))

    return enrich


def _epoch(name: str, field: str, say: Callable[[datetime], str]) -> Enrich:
    def enrich(fields: Fields, _: datetime | None, __: int) -> None:
        seconds = fields.get(field)
        if isinstance(seconds, int | float):
            with suppress(*NO_TIME):
                fields[name] = say(datetime.fromtimestamp(seconds, UTC))

    return enrich


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _formatter(entry: Mapping) -> Callable[[datetime], str]:
    form = entry.get("format", "%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(form, str) or len(form) > LONGEST_FORMAT:
        raise entry.wrong(f"format is a text of at most {LONGEST_FORMAT} characters", "format")
    pieces = form.replace("%%", "").split("%")[1:]
    if not all(piece and piece[0] in DIRECTIVES for piece in pieces):
        raise entry.wrong(f"format: a % is followed by one of {' '.join(DIRECTIVES)}", "format")
    return lambda moment: moment.strftime(form)
