"""Azure IoT Hub: telemetry of one device, the gateway, in the hub's topic; what it is about stands in the properties.

    devices/gw-1/messages/events/%24.mid=<uplink id>&%24.ct=application%2Fjson&%24.ce=utf-8&devEUI=…&iothub-creation-time-utc=…

The body is another format's: the hub has no words of its own. Properties are encoded as Microsoft's SDKs do (RFC 3986
percent, system properties begin with $.). A hub answers a bad message by closing the connection and nothing else
(Microsoft Learn, "Communicate with an IoT hub using the MQTT protocol"); `rounds.py` finds out which one it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from gateway.formats import Conversation, Identity
from gateway.formats.clouds import LIMIT, Body, body_of, posted
from gateway.formats.event import stamp
from gateway.model import Item, Json, Request

LARGEST: Final = 262_144  # octets of a message with its properties; the SDKs' TELEMETRY_MESSAGE_SIZE_LIMIT
API_VERSION: Final = "2021-04-12"
NAME: Final = re.compile(
    r"[A-Za-z0-9\-.+%_#*?!(),:=@$']{1,128}"
)  # of a device or module: Microsoft Learn, "Identity registry"
NO_TOPIC: Final = re.compile(r"[+#]")  # legal in a device's name, and a wildcard in its topic
JSON: Final = re.compile(r"application/(.*\+)?json")


class AzureIot:
    """Azure IoT Hub: telemetry of one device (or module), the gateway; the sensor's DevEUI and the uplink's id are properties."""

    def __init__(
        self,
        *,
        device: str = "brygga",
        module: str = "",
        body: Body = "json",
        body_options: Mapping[str, Json] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Take who the gateway is in the hub and whose words the body has; ValueError says what is wrong.

        ``device``, ``module``: the identity that the hub's owner made; client id, user name and topics follow from it.
        ``body``: whose words, with ``body_options``. ``properties``: further ones of each message, for the hub's routes.
        """
        for option, name in (("device", device), ("module", module or "none")):
            if NAME.fullmatch(name) is None or NO_TOPIC.search(name):
                raise ValueError(
                    f"{option}: {name!r} is no name of Azure's: 1 to 128 letters, digits and - . _ : @ and the like"
                )
        for name in properties or {}:
            if not name or not name.isascii() or name.startswith(("$", "iothub-")):
                raise ValueError(
                    f"properties: {name!r} is no name of a property: ASCII, and those with $ and iothub- are Azure's"
                )
        self._identity = f"{device}/modules/{module}" if module else device
        self._client_id = f"{device}/{module}" if module else device
        self._module = module
        self._body = body_of(body, body_options or {})
        self._properties = dict(properties or {})

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send each uplink as a message of its own; a repetition has the same message id."""
        return posted(batch, memory, self._body, self._address)

    def identity(self, host: str) -> Identity:
        """Return how the gateway has to call itself at the hub ``host``."""
        listens = not self._module  # cloud-to-device messages go to devices only
        return Identity(
            client_id=self._client_id,
            username=f"{host}/{self._client_id}/?api-version={API_VERSION}",
            mqtt_version="3.1.1",
            resource=f"{host}/devices/{self._identity}",
            commands_topic=f"devices/{self._identity}/messages/devicebound/#" if listens else None,
            states_topic=self._topic({"$.ct": "application/json", "$.ce": "utf-8", "kind": "command-state"}),
        )

    def _topic(self, properties: Mapping[str, str]) -> str:
        return f"devices/{self._identity}/messages/events/{urlencode(properties, quote_via=quote, safe='')}"

    def _address(self, item: Item, request: Request) -> Request:
        is_text = JSON.fullmatch(request.content_type) is not None
        own = {
            **self._properties,
            "devEUI": item.device.dev_eui,
            "iothub-creation-time-utc": stamp(item.uplink.heard_at.utc),
        }
        system = {"$.mid": str(item.uplink.id), "$.ct": request.content_type}
        if is_text:
            system["$.ce"] = "utf-8"  # the hub's routes read a body only where they know its encoding
        topic = self._topic({**system, **dict(sorted(own.items()))})
        octets = len(request.body) + len(topic)
        if octets > LARGEST:
            raise ValueError(LIMIT.format(octets=octets, platform="Azure IoT Hub", most=LARGEST))
        return replace(request, target=topic, headers={}, content_type="")
