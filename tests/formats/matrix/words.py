"""Platforms' messages read back into statements, by readers that share nothing with the writers but the vocabulary's codes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from decoders.vocabulary import QUANTITIES
from tests.formats.matrix.ledger import Statement, at_ms
from tests.formats.senml_reader import read, resolve

UNIT_CODES: Final = {one.unit_code: one.unit for one in QUANTITIES.values() if one.unit_code} | {
    "C62": "1",
    "IE": "1",
    "LTR": "L",
    "KMH": "km/h",
    "59": "[ppm]",
    "umol/m2/s": "umol/(m2.s)",
}
UNIT_IRIS: Final = {one.unit_iri: one.unit for one in QUANTITIES.values() if one.unit_iri}
SENML: Final = {
    "%EL": "%",
    "%RH": "%",
    "/": "1",
    "A": "A",
    "Cel": "Cel",
    "Hz": "Hz",
    "J": "J",
    "NTU": "[NTU]",
    "Pa": "Pa",
    "S/m": "S/m",
    "V": "V",
    "VA": "V.A",
    "W": "W",
    "W/m2": "W/m2",
    "count": "1",
    "dB": "dB",
    "dBW": "dB{W}",
    "deg": "deg",
    "kg": "kg",
    "kg/m3": "kg/m3",
    "lat": "deg",
    "lon": "deg",
    "lx": "lx",
    "m": "m",
    "m/s": "m/s",
    "m/s2": "m/s2",
    "m3": "m3",
    "m3/s": "m3/s",
    "pH": "[pH]",
    "rad": "rad",
    "s": "s",
    "var": "V.A{reactive}",
    "vars": "V.A.s{reactive}",
}
LWM2M: Final = {"lux": "lx", "ppm": "[ppm]", "Wh": "W.h", "%RH": "%"}  # where diwise's spelling is not UCUM's
READINGS: Final = {one.ngsi_ld_attribute for one in QUANTITIES.values()} | {"textValue", "numValue", "deviceState"}
DEV_EUI: Final = re.compile(r"[0-9a-f]{16}", re.IGNORECASE)


def of_ngsi_ld(entity: Mapping[str, Any]) -> Iterator[Statement]:
    """Read an entity in normalised form; its ``source`` says whose it is."""
    dev_eui = eui_in(entity["source"]["value"])
    unit = entity.get("unit", {}).get("value", "")
    for name, said in entity.items():
        if name == "location" and entity["type"] == "Device" and "observedAt" in said:
            yield from _position(dev_eui, at_ms(said["observedAt"]), said["value"])
        elif name in READINGS - {"location"}:
            code = said.get("unitCode", unit)
            yield Statement(dev_eui, at_ms(said["observedAt"]), said["value"], UNIT_CODES.get(code, code))


def of_orion(entity: Mapping[str, Any]) -> Iterator[Statement]:
    """Read an entity of NGSIv2: the same, with types and metadata."""

    def plain(said: Mapping[str, Any]) -> dict[str, Any]:
        about = said.get("metadata", {})
        named = (("observedAt", "TimeInstant"), ("unitCode", "unitCode"))
        return {"value": said["value"]} | {ours: about[theirs]["value"] for ours, theirs in named if theirs in about}

    whole = {name: said if name in {"id", "type"} else plain(said) for name, said in entity.items()}
    return of_ngsi_ld(whole)


def _position(dev_eui: str, at: int, point: Mapping[str, Any]) -> Iterator[Statement]:
    yield from (Statement(dev_eui, at, one, "deg") for one in point["coordinates"][:2])


def of_lwm2m(pack: list[dict[str, Any]], dev_eui: str) -> Iterator[Statement]:
    """Read a pack of diwise's; its resources are the records with a number for a name."""
    places = {one["u"]: one["v"] for one in pack if one.get("u") in {"lat", "lon"}}
    at = int(pack[0]["bt"]) * 1000
    for one in pack[1:]:
        if str(one.get("n", "")).isdecimal():
            unit = LWM2M.get(one.get("u", ""), one.get("u", ""))
            yield Statement(dev_eui, at, next(one[label] for label in ("v", "vb", "vs") if label in one), unit)
    assert len(places) in {0, 2}


def of_senml(body: bytes, content_type: str) -> Iterator[Statement]:
    """Read a pack of RFC 8428 with the reader that was proved on the RFC's examples."""
    for name, unit, at, value in resolve(read(body, content_type)):
        if not name.endswith(":uplink"):
            yield Statement(eui_in(name), round(at * 1000), value, SENML.get(unit, unit))


def of_json_event(body: bytes) -> Iterator[Statement]:
    """Read our own plain JSON: one uplink with all, or one observation."""
    said = json.loads(body)
    for one in said.get("observations", [said]):
        yield Statement(said["device"]["dev_eui"], at_ms(one["time"]), one["value"], one["unit"], one["quantity"])


def of_template(body: bytes) -> Iterator[Statement]:
    """Read the template's own default body."""
    said = json.loads(body)
    for one in said["observations"]:
        yield Statement(said["device"], at_ms(one["time"]), one["value"], one["unit"], one["quantity"])


def of_network_server(body: bytes) -> Iterator[Statement]:
    """Read the decoded object of a ChirpStack's event or a Things Stack's message."""
    said = json.loads(body)
    if "deviceInfo" in said:
        dev_eui, decoded = said["deviceInfo"]["devEui"], said["object"]
    else:
        dev_eui, decoded = said["end_device_ids"]["dev_eui"].lower(), said["uplink_message"]["decoded_payload"]
    for one in decoded["observations"]:
        yield Statement(dev_eui, at_ms(one["time"]), one["value"], one["unit"], one["quantity"])


def of_rec_edge(body: bytes) -> Iterator[Statement]:
    """Read a message of RealEstateCore's edge."""
    said = json.loads(body)
    for one in said["observations"]:
        [value] = [one[label] for label in ("value", "valueString", "valueBoolean") if label in one]
        unit = UNIT_IRIS[one["unit"]] if "unit" in one else ""
        yield Statement(eui_in(said["deviceId"]), at_ms(one["observationTime"]), value, unit)


def of_observation(one: Mapping[str, Any], stream: Mapping[str, Any]) -> Statement:
    """Read an Observation of SensorThings with its Datastream."""
    unit = UNIT_IRIS.get(stream["unitOfMeasurement"]["definition"], "")
    return Statement(eui_in(json.dumps(stream)), at_ms(one["phenomenonTime"]), one["result"], unit)


def eui_in(text: str) -> str:
    """Return the DevEUI that a name holds."""
    found = DEV_EUI.search(text)
    assert found is not None, text
    return found[0].lower()
