"""Commands in the envelopes of ThingsBoard and Azure IoT Hub, put into this project's own words, and the states that go back.

    ThingsBoard  v1/gateway/rpc  {"device":"valve 3","data":{"id":4,"method":"downlink","params":{"f_port":6,"payload":"01ff"}}}
                                 {"device":"valve 3","data":{"id":5,"method":"interval","params":600}}
                 and back        {"device":"valve 3","id":4,"data":{"success":true,"command_state":"queued",…}}
    Azure        devices/gw-1/messages/devicebound/%24.mid=order-7&%24.exp=…&devEUI=…    {"f_port":6,"payload":"01ff"}

ThingsBoard takes one answer to a request and drops the others, so the first state is the answer, and those that follow are
telemetry of the device, with their times. Its request ids count from 0 after each start of the server (DeviceActorMessageProcessor,
`rpcSeq`): the same number may be another command, so a reference is the device's name and the id, and makes no two requests one.

Sources: thingsboard, JsonConverter.toGatewayJson and AbstractGatewaySessionHandler.onDeviceRpcResponse; Microsoft Learn, "Communicate
with an IoT hub using the MQTT protocol", "Receiving cloud-to-device messages"; azure-iot-sdk-python, mqtt_topic_iothub.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from gateway.formats.command_shapes import LONGEST_REFERENCE, Table
from gateway.formats.naming import milliseconds
from gateway.model import REFUSED, CommandState, DownlinkState, Json, Request

OCTETS: Final = "downlink"  # the method whose params are a command; every other one is a word of the device's encoder
OF_THE_REQUEST: Final = ("dev_eui", "device", "reference")
FAILURES: Final = frozenset({REFUSED, DownlinkState.FAILED, DownlinkState.DROPPED, DownlinkState.EXPIRED})
DEVICEBOUND: Final = re.compile(r"(?:^|/)messages/devicebound/(.*)$", re.DOTALL)
TICKS: Final = re.compile(r"(\.\d{6})\d+")  # .NET writes seven digits of a second, Python reads six
TELEMETRY: Final = "v1/gateway/telemetry"
OWN_TELEMETRY: Final = "v1/devices/me/telemetry"  # of the gateway: where a command named no device


def is_answer(table: Table) -> bool:
    """Tell whether a message is an answer to ThingsBoard, from a broker that gives what is sent to its senders too."""
    data = table.get("data")
    return "id" in table and not (isinstance(data, Mapping) and "method" in data)


def from_thingsboard(table: Table) -> tuple[Table, list[str]]:
    """Return a request as a command of our own words, as far as it can be read, and what is wrong with it."""
    device, data = table.get("device"), table.get("data")
    problems = []
    if not isinstance(device, str) or not device:
        device = ""
        problems.append("device: is missing; the name of a device is expected")
    if not isinstance(data, Mapping):
        return {"device": device}, [*problems, "data: is missing; an object with id, method and params is expected"]
    number, method, params = data.get("id"), data.get("method"), data.get("params")
    known: Table = {"device": device}
    if isinstance(number, int) and not isinstance(number, bool):
        known = {"device": device, "reference": json.dumps([device, number], ensure_ascii=False)}
    else:
        problems.append("data.id: is missing; ThingsBoard's number of the request is expected")
    if method != OCTETS:
        if not isinstance(method, str) or not method:
            problems.append(f"data.method: is missing; {OCTETS!r} or a word of the device's encoder is expected")
        return {**known, "command": {str(method): params}}, problems
    if not isinstance(params, Mapping):
        return known, [*problems, "data.params: is no object; f_port and payload, or command, are expected in it"]
    problems += [
        f"data.params.{key}: the request itself says it; leave it out" for key in OF_THE_REQUEST if key in params
    ]
    return {**params, **known}, problems


def from_azure(table: Table, topic: str) -> Table:
    """Return a message with what its properties say where its body does not: device, reference, expiry."""
    found = DEVICEBOUND.search(topic)
    properties = _properties(found[1]) if found else {}
    said = dict(table)
    named = properties.get("devEUI") or properties.get("dev_eui")
    if named and not {"dev_eui", "device"} & said.keys():
        said["dev_eui"] = named
    if properties.get("$.mid"):
        said.setdefault("reference", properties["$.mid"][:LONGEST_REFERENCE])
    if properties.get("$.exp") and "expires_in_s" not in said:
        said.setdefault("expires_at", TICKS.sub(r"\1", properties["$.exp"]))
    return said


def to_thingsboard(state: CommandState, topic: str, *, is_trusted: bool) -> Request:
    """Return the first state as the answer to the request, and each other one as telemetry of the device."""
    said = _said(state)
    try:
        device, number = json.loads(state.reference)
    except ValueError:  # of a request that could not be read so far
        return _request(OWN_TELEMETRY, said)
    if state.state == REFUSED or (state.state == DownlinkState.QUEUED and not state.tries):
        answer = {"success": state.state not in FAILURES, **said}
        return _request(topic, {"device": device, "id": number, "data": answer})
    entry = {"ts": milliseconds(state.at), "values": said} if is_trusted else said  # without: the server's own time
    return _request(TELEMETRY, {device: [entry]})


def to_azure(topic: str, reference: str) -> str:
    """Return the topic of a state with the command's message id as its correlation id."""
    if not reference:
        return topic
    return f"{topic}{'' if topic.endswith('/') else '&'}%24.cid={quote(reference, safe='')}"


def _said(state: CommandState) -> Mapping[str, Json]:
    said = {
        "command_state": str(state.state),
        "command_id": state.downlink,
        "command_f_cnt": state.f_cnt,
        "command_tries": state.tries or None,
        "command_detail": state.detail or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _properties(bag: str) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in bag.split("&") if pair]
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _request(target: str, said: Json) -> Request:
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(target=target, body=body, content_type="application/json")
