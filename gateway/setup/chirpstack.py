"""ChirpStack on this machine: its gateway side (MQTT Forwarder, Gateway Bridge, Concentratord) and its network server."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.model import Json
from gateway.setup.findings import ChirpstackForwarder, Concentratord, Process, ServerHere
from gateway.setup.machine import Machine

MQTT_FORWARDER: Final = "chirpstack-mqtt-forwarder"
GATEWAY_BRIDGE: Final = "chirpstack-gateway-bridge"
TITLES: Final = {MQTT_FORWARDER: "ChirpStack MQTT Forwarder", GATEWAY_BRIDGE: "ChirpStack Gateway Bridge"}
SCHEMES: Final = {"tcp": "mqtt", "mqtt": "mqtt", "ssl": "mqtts", "tls": "mqtts", "mqtts": "mqtts"}  # as both write them
SOCKETS: Final = ("tmp/concentratord_event", "tmp/concentratord_slot*_event", "tmp/*/concentratord_event")
USUAL_BROKER: Final = "mqtt://127.0.0.1"


def forwarders(machine: Machine, processes: Sequence[Process]) -> Iterator[ChirpstackForwarder]:
    """Yield the MQTT Forwarder and the Gateway Bridge where their files are there."""
    for name, title in TITLES.items():
        file = machine.at(f"etc/{name}/{name}.toml")
        if (said := _toml(machine, file)) is None:
            continue
        mqtt = said if name == MQTT_FORWARDER else _table(_table(said, "integration"), "mqtt")
        mqtt = _table(mqtt, "mqtt") if name == MQTT_FORWARDER else mqtt
        login = mqtt if name == MQTT_FORWARDER else _table(_table(mqtt, "auth"), "generic")
        server = login.get("server") or next(iter(login.get("servers") or ()), "")
        yield ChirpstackForwarder(
            title=title,
            file=file,
            url=broker_url(str(server)),
            prefix=_prefix(mqtt),
            username=str(login.get("username", "")),
            process=next((one for one in processes if one.name == name), None),
        )


def concentratords(machine: Machine) -> Iterator[Concentratord]:
    """Yield each Concentratord whose two sockets are there."""
    for event in machine.found(*SOCKETS):
        command = event.with_name(event.name.replace("_event", "_command"))
        if command.exists():
            yield Concentratord(
                event_url=f"ipc://{machine.shown(event)}",
                command_url=f"ipc://{machine.shown(command)}",
                is_open=os.access(event, os.W_OK) and os.access(command, os.W_OK),
            )


def servers(machine: Machine) -> Iterator[ServerHere]:
    """Yield ChirpStack's network server where its file is there."""
    file = machine.at("etc/chirpstack/chirpstack.toml")
    if (said := _toml(machine, file)) is not None:
        server = _table(_table(said, "integration"), "mqtt").get("server", "")
        yield ServerHere(file=file, url=broker_url(str(server)))


def broker_url(server: str) -> str:
    """Return a broker's address as brygga.toml has it, of "tcp://127.0.0.1:1883" or with a variable in it."""
    found = re.fullmatch(r"(\w+)://([\w.-]+|\[[0-9A-Fa-f:]+\])(?::(\d+))?/?", server)
    if found is None or found[1] not in SCHEMES:
        return USUAL_BROKER
    scheme = SCHEMES[found[1]]
    port = "" if found[3] in {None, "1883" if scheme == "mqtt" else "8883"} else f":{found[3]}"
    return f"{scheme}://{found[2]}{port}"


def _prefix(mqtt: Mapping[str, Json]) -> str:
    """Return what stands before `gateway/…`: the forwarder's own key, or the beginning of the bridge's template."""
    if (said := mqtt.get("topic_prefix")) is not None:
        return str(said).strip("/")
    template = str(mqtt.get("event_topic_template", "gateway/"))
    return template.partition("gateway/")[0].strip("/")


def _toml(machine: Machine, file: Path) -> Mapping[str, Any] | None:
    text = machine.text(file)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(table: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = table.get(key, {})
    return found if isinstance(found, dict) else {}
