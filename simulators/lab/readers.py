"""Which uplinks a platform was told of, read from what it was told: by id, or by device and time where its language has no place for an id."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import cbor2

from gateway.formats.naming import timestamp
from simulators.dry_run.seen import Seen

TIMED: Final = " at "  # between a device and a time, where a platform is told no id of an uplink
SENML_TEXT: Final = 3  # the label of a text in CBOR, RFC 8428, section 6
TOPIC_OF_IOT_OPEN: Final = re.compile(r"obj/[^/]+/([0-9a-f]{16})/")
TELEMETRY: Final = re.compile(r"/api/v1/([^/]+)/telemetry")
CORRELATION: Final = "as:up:"

Said = Iterator[tuple[str, str]]
Reads = Callable[[Seen], Said]
"""Yield the ids of uplinks, or device and time, each with what of it was told: the same again is the same once more."""


def json_of(seen: Seen) -> Any:
    """Return a body; None where it is none."""
    try:
        return json.loads(seen.body)
    except ValueError:
        return None


def objects(said: Any) -> list[Mapping[str, Any]]:
    """Return an object, or those of a list."""
    return [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, dict)]


def all_objects(said: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each object, and those within."""
    if isinstance(said, dict):
        yield said
    for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from all_objects(one)


def by_id(name: str) -> Reads:
    """Read an event for each uplink, with its id under ``name``."""
    return lambda seen: ((str(one.get(name, "")), "") for one in objects(json_of(seen)))


def by_correlation(seen: Seen) -> Said:
    """Read The Things Stack's messages."""
    for one in objects(json_of(seen)):
        for text in one.get("correlation_ids", ()):
            if str(text).startswith(CORRELATION):
                yield str(text).removeprefix(CORRELATION), ""


def by_source(seen: Seen) -> Said:
    """Read entities whose `source` ends with an uplink's id; what a gateway says of itself comes of none."""
    for one in all_objects(json_of(seen)):
        source = one.get("source")
        _, named, uplink = str(source.get("value", "") if isinstance(source, dict) else "").rpartition("#")
        if named:
            yield uplink, " ".join([str(one.get("id", seen.asked)), *sorted(one)])


def by_parameters(seen: Seen) -> Said:
    """Read Observations of SensorThings, which name their uplink and themselves."""
    if not seen.asked.startswith("GET "):
        for one in all_objects(json_of(seen)):
            if "uplink" in one and "observation" in one:
                yield str(one["uplink"]), str(one["observation"])


def by_pack(seen: Seen) -> Said:
    """Read the first record of a SenML pack."""
    said = json_of(seen)
    if said is None:
        said = cbor2.loads(seen.body)
    first: Mapping[Any, Any] = next(iter(objects(said)), {})
    yield str(first.get("vs", first.get(SENML_TEXT, ""))), ""


def by_reported_at(seen: Seen) -> Said:
    """Read what a node of Yggio is told over HTTP."""
    for one in objects(json_of(seen)):
        yield f"{one.get('devEui', '')}{TIMED}{one.get('reportedAt', '')}", " ".join(sorted(one))


def by_topic(seen: Seen) -> Said:
    """Read a value of IoT Open, whose topic has the device."""
    found, said = TOPIC_OF_IOT_OPEN.search(seen.asked), json_of(seen)
    if found is not None and isinstance(said, dict) and "timestamp" in said:
        yield f"{found[1]}{TIMED}{timestamp(round(said['timestamp'] * 1000))}", seen.asked


def by_telemetry(seen: Seen) -> Said:
    """Read ThingsBoard's telemetry, of a gateway's devices or of one by its token; attributes are of no uplink."""
    said, token = json_of(seen), TELEMETRY.search(seen.asked)
    devices: Mapping[str, Any] = {}
    if token is not None:
        devices = {token[1]: said}
    elif seen.asked == "PUBLISH v1/gateway/telemetry" and isinstance(said, dict):
        devices = said
    for device, values in devices.items():
        for one in objects(values):
            yield f"{device}{TIMED}{timestamp(one['ts'])}", " ".join(sorted(one["values"]))


def by_observation_time(seen: Seen) -> Said:
    """Read RealEstateCore's edge messages."""
    for one in objects(json_of(seen)):
        device = str(one.get("deviceId", "")).rpartition(":")[2]
        observations: Sequence[Mapping[str, Any]] = objects(one.get("observations", []))
        for at in {str(each.get("observationTime")): None for each in observations}:
            yield f"{device}{TIMED}{at}", ""


READS: Final[Mapping[str, Reads]] = {  # by the format of the way
    "ngsi_ld": by_source,
    "ngsi_v2": by_source,
    "sensorthings": by_parameters,
    "sensorthings_mqtt": by_parameters,
    "yggio": by_reported_at,
    "iot_open": by_topic,
    "thingsboard": by_telemetry,
    "azure_iot": by_id("id"),
    "aws_iot": by_id("id"),
    "rec_edge": by_observation_time,
    "chirpstack": by_id("deduplicationId"),
    "the_things_stack": by_correlation,
    "senml": by_pack,
    "json": by_id("id"),
    "template": by_id("id"),
}
TIMED_FORMATS: Final = frozenset(
    {"yggio", "iot_open", "thingsboard", "rec_edge"}
)  # that have no place for an uplink's id
