"""The keys that sources behind a network server have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.config.sources.broker_keys import BrokerKeys
from gateway.config.values import OptionalText, Shown
from gateway.sources.network_server.decode import Decode
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.tls import Tls

LONGEST_CLIENT_ID: Final = 64  # characters; MQTT 3.1.1 grants 23, and no broker of today stops there

DecodeKey = Annotated[Literal["auto", "server", "here"], Shown('"auto", "server" or "here"')]
DECODE: Final = (
    "whose decoding counts: `auto` is this box's where the device names a decoder, else the server's; `server` is the server's where"
    " that states something, else this box's; `here` never takes the server's"
)


class ServerBrokerKeys(BrokerKeys):
    """What every source behind a network server's broker has."""

    client_id: OptionalText = Field(
        default=None,
        description="what the broker knows this box by, and no other client: what it keeps while the box is away is kept under"
        " it. Left out it is made of machine and name",
    )
    decode: DecodeKey = Field(default="auto", description=DECODE)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what contradicts itself."""
        yield from super().problems()
        if self.client_id is not None and len(self.client_id) > LONGEST_CLIENT_ID:
            yield "client_id", f"{len(self.client_id)} characters where at most {LONGEST_CLIENT_ID} are right"

    def kept_broker(self) -> Broker:
        """Return the broker as one who is to miss nothing sees it: its session outlives connections."""
        return Broker(
            endpoint=self.url,
            client_id=self.client_id or self.name,
            version=MqttVersion(self.mqtt_version),
            username=self.username,
            password=self.password or self.password_file,
            tls=Tls(**dict(self.tls)),
            keepalive_s=self.keep_alive_s,
        )

    def how(self) -> Decode:
        """Return whose decoding counts."""
        return Decode(self.decode)
