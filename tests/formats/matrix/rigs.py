"""The rows of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.platforms import ngsi_ld, thingsboard
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.iot_open import IotOpenBroker
from tests.formats.matrix import words
from tests.formats.matrix.broker_rigs import (
    aws_rig,
    azure_rig,
    checked,
    iot_open_ledger,
    read_by,
    senml_rig,
    sensorthings_mqtt_rig,
    yggio_broker,
)
from tests.formats.matrix.rig import EVER, TOKEN, Kind
from tests.formats.matrix.web_rigs import (
    diwise_rig,
    ngsi_ld_rig,
    orion_rig,
    sensorthings_rig,
    tb_ledger,
    thingsboard_http_rig,
    yggio_push_rig,
)

KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind(lambda: ngsi_ld_rig(ngsi_ld.NgsiLdReceiver(), {})),
    "ngsi_ld, Orion-LD's answers": Kind(
        lambda: ngsi_ld_rig(ngsi_ld.NgsiLdReceiver(dialect="orion_ld"), {"late": "send"})
    ),
    "ngsi_ld, merging": Kind(lambda: ngsi_ld_rig(DiwiseContextBroker(token=TOKEN), {"way": "merge"})),
    "ngsi_v2": Kind(orion_rig),
    "diwise": Kind(diwise_rig, resolution_ms=1000),
    "sensorthings": Kind(lambda: sensorthings_rig("frost"), asks=True),
    "sensorthings, one by one": Kind(lambda: sensorthings_rig("frost", write="single"), asks=True),
    "sensorthings_mqtt": Kind(sensorthings_mqtt_rig),
    "yggio": Kind(checked(yggio_broker, "yggio", lambda platform: platform.kept.ledger)),
    "yggio, pushed": Kind(yggio_push_rig, stale_s=600, resolution_ms=EVER),
    "iot_open": Kind(checked(IotOpenBroker, "iot_open", iot_open_ledger)),
    "thingsboard": Kind(
        checked(thingsboard.ThingsBoardBroker, "thingsboard", lambda platform: tb_ledger(platform.kept))
    ),
    "thingsboard, by token": Kind(thingsboard_http_rig),
    "rec_edge": Kind(read_by(words.of_rec_edge, "rec_edge")),
    "senml": Kind(senml_rig("json")),
    "senml, CBOR": Kind(senml_rig("cbor")),
    "json": Kind(read_by(words.of_json_event, "json")),
    "json, one by one": Kind(read_by(words.of_json_event, "json", per="observation")),
    "template": Kind(read_by(words.of_template, "template")),
    "chirpstack": Kind(read_by(words.of_network_server, "chirpstack")),
    "the_things_stack": Kind(read_by(words.of_network_server, "the_things_stack")),
    "azure_iot": Kind(azure_rig),
    "aws_iot": Kind(aws_rig),
}
