"""`type = "chirpstack_mqtt"`: gateways whose MQTT Forwarder or Gateway Bridge publishes to a broker."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.broker_keys import BrokerKeys
from gateway.config.values import Decibels, Euis, Shown
from gateway.model import Eui64
from gateway.sources.settings import ChirpstackMqttSettings


def _prefix(text: str) -> str:
    plain = text.strip("/")
    if re.search(r"[+#\0]|//", plain):
        raise ValueError(f"{text!r} is no beginning of a topic: + and # stand for any; 'eu868' is one, '' is none")
    if plain.endswith("gateway") or "/gateway/" in f"/{plain}/":
        raise ValueError(
            f"{text!r} has what follows it in it; of eu868/gateway/0016c001f153a14c/event/up it is 'eu868'"
        )
    return plain


class ChirpstackMqttKeys(BrokerKeys):
    """Gateways that ChirpStack's MQTT Forwarder or Gateway Bridge speaks for (needs `brygga[chirpstack]`)."""

    can_be_relayed: ClassVar[bool] = True

    type: Annotated[Literal["chirpstack_mqtt"], Shown('"chirpstack_mqtt"')] = Field(
        description="what kind of source it is"
    )
    prefix: Annotated[str, AfterValidator(_prefix), Shown('the beginning of a topic such as "eu868"')] = Field(
        default="eu868",
        description="what stands before `gateway/…` in its topics, `topic_prefix` of the forwarder; empty where there is none",
    )
    gateways: Euis = Field(
        default=[],
        description="the gateways that may speak; none named: all under the prefix, whoever the broker lets in",
    )
    antenna_gain_dbi: Decibels = Field(
        default=0.0,
        description="of the antenna, the cable's loss taken off, where the gateway's own `antenna_gain` does not say it already",
    )

    def settings(self) -> ChirpstackMqttSettings:
        """Return what the source is made of."""
        return ChirpstackMqttSettings(
            name=self.name,
            broker=self.live_broker(),
            prefix=self.prefix,
            gateways=frozenset(map(Eui64, self.gateways)),
            antenna_gain_dbi=self.antenna_gain_dbi,
        )
