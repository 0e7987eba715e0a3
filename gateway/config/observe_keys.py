"""The keys of `[metrics]` and `[health]`: what operators of many boxes see of this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.config.access_keys import PROXY_WORDS, ProxyWish
from gateway.config.section_keys import Keys
from gateway.config.values import OptionalFile, OptionalText, SecretFile, Shown, Text, Topic, Truth, Url, Written
from gateway.config.way_keys import TlsKeys
from gateway.config.web_keys import WebKeys
from gateway.errors import ConfigError
from gateway.observe.settings import Health, Metrics, MetricsPort
from gateway.sources.web_tls import ServerTls, server_context
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.tls import Tls

TOPIC: Final = "brygga/{gateway}/health"


class MetricsKeys(Keys):
    """What Prometheus fetches. The dashboard tells it at `/metrics` without this section; here is what is told besides, and a port without a dashboard."""

    devices: Truth = Field(
        default=False,
        description="whether each device's last time, RSSI, SNR and battery are told, too: some five series a device, so for boxes with some"
        " hundred devices; those that see thousands ask the API",
    )
    port: Annotated[int | None, Field(ge=0, le=65535), Shown("a TCP port")] = Field(
        default=None, description="a port for `/metrics` alone, such as 9469; without it only the dashboard tells it"
    )
    host: Annotated[Text, Field(min_length=1), Shown("an address of this machine, or a name of it")] = Field(
        default="127.0.0.1",
        description="where that port listens: `127.0.0.1` is this machine alone; beyond it each request has to show a token:"
        " `brygga web token add prometheus --role metrics`",
    )
    certificate_file: OptionalFile = Field(
        default=None, description="the box's certificate with its chain, PEM, for https; without it http"
    )
    key_file: OptionalFile = Field(
        default=None, description="its private key, PEM, without a password, if it is not in the same file"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield key and words for each pair of keys that do not fit."""
        if self.key_file is not None and self.certificate_file is None:
            yield "certificate_file", "is missing; key_file belongs to it"
        elif self.certificate_file is not None:
            try:
                server_context(ServerTls(certificate_file=self.certificate_file, key_file=self.key_file))
            except ConfigError as error:
                yield "certificate_file", "; ".join(error.problems)
        if self.port is None and self.model_fields_set & {"host", "certificate_file"}:
            yield "port", "is missing; 9469 is one that is mostly free"

    def warnings(self, web: WebKeys, data: Path) -> Iterator[tuple[str, str]]:
        """Yield key and words for what works and is unwise."""
        port = self.settings(web, data).port
        if port is None or port.is_local:
            return
        if not port.tokens_file.exists():
            yield "host", "nobody gets in before there is a token: `brygga web token add prometheus --role metrics`"
        if port.tls is None:
            yield "host", "http:// sends the token in the clear; certificate_file makes it https://"

    def settings(self, web: WebKeys, data: Path) -> Metrics:
        """Return what becomes of the keys; ``web`` says where tokens are, ``data`` is the data folder."""
        tls = None
        if self.certificate_file is not None:
            tls = ServerTls(certificate_file=self.certificate_file, key_file=self.key_file)
        if self.port is None:
            return Metrics(devices=self.devices)
        tokens_file = web.settings(data).tokens_file
        return Metrics(
            devices=self.devices,
            port=MetricsPort(host=self.host, port=self.port, tokens_file=tokens_file, tls=tls),
        )


class HealthKeys(Keys):
    """How this box is, told to an MQTT broker every minute, so that a city sees all its boxes. Without this section nobody is told."""

    url: Url = Field(description="the broker: mqtt:// or mqtts://")
    topic: Topic = Field(
        default=TOPIC,
        description='where the message is kept (retained); beside it, at `<topic>/state`, "online" or "offline" (the last will)',
    )
    interval_s: Annotated[float, Field(ge=5, le=86_400, allow_inf_nan=False), Shown("seconds from 5 to 86400")] = Field(
        default=60.0, description="between two messages, of some 1,500 octets each: 2 MB a day"
    )
    username: OptionalText = Field(default=None, description="for the broker")
    password: Written = Field(default=None, description="beside `username`; better in a file")
    password_file: SecretFile = Field(default=None, description="the same, out of a file")
    tls: TlsKeys = Field(default=TlsKeys(), description="as `[destination.tls]`")
    proxy: ProxyWish = Field(default=None, description=PROXY_WORDS)
    mqtt_version: Annotated[Literal["5", "3.1.1"], Shown('"5" or "3.1.1" in quotes')] = Field(
        default="5", description="3.1.1 only where the broker has no 5"
    )
    client_id: OptionalText = Field(
        default=None, description="no two clients of a broker may have the same; without it `brygga-<gateway>-health`"
    )
    keep_alive_s: Annotated[int, Field(ge=1, le=65_535), Shown("a whole number from 1 to 65535")] = Field(
        default=60, description="seconds between two signs of life; after one and a half the broker says offline"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield key and words for what does not fit."""
        if not self.url.scheme.startswith("mqtt"):
            yield "url", f"{self.url} is no broker; mqtt:// and mqtts:// are"
        if self.password is not None and self.password_file is not None:
            yield "password", "stands beside password_file; one of the two is enough"
        if (self.password or self.password_file) is not None and self.username is None:
            yield "username", "is missing; a password belongs to one"

    def settings(self, gateway: str) -> Health:
        """Return what becomes of the keys; ``gateway`` is the gateway's name."""
        level = re.sub(r"[+#/]", "-", gateway)
        topic = (self.topic or TOPIC).replace("{gateway}", level)
        broker = Broker(
            endpoint=self.url,
            client_id=self.client_id or re.sub(r"[^0-9A-Za-z_-]", "-", f"brygga-{gateway}-health"),
            version=MqttVersion(self.mqtt_version),
            username=self.username,
            password=self.password or self.password_file,
            tls=Tls(**dict(self.tls)),
            keepalive_s=self.keep_alive_s,
            status_topic=f"{topic}/state",
            keeps_last=True,
        )
        return Health(broker=broker, topic=topic, interval_s=self.interval_s)
