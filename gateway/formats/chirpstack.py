"""ChirpStack v4's up event, so that an integration with a ChirpStack sees no difference.

    topic  application/<application>/device/<dev_eui>/event/up        over HTTP: POST /<path>?event=up
    {"deduplicationId":"<uplink id>","time":"2026-03-01T12:00:01.123456+00:00",
     "deviceInfo":{…,"devEui":"a81758fffe03abcd"},"devAddr":"01020304","dr":5,"fCnt":1,"fPort":5,
     "data":"AQID","object":{…},"rxInfo":[{"gatewayId":"aa555a0000000001","rssi":-80,"snr":9.5,…}],
     "txInfo":{"frequency":868100000,"modulation":{"lora":{…}}}}

Source: ChirpStack d77207c, api/proto/integration and gw, and api/rust/build.rs: the event's own fields are there when they
are 0, false or empty (``emit_fields``), those of rxInfo and txInfo are not. It is also what diwise's MQTT door takes (facade
``chirpstackv4``), which keeps ``time``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.formats import Conversation
from gateway.formats.naming import Template
from gateway.formats.network_server import (
    Object,
    check_object,
    check_region,
    data_rate_index,
    decoded,
    dev_addr,
    rfc3339,
    told,
)
from gateway.formats.parts import OneByOne, Said
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rounds import Rounds
from gateway.model import FskRate, Item, Json, LoraRate, Reception

TOPIC: Final = "application/{application}/device/{dev_eui}/event/up"
WORDS: Final = ("application", "dev_eui", "device")
CODE_RATE: Final = "CR_4_5"  # LoRaWAN uplinks have no other (RP002, 4.1)


class ChirpStack(OneByOne):
    """ChirpStack's JSON as a format: one event for each uplink, over MQTT or HTTP."""

    def __init__(
        self,
        *,
        topic: str = TOPIC,
        application: str = "brygga",
        application_name: str = "",
        tenant: str = "",
        tenant_name: str = "",
        region: str = "eu868",
        object: Object = "fields",  # noqa: A002 - ChirpStack's word
    ) -> None:
        """Take whose events these are; ValueError says what cannot be.

        ``topic`` knows {application}, {dev_eui} and {device}; over HTTP it is a path, "/up?event=up".
        ``application``, ``tenant``: their ids there, UUIDs as a rule. ``region``: as ChirpStack names its configuration.
        ``object``: the decoder's own "fields" (where there are none, the observations), "observations", or "both".
        """
        check_region(region)
        check_object("object", object)
        if not application:
            raise ValueError("application: is empty; the application's id is expected")
        self._topic = Template("topic", topic, WORDS)
        self._application = application
        self._owner = {
            "tenantId": tenant,
            "tenantName": tenant_name,
            "applicationId": application,
            "applicationName": application_name or application,
        }
        self._region = region
        self._object: Object = object

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send all events side by side and believe each answer."""
        return Rounds(batch, memory, self, patience=UNKNOWN_PLATFORM).talk()

    def say(self, item: Item) -> Said:
        """Return the event of ``item``, also of one without observations: its data may be read there."""
        device = item.device
        words = {"application": self._application, "dev_eui": device.dev_eui, "device": device.name or device.dev_eui}
        return told(item, self._topic.fill(**words), self._event(item))

    def _event(self, item: Item) -> Mapping[str, Json]:
        uplink = item.uplink
        return {
            "deduplicationId": str(uplink.id),
            "time": uplink.heard_at.utc.isoformat(),
            "deviceInfo": self._device_info(item),
            "devAddr": dev_addr(item),
            "adr": uplink.adr,
            "dr": 0 if uplink.best is None else data_rate_index(self._region, uplink.best.data_rate),
            "fCnt": uplink.f_cnt,
            "fPort": uplink.f_port,
            "confirmed": uplink.confirmed,
            "data": b64encode(uplink.payload).decode(),
            "object": decoded(item, self._object),
            "rxInfo": [_rx_info(one, item) for one in uplink.receptions],
            "txInfo": {} if uplink.best is None else _tx_info(uplink.best),
            "regionConfigId": self._region,
        }

    def _device_info(self, item: Item) -> Mapping[str, Json]:
        device = item.device
        return {
            **self._owner,
            "deviceProfileId": "",
            "deviceProfileName": device.decoder,
            "deviceName": device.name or device.dev_eui,
            "devEui": device.dev_eui,
            "deviceClassEnabled": f"CLASS_{device.device_class}",
            "tags": dict.fromkeys(sorted(device.tags), "true"),  # here a tag is a word, there it has a value
        }


def _rx_info(reception: Reception, item: Item) -> Mapping[str, Json]:
    """Return how one antenna heard it; rssi is a whole number there, and a fraction is refused by its readers."""
    said: dict[str, Json] = {
        "gatewayId": reception.gateway,
        "uplinkId": item.uplink.id.int & 0xFFFFFFFF,
        "nsTime": item.uplink.heard_at.utc.isoformat(),
    }
    if "rssi" not in item.untold:
        said["rssi"] = round(reception.rssi_dbm)
    if reception.gateway_time is not None:
        said["gwTime"] = rfc3339(reception.gateway_time)
    snr = None if "snr" in item.untold else reception.snr_db
    said |= {
        name: value
        for name, value in (("snr", snr), ("channel", reception.channel), ("antenna", reception.antenna))
        if value
    }
    if (place := reception.place) is not None:
        altitude = {} if place.altitude_m is None else {"altitude": place.altitude_m}
        said["location"] = {"latitude": place.latitude, "longitude": place.longitude, **altitude}
    if reception.timestamp_us is not None:  # as the gateway bridge's concentratord writes its context
        said["context"] = b64encode(reception.timestamp_us.to_bytes(4, "big")).decode()
    return {**said, "crcStatus": "CRC_OK"}


def _tx_info(reception: Reception) -> Mapping[str, Json]:
    match reception.data_rate:
        case LoraRate(spreading_factor, bandwidth_hz):
            lora = {"bandwidth": bandwidth_hz, "spreadingFactor": spreading_factor, "codeRate": CODE_RATE}
            return {"frequency": reception.frequency_hz, "modulation": {"lora": lora}}
        case FskRate(bit_rate):
            return {"frequency": reception.frequency_hz, "modulation": {"fsk": {"datarate": bit_rate}}}
