"""What each format costs an observation, in µs of CPU and octets on the wire: `python -m bench.formats [--json]`.

Octets are those of requests with their heads, before TLS: an HTTP request as the agent's client sends it, or a PUBLISH packet
with its properties. The platform takes everything at once, so none is sent twice; answers are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench import figures
from bench.figures import Spread
from bench.lot import batches, make
from gateway.formats import Conversation, Format, catalogue
from gateway.model import Answer, Item, Receipt, Request, Verdict
from gateway.transports.packing import LEVEL, SMALLEST
from gateway.transports.publication import pack, packet_octets

BATCH: Final = 100  # uplinks of a conversation, as `destination.batch`
A_MINUTE: Final = 5  # uplinks of 50 devices that speak every ten: what `link = "metered"` tells at once
HEAD: Final = "Host: platform.example\r\nUser-Agent: brygga\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
AZURE: Final = {"device": "gateway-1"}


@dataclass(frozen=True, slots=True)
class Case:
    """A format on its way; ``batch`` uplinks are told at once."""

    name: str
    format: str
    over: str  # "HTTP" or "MQTT"
    options: Mapping[str, Any]
    batch: int = BATCH


@dataclass(frozen=True, slots=True)
class Cost:
    """What a case costs an observation."""

    case: Case
    cpu_us: Spread
    octets: float
    packed: float | None  # with gzip; None where the way has none
    requests: float  # an uplink


class Taking:
    """A platform that takes everything, and says of what it has made where that is."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        """Take a request."""
        self.requests.append(request)
        if request.method == "GET":
            return Answer(verdict=Verdict.TAKEN, status=200, body=b'{"value":[]}')
        if request.target.endswith("/CreateObservations"):
            rows = sum(len(group["dataArray"]) for group in json.loads(request.body))
            return Answer(verdict=Verdict.TAKEN, status=201, body=json.dumps(["link"] * rows).encode())
        made = {"Location": f"http://x/Things({len(self.requests)})"}
        return Answer(verdict=Verdict.TAKEN, status=201, body=b"[]", headers=made)


def cases(devices: Sequence[str]) -> Sequence[Case]:
    """Return what is measured."""
    ids = {dev_eui: f"device-{number}" for number, dev_eui in enumerate(devices)}
    return (
        Case("SenML JSON", "senml", "MQTT", {}),
        Case("SenML CBOR", "senml", "MQTT", {"encoding": "cbor"}),
        Case("SenML JSON over HTTP", "senml", "HTTP", {"topic": "/senml/{dev_eui}"}),
        Case("SenML CBOR over HTTP", "senml", "HTTP", {"topic": "/senml/{dev_eui}", "encoding": "cbor"}),
        Case("json", "json", "MQTT", {}),
        Case("json, observations alone", "json", "MQTT", {"parts": ["observations"]}),
        Case("json over HTTP, one by one", "json", "HTTP", {"topic": "/in"}),
        Case("json over HTTP, 50 together", "json", "HTTP", {"topic": "/in", "batch": 50}),
        Case("template", "template", "MQTT", {}),
        Case("NGSI-LD, 100 uplinks at once", "ngsi_ld", "HTTP", {"late": "send"}),
        Case("NGSI-LD, live", "ngsi_ld", "HTTP", {"late": "send"}, batch=1),
        Case("NGSI-LD, a minute", "ngsi_ld", "HTTP", {"late": "send"}, batch=A_MINUTE),
        Case("NGSI-LD, @context in a header", "ngsi_ld", "HTTP", {"late": "send", **_LINKED}),
        Case("NGSI-LD, merging", "ngsi_ld", "HTTP", {"late": "send", "way": "merge"}),
        Case("NGSIv2", "ngsi_v2", "HTTP", {"late": "send"}),
        Case("diwise", "diwise", "HTTP", {"ids": ids, "late": "send"}),
        Case("SensorThings, DataArray", "sensorthings", "HTTP", {}),
        Case("SensorThings, live", "sensorthings", "HTTP", {}, batch=1),
        Case("SensorThings, a minute", "sensorthings", "HTTP", {}, batch=A_MINUTE),
        Case("SensorThings, one by one", "sensorthings", "HTTP", {"write": "single"}),
        Case("Yggio", "yggio", "MQTT", {}),
        Case("IoT Open", "iot_open", "MQTT", {}),
        Case("ThingsBoard, gateway", "thingsboard", "MQTT", {}),
        Case("ThingsBoard, a minute", "thingsboard", "MQTT", {}, batch=A_MINUTE),
        Case("ThingsBoard, live", "thingsboard", "MQTT", {}, batch=1),
        Case("ThingsBoard, by token", "thingsboard", "HTTP", {"topic": "/api/v1/{id}/telemetry", "ids": ids}),
        Case("RealEstateCore", "rec_edge", "MQTT", {}),
        Case("ChirpStack", "chirpstack", "MQTT", {}),
        Case("The Things Stack", "the_things_stack", "MQTT", {}),
        Case("Azure IoT Hub, json", "azure_iot", "MQTT", AZURE),
        Case("Azure IoT Hub, SenML CBOR", "azure_iot", "MQTT", {**AZURE, **_CBOR}),
        Case("AWS IoT Core, json", "aws_iot", "MQTT", {}),
    )


_LINKED: Final = {"context_in": "link", "context": ["https://platform.example/context.jsonld"]}
_CBOR: Final = {"body": "senml", "body_options": {"encoding": "cbor"}}


def measure(case: Case, items: Sequence[Item], repetitions: int) -> Cost:
    """Measure a case from its beginning: what has to be made or introduced first is in it."""
    chunks = batches(items, case.batch)
    observations = sum(len(item.observations) for item in items)
    seconds = [_timed(catalogue.make(case.format, case.options), chunks) for _ in range(repetitions)]
    taking = Taking()
    _tell(catalogue.make(case.format, case.options), chunks, taking, {})
    weigh = _packet if case.over == "MQTT" else _exchange
    octets = sum(weigh(request, request.body, {}) for request in taking.requests)
    packed = sum(_exchange(request, *_packed(request)) for request in taking.requests)
    return Cost(
        case,
        Spread.of(one * 1e6 / observations for one in seconds),
        octets / observations,
        packed / observations if case.over == "HTTP" else None,
        len(taking.requests) / len(items),
    )


def _timed(words: Format, chunks: Sequence[Sequence[Item]]) -> float:
    taking = Taking()
    gc.collect()
    begun = time.process_time()
    _tell(words, chunks, taking, {})
    return time.process_time() - begun


def _tell(
    words: Format, chunks: Sequence[Sequence[Item]], answer: Callable[[Request], Answer], memory: dict[str, Any]
) -> None:
    for chunk in chunks:
        receipt = _receipt(words.deliver(chunk, memory), answer)
        if receipt.refused:
            raise RuntimeError(f"a figure of what was refused is none: {receipt.refused}")
        memory |= receipt.memory


def _receipt(conversation: Conversation, answer: Callable[[Request], Answer]) -> Receipt:
    try:
        requests = next(conversation)
        while True:
            requests = conversation.send([answer(request) for request in requests])
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # a generator's value is not typed here


def _packet(request: Request, _: bytes, __: Mapping[str, str]) -> int:
    return packet_octets(request, pack(request.content_type, request.headers))


def _exchange(request: Request, body: bytes, encoding: Mapping[str, str]) -> int:
    kind = {"Content-Type": request.content_type} if request.content_type else {}
    said = {**kind, **encoding, **request.headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return len(f"{request.method} {request.target} HTTP/1.1\r\n{HEAD}{lines}\r\n".encode()) + len(body)


def _packed(request: Request) -> tuple[bytes, Mapping[str, str]]:
    if len(request.body) < SMALLEST:
        return request.body, {}
    return gzip.compress(request.body, LEVEL, mtime=0), {"Content-Encoding": "gzip"}


def shown(costs: Sequence[Cost]) -> str:
    """Return the table."""
    heads = ("an observation", "way", "µs", "min", "max", "octets", "with gzip", "requests an uplink")
    rows = [
        (
            cost.case.name,
            cost.case.over,
            *cost.cpu_us.cells(),
            figures.shown(cost.octets),
            "" if cost.packed is None else figures.shown(cost.packed),
            figures.shown(cost.requests),
        )
        for cost in costs
    ]
    return figures.table(heads, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.formats", description=__doc__)
    parser.add_argument("--uplinks", type=int, default=2000)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    items = asyncio.run(make(options.uplinks, options.devices)).items
    facts = figures.machine()
    each = sum(len(item.observations) for item in items) / len(items)
    devices = sorted({item.device.dev_eui for item in items})
    costs = [measure(case, items, options.repetitions) for case in cases(devices)]
    if options.json:
        found = {
            cost.case.name: {"cpu_us": cost.cpu_us.as_json(), "octets": cost.octets, "gzip_octets": cost.packed}
            for cost in costs
        }
        figures.print_json({"machine": facts, "observations_an_uplink": each, "formats": found})
        return
    print(
        f"{figures.machine_line(facts)}\n{options.uplinks} uplinks of {len(devices)} devices, {each:.1f} observations each\n"
    )
    print(shown(costs))


if __name__ == "__main__":
    main()
