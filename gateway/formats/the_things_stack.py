"""The Things Stack v3's uplink message, so that an integration with a Things Stack sees no difference.

    topic  v3/<application>/devices/<device>/up                      over HTTP a webhook's path
    {"end_device_ids":{"device_id":"eui-a81758fffe03abcd","application_ids":{"application_id":"brygga"},
                       "dev_eui":"A81758FFFE03ABCD","dev_addr":"01020304"},
     "correlation_ids":["as:up:<uplink id>"],"received_at":"2026-03-01T12:00:01.123456Z",
     "uplink_message":{"f_port":5,"f_cnt":1,"frm_payload":"AQID","decoded_payload":{…},"normalized_payload":[{…}],
                       "rx_metadata":[{…}],"settings":{"data_rate":{"lora":{…}},"frequency":"868100000"},…}}

Source: TheThingsNetwork/lorawan-stack 1d21821, api/ttn/lorawan/v3 (ApplicationUp, ApplicationUplink), and the data formats
page: what is 0, false or empty is left out, EUIs are upper case, 64-bit numbers are texts. The stack's own `session_key_id`
and `consumed_airtime` are left out.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.formats import Conversation
from gateway.formats.naming import Template, known_as
from gateway.formats.network_server import Object, check_object, decoded, dev_addr, rfc3339, told
from gateway.formats.parts import OneByOne, Said
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rounds import Rounds
from gateway.formats.ttn_normalised import normalised_payload
from gateway.model import DataRate, FskRate, Item, Json, LoraRate, Reception

TOPIC: Final = "v3/{application}/devices/{device}/up"
WORDS: Final = ("application", "device", "dev_eui")
ID: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,}")  # identifiers.proto, of applications and devices
LONGEST_ID: Final = 36
CODING_RATE: Final = "4/5"  # LoRaWAN uplinks have no other (RP002, 4.1)


class TheThingsStack(OneByOne):
    """The Things Stack's JSON as a format: one message for each uplink, over MQTT or HTTP."""

    def __init__(
        self,
        *,
        topic: str = TOPIC,
        application: str = "brygga",
        ids: Mapping[str, str] | None = None,
        object: Object = "fields",  # noqa: A002 - called as in the ChirpStack format
    ) -> None:
        """Take whose messages these are; ValueError says what cannot be.

        ``topic`` knows {application}, {device} and {dev_eui}; over HTTP it begins with "/".
        ``application``: its id, with "@<tenant>" behind it as it stands in topics ("brygga@ttn").
        ``ids``: device ids by DevEUI; any other device is "eui-<DevEUI>", as the stack itself names them.
        ``object``: decoded_payload is the decoder's "fields" (where there are none, the observations), "observations", or "both".
        """
        check_object("object", object)
        self._application, _, self._tenant = application.partition("@")
        self._ids = known_as(ids)
        for option, name in [("application", self._application), *(("ids", name) for name in self._ids.values())]:
            if ID.fullmatch(name) is None or len(name) > LONGEST_ID:
                raise ValueError(f"{option}: {name!r} is no id there; 3 to 36 of a-z, 0-9 and single - are right")
        self._topic = Template("topic", topic, WORDS)
        self._uid = application
        self._object: Object = object

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send all messages side by side and believe each answer."""
        return Rounds(batch, memory, self, patience=UNKNOWN_PLATFORM).talk()

    def say(self, item: Item) -> Said:
        """Return the message of ``item``, also of one without observations: its payload may be read there."""
        device = self._ids.get(item.device.dev_eui, f"eui-{item.device.dev_eui}")
        target = self._topic.fill(application=self._uid, device=device, dev_eui=item.device.dev_eui)
        return told(item, target, self._message(item, device))

    def _message(self, item: Item, device: str) -> Mapping[str, Json]:
        join_eui = item.device.join_eui
        return {
            "end_device_ids": _stated(
                device_id=device,
                application_ids={"application_id": self._application},
                dev_eui=item.device.dev_eui.upper(),
                join_eui=join_eui.upper() if join_eui else "",
                dev_addr=dev_addr(item).upper(),
            ),
            "correlation_ids": [f"as:up:{item.uplink.id}"],
            "received_at": rfc3339(item.uplink.heard_at.utc),
            "uplink_message": self._uplink(item),
        }

    def _uplink(self, item: Item) -> Mapping[str, Json]:
        uplink = item.uplink
        return _stated(
            f_port=uplink.f_port,
            f_cnt=uplink.f_cnt,
            frm_payload=b64encode(uplink.payload).decode(),
            decoded_payload=decoded(item, self._object),
            decoded_payload_warnings=list(item.decoded.warnings),
            normalized_payload=normalised_payload(item.observations),
            rx_metadata=[_rx_metadata(one, item) for one in uplink.receptions],
            settings={} if uplink.best is None else _settings(uplink.best),
            received_at=rfc3339(uplink.heard_at.utc),
            confirmed=uplink.confirmed,
            network_ids=_stated(tenant_id=self._tenant),
        )


def _stated(**members: Json) -> dict[str, Json]:
    """Return the members that a Things Stack writes: none that are 0, false or empty."""
    return {name: value for name, value in members.items() if value}


def _rx_metadata(reception: Reception, item: Item) -> Mapping[str, Json]:
    place = reception.place
    rssi = None if "rssi" in item.untold else reception.rssi_dbm
    snr = None if "snr" in item.untold else reception.snr_db
    return _stated(
        gateway_ids={"gateway_id": f"eui-{reception.gateway}", "eui": reception.gateway.upper()},
        antenna_index=reception.antenna,
        time="" if reception.gateway_time is None else rfc3339(reception.gateway_time),
        timestamp=reception.timestamp_us,
        fine_timestamp="" if reception.fine_time_ns is None else str(reception.fine_time_ns),
        rssi=rssi,
        channel_rssi=rssi,
        snr=snr,
        location=None
        if place is None
        else _stated(latitude=place.latitude, longitude=place.longitude, altitude=round(place.altitude_m or 0)),
        channel_index=reception.channel,
        received_at=rfc3339(item.uplink.heard_at.utc),
    )


def _settings(reception: Reception) -> Mapping[str, Json]:
    return _stated(
        data_rate=_data_rate(reception.data_rate),
        frequency=str(reception.frequency_hz),
        timestamp=reception.timestamp_us,
    )


def _data_rate(rate: DataRate) -> Mapping[str, Json]:
    match rate:
        case LoraRate(spreading_factor, bandwidth_hz):
            lora = {"bandwidth": bandwidth_hz, "spreading_factor": spreading_factor, "coding_rate": CODING_RATE}
            return {"lora": lora}
        case FskRate(bit_rate):
            return {"fsk": {"bit_rate": bit_rate}}
