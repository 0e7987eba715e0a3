"""Each format on each way that has words of its own, as a configuration would make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from decoders.vocabulary import QUANTITIES
from gateway.formats import Format
from gateway.formats.catalogue import make
from tests.formats.matrix.backlog import DEVICES

IDS: Final = {device.dev_eui: f"known-{number}" for number, device in enumerate(DEVICES)}
STREAMS: Final = {f"{device.dev_eui}/{name}": number for number, device in enumerate(DEVICES) for name in QUANTITIES}
PUSH: Final = "/http-push/generic?identifier=devEui"
MADE: Final[Mapping[str, Callable[[], Format]]] = {
    "ngsi_ld": lambda: make("ngsi_ld", {}),
    "ngsi_ld, merging": lambda: make("ngsi_ld", {"way": "merge"}),
    "ngsi_ld, history": lambda: make("ngsi_ld", {"late": "temporal"}),
    "ngsi_v2": lambda: make("ngsi_v2", {}),
    "diwise": lambda: make("diwise", {"ids": IDS}),
    "chirpstack": lambda: make("chirpstack", {}),
    "the_things_stack": lambda: make("the_things_stack", {}),
    "senml": lambda: make("senml", {}),
    "senml, CBOR": lambda: make("senml", {"encoding": "cbor"}),
    "sensorthings": lambda: make("sensorthings", {}),
    "sensorthings, nothing made": lambda: make("sensorthings", {"create": False, "datastreams": STREAMS}),
    "sensorthings_mqtt": lambda: make("sensorthings_mqtt", {"datastreams": STREAMS}),
    "json": lambda: make("json", {}),
    "json, in arrays": lambda: make("json", {"batch": 7}),
    "template": lambda: make("template", {}),
    "template, late": lambda: make("template", {"late": "refuse"}),
    "azure_iot": lambda: make("azure_iot", {}),
    "aws_iot": lambda: make("aws_iot", {}),
    "yggio": lambda: make("yggio", {}),
    "yggio, pushed": lambda: make("yggio", {"topic": PUSH}),
    "iot_open": lambda: make("iot_open", {}),
    "thingsboard": lambda: make("thingsboard", {}),
    "thingsboard, by token": lambda: make("thingsboard", {"topic": "/api/v1/{id}/telemetry", "ids": IDS}),
    "rec_edge": lambda: make("rec_edge", {}),
}
