"""The keys of a broker that a source listens to: where it is, who we are there, whom we believe."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from gateway.config.access_keys import PROXY_WORDS, ProxyWish
from gateway.config.sources.keys import SourceKeys
from gateway.config.values import OptionalText, SecretFile, Shown, Url, Written
from gateway.config.way_keys import TlsKeys
from gateway.errors import ConfigError
from gateway.transports import tls
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.tls import Tls

LOOPBACK = re.compile(r"127\.[0-9.]+|::1|localhost")


class BrokerKeys(SourceKeys):
    """What every source behind a broker has."""

    url: Url = Field(description="the broker: `mqtt://host` or, encrypted, `mqtts://host`")
    username: OptionalText = Field(default=None, description="for the broker, where it asks for one")
    password: Written = Field(default=None, description="beside `username`; better in a file")
    password_file: SecretFile = Field(default=None, description="the same, out of a file")
    tls: TlsKeys = Field(default=TlsKeys(), description="see `[destination.tls]`; here it is `[source.tls]`")
    proxy: ProxyWish = Field(default=None, description=PROXY_WORDS)
    mqtt_version: Annotated[Literal["5", "3.1.1"], Shown('"5" or "3.1.1" in quotes')] = Field(
        default="5", description="3.1.1 only where the broker has no 5: it cannot say that nobody takes a downlink"
    )
    keep_alive_s: Annotated[int, Field(ge=5, le=65_535), Shown("a whole number from 5 to 65535")] = Field(
        default=60, description="seconds between two signs of life; a connection that died is noticed by them alone"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what contradicts itself."""
        if not self.url.scheme.startswith("mqtt"):
            yield "url", f"{str(self.url)!r} is no broker; mqtt:// and mqtts:// are"
        if self.password is not None and self.password_file is not None:
            yield "password", "stands beside password_file; one of the two is enough"
        if (self.password or self.password_file) is not None and self.username is None:
            yield "username", "is missing; a password needs it"
        yield from self._tls_problems()

    def _tls_problems(self) -> Iterator[tuple[str, str]]:
        if self.tls.model_fields_set and not self.url.secure:
            yield "tls", f"has no effect on {self.url.scheme}://; {self.url.scheme}s:// is encrypted"
        if self.tls.key_file is not None and self.tls.certificate_file is None:
            yield "tls.certificate_file", "is missing; key_file belongs to it"
        elif self.tls.certificate_file is not None:
            try:
                tls.context(Tls(certificate_file=self.tls.certificate_file, key_file=self.tls.key_file))
            except ConfigError as error:
                yield "tls.certificate_file", "; ".join(error.problems)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield what works and is unwise."""
        if self.tls.insecure:
            yield "tls.insecure", "whoever is on the line can read and answer in the broker's place"
        if self.username is not None and not self.url.secure and LOOPBACK.fullmatch(self.url.host) is None:
            yield "url", f"{self.url.scheme}:// sends the credential in the clear; {self.url.scheme}s:// hides it"

    def live_broker(self) -> Broker:
        """Return the broker as a listener sees it who wants what is said now, and nothing of what was said before.

        Nothing outlives such a connection, so each start has a client id of its own; 23 characters are what MQTT 3.1.1 grants.
        """
        return Broker(
            endpoint=self.url,
            client_id=f"brygga-{secrets.token_hex(8)}",
            version=MqttVersion(self.mqtt_version),
            username=self.username,
            password=self.password or self.password_file,
            tls=Tls(**dict(self.tls)),
            keepalive_s=self.keep_alive_s,
            keeps_session=False,
        )
